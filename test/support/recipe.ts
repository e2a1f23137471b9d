/**
 * Recipes of constrained-random networks: plain data that fast-check shrinks field by field and that JSON carries.
 * networkFromRecipe (random-network.ts) makes a valid network of every recipe by cutting what does not fit.
 */
import fc from 'fast-check';
import { ARRANGE_KINDS, type ArrangeKind } from './random-arrange.js';

const PLAIN_KINDS = [
  ...(['conv', 'depthwise', 'residual', 'maxpool', 'dense', 'average', 'global-average'] as const),
  ...(['mul', 'mul-pixel'] as const),
] as const;
export const WEIGHT_BITS = [1, 2, 3, 4, 8] as const;

export type LayerKind = (typeof PLAIN_KINDS)[number] | ArrangeKind;

const MORE_OFTEN: readonly LayerKind[] = ['conv', 'conv', 'conv', 'conv', 'residual', 'residual', 'maxpool', 'concat'];

type Pair = readonly [number, number];

/** A max pool right behind a layer, strides its kernel plus the gap: the planner fuses what nobody else reads. */
export interface PoolRecipe {
  readonly kernel: Pair;
  readonly gap: Pair;
  readonly pads: readonly [number, number, number, number];
}

export interface LayerRecipe {
  readonly kind: LayerKind;
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  readonly channels: number;
  readonly weightBits: (typeof WEIGHT_BITS)[number];
  /** Weights of any value, or all the least or the largest. */
  readonly weights: 'any' | 'least' | 'largest';
  readonly bits: number;
  /** The code of zero, as a part of the largest code, in eighths. */
  readonly zero: number;
  readonly nearestEven: boolean;
  /** Limits inside the codes' range. */
  readonly clip: boolean;
  /** Which tensor it reads and adds, counted back from the newest, as far as there are any. */
  readonly inputBack: number;
  readonly residualBack: number;
  /** Entries of a table behind its clamp; 0: none, as on a machine without tables. */
  readonly table: number;
  readonly pool: PoolRecipe | null;
  /** Of its weights and constants: the layer's own, so that it stays the same when others go. */
  readonly seed: number;
}

/** A further input; `alike`: of the first one's shape. */
export interface InputRecipe {
  readonly alike: boolean;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bits: number;
  readonly zero: number;
}

export interface NetworkRecipe {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bits: number;
  readonly zero: number;
  readonly inputs: readonly InputRecipe[];
  readonly layers: readonly LayerRecipe[];
  /** The last layer leaves as raw accumulators. */
  readonly raw: boolean;
  /** The output, counted back from the newest tensor: then nobody needs the layers behind it. */
  readonly outputBack: number;
  /** Further outputs, counted back likewise. */
  readonly moreOutputs: readonly number[];
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const sides = (max: number) => {
  const side = fc.integer({ min: 0, max });
  return fc.tuple(side, side, side, side);
};

/** One of these, the first the usual and what it shrinks to. */
const often = <T>(usual: T, rare: readonly T[], weight: number) =>
  fc.oneof(
    { withCrossShrink: true },
    { weight, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
  );

/** Eight bits more often than the others: they make the most digit passes. */
const bitsArbitrary = fc.oneof(
  { withCrossShrink: true },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }) },
  { weight: 1, arbitrary: fc.constant(8) },
);

/** Sometimes two bytes on the stream. */
const inputBitsArbitrary = fc.oneof(
  { withCrossShrink: true },
  { weight: 12, arbitrary: bitsArbitrary },
  { weight: 1, arbitrary: fc.integer({ min: 9, max: 16 }) },
);

const inputArbitrary: fc.Arbitrary<InputRecipe> = fc.record({
  alike: fc.boolean(),
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 9 }),
  bits: inputBitsArbitrary,
  zero: fc.integer({ min: 0, max: 7 }),
});

const poolArbitrary: fc.Arbitrary<PoolRecipe> = fc.record({
  kernel: pair(1, 3),
  gap: fc.tuple(often(0, [1, 2], 3), often(0, [1, 2], 3)),
  pads: sides(2),
});

const layerArbitrary: fc.Arbitrary<LayerRecipe> = fc.record({
  kind: fc.constantFrom<LayerKind>('conv', ...PLAIN_KINDS, ...PLAIN_KINDS, ...ARRANGE_KINDS, ...MORE_OFTEN),
  kernel: pair(1, 5),
  strides: pair(1, 4),
  dilations: fc.tuple(often(1, [2, 3], 2), often(1, [2, 3], 2)),
  pads: sides(4),
  channels: fc.integer({ min: 1, max: 13 }),
  weightBits: fc.constantFrom(...WEIGHT_BITS, 8),
  weights: often<LayerRecipe['weights']>('any', ['least', 'largest'], 12),
  bits: fc.oneof(
    { withCrossShrink: true },
    { weight: 20, arbitrary: bitsArbitrary },
    { weight: 1, arbitrary: fc.integer({ min: 9, max: 16 }) },
  ),
  zero: fc.integer({ min: 0, max: 7 }),
  nearestEven: fc.boolean(),
  clip: often(false, [true], 4),
  inputBack: often(0, [1, 2], 3),
  residualBack: fc.integer({ min: 0, max: 3 }),
  table: often(0, [1, 2, 5, 16, 61], 5),
  pool: fc.option(poolArbitrary, { nil: null, freq: 4 }),
  seed: fc.nat(2 ** 16),
});

/** One to five layers, each of which shrinks away by itself. */
const mayBeLayer = fc.option(layerArbitrary, { nil: null, freq: 2 });
const layersArbitrary = fc
  .tuple(mayBeLayer, mayBeLayer, mayBeLayer, mayBeLayer, mayBeLayer)
  .map((layers) => layers.filter((layer) => layer !== null))
  .filter((layers) => layers.length > 0);

/** One input of at most a byte a code: its codes are the bytes of the stream. */
export const byteRecipeArbitrary = (): fc.Arbitrary<NetworkRecipe> =>
  recipeArbitrary.map((recipe) => ({ ...recipe, inputs: [], bits: Math.min(8, recipe.bits) }));

export const recipeArbitrary: fc.Arbitrary<NetworkRecipe> = fc.record({
  height: fc.integer({ min: 1, max: 12 }),
  width: fc.integer({ min: 1, max: 12 }),
  channels: fc.integer({ min: 1, max: 9 }),
  bits: inputBitsArbitrary,
  zero: fc.integer({ min: 0, max: 7 }),
  inputs: fc.oneof(
    { withCrossShrink: true },
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(inputArbitrary, { minLength: 1, maxLength: 2 }) },
  ),
  layers: layersArbitrary,
  raw: fc.boolean(),
  outputBack: often(0, [1, 2], 8),
  moreOutputs: fc.oneof(
    { withCrossShrink: true },
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }) },
  ),
});
