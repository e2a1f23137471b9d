import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RECORD_FIELDS } from '../../src/arch/program/records.js';
import { loaderModel } from '../../src/arch/timing/loader.js';
import { type Bench, compileBench, icarusAvailable } from './icarus.js';
import { type Load, loadWrites } from './load-model.js';
import { type Pick, picker } from './random.js';

const CONFIGURATIONS = [
  { LANES: 8, LANE_BITS: 3, AD: 8, IN_BYTES: 8 },
  { LANES: 16, LANE_BITS: 4, AD: 8, IN_BYTES: 4 },
  { LANES: 8, LANE_BITS: 3, AD: 1, IN_BYTES: 16 },
  { LANES: 32, LANE_BITS: 5, AD: 4, IN_BYTES: 1 },
  { LANES: 4, LANE_BITS: 2, AD: 2, IN_BYTES: 64 },
  { LANES: 2, LANE_BITS: 1, AD: 1, IN_BYTES: 1 },
  { LANES: 64, LANE_BITS: 6, AD: 1, IN_BYTES: 8 },
] as const;
type Configuration = (typeof CONFIGURATIONS)[number];

const dense: Load = {
  group: 0,
  base: 0,
  counter: 0,
  planes: 1,
  planeStride: 0,
  rows: 1,
  rowCodes: 8,
  rowPitch: 8,
  padCode: 0,
  padTop: 0,
  padBottom: 0,
  padLeft: 0,
  padRight: 0,
  codeBits: 8,
  beats: 1,
  last: true,
  bufferEnd: 0,
  bufferSize: 0,
  room: false,
  roomCounter: 0,
  roomRows: 0,
  mirrorEnd: 0,
};

function randomLoad(pick: Pick, { AD, IN_BYTES, LANES }: Configuration): Load {
  const codeBits = [1, 2, 4, 8, 16][pick(5)]!;
  const rows = 1 + pick(6);
  const rowCodes = 1 + pick(pick(4) === 0 ? 5 * LANES : 2 * LANES + 9);
  const padded = pick(2) === 1;
  const [padTop, padBottom, padLeft, padRight] = [4, 4, LANES + 3, 6].map((most) => (padded ? pick(most) : 0));
  const base = pick(1000);
  const rowPitch = padLeft! + rowCodes + padRight! + pick(9);
  const bufferSize = pick(3) === 0 ? rowPitch * (1 + pick(3)) + pick(2) * pick(rowPitch) : 0;
  return {
    ...dense,
    group: pick(2),
    base,
    planes: 1 + pick(Math.max(1, codeBits / AD)),
    planeStride: 50000 + pick(100),
    rows,
    rowCodes,
    rowPitch,
    padCode: pick(2 ** codeBits),
    ...{ padTop: padTop!, padBottom: padBottom!, padLeft: padLeft!, padRight: padRight! },
    codeBits,
    beats: Math.ceil((rows * rowCodes * codeBits) / (8 * IN_BYTES)),
    bufferSize,
    bufferEnd: bufferSize > 0 ? base + bufferSize : 0,
    mirrorEnd: bufferSize > 0 ? base + pick(2) * rowPitch : 0,
    room: pick(3) === 0,
    roomRows: pick(3),
  };
}

/** The LOAD records of one frame, of one to three inputs. */
function randomFrame(pick: Pick, configuration: Configuration): Load[] {
  const loads = Array.from({ length: 1 + pick(3) }, () => randomLoad(pick, configuration));
  return loads.map((load, i) => ({ ...load, last: i === loads.length - 1 }));
}

const randomCodes = (pick: Pick, { rows, rowCodes, codeBits }: Load) =>
  Uint16Array.from({ length: rows * rowCodes }, () => pick(2 ** codeBits));

/** Codes of a few bits are packed from the lowest bit on. */
function bytesOf(codes: Uint16Array, codeBits: number): Uint8Array {
  const bits = [...codes].flatMap((code) => Array.from({ length: codeBits }, (_, bit) => (code >> bit) & 1));
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((byte, bit, at) => byte | (bit << at), 0),
  );
}

