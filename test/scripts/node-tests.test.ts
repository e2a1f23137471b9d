/** `npm run node-tests`: none fails, and no fewer pass than before. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readNodeTests } from '../../scripts/node-tests/archive.js';
import { relevanceOf } from '../../scripts/node-tests/relevance.js';
import { reportText, summaryOf } from '../../scripts/node-tests/report.js';
import type { Outcome, TestResult } from '../../scripts/node-tests/result.js';
import { runNodeTest } from '../../scripts/node-tests/run-test.js';

const ARCHIVE = fileURLToPath(new URL('../../../shared/models/onnx-node-tests.tar.gz', import.meta.url));

/** Of both kinds of operators, in the forms that are meant to work. */
const AT_LEAST = 335;

describe.skipIf(!existsSync(ARCHIVE))('the ONNX node tests (skipped where ../shared/models is absent)', () => {
  it('pass, but for those that are refused with their limit', async () => {
    const results: TestResult[] = [];
    for (const test of readNodeTests(ARCHIVE)) results.push(await runNodeTest(test));
    const failed = results.filter(({ outcome }) => outcome.status === 'failed');
    expect(failed).toEqual([]);
    const { body, host } = summaryOf(results);
    expect(body.passed + host.passed).toBeGreaterThanOrEqual(AT_LEAST);
  });

  it('are 504, each of them with a data set', () => {
    const tests = readNodeTests(ARCHIVE);
    expect(tests).toHaveLength(504);
    expect(
      tests
        .find(({ name }) => name === 'relu')!
        .input(0)
        .dims?.map(Number),
    ).toEqual([3, 4, 5]);
  });
});

describe('a report', () => {
  const result = (name: string, outcome: Outcome, more: Partial<TestResult> = {}): TestResult => {
    const operators = more.operators ?? ['Relu'];
    return { name, operators, relevance: relevanceOf(operators), beyond: null, outcome, ...more };
  };
  const results = [
    result('relu', { status: 'passed', by: 'array', form: 'as it is' }),
    result('softmax', { status: 'passed', by: 'host', form: 'as it is' }, { operators: ['Softmax'] }),
    result('conv_3d', { status: 'refused', code: 'operator-limit', message: 'two axes' }, { beyond: 'three axes' }),
    result('resize', { status: 'failed', message: 'element 3: 1 instead of 2' }, { operators: ['Resize'] }),
    result('lrn', { status: 'not-relevant' }, { operators: ['LRN'] }),
  ];

  it('counts operators of the body, of the host, forms beyond them, and others apart', () => {
    expect(summaryOf(results)).toEqual({
      tests: 5,
      body: { tests: 2, passed: 1, byHost: 0, refused: 0, failed: 1 },
      host: { tests: 1, passed: 1, byHost: 1, refused: 0, failed: 0 },
      beyond: { tests: 1, passed: 0, byHost: 0, refused: 1, failed: 0 },
      notRelevant: 1,
    });
  });

  it('names the limit of each refusal, each failure, and the operators that are not relevant', () => {
    const text = reportText(results);
    expect(text).toContain('conv_3d: [operator-limit] two axes');
    expect(text).toContain('resize: element 3: 1 instead of 2');
    expect(text).toContain('not relevant: LRN (1)');
    expect(text).toContain('three axes 1');
  });
});
