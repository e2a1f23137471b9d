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
  codeBytes: 1,
  beats: 1,
  last: true,
};

function randomLoad(pick: Pick, { LANES, AD, IN_BYTES }: Configuration): Load {
  const fold = pick(3) > 0;
  const codeBytes = 1 + pick(2);
  const widest = Math.min(LANES, Math.floor(Math.max(LANES, IN_BYTES) / codeBytes));
  const pixelCodes = 1 + pick(Math.min(widest, 5));
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
    planes: 1 + pick((8 * codeBytes) / AD),
    planeStride: 5000 + pick(100),
    rows,
    pixels,
    pixelCodes,
    rowCodes: pixels * pixelCodes,
    padCode: pick(256 ** codeBytes),
    virtualRows,
    padTop,
    kernelRows,
    rowStride,
    foldRows,
    foldPixelPitch,
    foldRowPitch: pixels * foldPixelPitch,
    codeBytes,
    beats: Math.ceil((rows * pixels * pixelCodes * codeBytes) / IN_BYTES),
  };
}

/** The LOAD records of one frame, of one to three inputs. */
function randomFrame(pick: Pick, configuration: Configuration): Load[] {
  const loads = Array.from({ length: 1 + pick(3) }, () => randomLoad(pick, configuration));
  return loads.map((load, i) => ({ ...load, last: i === loads.length - 1 }));
}

const randomCodes = (pick: Pick, { rows, rowCodes, codeBytes }: Load) =>
  Uint16Array.from({ length: rows * rowCodes }, () => pick(256 ** codeBytes));

const bytesOf = (codes: Uint16Array, codeBytes: number) =>
  Uint8Array.from({ length: codes.length * codeBytes }, (_, i) =>
    codeBytes === 1 ? codes[i]! : codes[i >> 1]! >> (8 * (i & 1)),
  );

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
    loaded: flag(8),
    address: Number(address),
    count: Number(count),
    data,
  };
}

function digitsOf(data: string, count: number, bits: number): number[] {
  const value = BigInt(`0x${data}`);
  return Array.from({ length: count }, (_, lane) => Number((value >> BigInt(lane * bits)) & BigInt(2 ** bits - 1)));
}

const CYCLES = 12000;
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

  async function runLoads(configuration: Configuration, loads: readonly Load[], beats: bigint[], stalls: number[][]) {
    const files = { fields: loads.flatMap(fieldWords), beats, offer_stall: stalls[0]!, write_stall: stalls[1]! };
    const plusargs = { beat_count: beats.length, record_count: loads.length, cycles: CYCLES };
    const lines = await benches.get(configuration)!.run(files, plusargs);
    return lines.filter((line) => /^[01]{9} /.test(line)).map(parseCycle);
  }

  test.each(CONFIGURATIONS)('writes what the model writes, in order, whatever stalls (%o)', async (configuration) => {
    const pick = picker(17 + configuration.LANES);
    for (let round = 0; round < 30; round += 1) {
      const frame = randomFrame(pick, configuration);
      const loads = [...frame, ...frame];
      const inputs = loads.map((load) => randomCodes(pick, load));
      const beats = loads.flatMap(({ codeBytes, last }, i) =>
        toBeats(bytesOf(inputs[i]!, codeBytes), configuration.IN_BYTES, pick(256), last),
      );
      const stalls = [pick(90), pick(90)].map((percent) => noStalls.map(() => (pick(100) < percent / 2 ? 1 : 0)));
      const cycles = await runLoads(configuration, loads, beats, stalls);

      const expected = loads.flatMap((load, i) => {
        const chunk = Math.min(configuration.LANES, Math.max(configuration.IN_BYTES / load.codeBytes, 1));
        return loadWrites(load, inputs[i]!, chunk, configuration.AD);
      });
      const found = cycles
        .filter((cycle) => cycle.write)
        .map(({ address, count, data, rowDone }) => ({
          address,
          digits: digitsOf(data, count, configuration.AD),
          rowDone,
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
        const digits = ({ data }: { data: string }) => digitsOf(data, cycle.count, configuration.AD);
        expect([next.address, digits(next)], 'held until ready').toEqual([cycle.address, digits(cycle)]);
      }
    }
  });

  test.each(CONFIGURATIONS)('takes exactly the cycles of the cycle model at full rate (%o)', async (configuration) => {
    const pick = picker(99 + configuration.LANES);
    for (let round = 0; round < 20; round += 1) {
      const loads = randomFrame(pick, configuration);
      const beats = loads.flatMap((load) =>
        toBeats(bytesOf(randomCodes(pick, load), load.codeBytes), configuration.IN_BYTES, 0, load.last),
      );
      const cycles = await runLoads(configuration, loads, beats, [noStalls, noStalls]);
      const model = loaderModel(configuration.LANES, configuration.IN_BYTES);
      const end = cycles.findIndex((cycle) => cycle.loaded);
      expect(end).toBeGreaterThan(0);
      let record = 0;
      for (const [index, cycle] of cycles.slice(0, end + 1).entries()) {
        const step = model.step(loads[record]!, true, true);
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
    const load = { ...dense, rows: 3, rowCodes: 32, pixels: 32, beats: 12 };
    const frame = Uint8Array.from({ length: 96 }, (_, i) => i);
    const cycles = await runLoads(CONFIGURATIONS[0], [load], toBeats(frame, 8, 0), [noStalls, noStalls]);
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
        beats: 6,
      };
      const frame = Uint8Array.from({ length: 48 + 8 * beats }, (_, i) => i);
      const stream = [...toBeats(frame, 8, 0), ...toBeats(frame, 8, 0)];
      const cycles = await runLoads(CONFIGURATIONS[0], [load, load], stream, [noStalls, noStalls]);
      const at = cycles.findIndex((cycle) => cycle.short || cycle.long);
      expect(cycles[at]).toMatchObject({ short: error === 'short', long: error === 'long' });
      // Its own beats are all taken, the rest of a long frame is swallowed, the next frame's are not taken.
      expect(cycles.filter((cycle) => cycle.take)).toHaveLength(stream.length / 2);
      expect(cycles.slice(at + 1).some((cycle) => cycle.write || cycle.done)).toBe(false);
    }
  });

  test.each([
    ['in the middle of the first input', 2, 'short'],
    ['on the last beat of the first input', 6, 'short'],
    ['in the middle of the second input', 8, 'short'],
    ['after the last beat of the second input', 13, 'long'],
  ] as const)('reports a frame of two inputs that ends %s and stops', async (_title, beats, error) => {
    const first = { ...dense, rows: 6, pixels: 8, beats: 6, last: false };
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
