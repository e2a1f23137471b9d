import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { operatorsPage } from '../../scripts/docs/operators-page.js';
import { HOST_OPERATORS } from '../../src/frontend/host/table.js';
import { DESCRIPTIONS } from '../../src/frontend/operators/descriptions.js';
import { OPERATORS } from '../../src/frontend/operators/table.js';

it('docs/operators.md is what the operator table says: npm run docs writes it', () => {
  const page = fileURLToPath(new URL('../../docs/operators.md', import.meta.url));
  expect(readFileSync(page, 'utf8')).toBe(operatorsPage());
});

it('every operator has a description, and nothing else has', () => {
  const names = new Set(OPERATORS.map(({ name }) => name));
  expect(Object.keys(DESCRIPTIONS).filter((name) => !names.has(name))).toEqual([]);
  expect([...names].filter((name) => DESCRIPTIONS[name] === undefined)).toEqual([]);
});

it('an operator that can be imported runs somewhere', () => {
  const imported = OPERATORS.filter((operator) => operator.import !== undefined && operator.name !== 'Shape');
  expect(imported.filter(({ name }) => DESCRIPTIONS[name]!.runs.length === 0)).toEqual([]);
});

it('an operator that the host knows runs there too', () => {
  const row = (name: string) => operatorsPage(OPERATORS.filter((one) => one.name === name && one.domain === ''));
  const silent = Object.keys(HOST_OPERATORS).filter((name) => !/, host|\| host/.test(row(name)));
  expect(silent).toEqual([]);
});

it('a page shows defaults, the values that are taken, and until when an attribute is one', () => {
  const clip = operatorsPage(OPERATORS.filter(({ name }) => name === 'Clip'));
  expect(clip).toContain('`max` = the largest float32 (until 10)');
  const pool = operatorsPage(OPERATORS.filter(({ name, domain }) => name === 'MaxPool' && domain === ''));
  expect(pool).toContain('`ceil_mode` = 0 {0, 1}');
  expect(pool).toContain('`kernel_shape` (required)');
});
