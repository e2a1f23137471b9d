import { beforeAll, describe, expect, test } from 'vitest';
import { buildSimulator, simulatorAvailable } from '../../sim/build.js';
import { openSimulator, type Simulator } from '../../sim/client.js';
import { RECORD_FIELDS } from '../../src/arch/program/records.js';
import { MAGIC, REGISTERS } from '../../src/arch/registers.js';
import { testCache, verilogFiles } from './rtl-files.js';

const offset = Object.fromEntries(REGISTERS.map(({ name, offset }) => [name, offset])) as Record<string, number>;
const available = await simulatorAvailable();
const IN_BYTES = 8;

/** A dense LOAD of rows x rowCodes bytes. */
function loadFields(rows: number, rowCodes: number): Uint32Array {
  const shape = { rows, rowCodes, rowPitch: rowCodes, planes: 1 };
  const stream = { codeBits: 8, beats: Math.ceil((rows * rowCodes) / IN_BYTES), last: 1 };
  const values: Record<string, number> = { ...shape, ...stream };
  return Uint32Array.from(RECORD_FIELDS.load.map(({ name }) => values[name] ?? 0));
}

async function start(machine: Simulator, rows: number, rowCodes: number) {
  await machine.write(offset.CTRL!, 2);
  await machine.drop();
  await machine.write(offset.MEM_SELECT!, 0);
  expect(await machine.burst(offset.MEM_DATA!, loadFields(rows, rowCodes))).toBe(0);
  await machine.write(offset.CTRL!, 1);
}

const bytes = (length: number, seed = 1) => Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 31) & 255);

describe.skipIf(!available)('the harness drives a small machine', () => {
  let binary = '';
  beforeAll(async () => {
    const files = await verilogFiles(
      [
        'systole_axil.v',
        'systole_loader.v',
        'systole_load_walk.v',
        'systole_late.v',
        'systole_load_cells.v',
        'systole_packer.v',
      ],
      ['sim/fixtures/loopback.v'],
    );
    const parameters = { IN_BYTES, OUT_BYTES: 4, IDENTITY: 0x0123456789abcdefn };
    binary = await buildSimulator(files, { top: 'loopback', parameters, cacheDir: testCache });
  }, 120_000);

  test('registers are read, and parameters of 64 bits arrive whole', async () => {
    const machine = await openSimulator(binary);
    expect(machine.info).toEqual({ inBytes: 8, outBytes: 4, traceBytes: 8, waves: false, dramBytes: 0 });
    expect(await machine.read(offset.MAGIC!)).toBe(MAGIC);
    expect(await machine.read(offset.IDENTITY_LO!)).toBe(0x89abcdef);
    expect(await machine.read(offset.IDENTITY_HI!)).toBe(0x01234567);
    expect(await machine.write(offset.MAGIC!, 1)).toBe(false);
    await machine.close();
  });

  test('a frame at full rate takes the cycles of loader, serializer and packer', async () => {
    const machine = await openSimulator(binary);
    await start(machine, 2, 8);
    await machine.step(20);
    await machine.send(bytes(16));
    const frame = await machine.receive(1000);
    // Beat in at t, written at t+2, its 8 bytes taken t+3..t+10; the second chunk is written at t+11, taken t+12..t+19, out at t+20.
    expect(frame).toMatchObject({ kind: 'frame', bytes: bytes(16) });
    if (frame.kind === 'frame') expect(frame.lastOut - frame.firstIn + 1).toBe(21);
    await machine.close();
  });

  test('random stalls change no byte, and the same seed gives the same cycles', async () => {
    const runs = [];
    for (const seed of [5, 5, 6]) {
      const machine = await openSimulator(binary);
      await start(machine, 3, 21);
      await machine.stalls({ seed, input: 0.6, output: 0.4 });
      const frames = [];
      for (let n = 0; n < 4; n += 1) await machine.send(bytes(63, n));
      for (let n = 0; n < 4; n += 1) frames.push(await machine.receive(10_000));
      frames.forEach((frame, n) => {
        expect(frame).toMatchObject({ kind: 'frame', bytes: bytes(63, n) });
      });
      runs.push(frames.map((frame) => (frame.kind === 'frame' ? frame.lastOut : 0)));
      await machine.close();
    }
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
  });

  test('short and long frames are errors that a soft reset ends', async () => {
    const machine = await openSimulator(binary);
    for (const [length, error] of [
      [8, 1],
      [40, 2],
      [25, 2],
    ] as const) {
      await start(machine, 2, 12);
      await machine.send(bytes(length));
      expect(await machine.receive(5000, 64), `${length} bytes`).toMatchObject({ kind: 'error' });
      expect(await machine.read(offset.ERROR!)).toBe(error);
      await start(machine, 2, 12);
      expect(await machine.read(offset.ERROR!)).toBe(0);
      await machine.send(bytes(24, 3));
      expect(await machine.receive(1000, 64)).toMatchObject({ kind: 'frame', bytes: bytes(24, 3) });
    }
    await machine.close();
  });

  test('a machine without input reaches the cycle limit, and WAITING says what it waits for', async () => {
    const machine = await openSimulator(binary);
    await start(machine, 1, 8);
    expect(await machine.receive(300)).toMatchObject({ kind: 'limit' });
    expect(await machine.read(offset.WAITING!)).toBe(2);
    await machine.close();
  });

  test('the trace lists every write with its cycle, address and data', async () => {
    const machine = await openSimulator(binary);
    await start(machine, 1, 11);
    await machine.trace(true);
    await machine.send(bytes(11));
    await machine.receive(1000);
    const log = Buffer.from(await machine.takeTrace());
    expect(log.length).toBe(2 * (17 + 8));
    const record = (n: number) => log.subarray(25 * n, 25 * (n + 1));
    expect([record(0).readUInt32LE(8), record(0)[16]]).toEqual([0, 8]);
    expect([record(1).readUInt32LE(8), record(1)[16]]).toEqual([8, 3]);
    expect([...record(1).subarray(17, 20)]).toEqual([...bytes(11).subarray(8)]);
    expect(await machine.takeTrace()).toHaveLength(0);
    await machine.close();
  });

  test('a process that ends fails the calls that wait for it', async () => {
    await expect(openSimulator('/bin/true')).rejects.toMatchObject({ code: 'tool-failed' });
  });
});
