/**
 * What every fault must be caught on: one tiny machine that has every kind of hop and tail, and a few networks that
 * between them use every field of the records, with frames and stalls.
 */
import type { Machine } from '../../src/arch/machine.js';
import type { Plan } from '../../src/arch/plan/plan.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import type { CompiledModel } from '../../src/runtime/model.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder, randomCodes } from '../support/network-builder.js';
import { compiledModel } from '../support/project.js';
import { concat } from '../support/random-arrange.js';

/** Two rows, two stages of two slots each, digits narrower than the operands, the smallest FIFO, tables, narrow streams. */
export const MACHINE: Machine = testMachine({
  name: 'tiny',
  rows: 2,
  cols: 8,
  lanes: 4,
  activationDigit: 4,
  weightDigit: 2,
  columnsPerStage: 4,
  postWidth: 2,
  accBits: 24,
  mBits: 20,
  bBits: 40,
  nBits: 5,
  fetchWords: 2,
  memory: {
    groups: 2,
    activationWords: 256,
    weightWords: 128,
    ringWords: 128,
    foldEntries: 32,
    contexts: 4,
    parameterWords: 64,
    tableEntries: 256,
    programWords: 2048,
    passEntries: 64,
    fifoEntries: 16,
  },
  stream: { inBytes: 2, outBytes: 2 },
  dram: { dataBits: 64, addressBits: 32, burst: 4, outstanding: 2, model: { latency: 25, efficiency: 75 } },
});

export interface FixedCase {
  readonly name: CaseName;
  readonly plan: Plan;
  readonly model: CompiledModel;
  readonly frames: readonly Uint16Array[];
}

/** Stalls of both streams; verify runs every case at full rate and under each. */
export const STALLS = [
  { input: 0.5, output: 0.6 },
  { input: 0.95, output: 0 },
  { input: 0, output: 0.9 },
] as const;

const BUILDER_WIDTHS = { mBits: MACHINE.mBits, bBits: MACHINE.bBits };
const same3 = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;

