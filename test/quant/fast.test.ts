import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openFastModel } from '../../src/quant/fast/open-fast-model.js';
import { runGolden } from '../../src/quant/golden.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { NetworkBuilder, randomCodes } from '../support/network-builder.js';
import { networkArbitrary } from '../support/random-network.js';

function expectGolden(network: IntegerNetwork, codes: ArrayLike<number>): void {
  const golden = runGolden(network, codes);
  const fast = openFastModel(network).run(codes);
  expect([...fast.keys()]).toEqual([...golden.keys()]);
  for (const [name, values] of golden) expect(fast.get(name), name).toEqual(values);
}

describe('openFastModel', () => {
  it('equals the golden model on every tensor of random networks', () => {
    fc.assert(
      fc.property(networkArbitrary, fc.nat(), (network, seed) => {
        expectGolden(network, randomCodes(network, seed));
      }),
      { numRuns: 400, seed: 5 },
    );
  });

  it('reads nothing but padding in windows that lie wholly in it', () => {
    const window = { kernel: [2, 2], strides: [9, 9], pads: [5, 5, 0, 0] } as const;
    const network = new NetworkBuilder({ height: 2, width: 2, channels: 2, zero: 9 })
      .conv({ ...window, channels: 3 })
      .maxpool({ ...window, input: 'input' })
      .build();
    expectGolden(network, randomCodes(network, 1));
  });

  it('keeps nothing from one image to the next', () => {
    const network = new NetworkBuilder({ height: 5, width: 5, channels: 3, zero: 7 })
      .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 5 })
      .maxpool({ kernel: [2, 2], pads: [0, 1, 1, 0] })
      .build();
    const model = openFastModel(network);
    for (const seed of [1, 2, 3]) {
      const codes = randomCodes(network, seed);
      expect(model.run(codes).get(network.outputs[0]!.tensor)).toEqual(
        runGolden(network, codes).get(network.outputs[0]!.tensor),
      );
    }
  });

  it.each(['floor', 'nearest-even'] as const)('requantizes exactly (%s) where doubles would not', (round) => {
    // One tap of weight 1: acc = code. 2^52 + 1 times an odd code is no double; the last bits decide the rounding.
    const m = [2 ** 52 + 1];
    const network = new NetworkBuilder({ height: 1, width: 8, channels: 1 })
      .conv({ kernel: [1, 1], channels: 1, weights: [1], round, requantize: { m, b: [-(2n ** 52n) * 3n], n: [52] } })
      .build();
    expectGolden(network, [0, 1, 2, 3, 4, 127, 128, 255]);
  });

  it.each(['floor', 'nearest-even'] as const)('rounds negative sums and ties like the golden model (%s)', (round) => {
    const network = new NetworkBuilder({ height: 1, width: 256, channels: 1 })
      .conv({ kernel: [1, 1], channels: 1, weights: [1], round, requantize: { m: [-3], b: [300n], n: [2] } })
      .build();
    expectGolden(
      network,
      Array.from({ length: 256 }, (_, i) => i),
    );
  });
});
