import { describe, expect, test } from 'vitest';
import { signedBits } from '../../../src/arch/plan/limits.js';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import type { FeedRecord, PostRecord } from '../../../src/arch/program/program.js';
import type { ConvLayer, IntegerNetwork, MaxPoolLayer } from '../../../src/quant/network.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder } from '../../support/network-builder.js';

const feedOf = (network: IntegerNetwork, machine = testMachine()) =>
  planNetwork(network, machine).program.find((record): record is FeedRecord => record.opcode === 'feed')!.fields;
const postsOf = (network: IntegerNetwork, machine = testMachine()) =>
  planNetwork(network, machine).program.filter((record): record is PostRecord => record.opcode === 'post');

/**
 * Rows of the input that pooled output row `oy` needs, from the definitions of convolution and pooling, and whether its
 * windows lie inside the maps at the lower end.
 */
function rowsRead(network: IntegerNetwork, convHeight: number, oy: number): { rows: number; inside: boolean } {
  const [conv, pool] = network.layers as [ConvLayer, MaxPoolLayer | undefined];
  const { height } = network.tensors.input!;
  let rows = 0;
  let inside = true;
  for (let wy = 0; wy < (pool?.kernel[0] ?? 1); wy++) {
    const cy = pool ? oy * pool.strides[0] + wy * pool.dilations[0] - pool.pads[0] : oy;
    inside &&= cy < convHeight;
    if (cy < 0 || cy >= convHeight) continue;
    for (let ky = 0; ky < conv.kernel[0]; ky++) {
      const row = cy * conv.strides[0] + ky * conv.dilations[0] - conv.pads[0];
      inside &&= row < height;
      if (row < height) rows = Math.max(rows, row + 1);
    }
  }
  return { rows, inside };
}

describe('the rows that FEED waits for', () => {
  test('are enough for every output row and not one too many, for every small window', () => {
    // More channels than lanes: LOAD does not fold, rows are those of the stored map.
    const machine = testMachine({ lanes: 2, stream: { inBytes: 1 } });
    for (const height of [5, 8])
      for (const kernel of [1, 2, 3])
        for (const stride of [1, 2, 3])
          for (const dilation of [1, 2])
            for (const pad of [0, 1])
              for (const pool of [null, { kernel: 2, stride: 2, pad: 0 }, { kernel: 2, stride: 3, pad: 1 }]) {
                if ((kernel - 1) * dilation + 1 > height || pad >= kernel) continue;
                const builder = new NetworkBuilder({ height, width: 3, channels: 3 }).conv({
                  ...{ kernel: [kernel, 1], strides: [stride, 1], dilations: [dilation, 1], pads: [pad, 0, pad, 0] },
                  channels: 2,
                });
                const convHeight = builder.last.height;
                if (pool && convHeight + 2 * pool.pad < pool.kernel) continue;
                if (pool) {
                  const [k, s, p] = [pool.kernel, pool.stride, pool.pad];
                  builder.maxpool({ kernel: [k, 1], strides: [s, 1], pads: [p, 0, p, 0] });
                }
                const network = builder.build();
                const fields = feedOf(network, machine);
                for (let oy = 0; oy < fields.nOy; oy++) {
                  const waited = Math.min(fields.inNeed0 + oy * fields.inNeedStep, fields.inRows);
                  const { rows, inside } = rowsRead(network, convHeight, oy);
                  expect(waited).toBeGreaterThanOrEqual(rows);
                  if (inside) expect(waited).toBe(rows);
                }
              }
  });
});

describe('the slots of POST', () => {
  test('hold every channel of every pixel once, whatever the channels, the columns and the rows', () => {
    for (const rows of [1, 3])
      for (const [cols, postWidth] of [
        [1, 1],
        [4, 2],
        [4, 4],
        [6, 2],
      ] as const)
        for (let channels = 1; channels <= 13; channels++)
          for (const width of [1, 3, 4]) {
            const machine = testMachine({ rows, cols, postWidth, columnsPerStage: 1 });
            const network = new NetworkBuilder({ height: 2, width, channels: 2 })
              .conv({ kernel: [1, 1], channels })
              .conv({ kernel: [1, 1], channels: 1 })
              .build();
            const f = postsOf(network, machine)[0]!.fields;
            let codes = 0;
            for (let ox = 0; ox < f.nOx * f.pixelsPerTile; ox++) {
              if (ox >= f.outCols) continue;
              const slots = (f.nCt - 1) * f.slotsFull + f.slotsLast;
              codes += (slots - 1) * postWidth + f.tailCount;
            }
            expect(codes).toBe(width * channels);
            expect((f.nOx - 1) * f.pixelsPerTile).toBeLessThan(f.outCols);
          }
  });
});

test('the width of a signed range is that of two s complement, for every small range', () => {
  for (let min = -70; min <= 70; min++) {
    for (let max = min; max <= 70; max++) {
      const bits = signedBits(BigInt(min), BigInt(max));
      const holds = (width: number) => min >= -(2 ** (width - 1)) && max < 2 ** (width - 1);
      expect(holds(bits) && (bits === 1 || !holds(bits - 1))).toBe(true);
    }
  }
});
