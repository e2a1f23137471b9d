/** fast-check arbitraries of small networks; shrinking goes to fewer, smaller and plainer layers. */
import fc from 'fast-check';
import type { ConvSpec, NetworkSpec, PoolSpec } from './build-network.js';

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
/** Plain (the first value) half of the time, so that most layers stay of a useful size. */
const mostly = <T>(plain: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(plain) }, { weight: 1, arbitrary: other });

const conv: fc.Arbitrary<ConvSpec> = fc.record({
  kind: fc.constant('conv' as const),
  channels: fc.integer({ min: 1, max: 11 }),
  kernel: pair(1, 4),
  strides: mostly([1, 1] as [number, number], pair(1, 3)),
  dilations: mostly([1, 1] as [number, number], pair(1, 2)),
  pads: mostly(
    [0, 0, 0, 0] as [number, number, number, number],
    fc.tuple(pair(0, 2), pair(0, 2)).map(([a, b]) => [...a, ...b] as [number, number, number, number]),
  ),
  depthwise: mostly(false, fc.constant(false)).chain((plain) =>
    fc.integer({ min: 0, max: 5 }).map((n) => plain || n === 5),
  ),
  weightBits: fc.constantFrom(3, 8, 1, 2, 4),
  bits: fc.integer({ min: 1, max: 8 }),
  round: fc.constantFrom('floor' as const, 'nearest-even' as const),
  residual: fc.boolean(),
});

const pool: fc.Arbitrary<PoolSpec> = fc.record({
  kind: fc.constant('maxpool' as const),
  kernel: pair(1, 3),
  strides: pair(1, 3),
  dilations: mostly([1, 1] as [number, number], pair(1, 2)),
  pads: mostly(
    [0, 0, 0, 0] as [number, number, number, number],
    fc.tuple(pair(0, 1), pair(0, 1)).map(([a, b]) => [...a, ...b] as [number, number, number, number]),
  ),
});

/** Convolutions that keep the shape, so that residuals find a partner. */
const same: fc.Arbitrary<ConvSpec> = conv.map((spec) => ({
  ...spec,
  channels: 5,
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [1, 1, 1, 1],
}));

export const networkSpec: fc.Arbitrary<NetworkSpec> = fc.record({
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 6 }),
  bits: fc.integer({ min: 1, max: 8 }),
  layers: fc.array(
    fc.oneof({ weight: 3, arbitrary: conv }, { weight: 2, arbitrary: same }, { weight: 1, arbitrary: pool }),
    {
      minLength: 1,
      maxLength: 5,
    },
  ),
  seed: fc.nat(),
});
