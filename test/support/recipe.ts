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
  readonly seed: number;
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const sides = (max: number) => {
  const side = fc.integer({ min: 0, max });
  return fc.tuple(side, side, side, side);
};

/** The first values are the ones it shrinks to. */
const often = <T>(usual: readonly T[], rare: readonly T[], weight: number) =>
  fc.oneof({ weight, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });

const poolArbitrary: fc.Arbitrary<PoolRecipe> = fc.record({
  kernel: pair(1, 3),
  gap: fc.tuple(often([0], [1, 2], 3), often([0], [1, 2], 3)),
  pads: sides(2),
});

const layerArbitrary: fc.Arbitrary<LayerRecipe> = fc.record({
  kind: fc.constantFrom(...LAYER_KINDS, 'conv', 'conv', 'conv', 'residual', 'maxpool'),
  kernel: pair(1, 5),
  strides: pair(1, 4),
  dilations: fc.tuple(often([1], [2, 3], 2), often([1], [2, 3], 2)),
  pads: sides(4),
  channels: fc.integer({ min: 1, max: 13 }),
  weightBits: fc.constantFrom(...WEIGHT_BITS, 8),
  weights: often(['any'] as const, ['least', 'largest'] as const, 12),
  bits: fc.oneof(
    { weight: 15, arbitrary: fc.integer({ min: 1, max: 8 }) },
    { weight: 5, arbitrary: fc.constant(8) },
    { weight: 1, arbitrary: fc.integer({ min: 9, max: 16 }) },
  ),
  zero: fc.integer({ min: 0, max: 7 }),
  nearestEven: fc.boolean(),
  clip: often([false], [true], 4),
  inputBack: often([0], [1, 2], 3),
  residualBack: fc.integer({ min: 0, max: 3 }),
  pool: fc.option(poolArbitrary, { nil: null, freq: 4 }),
});

export const recipeArbitrary: fc.Arbitrary<NetworkRecipe> = fc.record({
  height: fc.integer({ min: 1, max: 12 }),
  width: fc.integer({ min: 1, max: 12 }),
  channels: fc.integer({ min: 1, max: 9 }),
  bits: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }) }, { weight: 1, arbitrary: fc.constant(8) }),
  zero: fc.integer({ min: 0, max: 7 }),
  layers: fc.array(layerArbitrary, { minLength: 1, maxLength: 5 }),
  raw: fc.boolean(),
  outputBack: often([0], [1, 2], 8),
  seed: fc.nat(2 ** 31 - 1),
});
