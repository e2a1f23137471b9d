/** Machines for tests: a small one in which each case changes what it is about. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../src/arch/machine.js';
import { overrideMachine } from '../../src/arch/machine-override.js';
import { checkMachine, parseMachine } from '../../src/arch/machine-schema.js';

type Change = Partial<Omit<Machine, 'memory' | 'stream'>> & {
  readonly memory?: Partial<Machine['memory']>;
  readonly stream?: Partial<Machine['stream']>;
};

export function testMachine(change: Change = {}): Machine {
  return checkMachine({
    name: 'test',
    rows: 1,
    cols: 4,
    lanes: 4,
    activationDigit: 8,
    weightDigit: 3,
    columnsPerStage: 2,
    postWidth: 2,
    accBits: 28,
    mBits: 34,
    bBits: 64,
    nBits: 6,
    counters: 16,
    fetchWords: 1,
    depthwise: null,
    dram: null,
    ...change,
    memory: {
      groups: 3,
      activationWords: 2 ** 14,
      weightWords: 2 ** 14,
      parameterWords: 2 ** 10,
      tableEntries: 0,
      ringWords: 0,
      foldEntries: 0,
      contexts: 0,
      programWords: 2 ** 12,
      passEntries: 2 ** 11,
      fifoEntries: 64,
      ...change.memory,
    },
    stream: { inBytes: 4, outBytes: 4, ...change.stream },
  });
}

/**
 * Machines that between them have every digit width, rows from 1 to 4, lanes above, below and equal to cols,
 * FIFOs of the smallest size, and streams narrower and wider than an element and than a memory word.
 */
export const VARIED_MACHINES: readonly Machine[] = [
  testMachine({ name: 'a8w3', memory: { fifoEntries: 4, tableEntries: 512, foldEntries: 64 } }),
  testMachine({
    name: 'a8w8',
    weightDigit: 8,
    fetchWords: 8,
    rows: 2,
    lanes: 8,
    postWidth: 4,
    columnsPerStage: 4,
    memory: { foldEntries: 16 },
    stream: { inBytes: 16, outBytes: 1 },
  }),
  testMachine({
    name: 'a8w1',
    weightDigit: 1,
    cols: 8,
    lanes: 2,
    columnsPerStage: 4,
    memory: { fifoEntries: 8 },
    stream: { inBytes: 1, outBytes: 2 },
  }),
  testMachine({
    name: 'a4w2',
    activationDigit: 4,
    weightDigit: 2,
    rows: 4,
    cols: 6,
    lanes: 8,
    columnsPerStage: 1,
    memory: { groups: 4, tableEntries: 1024, foldEntries: 128 },
    stream: { inBytes: 2, outBytes: 8 },
  }),
  testMachine({
    name: 'a1w1',
    activationDigit: 1,
    weightDigit: 1,
    fetchWords: 2,
    rows: 3,
    lanes: 16,
    postWidth: 1,
    columnsPerStage: 1,
    memory: { fifoEntries: 32, tableEntries: 512, foldEntries: 64 },
    stream: { inBytes: 8 },
  }),
  testMachine({
    name: 'a2w4',
    activationDigit: 2,
    weightDigit: 4,
    fetchWords: 4,
    rows: 2,
    cols: 3,
    postWidth: 1,
    columnsPerStage: 3,
    memory: { fifoEntries: 16 },
    stream: { outBytes: 16 },
  }),
  testMachine({
    name: 'a8w8 beside a depthwise unit',
    weightDigit: 8,
    fetchWords: 4,
    postWidth: 4,
    columnsPerStage: 4,
    depthwise: { taps: 3, postWidth: 2, weightWords: 2 ** 12, parameterWords: 2 ** 9 },
    memory: { groups: 4, fifoEntries: 8 },
    stream: { inBytes: 8, outBytes: 4 },
  }),
  testMachine({
    name: 'a8w4 beside a unit without multipliers',
    weightDigit: 4,
    depthwise: { taps: 0, postWidth: 4, weightWords: 0, parameterWords: 2 ** 9 },
    memory: { groups: 4 },
    stream: { inBytes: 4, outBytes: 8 },
  }),
];

/** Machines that keep rows of layers in contexts, and maps in circular buffers: one row, and rows for tiles of several lines. */
export const CONTEXT_MACHINES: readonly Machine[] = [
  testMachine({ name: 'contexts', fetchWords: 8, memory: { contexts: 2, programWords: 2 ** 14, tableEntries: 512 } }),
  testMachine({
    name: 'contexts and rows',
    ...{ rows: 4, cols: 8, lanes: 8, weightDigit: 4, activationDigit: 4, postWidth: 4, columnsPerStage: 4 },
    fetchWords: 4,
    memory: { contexts: 16, programWords: 2 ** 14 },
    stream: { inBytes: 8, outBytes: 8 },
  }),
];

