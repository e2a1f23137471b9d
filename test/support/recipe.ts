/**
 * Recipes of constrained-random networks: plain data that fast-check shrinks field by field and that JSON carries.
 * networkFromRecipe (random-network.ts) makes a valid network of every recipe by cutting what does not fit.
 */
import fc from 'fast-check';

export const LAYER_KINDS = ['conv', 'depthwise', 'residual', 'maxpool', 'dense', 'average', 'global-average'] as const;
export const WEIGHT_BITS = [1, 2, 3, 4, 8] as const;

type Pair = readonly [number, number];

/** A max pool right behind a layer, strides its kernel plus the gap: the planner fuses what nobody else reads. */
export interface PoolRecipe {
  readonly kernel: Pair;
  readonly gap: Pair;
  readonly pads: readonly [number, number, number, number];
}

export interface LayerRecipe {
  readonly kind: (typeof LAYER_KINDS)[number];
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
  readonly pool: PoolRecipe | null;
  /** Of its weights and constants: the layer's own, so that it stays the same when others go. */
  readonly seed: number;
}

export interface NetworkRecipe {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bits: number;
  readonly zero: number;
  readonly layers: readonly LayerRecipe[];
  /** The last layer leaves as raw accumulators. */
  readonly raw: boolean;
  /** The output, counted back from the newest tensor: then nobody needs the layers behind it. */
  readonly outputBack: number;
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

const poolArbitrary: fc.Arbitrary<PoolRecipe> = fc.record({
  kernel: pair(1, 3),
  gap: fc.tuple(often(0, [1, 2], 3), often(0, [1, 2], 3)),
  pads: sides(2),
});

const layerArbitrary: fc.Arbitrary<LayerRecipe> = fc.record({
  kind: fc.constantFrom(...LAYER_KINDS, 'conv', 'conv', 'conv', 'residual', 'maxpool'),
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
  pool: fc.option(poolArbitrary, { nil: null, freq: 4 }),
  seed: fc.nat(2 ** 16),
});

/** One to five layers, each of which shrinks away by itself. */
const mayBeLayer = fc.option(layerArbitrary, { nil: null, freq: 2 });
const layersArbitrary = fc
  .tuple(mayBeLayer, mayBeLayer, mayBeLayer, mayBeLayer, mayBeLayer)
  .map((layers) => layers.filter((layer) => layer !== null))
  .filter((layers) => layers.length > 0);

export const recipeArbitrary: fc.Arbitrary<NetworkRecipe> = fc.record({
  height: fc.integer({ min: 1, max: 12 }),
  width: fc.integer({ min: 1, max: 12 }),
  channels: fc.integer({ min: 1, max: 9 }),
  bits: bitsArbitrary,
  zero: fc.integer({ min: 0, max: 7 }),
  layers: layersArbitrary,
  raw: fc.boolean(),
  outputBack: often(0, [1, 2], 8),
});
