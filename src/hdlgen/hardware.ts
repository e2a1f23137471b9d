/** Machine -> Verilog project: the hand-written modules byte for byte, the generated top, file list and scripts. */
import { machineIdentity } from '../arch/identity.js';
import type { Machine } from '../arch/machine.js';
import { HARDWARE } from '../base/project-layout.js';
import { renderTemplate } from './render.js';
import { type TemplateSource, templateText } from './templates.js';

/** Name of the generated top module. */
export const TOP = HARDWARE.top;

/** Every parameter of systole_core, in the order in which the top sets them. */
export function coreParameters(machine: Machine): Readonly<Record<string, number | bigint>> {
  const { memory, stream } = machine;
  return {
    ROWS: machine.rows,
    COLS: machine.cols,
    LANES: machine.lanes,
    AD: machine.activationDigit,
    WD: machine.weightDigit,
    STAGE: machine.columnsPerStage,
    PW: machine.postWidth,
    ACC_BITS: machine.accBits,
    M_BITS: machine.mBits,
    B_BITS: machine.bBits,
    N_BITS: machine.nBits,
    GROUPS: memory.groups,
    ACT_WORDS: memory.activationWords,
    WEIGHT_WORDS: memory.weightWords,
    PARAM_WORDS: memory.parameterWords,
    TABLE_ENTRIES: memory.tableEntries,
    PROG_WORDS: memory.programWords,
    FETCH_WORDS: machine.fetchWords,
    PASS_ENTRIES: memory.passEntries,
    FIFO_ENTRIES: memory.fifoEntries,
    IN_BYTES: stream.inBytes,
    OUT_BYTES: stream.outBytes,
    COUNTERS: machine.counters,
    FOLD_ENTRIES: memory.foldEntries,
    CONTEXTS: memory.contexts,
    RING_WORDS: memory.ringWords,
    ...dramParameters(machine),
    DW_TAPS: machine.depthwise?.taps ?? 0,
    DW_PW: machine.depthwise?.postWidth ?? 0,
    DW_WEIGHT_WORDS: machine.depthwise?.weightWords || 2,
    DW_PARAM_WORDS: machine.depthwise?.parameterWords ?? 2,
    IDENTITY: machineIdentity(machine),
  };
}

function dramParameters({ dram }: Machine): Readonly<Record<string, number>> {
  return {
    DRAM_BITS: dram?.dataBits ?? 0,
    DRAM_ADDR_BITS: dram?.addressBits ?? 32,
    DRAM_BURST: dram?.burst ?? 1,
    DRAM_OUTSTANDING: dram?.outstanding ?? 1,
  };
}

/** The AXI4 master: ports of the top only where the machine has DRAM. */
export const DRAM_PORTS: readonly string[] = [
  ...['araddr', 'arlen', 'arsize', 'arburst', 'arvalid', 'arready'].map((name) => `m_axi_${name}`),
  ...['rdata', 'rresp', 'rlast', 'rvalid', 'rready'].map((name) => `m_axi_${name}`),
];

/** Ports of systole_core. */
export const PORTS: readonly string[] = [
  ...['clk', 'rst'],
  ...['awaddr', 'awvalid', 'awready', 'wdata', 'wstrb', 'wvalid', 'wready'].map((name) => `s_axi_${name}`),
  ...['bresp', 'bvalid', 'bready', 'araddr', 'arvalid', 'arready'].map((name) => `s_axi_${name}`),
  ...['rdata', 'rresp', 'rvalid', 'rready'].map((name) => `s_axi_${name}`),
  ...['tdata', 'tvalid', 'tready', 'tlast'].map((name) => `s_axis_${name}`),
  ...['tdata', 'tkeep', 'tvalid', 'tready', 'tlast'].map((name) => `m_axis_${name}`),
  ...DRAM_PORTS,
  'irq_o',
];

/** The text of systole_top.v for this machine. */
export function topModule(machine: Machine, templates: TemplateSource): string {
  const name = 'systole_top.v.hbs';
  return renderTemplate(name, templateText(templates, name), {
    title: JSON.stringify(machine.name),
    rows: machine.rows,
    cols: machine.cols,
    lanes: machine.lanes,
    activationDigit: machine.activationDigit,
    weightDigit: machine.weightDigit,
    inMsb: 8 * machine.stream.inBytes - 1,
    outMsb: 8 * machine.stream.outBytes - 1,
    keepMsb: machine.stream.outBytes - 1,
    parameters: Object.entries(coreParameters(machine)).map(([key, value]) => ({ name: key, value: literal(value) })),
    dram: machine.dram !== null,
    addressMsb: (machine.dram?.addressBits ?? 32) - 1,
    dataMsb: (machine.dram?.dataBits ?? 32) - 1,
    ports: PORTS.map((port) => ({ name: port })),
  });
}

/** Plain decimals for parameters, a sized literal for the identity: an unsized one may be cut to 32 bits. */
function literal(value: number | bigint): string {
  return typeof value === 'bigint' ? `64'h${value.toString(16).padStart(16, '0')}` : `${value}`;
}

/** Verilog only, by bare file name: what a simulator build needs. *.v are sources, *.vh are included. */
export function verilogFiles(machine: Machine, templates: TemplateSource): Map<string, string> {
  const files = handWritten(templates, ['.v', '.vh']);
  return files.set(`${TOP}.v`, topModule(machine, templates));
}

/** Everything below rtl/: Verilog, waivers, file list, lint and Yosys scripts. Paths are relative to the project. */
export function hardwareFiles(machine: Machine, templates: TemplateSource): Map<string, string> {
  const verilog = verilogFiles(machine, templates);
  const waivers = handWritten(templates, ['.vlt']);
  const sources = [...verilog.keys()].filter((name) => name.endsWith('.v')).map((name) => `rtl/${name}`);
  const view = {
    top: TOP,
    sources: sources.map((path) => ({ path })),
    waivers: [...waivers.keys()].map((name) => ({ path: `rtl/${name}` })),
  };
  const files = new Map<string, string>();
  for (const [name, text] of [...verilog, ...waivers]) files.set(`rtl/${name}`, text);
  for (const name of ['systole.f', 'lint.sh', 'read.ys']) {
    files.set(`rtl/${name}`, renderTemplate(`${name}.hbs`, templateText(templates, `${name}.hbs`), view));
  }
  return files;
}

function handWritten(templates: TemplateSource, endings: readonly string[]): Map<string, string> {
  const chosen = [...templates].filter(
    ([path]) => path.startsWith('rtl/') && endings.some((ending) => path.endsWith(ending)),
  );
  return new Map(chosen.map(([path, text]) => [path.slice('rtl/'.length), text]));
}
