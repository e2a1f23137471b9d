import { describe, expect, test } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { renderTemplate, type View } from '../../src/hdlgen/render.js';

const render = (text: string, view: View = {}) => renderTemplate('t.hbs', text, view);

function refusal(text: string, view: View = {}): { code: string; where: string | undefined } {
  try {
    render(text, view);
  } catch (error) {
    if (error instanceof SystoleError) return { code: error.code, where: error.where };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('templates', () => {
  test('print names, lists and both branches', () => {
    const view = { a: 1, xs: [{ n: 'p' }, { n: 'q' }], on: false };
    expect(render('{{a}}{{#each xs}} {{n}}{{../a}}{{#unless @last}},{{/unless}}{{/each}}', view)).toBe('1 p1, q1');
    expect(render('{{#if on}}yes{{else}}no{{/if}}', view)).toBe('no');
  });

  test('zero is printed, and text is not escaped', () => {
    expect(render('{{n}} {{t}}', { n: 0, t: `a<b&'"` })).toBe(`0 a<b&'"`);
  });

  test.each([
    ['a missing name', '{{a}}', {}],
    ['a missing name in a branch that is not taken', '{{#if on}}{{a}}{{/if}}', { on: false }],
    ['a missing name in an else branch', '{{#if on}}x{{else}}{{a}}{{/if}}', { on: true }],
    ['a missing condition', '{{#if on}}x{{/if}}', {}],
    ['a missing list', '{{#each xs}}x{{/each}}', {}],
    ['a name that only some elements have', '{{#each xs}}{{n}}{{/each}}', { xs: [{ n: 1 }, {}] }],
    ['a name of the outer view inside a loop', '{{#each xs}}{{a}}{{/each}}', { a: 1, xs: [{}] }],
    ['a number as a condition, since 0 would be false', '{{#if n}}x{{/if}}', { n: 0 }],
    ['a boolean that is printed', '{{on}}', { on: true }],
    ['an infinite number', '{{n}}', { n: Number.POSITIVE_INFINITY }],
    ['a helper', '{{lookup a b}}', { a: 1, b: 2 }],
    ['a partial', '{{> other}}', {}],
    ['loop data outside a loop', '{{@index}}', {}],
    ['an inherited property', '{{toString}}', {}],
    ['block parameters', '{{#each xs as |x|}}{{x}}{{/each}}', { xs: [1] }],
  ] as [string, string, View][])('refuse %s', (_title, text, view) => {
    expect(refusal(text, view).code).toBe('project-invalid');
  });

  test('name the line of what is missing', () => {
    expect(refusal('one\ntwo {{a}}\n').where).toBe('t.hbs:2');
  });
});