const NETWORKS = {
  /** Folded first layer, residual, fused pool with padding and dilation, dense, accumulators out. */
  pooled: () => {
    const builder = new NetworkBuilder({ height: 7, width: 6, channels: 2, zero: 3 }, 11, BUILDER_WIDTHS);
    builder.conv({ kernel: [3, 3], pads: [1, 0, 2, 1], channels: 5, weightBits: 4, zero: 2 });
    const skip = builder.last.name;
    builder.conv({ ...same3, channels: 5, weightBits: 3, residual: skip, round: 'nearest-even', bits: 6, zero: 1 });
    builder.conv({ kernel: [2, 3], dilations: [2, 2], pads: [0, 2, 2, 2], channels: 11, weightBits: 2, bits: 8 });
    builder.maxpool({ kernel: [3, 2], strides: [3, 3], pads: [0, 1, 1, 0] });
    return builder.conv({ kernel: [3, 2], channels: 9, weightBits: 8, bits: null }).build();
  },
  /** Strides, depthwise, a pool whose windows overlap, codes out. */
  strided: () => {
    const builder = new NetworkBuilder({ height: 9, width: 8, channels: 3, bits: 7 }, 12, BUILDER_WIDTHS);
    builder.conv({ kernel: [3, 2], strides: [2, 1], pads: [1, 1, 1, 0], channels: 10, weightBits: 1, zero: 4 });
    builder.conv({
      kernel: [3, 3],
      strides: [1, 2],
      dilations: [2, 1],
      pads: [2, 1, 2, 1],
      channels: 10,
      depthwise: true,
      weightBits: 3,
    });
    builder.maxpool({ kernel: [3, 2], pads: [1, 0, 1, 1] });
    return builder.conv({ kernel: [1, 1], channels: 4, weightBits: 4, bits: 5, round: 'nearest-even' }).build();
  },
  /** Exact ties, negative sums, limits inside the range. */
  ties: () => ties(),
  /** Maps of one pixel with more channels than columns; a residual that is just being written. */
  pixel: () => {
    const builder = new NetworkBuilder({ height: 1, width: 1, channels: 13, bits: 4 }, 13, BUILDER_WIDTHS);
    const wide = { kernel: [1, 1], channels: 17, weightBits: 2, input: 'input' } as const;
    return builder
      .conv(wide)
      .conv({ ...wide, bits: 4, residual: 'conv0.out' })
      .conv({ kernel: [1, 1], channels: 3, weightBits: 8, bits: null })
      .build();
  },
  /** Input and residual of one layer from different layers. */
  shortcut: () => {
    const builder = new NetworkBuilder({ height: 8, width: 4, channels: 3, bits: 6 }, 16, BUILDER_WIDTHS);
    builder.conv({ ...same3, strides: [2, 2], channels: 6, weightBits: 2, bits: 8 });
    return builder
      .conv({
        kernel: [1, 1],
        strides: [2, 2],
        channels: 6,
        weightBits: 2,
        bits: 4,
        input: 'input',
        residual: 'conv0.out',
      })
      .conv({ kernel: [1, 1], channels: 3, weightBits: 2, bits: 4 })
      .build();
  },
  /** The first map lies in the group that LOAD still writes to. */
  shared: () => {
    const builder = new NetworkBuilder({ height: 8, width: 8, channels: 2, bits: 4 }, 17, BUILDER_WIDTHS);
    return builder
      .conv({ ...same3, channels: 2, weightBits: 2, bits: 4 })
      .conv({ kernel: [1, 1], channels: 15, weightBits: 2, bits: 4 })
      .conv({ kernel: [1, 1], channels: 2, weightBits: 2, bits: 4, residual: 'input' })
      .build();
  },
  /** Rows of the frame that nobody reads: it is computed before it is loaded. */
  unread: () => {
    const builder = new NetworkBuilder({ height: 8, width: 6, channels: 4 }, 18, BUILDER_WIDTHS);
    const cells = { kernel: [1, 1], strides: [5, 2], channels: 3, weightBits: 2 } as const;
    return builder
      .conv(cells)
      .conv({ kernel: [2, 2], channels: 2, weightBits: 2, bits: null })
      .build();
  },
  /** A chain of layers that keep up with a slow source. */
  chain: () => {
    const builder = new NetworkBuilder({ height: 12, width: 5, channels: 4 }, 14, BUILDER_WIDTHS);
    for (let layer = 0; layer < 4; layer++) builder.conv({ ...same3, channels: 4, weightBits: 2, bits: 4 + layer });
    return builder.conv({ ...same3, channels: 4, weightBits: 2, bits: 8, residual: 'conv3.out' }).build();
  },
  /** Two inputs, one of two bytes a code, tables before a pool and before a product, maps side by side, three outputs. */
  several: () => {
    const map = { height: 7, width: 5, channels: 3 };
    const builder = new NetworkBuilder({ ...map, bits: 7, zero: 2 }, 19, BUILDER_WIDTHS);
    builder
      .input({ ...map, bits: 11, zero: 5 })
      .conv({ ...same3, input: 'input1', channels: 3, weightBits: 2, bits: 5, zero: 9, table: 32 })
      .mul({ inputs: ['conv0.out', 'input'], bits: 6, zero: 3, round: 'nearest-even' })
      .conv({ ...same3, channels: 3, weightBits: 2, bits: 6, zero: 3, table: 64 })
      .maxpool({ kernel: [2, 2], strides: [1, 1], pads: [0, 0, 1, 1] });
    const { tensors } = builder;
    builder
      .arrange(concat([tensors['mul1.out']!, tensors['pool3.out']!], 2))
      .conv({ ...same3, channels: 4, weightBits: 2, bits: 7 })
      .conv({ kernel: [7, 5], channels: 5, weightBits: 3, bits: null });
    return builder.build('mul1.out', 'conv5.out', 'conv6.out');
  },
  /** Layers that take turns by rows, in circular buffers: codes of two bits, folded, a pool between. */
  turns: () => {
    const builder = new NetworkBuilder({ height: 25, width: 5, channels: 3, bits: 2, zero: 1 }, 21, BUILDER_WIDTHS);
    return builder
      .conv({ kernel: [3, 3], pads: [1, 1, 1, 0], channels: 5, weightBits: 2, bits: 4 })
      .conv({ ...same3, channels: 5, weightBits: 2, bits: 8 })
      .maxpool({ kernel: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] })
      .conv({ ...same3, strides: [2, 1], channels: 4, weightBits: 2, bits: 4 })
      .conv({ kernel: [1, 1], channels: 3, weightBits: 4, bits: null })
      .build();
  },
  /** So short that END is at the head before the second input is loaded. */
  product: () =>
    new NetworkBuilder({ height: 5, width: 4, channels: 6, bits: 5, zero: 3 }, 20, BUILDER_WIDTHS)
      .input({ height: 5, width: 4, channels: 6, bits: 4, zero: 6 })
      .mul({ inputs: ['input', 'input1'], bits: 8, zero: 100 })
      .build(),
} satisfies Record<string, () => IntegerNetwork>;

export type CaseName = keyof typeof NETWORKS;

/** Sums of small codes, halved and quartered: every second or fourth one is a tie, half of them are negative. */
function ties(): IntegerNetwork {
  const builder = new NetworkBuilder({ height: 6, width: 6, channels: 4, bits: 3 }, 15, BUILDER_WIDTHS);
  const channels = 6;
  const by = <T>(value: (c: number) => T) => Array.from({ length: channels }, (_, c) => value(c));
  const constants = { m: by((c) => (c % 2 === 0 ? 1 : -1)), b: by((c) => BigInt(c - 2)), n: by((c) => 1 + (c % 3)) };
  for (const round of ['nearest-even', 'floor'] as const) {
    builder.conv({
      kernel: [1, 1],
      channels,
      weightBits: 3,
      bits: 4,
      round,
      requantize: { ...constants, lo: 1, hi: 6 },
    });
  }
  return builder.build();
}

export type FixedSet = Readonly<Record<CaseName, FixedCase>>;

export async function fixedSet(): Promise<FixedSet> {
  const made: Partial<Record<CaseName, FixedCase>> = {};
  for (const [i, name] of (Object.keys(NETWORKS) as CaseName[]).entries()) {
    const network = NETWORKS[name]();
    const frames = [2 * i, 2 * i + 1].map((seed) => randomCodes(network, seed));
    const plan = planNetwork(network, MACHINE, { order: name === 'turns' ? 'rows' : 'layers' });
    const model = await compiledModel(network, MACHINE, { plan });
    made[name] = { name, plan, model, frames };
  }
  return made as FixedSet;
}
