import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Machine } from '../../arch/machine.js';
import { PROJECT_PATHS } from '../../base/project-layout.js';
import { TOP, verilogFiles } from '../../hdlgen/hardware.js';
import { readNetlist } from '../../hdlgen/synth/netlist.js';
import { type SynthesisReport, shortPath, synthesisReport } from '../../hdlgen/synth/report.js';
import { synthesisJob } from '../../hdlgen/synth/script.js';
import { TARGET_FACTS, TARGETS, targetNamed } from '../../hdlgen/synth/targets.js';
import { loadTemplates } from '../../hdlgen/templates.js';
import { readModel } from '../../runtime/model.js';
import { writeFiles } from '../../runtime/project.js';
import { addCommand, type Context, option, type Session } from '../frame/define.js';
import { jsonText, type Outcome } from '../frame/outcome.js';
import { facts, table } from '../frame/table.js';
import { findMachine } from '../machines.js';
import { cacheFolder } from '../package.js';
import { synthesize } from '../synth/synthesize.js';

interface Options {
  readonly device: string;
}

export function addSynth(program: Command, session: Session): void {
  addCommand<Options>(program, session, {
    usage: 'synth <DIR|MACHINE>',
    summary: 'LUTs, registers, block RAMs, DSPs and levels of logic by Yosys',
    notes: [
      `Devices: ${TARGETS.map((name) => `${name} (${TARGET_FACTS[name].title})`).join(', ')}. Of a compiled directory the figures also go into DIR/synth.`,
      'Exit code 3 where something is not as meant: a memory that became something else, a latch, more levels of logic between',
      'registers than the device allows (a carry chain counts one).',
    ],
    examples: ['systole synth 1x16x16 --device ecp5', 'systole synth shapes --json'],
    options: [option('--device <name>', TARGETS.join(', '), undefined, 'xc7')],
    run: ([what], options, context) => synth(what!, options, context),
  });
}

interface Hardware {
  readonly machine: Machine;
  readonly verilog: ReadonlyMap<string, string>;
  /** A compiled directory, or null. */
  readonly folder: string | null;
}

async function hardwareOf(what: string): Promise<Hardware> {
  if (existsSync(join(what, PROJECT_PATHS.manifest))) {
    const { machine, verilog } = await readModel(what);
    return { machine, verilog, folder: what };
  }
  const machine = await findMachine(what, 'DIR|MACHINE');
  return { machine, verilog: verilogFiles(machine, await loadTemplates()), folder: null };
}

async function synth(what: string, options: Options, { progress }: Context): Promise<Outcome> {
  const target = targetNamed(options.device);
  const { machine, verilog, folder } = await hardwareOf(what);
  progress.stage(`Yosys: ${machine.name} for ${TARGET_FACTS[target].title}`);
  const job = synthesisJob(verilog, TOP, target);
  const { netlist, warnings, tool } = await synthesize(job, cacheFolder());
  const report = synthesisReport(readNetlist(netlist), TOP, target, machine, warnings);
  const { lut, ff, bram, dsp, ...rest } = report;
  const figures = { device: target, machine: machine.name, lut, ff, bram, dsp, fmaxMhz: null };
  const json = { ...figures, ...rest, bitstream: null, tool };
  if (folder !== null)
    await writeFiles(
      join(folder, 'synth'),
      new Map([
        [`${target}.json`, jsonText(json)],
        [`${target}.ys`, job.files.get(job.script)!],
      ]),
    );
  return { json, text: reportText(report, machine, tool), exitCode: report.findings.length > 0 ? 3 : 0 };
}

/** Modules of which a person wants to see the figures: large ones, and those with the longest paths. */
const SHOWN_LUTS = 0.02;
const SHOWN_LEVELS = 5;

function reportText(report: SynthesisReport, machine: Machine, tool: string): string {
  const { target, lut, lutMemory, ff, bram, dsp, modules, memories, findings, levels, mostLevels } = report;
  const lanes = machine.rows * machine.cols * machine.lanes;
  const totals = facts([
    ['machine', `${machine.name} for ${TARGET_FACTS[target].title}, by ${tool}`],
    ['LUTs', `${lut} (${lutMemory} of them memory)`],
    ['registers', ff],
    ['block RAMs', bram],
    ['DSPs', dsp],
    [
      'LUTs a lane',
      `${report.lutPerLane.toFixed(1)} of ${lanes} lanes, ${report.peLutPerLane.toFixed(1)} in the array's elements`,
    ],
    ['levels of logic', `${levels}${mostLevels === null ? '' : ` (at most ${mostLevels})`}`],
  ]);
  const columns = [
    { title: 'module' },
    ...['instances', 'LUTs each', 'registers', 'block RAMs', 'DSPs', 'levels'].map((title) => ({ title, right: true })),
  ];
  const shown = modules.filter(
    (module) => module.lut * module.instances >= lut * SHOWN_LUTS || module.levels >= SHOWN_LEVELS,
  );
  const rows = shown.map((m) => [m.module, m.instances, m.lut, m.ff, m.bram, m.dsp, m.levels]);
  const forms = [...new Set(memories.map(({ found }) => found))].map(
    (form) => `${memories.filter(({ found }) => found === form).length} sorts as ${form}`,
  );
  const longest =
    modules[0] === undefined ? '' : `longest path, in ${modules[0].module}: ${shortPath(modules[0].path)}`;
  const wrong =
    findings.length === 0 ? 'all as meant' : findings.map((finding) => `NOT AS MEANT: ${finding}`).join('\n');
  return [totals, table(columns, rows), `memories: ${forms.join(', ')}\n${longest}`, wrong].join('\n\n');
}
