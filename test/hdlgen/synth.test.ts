import { describe, expect, test } from 'vitest';
import { synthesize } from '../../src/cli/synth/synthesize.js';
import { instanceCounts, moduleAreas } from '../../src/hdlgen/synth/area.js';
import { moduleLevels } from '../../src/hdlgen/synth/levels.js';
import { plainName, readNetlist } from '../../src/hdlgen/synth/netlist.js';
import { synthesisReport } from '../../src/hdlgen/synth/report.js';
import { synthesisJob, warningsThatMatter } from '../../src/hdlgen/synth/script.js';
import { installed } from '../rtl/tools.js';
import { testCache, verilogFiles } from '../sim/rtl-files.js';

type Ends = Readonly<Record<string, readonly (number | string)[]>>;

interface CellText {
  readonly type: string;
  readonly inputs?: Ends;
  readonly outputs?: Ends;
}

/** One module of a netlist in Yosys' words: cells by name, ports by net. */
function module(cells: Readonly<Record<string, CellText>>, inputs: Ends = {}, outputs: Ends = {}) {
  const side = (ends: Ends, direction: string) => Object.keys(ends).map((port) => [port, direction] as const);
  return {
    attributes: {},
    ports: Object.fromEntries([
      ...Object.entries(inputs).map(([port, bits]) => [port, { direction: 'input', bits }]),
      ...Object.entries(outputs).map(([port, bits]) => [port, { direction: 'output', bits }]),
    ]),
    cells: Object.fromEntries(
      Object.entries(cells).map(([name, { type, inputs: from = {}, outputs: to = {} }]) => [
        name,
        {
          type,
          port_directions: Object.fromEntries([...side(from, 'input'), ...side(to, 'output')]),
          connections: { ...from, ...to },
        },
      ]),
    ),
    netnames: {},
  };
}

const netlistOf = (modules: Readonly<Record<string, ReturnType<typeof module>>>) =>
  readNetlist(JSON.stringify({ modules }));
const register = (d: number, q: number): CellText => ({
  type: 'FDRE',
  inputs: { C: [1], D: [d] },
  outputs: { Q: [q] },
});
const lut = (from: readonly number[], to: number): CellText => ({
  type: `LUT${from.length}`,
  inputs: Object.fromEntries(from.map((net, i) => [`I${i}`, [net]])),
  outputs: { O: [to] },
});
const carry = (s: number, ci: number | string, o: number, co: number): CellText => ({
  type: 'CARRY4',
  inputs: { CI: [ci], S: [s], DI: ['0'] },
  outputs: { O: [o], CO: [co] },
});
const levelsOf = (cells: Readonly<Record<string, CellText>>) =>
  moduleLevels(netlistOf({ top: module(cells) }), 'top')[0]!.worst.levels;

describe('levels of logic between registers', () => {
  test('count LUTs', () => {
    expect(levelsOf({ a: register(12, 10), x: lut([10], 11), y: lut([10, 11], 12) })).toBe(2);
  });

  test('count a carry chain as one, however long', () => {
    const chain = {
      s: lut([10], 11),
      c1: carry(11, '0', 20, 21),
      c2: carry(10, 21, 22, 23),
      c3: carry(10, 23, 24, 25),
    };
    expect(levelsOf({ a: register(24, 10), ...chain })).toBe(2);
  });

  test('count the read of a LUT RAM and not that of a block RAM', () => {
    const read = (type: string, address: string, data: string): CellText => ({
      type,
      inputs: { WCLK: [1], [address]: [10] },
      outputs: { [data]: [11] },
    });
    expect(levelsOf({ a: register(11, 10), m: read('RAM64M', 'ADDRA', 'DOA') })).toBe(1);
    expect(levelsOf({ a: register(11, 10), m: read('RAMB18E1', 'ADDRARDADDR', 'DOADO') })).toBe(0);
  });

  test('go through modules, in and out again', () => {
    const child = module({ x: lut([5], 6) }, { i: [5] }, { o: [6] });
    const use = (from: number, to: number): CellText => ({
      type: 'child',
      inputs: { i: [from] },
      outputs: { o: [to] },
    });
    const top = module({ a: register(13, 10), first: use(10, 11), y: lut([11], 12), second: use(12, 13) });
    expect(moduleLevels(netlistOf({ child, top }), 'top').map(({ worst }) => worst.levels)).toEqual([0, 3]);
  });

  test('end at registers inside a module, which the path names', () => {
    const child = module({ x: lut([5], 6), b: register(6, 7) }, { i: [5] }, { o: [7] });
    const top = module({
      a: register(10, 10),
      y: lut([10], 11),
      inner: { type: 'child', inputs: { i: [11] }, outputs: { o: [12] } },
    });
    const [, { worst }] = moduleLevels(netlistOf({ child, top }), 'top') as [unknown, { worst: never }];
    expect(worst).toMatchObject({ levels: 2 });
    expect((worst as { path: string[] }).path.join(' ')).toMatch(/^a .*inner\.b$/);
  });
});

