/** Random records on systole_depthwise beside what the simulator writes and what the cycle model says. */
import type { Machine } from '../../src/arch/machine.js';
import { encodeKernels, encodeScales } from '../../src/arch/program/depthwise-memories.js';
import type { DepthwiseRecord } from '../../src/arch/program/program.js';
import { RECORD_FIELDS, UNIT_OPS } from '../../src/arch/program/records.js';
import { runDepthwise } from '../../src/arch/simulator/depthwise.js';
import { frameState } from '../../src/arch/simulator/state.js';
import { depthwiseModel } from '../../src/arch/timing/depthwise.js';
import { testMachine } from '../support/machines.js';
import { type Bench, compileBench } from './icarus.js';
import type { Pick } from './random.js';

export const CONFIGURATIONS = [
  { LANES: 4, TAPS: 3, PW: 2 },
  { LANES: 8, TAPS: 3, PW: 8 },
  { LANES: 4, TAPS: 1, PW: 1 },
  { LANES: 2, TAPS: 5, PW: 2 },
  { LANES: 4, TAPS: 0, PW: 2 },
] as const;
export type Configuration = (typeof CONFIGURATIONS)[number];

const CODES = 4096;
const CYCLES = 6000;
/** Modules of the unit, without systole_ and .v. */
export const MODULES = [
  'depthwise',
  'depthwise_walk',
  'depthwise_mac',
  'depthwise_sum',
  'depthwise_out',
  'ram',
  'fifo',
  'requantize',
  'parts',
  'round',
  'clamp',
];

const machineOf = ({ LANES, TAPS, PW }: Configuration): Machine =>
  testMachine({
    lanes: LANES,
    memory: { activationWords: CODES / LANES },
    depthwise: { taps: TAPS, postWidth: PW, weightWords: TAPS > 0 ? 256 : 0, parameterWords: 256 },
  });

function randomRecord(pick: Pick, configuration: Configuration): DepthwiseRecord {
  return configuration.TAPS >= 3 && pick(3) === 0 ? randomPair(pick, configuration) : randomLayer(pick, configuration);
}

/** Two pixels at once, of half as many channels as lanes. */
function randomPair(pick: Pick, configuration: Configuration): DepthwiseRecord {
  const { LANES, PW } = configuration;
  const { fields } = randomLayer(pick, configuration);
  const channels = LANES / 2;
  const pairs = 1 + pick(3);
  const padLeft = pick(3);
  const pitch = fields.xMax * channels;
  return {
    opcode: 'depthwise',
    fields: {
      ...fields,
      ...{ nG: 1, nC: pairs + 1, nKx: 1, chain: 1, pair: 1, op: UNIT_OPS.products, outFirst: 1, outStep: 1 },
      ...{ xBase: -padLeft, xC: 2, aC: LANES, aBase: 300 + fields.yBase * pitch - padLeft * channels },
      ...{ aOy: fields.yOy * pitch, aKy: pitch, dOy: pairs * LANES, dOx: LANES },
      ...{ slotsFull: LANES / PW, slotsLast: LANES / PW, tailCount: PW },
    },
  };
}

