/** A fixed slice of `npm run fuzz`, and the smallest model for each defect that it has found. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type FuzzModel, fuzzCase, verdictOn } from '../../scripts/fuzz/case.js';
import { modelsIn, readModel } from '../../scripts/fuzz/models.js';
import { codeAndPlace } from '../support/import-refusals.js';
import { buildOnnx, floats, type ModelRecipe, node } from '../support/onnx-builder.js';

const path = (text: string) => fileURLToPath(new URL(`../../${text}`, import.meta.url));
const SHARED = path('../shared/models');
/** Larger files take longer to read, and hold the same operators. */
const SMALL = 120_000;

/** What was thrown that is no refusal, with the number that `npm run fuzz -- --first` takes. */
function crashes(models: readonly FuzzModel[], seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const verdict = verdictOn(fuzzCase(models, seed, index));
    return 'crash' in verdict ? [`seed ${seed}, case ${index}: ${verdict.crash}`] : [];
  });
}

describe('mutated models end in a graph or in a refusal', () => {
  it('of the example', () => {
    expect(crashes([readModel(path('examples/shapes/shapes.onnx'))], 7, 200)).toEqual([]);
  });

  it.skipIf(!existsSync(SHARED))('of the shared models (skipped where ../shared/models is absent)', () => {
    const models = modelsIn(SHARED).filter(({ bytes }) => bytes.length < SMALL);
    expect(models.length).toBeGreaterThan(4);
    expect(crashes(models, 8, 400)).toEqual([]);
  });

  it('the same ones for the same seed', () => {
    const models = [readModel(path('examples/shapes/shapes.onnx'))];
    const bytes = (seed: number) => Buffer.from(fuzzCase(models, seed, 41).bytes);
    expect(bytes(3).equals(bytes(3))).toBe(true);
    expect(bytes(3).equals(bytes(4))).toBe(false);
  });
});

describe('models that once crashed the reader are refused:', () => {
  const found: readonly (readonly [string, ModelRecipe, string])[] = [
    [
      'a Transpose without an input',
      { nodes: [node('Transpose', '_', 't', { perm: [0] }), node('Add', 'x t', 'y')] },
      'graph-invalid',
    ],
    ['an output declared twice', { nodes: [node('Relu', 'x', 'y')], outputs: ['y', 'y'] }, 'graph-invalid'],
    [
      'an input declared twice',
      { nodes: [node('Relu', 'x', 'y')], inputs: [1, 2].map(() => ({ name: 'x', shape: [1, 3, 4, 4] })) },
      'graph-invalid',
    ],
    [
      'a Quant with an infinite zero point',
      {
        nodes: [node('Quant', 'x s z b', 'y', {}, { domain: 'onnx.brevitas' })],
        initializers: { s: floats([], [1]), z: floats([], [Number.POSITIVE_INFINITY]), b: floats([], [4]) },
      },
      'operator-limit',
    ],
    ['an output without a name', { nodes: [node('Relu', 'x', 'y')], outputs: ['', 'y'] }, 'graph-limit'],
    [
      "a Gelu of Microsoft's of a constant",
      {
        nodes: [node('Gelu', 'w', 'g', {}, { domain: 'com.microsoft' }), node('Reshape', 'x g', 'y')],
        initializers: { w: floats([1], [1]) },
      },
      'shape-mismatch',
    ],
  ];
  it.each(found)('%s', (_what, recipe, code) => {
    expect(verdictOn({ bytes: buildOnnx(recipe), inspected: true })).toEqual({ answer: code });
    expect(codeAndPlace(recipe)[0]).toBe(code);
  });
});
