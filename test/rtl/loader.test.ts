import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RECORD_FIELDS } from '../../src/arch/program/records.js';
import { loaderModel } from '../../src/arch/timing/loader.js';
import { type Bench, compileBench, icarusAvailable } from './icarus.js';
import { type Load, loadWrites } from './load-model.js';
import { type Pick, picker } from './random.js';

const CONFIGURATIONS = [
  { LANES: 8, AD: 8, IN_BYTES: 8 },
  { LANES: 16, AD: 8, IN_BYTES: 4 },
  { LANES: 8, AD: 1, IN_BYTES: 16 },
  { LANES: 32, AD: 4, IN_BYTES: 1 },
  { LANES: 4, AD: 2, IN_BYTES: 64 },
] as const;
type Configuration = (typeof CONFIGURATIONS)[number];

const dense: Load = {
  fold: false,
  group: 0,
  base: 0,
  counter: 0,
  planes: 1,
  planeStride: 0,
  rows: 1,
  rowCodes: 8,
  pixels: 8,
  pixelCodes: 1,
  padCode: 0,
  virtualRows: 1,
  padTop: 0,
  kernelRows: 1,
  rowStride: 1,
  foldRows: 1,
  foldRowPitch: 0,
  foldPixelPitch: 0,
};

function randomLoad(pick: Pick, { LANES, AD }: Configuration): Load {
  const fold = pick(3) > 0;
  const pixelCodes = 1 + pick(Math.min(LANES, 5));
  const pixels = 1 + pick(6);
  const rows = 1 + pick(6);
  const kernelRows = 1 + pick(4);
  const rowStride = 1 + pick(3);
  const padTop = pick(kernelRows);
  const padBottom = pick(kernelRows);
  const room = rows + padTop + padBottom;
  const foldRows = Math.max(1, Math.floor((room - kernelRows) / rowStride) + 1);
  const virtualRows = Math.max(room, (foldRows - 1) * rowStride + kernelRows);
  const foldPixelPitch = kernelRows * pixelCodes;
  return {
    ...dense,
    fold,
    group: pick(2),
    base: pick(1000),
    planes: 1 + pick(8 / AD),
    planeStride: 5000 + pick(100),
    rows,
    pixels,
    pixelCodes,
    rowCodes: pixels * pixelCodes,
    padCode: pick(256),
    virtualRows,
    padTop,
    kernelRows,
    rowStride,
    foldRows,
    foldPixelPitch,
    foldRowPitch: pixels * foldPixelPitch,
  };
}

/** Beats with TLAST above the data; `padding` fills the last one. */
function toBeats(frame: Uint8Array, inBytes: number, padding: number): bigint[] {
  const count = Math.ceil(frame.length / inBytes);
  return Array.from({ length: count }, (_, beat) => {
    let value = beat === count - 1 ? 1n : 0n;
    for (let i = inBytes - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(frame[beat * inBytes + i] ?? padding);
    return value;
  });
}

const fieldWords = (load: Load) => RECORD_FIELDS.load.map(({ name }) => Number(load[name as keyof Load]) >>> 0);

/** One printed cycle of loader_bench.v. */
function parseCycle(line: string) {
  const [flags, address, count, data] = line.split(' ') as [string, string, string, string];
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
    address: Number(address),
    count: Number(count),
    data,
  };
}

function digitsOf(data: string, count: number, bits: number): number[] {
  const value = BigInt(`0x${data}`);
  return Array.from({ length: count }, (_, lane) => Number((value >> BigInt(lane * bits)) & BigInt(2 ** bits - 1)));
}

const CYCLES = 4000;
const noStalls = new Array<number>(CYCLES).fill(0);