/** A layer of random shape: taps at once where its kernel is narrow enough, else one after the other. */
function randomLayer(pick: Pick, { LANES, TAPS, PW }: Configuration): DepthwiseRecord {
  const channels = 1 + pick(2 * LANES);
  const nG = Math.ceil(channels / LANES);
  const live = channels - (nG - 1) * LANES;
  // Rows of one-tap outputs leave faster than anything.
  const fast = pick(4) === 0;
  const [kh, kw] = fast ? [1, 1] : [1 + pick(4), 1 + pick(TAPS === 0 ? 4 : 5)];
  const [sy, sx] = [1 + pick(3), 1 + pick(3)];
  const op = TAPS === 0 ? 1 + pick(2) : pick(2) === 0 ? UNIT_OPS.products : pick(3);
  const columnsAtOnce = op === UNIT_OPS.sum ? 0 : op === UNIT_OPS.max ? 3 : TAPS;
  const chain = kw <= columnsAtOnce && pick(4) > 0 ? 1 : 0;
  const [height, width] = [1 + pick(5), 1 + pick(6)];
  const [padTop, padLeft] = [pick(kh), pick(kw)];
  const [outRows, outColumns] = [1 + pick(3), fast ? 30 + pick(10) : 1 + pick(4)];
  const pitch = width * channels;
  const aBase = 300 + pick(50) - padTop * pitch - padLeft * channels;
  const dBase = 2000 + pick(50);
  const rows = 1 + pick(height);
  return {
    opcode: 'depthwise',
    fields: {
      nOy: outRows,
      nG,
      nC: chain ? kw + (outColumns - 1) * sx : outColumns,
      nKy: kh,
      nKx: chain ? 1 : kw,
      group: 1,
      aBase,
      aOy: sy * pitch,
      aC: (chain ? 1 : sx) * channels,
      aKy: pitch,
      aKx: channels,
      yBase: -padTop,
      yOy: sy,
      yKy: 1,
      yMax: height,
      xBase: -padLeft,
      xC: chain ? 1 : sx,
      xKx: 1,
      xMax: width,
      padCode: pick(2) === 0 ? 0 : pick(256),
      chain,
      pair: 0,
      op,
      outFirst: chain ? kw - 1 : 0,
      outStep: chain ? sx : 1,
      wBase: pick(20),
      wGroup: kh * (chain ? 1 : kw),
      wStep: pick(5) > 0 ? 1 : 0,
      pBase: pick(20),
      slotsFull: LANES / PW,
      slotsLast: Math.ceil(live / PW),
      tailCount: live - (Math.ceil(live / PW) - 1) * PW,
      nearestEven: pick(2),
      lo: pick(20),
      hi: 150 + pick(106),
      dGroup: 2,
      dBase,
      dOy: outColumns * channels,
      dOx: channels,
      outCounter: 3,
      inCounter: 1,
      inNeed0: pick(rows + 1),
      inNeedStep: pick(3),
      inRows: rows,
      accMin: -(2 ** 27),
      accMax: 2 ** 27 - 1,
    },
  };
}

const fieldWords = ({ fields }: DepthwiseRecord) => RECORD_FIELDS.depthwise.map(({ name }) => fields[name] >>> 0);

function parseCycle(line: string) {
  const [flags, counter, group, address, count, data] = line.split(' ') as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const flag = (index: number) => flags[index] === '1';
  return {
    grant: flag(0),
    pop: flag(1),
    rowDone: flag(2),
    done: flag(3),
    empty: flag(4),
    counter: Number(counter),
    group: Number(group),
    address: Number(address),
    codes: Array.from({ length: Number(count) }, (_, i) =>
      Number.parseInt(data.slice(data.length - 2 * i - 2, data.length - 2 * i), 16),
    ),
  };
}

const wordsOf = (image: Uint32Array, pieces: number): bigint[] =>
  Array.from({ length: image.length / pieces }, (_, word) =>
    Array.from(image.subarray(word * pieces, (word + 1) * pieces)).reduceRight(
      (all, piece) => (all << 32n) | BigInt(piece),
      0n,
    ),
  );

export function compileDepthwise(configuration: Configuration, sourceOf = sourceFile): Promise<Bench> {
  return compileBench('depthwise_bench', ['test/rtl/depthwise_bench.v', ...MODULES.map(sourceOf)], configuration);
}

export const sourceFile = (module: string): string => `templates/rtl/systole_${module}.v`;

/** One to three records: what the Verilog writes and does in every cycle, and what it should. */
export async function runCase(bench: Bench, configuration: Configuration, pick: Pick) {
  const machine = machineOf(configuration);
  const { LANES, TAPS, PW } = configuration;
  const records = Array.from({ length: 1 + pick(3) }, () => randomRecord(pick, configuration));
  const kernels = Int8Array.from({ length: 256 * LANES * TAPS }, () => pick(256) - 128);
  const scale = () => ({ m: pick(2 ** 12) - 2 ** 10, b: BigInt(pick(2 ** 24)), n: 8 + pick(10) });
  const scales = Array.from({ length: 256 * PW }, scale);
  const mem = Array.from({ length: CODES }, () => pick(256));
  const images = { kernels: encodeKernels(kernels, machine), scales: encodeScales(scales, machine) };
  const percent = pick(3) === 0 ? 0 : pick(60);
  const stalls = () => Array.from({ length: CYCLES }, () => (pick(100) < percent ? 1 : 0));
  // Some are longer than the FIFO holds out.
  const long = Array.from({ length: CYCLES / 200 }, () => pick(3) === 0);
  const [readStall, short] = [stalls(), stalls()];
  const writeStall = short.map((stall, cycle) => (long[Math.floor(cycle / 200)] ? 1 : stall));
  const moves = Array.from({ length: CYCLES }, () => (pick(20) === 0 ? 1 : 0));
  let rows = 0;
  const pace = 5 + pick(60);
  const count = Array.from({ length: CYCLES }, () => {
    rows += pick(pace) === 0 ? 1 : 0;
    return rows;
  });
  const files = {
    fields: records.flatMap(fieldWords),
    mem,
    kernels: TAPS > 0 ? wordsOf(images.kernels, images.kernels.length / 256) : new Array<bigint>(256).fill(0n),
    scales: wordsOf(images.scales, images.scales.length / 256),
    read_stall: readStall,
    write_stall: writeStall,
    post_moves: moves,
    count,
  };
  const lines = await bench.run(files, { record_count: records.length, cycles: CYCLES });
  const cycles = lines.filter((line) => /^[01x]{5} /.test(line)).map(parseCycle);
  return {
    records,
    written: written(cycles),
    simulated: simulated(records, mem, { kernels, scales, machine }),
    cycles: cycles.map(({ grant, pop, rowDone, done, empty }) => ({ pop, rowDone, done, empty, grant })),
    modelled: modelled(records, machine, { readStall, writeStall, moves, count }),
  };
}

