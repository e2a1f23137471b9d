import { beforeAll, describe, expect, test } from 'vitest';
import { buildSimulator, simulatorAvailable } from '../../sim/build.js';
import { openSimulator, type Simulator } from '../../sim/client.js';
import { RECORD_FIELDS } from '../../src/arch/program/records.js';
import { imageChecksum } from '../../src/arch/register-values.js';
import { REGISTERS } from '../../src/arch/registers.js';
import { testCache, verilogFiles } from '../sim/rtl-files.js';

const offset = Object.fromEntries(REGISTERS.map(({ name, offset }) => [name, offset])) as Record<string, number>;
const ENABLE = 1;
const SOFT_RESET = 2;
const IRQ_ENABLE = 4;

/** The loopback machine loads one dense row of 8 codes. */
const oneRow = Uint32Array.from(
  RECORD_FIELDS.load.map(
    ({ name }) =>
      ({ rows: 1, rowCodes: 8, rowPitch: 8, planes: 1, codeBits: 8, beats: 1, last: 1 })[name as string] ?? 0,
  ),
);

describe.skipIf(!(await simulatorAvailable()))('systole_axil', () => {
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
    const parameters = { IN_BYTES: 8, OUT_BYTES: 4, IDENTITY: 0x0123456789abcdefn };
    binary = await buildSimulator(files, { top: 'loopback', parameters, cacheDir: testCache });
  }, 120_000);

  const withMachine = async (body: (machine: Simulator) => Promise<void>) => {
    const machine = await openSimulator(binary);
    try {
      await body(machine);
    } finally {
      await machine.close();
    }
  };
  const load = async (machine: Simulator) => {
    await machine.write(offset.MEM_SELECT!, 0);
    return machine.burst(offset.MEM_DATA!, oneRow);
  };

  test('every readable register starts at its reset value', () =>
    withMachine(async (machine) => {
      for (const { name, offset: at, access, reset } of REGISTERS) {
        if (access === 'w' || /IDENTITY|CYCLES/.test(name)) continue;
        expect([name, await machine.read(at)]).toEqual([name, reset]);
      }
    }));

  test('the checksum follows the pieces, and MEM_SELECT starts it again', () =>
    withMachine(async (machine) => {
      await machine.write(offset.MEM_SELECT!, 2);
      const pieces = Uint32Array.of(0x80000001, 0xdeadbeef, 7);
      await machine.burst(offset.MEM_DATA!, pieces);
      // 80000001; rotated 3, ^deadbeef = deadbeec; rotated bd5b7dd9, ^7 = bd5b7dde.
      expect(await machine.read(offset.CHECKSUM!)).toBe(0xbd5b7dde);
      expect(imageChecksum(pieces)).toBe(0xbd5b7dde);
      expect(await machine.read(offset.MEM_SELECT!)).toBe(2);
      await machine.write(offset.MEM_ADDR!, 77);
      expect(await machine.read(offset.MEM_ADDR!)).toBe(77);
      await machine.write(offset.MEM_SELECT!, 1);
      expect(await machine.read(offset.MEM_ADDR!)).toBe(0);
      expect(await machine.read(offset.CHECKSUM!)).toBe(0);
    }));

  test('a memory written while enabled is an error, and the piece is dropped', () =>
    withMachine(async (machine) => {
      await load(machine);
      const sum = await machine.read(offset.CHECKSUM!);
      await machine.write(offset.CTRL!, ENABLE);
      await machine.write(offset.MEM_DATA!, 5);
      expect(await machine.read(offset.ERROR!)).toBe(16);
      expect(await machine.read(offset.STATUS!)).toBe(3);
      expect(await machine.read(offset.CHECKSUM!)).toBe(sum);
    }));

  test('a finished frame counts and interrupts until it is cleared', () =>
    withMachine(async (machine) => {
      await load(machine);
      await machine.write(offset.CTRL!, ENABLE | IRQ_ENABLE);
      expect(await machine.read(offset.CTRL!)).toBe(ENABLE | IRQ_ENABLE);
      expect(await machine.waitInterrupt(100)).toBe(false);
      await machine.send(new Uint8Array(8));
      expect(await machine.waitInterrupt(100)).toBe(true);
      expect(await machine.read(offset.FRAMES!)).toBe(1);
      expect(await machine.read(offset.IRQ!)).toBe(1);
      await machine.write(offset.IRQ!, 1);
      expect(await machine.waitInterrupt(0)).toBe(false);
    }));

  test('the watchdog ends a silent frame, not a machine without one', () =>
    withMachine(async (machine) => {
      await load(machine);
      await machine.write(offset.WATCHDOG!, 50);
      await machine.write(offset.CTRL!, ENABLE);
      await machine.step(500);
      expect(await machine.read(offset.ERROR!)).toBe(0);
      await machine.stalls({ seed: 1, input: 0, output: 0 });
      await machine.write(offset.CTRL!, SOFT_RESET);
      // Two rows wanted, one sent without TLAST: the frame never ends.
      await machine.write(offset.MEM_SELECT!, 0);
      const doubled = ['rows', 'beats'];
      await machine.burst(
        offset.MEM_DATA!,
        oneRow.map((value, index) => (doubled.includes(RECORD_FIELDS.load[index]!.name) ? 2 : value)),
      );
      await machine.write(offset.CTRL!, ENABLE | IRQ_ENABLE);
      await machine.send(new Uint8Array(8), false);
      expect(await machine.waitInterrupt(40)).toBe(false);
      expect(await machine.waitInterrupt(40)).toBe(true);
      expect(await machine.read(offset.ERROR!)).toBe(4);
      expect(await machine.read(offset.IRQ!)).toBe(2);
      await machine.write(offset.CTRL!, SOFT_RESET);
      expect(await machine.read(offset.ERROR!)).toBe(0);
      expect(await machine.read(offset.IRQ!)).toBe(0);
      expect(await machine.read(offset.STATUS!)).toBe(1);
      expect(await machine.read(offset.WATCHDOG!)).toBe(50);
    }));

  test('writes to read-only and unknown addresses are refused', () =>
    withMachine(async (machine) => {
      for (const address of [offset.MAGIC!, offset.STATUS!, 0x80, 0x31]) {
        expect(await machine.write(address, 1)).toBe(false);
      }
      expect(await machine.write(offset.WATCHDOG!, 1)).toBe(true);
    }));
});