describe.skipIf(!icarusAvailable)('systole_loader', () => {
  const benches = new Map<Configuration, Bench>();
  beforeAll(async () => {
    for (const configuration of CONFIGURATIONS) {
      const sources = ['test/rtl/loader_bench.v', 'templates/rtl/systole_loader.v'];
      benches.set(configuration, await compileBench('loader_bench', sources, configuration));
    }
  });
  afterAll(async () => {
    for (const bench of benches.values()) await bench.close();
  });

  async function runLoads(
    configuration: Configuration,
    load: Load,
    beats: bigint[],
    records: number,
    stalls: number[][],
  ) {
    const files = { fields: fieldWords(load), beats, offer_stall: stalls[0]!, write_stall: stalls[1]! };
    const plusargs = { beat_count: beats.length, record_count: records, cycles: CYCLES };
    const lines = await benches.get(configuration)!.run(files, plusargs);
    return lines.filter((line) => /^[01]{8} /.test(line)).map(parseCycle);
  }

  test.each(CONFIGURATIONS)('writes what the model writes, in order, whatever stalls (%o)', async (configuration) => {
    const pick = picker(17 + configuration.LANES);
    for (let round = 0; round < 30; round += 1) {
      const load = randomLoad(pick, configuration);
      const frames = [0, 1].map(() => Uint8Array.from({ length: load.rows * load.rowCodes }, () => pick(256)));
      const beats = frames.flatMap((frame) => toBeats(frame, configuration.IN_BYTES, pick(256)));
      const stalls = [pick(90), pick(90)].map((percent) => noStalls.map(() => (pick(100) < percent / 2 ? 1 : 0)));
      const cycles = await runLoads(configuration, load, beats, frames.length, stalls);

      const chunk = Math.min(configuration.LANES, configuration.IN_BYTES);
      const expected = frames.flatMap((frame) => loadWrites(load, frame, chunk, configuration.AD));
      const found = cycles
        .filter((cycle) => cycle.write)
        .map(({ address, count, data, rowDone }) => ({
          address,
          digits: digitsOf(data, count, configuration.AD),
          rowDone,
        }));
      expect(found, JSON.stringify(load)).toEqual(expected);
      expect(cycles.filter((cycle) => cycle.done)).toHaveLength(2);
      expect(cycles.filter((cycle) => cycle.rowDone && !cycle.write)).toHaveLength(0);
      expect(cycles.filter((cycle) => cycle.first)).toHaveLength(2);
      expect(cycles.filter((cycle) => cycle.take)).toHaveLength(beats.length);
      expect(cycles.some((cycle) => cycle.short || cycle.long)).toBe(false);
      for (const [index, cycle] of cycles.entries()) {
        const next = cycles[index + 1];
        if (!cycle.held || !next) continue;
        const digits = ({ data }: { data: string }) => digitsOf(data, cycle.count, configuration.AD);
        expect([next.address, digits(next)], 'held until ready').toEqual([cycle.address, digits(cycle)]);
      }
    }
  });

  test.each(CONFIGURATIONS)('takes exactly the cycles of the cycle model at full rate (%o)', async (configuration) => {
    const pick = picker(99 + configuration.LANES);
    for (let round = 0; round < 20; round += 1) {
      const load = randomLoad(pick, configuration);
      const frame = Uint8Array.from({ length: load.rows * load.rowCodes }, () => pick(256));
      const cycles = await runLoads(configuration, load, toBeats(frame, configuration.IN_BYTES, 0), 1, [
        noStalls,
        noStalls,
      ]);
      const model = loaderModel(configuration.LANES, configuration.IN_BYTES);
      const end = cycles.findIndex((cycle) => cycle.done);
      expect(end).toBeGreaterThan(0);
      for (const [index, cycle] of cycles.slice(0, end + 1).entries()) {
        const step = model.step(load, true, true);
        expect([index, step.firstBeat, step.rowDone, step.done], JSON.stringify(load)).toEqual([
          index,
          cycle.first,
          cycle.rowDone,
          cycle.done,
        ]);
      }
    }
  });

  test('takes a beat every cycle where rows are whole beats', async () => {
    const load = { ...dense, rows: 3, rowCodes: 32, pixels: 32 };
    const frame = Uint8Array.from({ length: 96 }, (_, i) => i);
    const cycles = await runLoads(CONFIGURATIONS[0], load, toBeats(frame, 8, 0), 1, [noStalls, noStalls]);
    // Cycle 0 sets up; 12 beats in cycles 1..12; the last write in cycle 13.
    expect(cycles.flatMap((cycle, index) => (cycle.take ? [index] : []))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect(cycles.findIndex((cycle) => cycle.done)).toBe(13);
  });

  test.each([
    ['one beat short', -1, 'short'],
    ['empty but for one beat', -5, 'short'],
    ['one beat long', 1, 'long'],
    ['many beats long', 9, 'long'],
  ] as const)('reports a frame that is %s and stops', async (_title, beats, error) => {
    for (const fold of [false, true]) {
      const load = {
        ...dense,
        fold,
        rows: 6,
        rowCodes: 8,
        virtualRows: 8,
        padTop: 1,
        kernelRows: 3,
        foldRows: 6,
        foldPixelPitch: 3,
        foldRowPitch: 24,
      };
      const frame = Uint8Array.from({ length: 48 + 8 * beats }, (_, i) => i);
      const stream = [...toBeats(frame, 8, 0), ...toBeats(frame, 8, 0)];
      const cycles = await runLoads(CONFIGURATIONS[0], load, stream, 2, [noStalls, noStalls]);
      const at = cycles.findIndex((cycle) => cycle.short || cycle.long);
      expect(cycles[at]).toMatchObject({ short: error === 'short', long: error === 'long' });
      // Its own beats are all taken, the next frame's are not.
      expect(cycles.filter((cycle) => cycle.take)).toHaveLength(stream.length / 2);
      expect(cycles.slice(at + 1).some((cycle) => cycle.write || cycle.done)).toBe(false);
    }
  });
});