type Cycle = ReturnType<typeof parseCycle>;

/** Codes by address, and the counter of every row in order. */
function written(cycles: readonly Cycle[]) {
  const codes = new Map<number, number>();
  for (const { pop, address, codes: values } of cycles) {
    if (pop) for (const [i, value] of values.entries()) codes.set(address + i, value);
  }
  const rows = cycles.filter(({ rowDone }) => rowDone).map(({ counter }) => counter);
  return { codes: [...codes].sort(([a], [b]) => a - b), rows };
}

interface Contents {
  readonly kernels: Int8Array;
  readonly scales: readonly { m: number; b: bigint; n: number }[];
  readonly machine: Machine;
}

function simulated(
  records: readonly DepthwiseRecord[],
  mem: readonly number[],
  { kernels, scales, machine }: Contents,
) {
  const state = frameState(machine, undefined);
  state.memory.digits[1]!.set(mem);
  // All of it is there, whatever a record waits for.
  state.memory.owner[1]!.fill(0);
  state.memory.row[1]!.fill(-1);
  state.counters.owner[1] = 0;
  state.counters.value[1] = 2 ** 16;
  const program = { machine, records: [], kernels, scales };
  for (const [i, record] of records.entries()) runDepthwise(record, i + 1, program, state);
  const codes: [number, number][] = [];
  state.memory.owner[2]!.forEach((owner, at) => {
    if (owner > 0) codes.push([at, state.memory.digits[2]![at]!]);
  });
  return { codes, rows: records.flatMap(({ fields }) => new Array<number>(fields.nOy).fill(fields.outCounter)) };
}

interface Stalls {
  readonly readStall: readonly number[];
  readonly writeStall: readonly number[];
  readonly moves: readonly number[];
  readonly count: readonly number[];
}

/** The bench's control in front of the cycle model: a record completes in the cycle behind the one before's move. */
function modelled(
  records: readonly DepthwiseRecord[],
  machine: Machine,
  { readStall, writeStall, moves, count }: Stalls,
) {
  const model = depthwiseModel(machine);
  let active = -1;
  let next = 0;
  let complete = true;
  let full = false;
  let behindShadow = false;
  let behind = false;
  return count.map((rows, cycle) => {
    const record = active < 0 ? null : records[active]!.fields;
    const empty = model.empty();
    const moved = moves[cycle] === 1;
    const step = model.step(record, {
      count: rows,
      settled: !behind,
      feedGroup: readStall[cycle] === 1 ? 1 : -1,
      residualGroup: -1,
      writerGroup: writeStall[cycle] === 1 ? 2 : -1,
      loaderGroup: -1,
    });
    const move = full && (active < 0 || step.done);
    if (move) behind = behindShadow && !moved;
    else if (moved) behind = false;
    if (complete) behindShadow = !moved;
    else if (moved) behindShadow = false;
    if (complete) {
      full = true;
      complete = false;
    } else if (move) {
      full = false;
      active = next++;
      complete = next < records.length;
      model.begin(records[active]!.fields);
    }
    if (step.done && !move) active = -1;
    return { pop: step.pops, rowDone: step.counter >= 0, done: step.done, empty, grant: step.grants };
  });
}