/** Machines with little weight memory and a ring behind it: of every relation between beats, column words and the ring. */
export const RING_MACHINES: readonly Machine[] = [
  testMachine({
    name: 'ring of 32 words',
    memory: { weightWords: 32, ringWords: 64 },
    dram: { dataBits: 64, addressBits: 32, burst: 8, outstanding: 4, model: { latency: 20, efficiency: 80 } },
  }),
  testMachine({
    name: 'ring behind a bus wider than its words',
    ...{ activationDigit: 1, weightDigit: 1, lanes: 16, rows: 3, postWidth: 1, columnsPerStage: 1, fetchWords: 4 },
    memory: { weightWords: 16, ringWords: 128, fifoEntries: 32 },
    dram: { dataBits: 512, addressBits: 40, burst: 4, outstanding: 1, model: { latency: 100, efficiency: 50 } },
  }),
  testMachine({
    name: 'ring behind a narrow bus',
    ...{ weightDigit: 8, lanes: 8, rows: 2, postWidth: 4, columnsPerStage: 4 },
    memory: { weightWords: 8, ringWords: 32 },
    dram: { dataBits: 32, addressBits: 64, burst: 256, outstanding: 8, model: { latency: 3, efficiency: 100 } },
    stream: { inBytes: 16, outBytes: 1 },
  }),
];

/** Machines whose layers may take turns by rows, with inputs folded in circular buffers. */
export const TURN_MACHINES: readonly Machine[] = [
  testMachine({
    name: 'turns, one row',
    ...{ lanes: 8, fetchWords: 8, postWidth: 4 },
    memory: { contexts: 8, foldEntries: 64, tableEntries: 512, fifoEntries: 4 },
    stream: { inBytes: 8 },
  }),
  testMachine({
    name: 'turns, rows of two',
    ...{ rows: 2, cols: 8, activationDigit: 4, weightDigit: 4, postWidth: 4, columnsPerStage: 4, fetchWords: 2 },
    memory: { contexts: 4, foldEntries: 64 },
    stream: { inBytes: 4, outBytes: 8 },
  }),
];

/** Machines with a channel folder: more lanes than narrow windows have codes, one row and several, digits wide and narrow. */
export const FOLDING_MACHINES: readonly Machine[] = [
  testMachine({ name: 'folder', lanes: 16, memory: { foldEntries: 64, tableEntries: 512 }, stream: { inBytes: 16 } }),
  testMachine({
    name: 'folder and rows',
    ...{ rows: 4, cols: 8, lanes: 32, weightDigit: 2, activationDigit: 2, postWidth: 4, columnsPerStage: 4 },
    memory: { foldEntries: 32 },
    stream: { inBytes: 8, outBytes: 8 },
  }),
];

/** Machines at the edges of what the core can be elaborated for; constants as narrow as random networks bear. */
export const ODD_MACHINES: readonly Machine[] = [
  testMachine({
    name: 'one column, one bit',
    ...{ cols: 1, lanes: 2, activationDigit: 1, weightDigit: 1, postWidth: 1, columnsPerStage: 1 },
    ...{ mBits: 20, bBits: 44, nBits: 5 },
    memory: { groups: 4, activationWords: 2 ** 15, weightWords: 2 ** 16, fifoEntries: 2, tableEntries: 512 },
    stream: { inBytes: 1, outBytes: 1 },
  }),
  testMachine({
    name: '16 rows',
    ...{ rows: 16, cols: 2, lanes: 2, weightDigit: 8, postWidth: 2, columnsPerStage: 1 },
    memory: { fifoEntries: 32 },
    stream: { inBytes: 64, outBytes: 64 },
  }),
  testMachine({
    name: 'slots over four stages',
    ...{ cols: 24, lanes: 8, activationDigit: 4, weightDigit: 4, postWidth: 8, columnsPerStage: 2 },
    ...{ mBits: 24, bBits: 48, counters: 12 },
    memory: { fifoEntries: 8, tableEntries: 2 },
  }),
  testMachine({
    name: '128 lanes',
    ...{ cols: 8, lanes: 128, weightDigit: 1, postWidth: 8, columnsPerStage: 8, accBits: 32 },
    memory: { activationWords: 2 ** 10, weightWords: 2 ** 11, fifoEntries: 2 },
    stream: { inBytes: 32, outBytes: 8 },
  }),
  testMachine({
    name: 'three rows, five columns, narrow accumulators',
    ...{ rows: 3, cols: 5, lanes: 4, activationDigit: 2, postWidth: 1, columnsPerStage: 5, accBits: 16, nBits: 6 },
    memory: { groups: 2, fifoEntries: 32 },
  }),
];

/** The four arrays with five digit pairs each, (activation, weight), on which the known models are proven. */
export const PROVEN_ARRAYS = ['1x16x16', '1x32x32', '4x16x16', '2x8x8'] as const;
export const PROVEN_DIGITS = [
  [8, 3],
  [8, 8],
  [8, 1],
  [4, 2],
  [1, 1],
] as const;

/** The machines of machines/*.json, as their files say. */
export function namedMachines(): readonly Machine[] {
  const folder = join(import.meta.dirname, '../../machines');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => parseMachine(JSON.parse(readFileSync(join(folder, file), 'utf8'))));
}

/** One of the twenty machines. */
export function provenMachine(array: string, activationDigit: number, weightDigit: number): Machine {
  const named = namedMachines().find(({ name }) => name === array)!;
  return overrideMachine(named, { activationDigit, weightDigit });
}
