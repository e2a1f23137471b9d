import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROWS, SPEED_ROWS } from '../../scripts/bench/rows.js';
import { BENCH_NETWORKS } from '../../scripts/bench-networks/table.js';
import { parseMachine } from '../../src/arch/machine-schema.js';
import { coreParameters } from '../../src/hdlgen/hardware.js';
import { projectRoot } from '../sim/rtl-files.js';
import { installed, verilator } from './tools.js';

const folder = join(projectRoot, 'machines/bench');
const machines = readdirSync(folder)
  .sort()
  .map((file) => ({ file, machine: parseMachine(JSON.parse(readFileSync(join(folder, file), 'utf8'))) }));

const rows = [...ROWS, ...SPEED_ROWS];

describe('the machines of the bench', () => {
  test('are one for each row, each named after its file, its network and its array', () => {
    expect(machines.map(({ file }) => file)).toEqual([...new Set(rows.map(({ machine }) => `${machine}.json`))].sort());
    for (const { file, machine } of machines) {
      const { network } = rows.find((row) => `${row.machine}.json` === file)!;
      expect(machine.name).toBe(`${network}-${machine.rows}x${machine.cols}x${machine.lanes}`);
      expect(file).toBe(`${machine.name}.json`);
    }
  });

  test('take 16 bytes a cycle, and weights from DRAM through a ring of 512 KiB at most', () => {
    for (const { machine } of machines) {
      expect(machine.stream.inBytes).toBe(16);
      const ringBits = machine.memory.ringWords * machine.cols * machine.lanes * machine.weightDigit;
      expect(ringBits / 8).toBeLessThanOrEqual(512 * 1024);
      if (machine.dram !== null)
        expect(machine.dram).toMatchObject({ dataBits: 128, model: { latency: 100, efficiency: 80 } });
    }
  });

  test('compute networks of the bench', () => {
    const names = BENCH_NETWORKS.map(({ name }) => name);
    for (const { network } of rows) expect(names).toContain(network);
  });
});

describe.skipIf(!(await installed('verilator')))('Verilator -Wall (skipped where it is not installed)', () => {
  test.each(machines)('has nothing to say on $file', { timeout: 300_000 }, async ({ machine }) => {
    expect(await verilator.elaborate(coreParameters(machine))).toEqual({ ok: true, text: '' });
  });
});