describe('area', () => {
  const child = module(
    { x: lut([5], 6), b: register(6, 7), m: { type: 'RAM64M' }, d: { type: 'DSP48E1' } },
    { i: [5] },
  );
  const pair = module({ l: { type: 'child' }, r: { type: 'child' }, k: { type: 'RAMB18E1' } });
  const top = module({ p: { type: 'pair' }, q: { type: 'pair' }, c: { type: 'CCU2C' }, z: { type: 'LDCE' } });
  const netlist = netlistOf({ child, pair, top });

  test('counts what every instance holds', () => {
    expect(moduleAreas(netlist, 'top').get('top')).toEqual({
      lut: 22,
      lutMemory: 16,
      ff: 4,
      latch: 1,
      bram: 1,
      dsp: 4,
    });
    expect(Object.fromEntries(instanceCounts(netlist, 'top'))).toEqual({ top: 1, pair: 2, child: 4 });
  });

  test('makes a latch a finding', () => {
    const { findings } = synthesisReport(netlist, 'top', 'xc7', { rows: 1, cols: 1, lanes: 1 });
    expect(findings).toEqual(['1 latches']);
  });
});

test.each([
  ['$paramod$08185341\\systole_ram', 'systole_ram'],
  ["$paramod\\systole_ram\\WIDTH=s32'0", 'systole_ram'],
  ['systole_top', 'systole_top'],
])('the module %s is a %s', (name, plain) => {
  expect(plainName(name)).toBe(plain);
});

test('a netlist that is no JSON is a failure of the tool', () => {
  expect(() => readNetlist('{')).toThrow(expect.objectContaining({ code: 'tool-failed' }));
});

test('only warnings about the hardware matter, once each', () => {
  const log = [
    'Warning: Resizing cell port systole_ram.mem.0.0.DIADI from 64 bits to 16 bits.',
    'Warning: Replacing memory \\mem with list of registers. See rtl/a.v:1',
    'Warning: Replacing memory \\mem with list of registers. See rtl/a.v:1',
    'something else',
  ].join('\n');
  expect(warningsThatMatter(log)).toEqual(['Warning: Replacing memory \\mem with list of registers. See rtl/a.v:1']);
});

describe.skipIf(!(await installed('yosys')))('memories by Yosys (skipped where it is not installed)', () => {
  const box = (width: number, words: number, bits: number) => `module box (
  input wire clk, input wire we, input wire re, input wire [${bits - 1}:0] wa, input wire [${bits - 1}:0] ra,
  input wire [${width - 1}:0] d, output wire [${width - 1}:0] q
);
  systole_ram #(.WIDTH(${width}), .WORDS(${words}), .ADDR_BITS(${bits})) ram (
    .clk(clk), .we_i(we), .waddr_i(wa), .wdata_i(d), .re_i(re), .raddr_i(ra), .rdata_o(q)
  );
endmodule
`;
  const findingsOf = async (target: 'xc7' | 'ecp5' | 'ice40', text: string, change = (ram: string) => ram) => {
    const files = await verilogFiles(['systole_ram.v']);
    files.set('systole_ram.v', change(files.get('systole_ram.v')!)).set('box.v', text);
    const { netlist } = await synthesize(synthesisJob(files, 'box', target), testCache);
    return synthesisReport(readNetlist(netlist), 'box', target, { rows: 1, cols: 1, lanes: 1 });
  };

  test.each([
    ['xc7', 'block RAM', 1024, 10],
    ['xc7', 'LUT RAM', 64, 6],
    ['ecp5', 'block RAM', 1024, 10],
    ['ice40', 'block RAM', 1024, 10],
  ] as const)(
    'on %s a %s is what %d words of 8 bits become',
    { timeout: 300_000 },
    async (target, form, words, bits) => {
      const { memories, findings } = await findingsOf(target, box(8, words, bits));
      expect(memories).toMatchObject([{ module: 'systole_ram', words, width: 8, found: form, ok: true }]);
      expect(findings).toEqual([]);
    },
  );

  test('one that a second write port turns into registers is found', { timeout: 300_000 }, async () => {
    const twice = (ram: string) =>
      ram.replaceAll(
        'if (we_i) mem[waddr_i] <= wdata_i;',
        'if (we_i) mem[waddr_i] <= wdata_i; if (re_i) mem[~raddr_i] <= wdata_i;',
      );
    const { findings } = await findingsOf('xc7', box(8, 64, 6), twice);
    expect(findings.join('\n')).toMatch(/systole_ram of 64 words of 8 bits became registers, meant as LUT RAM/);
  });
});
