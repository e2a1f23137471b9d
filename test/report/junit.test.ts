import { describe, expect, it } from 'vitest';
import { junitXml } from '../../src/report/junit.js';

describe('JUnit XML', () => {
  it('counts what passed, failed, went wrong and was left out', () => {
    const xml = junitXml('machines', [
      { group: 'mnist', name: 'a', seconds: 1.25, result: { kind: 'passed' } },
      { group: 'mnist', name: 'b', seconds: 0.5, result: { kind: 'failure', message: 'differs', detail: 'conv1 < 3' } },
      { group: 'mnist', name: 'c', seconds: 0, result: { kind: 'error', message: 'too small' } },
      { group: 'mnist', name: 'd', seconds: 0, result: { kind: 'skipped', message: 'absent' } },
    ]);
    expect(xml).toBe(
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<testsuites name="machines" tests="4" failures="1" errors="1" skipped="1" time="1.750">',
        '  <testsuite name="machines" tests="4" failures="1" errors="1" skipped="1" time="1.750">',
        '    <testcase classname="mnist" name="a" time="1.250"/>',
        '    <testcase classname="mnist" name="b" time="0.500">',
        '      <failure message="differs">conv1 &lt; 3</failure>',
        '    </testcase>',
        '    <testcase classname="mnist" name="c" time="0.000">',
        '      <error message="too small"/>',
        '    </testcase>',
        '    <testcase classname="mnist" name="d" time="0.000">',
        '      <skipped message="absent"/>',
        '    </testcase>',
        '  </testsuite>',
        '</testsuites>',
        '',
      ].join('\n'),
    );
  });

  it('escapes what XML reserves and replaces what it cannot hold', () => {
    const xml = junitXml('s', [{ group: 'a"b', name: 'x<y & z\u0000\ud800', seconds: 0, result: { kind: 'passed' } }]);
    expect(xml).toContain('classname="a&quot;b" name="x&lt;y &amp; z\ufffd\ufffd"');
  });
});