/** Beats with TLAST above the data, in the last one if at all; `padding` fills it. */
function toBeats(frame: Uint8Array, inBytes: number, padding: number, last = true): bigint[] {
  const count = Math.ceil(frame.length / inBytes);
  return Array.from({ length: count }, (_, beat) => {
    let value = last && beat === count - 1 ? 1n : 0n;
    for (let i = inBytes - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(frame[beat * inBytes + i] ?? padding);
    return value;
  });
}

const fieldWords = (load: Load) => RECORD_FIELDS.load.map(({ name }) => Number(load[name as keyof Load]) >>> 0);

type Cycle = ReturnType<typeof parseCycle>;

/** One printed cycle of loader_bench.v. */
function parseCycle(line: string) {
  const [flags, address, turn, count, data] = line.split(' ') as [string, string, string, string, string];
  const flag = (index: number) => flags[index] === '1';
  return {
    take: flag(0),
    write: flag(1),
    rowDone: flag(2),
    done: flag(3),
    short: flag(4),
    long: flag(5),
    first: flag(6),
    held: flag(7),
    loaded: flag(8),
    address: Number(address),
    turn: Number(turn),
    count: Number(count),
    data,
  };
}

/** Digits of a write, the first code's first. */
function digitsOf({ address, turn, count, data }: Cycle, { LANES, AD }: Configuration): number[] {
  return Array.from({ length: count }, (_, i) => {
    const lane = (address - turn + i + LANES) % LANES;
    return Number(`0b${data.slice(data.length - (lane + 1) * AD, data.length - lane * AD)}`);
  });
}

const CYCLES = 12000;
const noStalls = new Array<number>(CYCLES).fill(0);
/** All rows are free. */
const free = new Array<number>(CYCLES).fill(999);

/** A counter that goes up now and then. */
function randomRooms(pick: Pick): number[] {
  const every = 1 + pick(40);
  let count = 0;
  return noStalls.map(() => (pick(every) === 0 ? ++count : count));
}

describe.skipIf(!icarusAvailable)('systole_loader', () => {
  const benches = new Map<Configuration, Bench>();
  beforeAll(async () => {
    for (const configuration of CONFIGURATIONS) {
      const modules = ['systole_loader', 'systole_load_walk', 'systole_late', 'systole_load_cells'];
      const sources = ['test/rtl/loader_bench.v', ...modules.map((name) => `templates/rtl/${name}.v`)];
      benches.set(configuration, await compileBench('loader_bench', sources, configuration));
    }
  });
  afterAll(async () => {
    for (const bench of benches.values()) await bench.close();
  });

  async function runLoads(
    configuration: Configuration,
    loads: readonly Load[],
    beats: bigint[],
    stalls: number[][],
    rooms: number[] = free,
  ) {
    const files = { fields: loads.flatMap(fieldWords), beats, offer_stall: stalls[0]!, write_stall: stalls[1]!, rooms };
    const plusargs = { beat_count: beats.length, record_count: loads.length, cycles: CYCLES };
    const lines = await benches.get(configuration)!.run(files, plusargs);
    return lines.filter((line) => /^[01]{9} /.test(line)).map(parseCycle);
  }

  test.each(CONFIGURATIONS)('writes what the model writes, in order, whatever stalls (%o)', async (configuration) => {
    const pick = picker(17 + configuration.LANES);
    for (let round = 0; round < 12; round += 1) {
      const frame = randomFrame(pick, configuration);
      const loads = [...frame, ...frame];
      const inputs = loads.map((load) => randomCodes(pick, load));
      const beats = loads.flatMap(({ codeBits, last }, i) =>
        toBeats(bytesOf(inputs[i]!, codeBits), configuration.IN_BYTES, pick(256), last),
      );
      const stalls = [pick(90), pick(90)].map((percent) => noStalls.map(() => (pick(100) < percent / 2 ? 1 : 0)));
      const rooms = randomRooms(pick);
      const cycles = await runLoads(configuration, loads, beats, stalls, rooms);

      const expected = loads.flatMap((load, i) => loadWrites(load, inputs[i]!, configuration.LANES, configuration.AD));
      const found = cycles
        .filter((cycle) => cycle.write)
        .map((cycle) => ({
          address: cycle.address,
          digits: digitsOf(cycle, configuration),
          rowDone: cycle.rowDone,
        }));
      expect(found, JSON.stringify(loads)).toEqual(expected);
      expect(cycles.filter((cycle) => cycle.done)).toHaveLength(loads.length);
      expect(cycles.filter((cycle) => cycle.loaded)).toHaveLength(2);
      expect(cycles.filter((cycle) => cycle.rowDone && !cycle.write)).toHaveLength(0);
      expect(cycles.filter((cycle) => cycle.first)).toHaveLength(2);
      expect(cycles.filter((cycle) => cycle.take)).toHaveLength(beats.length);
      expect(cycles.some((cycle) => cycle.short || cycle.long)).toBe(false);
      for (const [index, cycle] of cycles.entries()) {
        const next = cycles[index + 1];
        if (!cycle.held || !next) continue;
        const held = (one: Cycle) => [one.address, digitsOf(one, configuration)];
        expect(held(next), 'held until ready').toEqual(held(cycle));
      }
    }
  });

  test.each(CONFIGURATIONS)('takes exactly the cycles of the cycle model at full rate (%o)', async (configuration) => {
    const pick = picker(99 + configuration.LANES);
    for (let round = 0; round < 12; round += 1) {
      const loads = randomFrame(pick, configuration);
      const beats = loads.flatMap((load) =>
        toBeats(bytesOf(randomCodes(pick, load), load.codeBits), configuration.IN_BYTES, 0, load.last),
      );
      const rooms = randomRooms(pick);
      const cycles = await runLoads(configuration, loads, beats, [noStalls, noStalls], rooms);
      const model = loaderModel(configuration.LANES, configuration.IN_BYTES);
      const end = cycles.findIndex((cycle) => cycle.loaded);
      expect(end).toBeGreaterThan(0);
      let record = 0;
      for (const [index, cycle] of cycles.slice(0, end + 1).entries()) {
        const step = model.step({
          ...{ record: loads[record]!, writeReady: true, streamValid: true },
          roomCount: rooms[index]!,
        });
        expect([index, step.firstBeat, step.rowDone, step.done], JSON.stringify(loads)).toEqual([
          index,
          cycle.first,
          cycle.rowDone,
          cycle.done,
        ]);
        if (step.done) record += 1;
      }
    }
  });

  test('takes a beat every cycle where rows are whole beats', async () => {
    const load = { ...dense, rows: 3, rowCodes: 32, rowPitch: 32, beats: 12 };
    const frame = Uint8Array.from({ length: 96 }, (_, i) => i);
    const cycles = await runLoads(CONFIGURATIONS[0], [load], toBeats(frame, 8, 0), [noStalls, noStalls]);
    // Cycle 0 sets up; 12 beats in cycles 1..12; the last write in cycle 14.
    expect(cycles.flatMap((cycle, index) => (cycle.take ? [index] : []))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect(cycles.findIndex((cycle) => cycle.done)).toBe(14);
  });

  test.each([
    ['one beat short', -1, 'short'],
    ['empty but for one beat', -5, 'short'],
    ['one beat long', 1, 'long'],
    ['many beats long', 9, 'long'],
  ] as const)('reports a frame that is %s and stops', async (_title, beats, error) => {
    const load = { ...dense, rows: 6, padTop: 1, padBottom: 1, beats: 6 };
    const frame = Uint8Array.from({ length: 48 + 8 * beats }, (_, i) => i);
    const stream = [...toBeats(frame, 8, 0), ...toBeats(frame, 8, 0)];
    const cycles = await runLoads(CONFIGURATIONS[0], [load, load], stream, [noStalls, noStalls]);
    const at = cycles.findIndex((cycle) => cycle.short || cycle.long);
    expect(cycles[at]).toMatchObject({ short: error === 'short', long: error === 'long' });
    // Its own beats are all taken, the rest of a long frame is swallowed, the next frame's are not taken.
    expect(cycles.filter((cycle) => cycle.take)).toHaveLength(stream.length / 2);
    expect(cycles.slice(at + 1).some((cycle) => cycle.write || cycle.done)).toBe(false);
  });

  test.each([
    ['in the middle of the first input', 2, 'short'],
    ['on the last beat of the first input', 6, 'short'],
    ['in the middle of the second input', 8, 'short'],
    ['after the last beat of the second input', 13, 'long'],
  ] as const)('reports a frame of two inputs that ends %s and stops', async (_title, beats, error) => {
    const first = { ...dense, rows: 6, beats: 6, last: false };
    const second = { ...first, last: true };
    const stream = toBeats(new Uint8Array(8 * beats), 8, 0);
    const loads = [first, second, first, second];
    const cycles = await runLoads(CONFIGURATIONS[0], loads, [...stream, ...stream], [noStalls, noStalls]);
    const at = cycles.findIndex((cycle) => cycle.short || cycle.long);
    expect(cycles[at]).toMatchObject({ short: error === 'short', long: error === 'long' });
    expect(cycles.filter((cycle) => cycle.take)).toHaveLength(beats);
    expect(cycles.slice(at + 1).some((cycle) => cycle.write || cycle.loaded)).toBe(false);
    expect(cycles.filter((cycle) => cycle.first)).toHaveLength(1);
  });
});
