import { describe, expect, test } from 'vitest';
import type { Dram } from '../../../src/arch/machine.js';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import type { FeedRecord } from '../../../src/arch/program/program.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder } from '../../support/network-builder.js';

const DRAM: Dram = {
  dataBits: 128,
  addressBits: 32,
  burst: 16,
  outstanding: 4,
  model: { latency: 100, efficiency: 80 },
};

/** 8 x 8 maps of eight channels: 18 words a column tile, 36 a layer; then 32 words for one pixel. */
const network = new NetworkBuilder({ height: 8, width: 8, channels: 8 })
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 8 })
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 8 })
  .conv({ kernel: [8, 8], channels: 4 })
  .build();
const all = 36 + 36 + 128;
const planWith = (weightWords: number, ringWords: number) =>
  planNetwork(network, testMachine({ weightDigit: 8, dram: DRAM, memory: { weightWords, ringWords } }));
const feeds = (plan: ReturnType<typeof planWith>) =>
  plan.program.filter((record): record is FeedRecord => record.opcode === 'feed').map(({ fields }) => fields);

describe('weights', () => {
  test('stay on chip where all fit, whatever the ring', () => {
    const plan = planWith(256, 64);
    expect(plan.used).toMatchObject({ weightWords: all, dramWords: 0 });
    expect(feeds(plan).every(({ ring, nCo }) => ring === 0 && nCo === 1)).toBe(true);
  });

  test('of the layer with the fewest steps a word stay, the others come through the ring column tile by column tile', () => {
    const plan = planWith(128, 64);
    expect(plan.layers.map(({ fromDram }) => fromDram)).toEqual([true, true, false]);
    expect(plan.used).toMatchObject({ weightWords: 128, dramWords: 72 });
    expect(feeds(plan).map(({ ring, nCo, nCt, tileWords }) => [ring, nCo, nCt, tileWords])).toEqual([
      [1, 2, 1, 18],
      [1, 2, 1, 18],
      [0, 1, 1, 0],
    ]);
    expect(plan.program[0]).toEqual({ opcode: 'fill', fields: { address: 0, words: 72 } });
  });

  test('that fit neither the memory nor a ring, column tile by column tile, are refused with what they would need', () => {
    expect(() => planWith(64, 16)).toThrow(
      expect.objectContaining({ code: 'memory-too-small', where: 'memory.weightWords' }),
    );
    expect(() => planWith(64, 0)).toThrow(/does not fit the weight memory/);
  });
});
