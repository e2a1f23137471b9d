/** The three tools that must accept the hardware text, each asked to elaborate systole_core with given parameters. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../sim/rtl-files.js';
import type { Parameters } from './parameter-sets.js';

export const rtlFolder = join(projectRoot, 'templates/rtl');

export interface ToolRun {
  readonly ok: boolean;
  /** All that the tool said. */
  readonly text: string;
}

export interface Elaborator {
  readonly tool: string;
  readonly elaborate: (parameters: Parameters, defines?: readonly string[]) => Promise<ToolRun>;
}

export async function rtlSources(): Promise<readonly string[]> {
  return (await readdir(rtlFolder)).filter((name) => name.endsWith('.v')).sort();
}

export async function installed(tool: string): Promise<boolean> {
  return (await execa(tool, ['-V'], { reject: false, stdio: 'ignore' })).code !== 'ENOENT';
}

/** Runs in the folder of the hand-written modules. */
export async function runIn(tool: string, args: readonly string[]): Promise<ToolRun> {
  const { exitCode, all } = await execa(tool, args, { cwd: rtlFolder, reject: false, all: true, stdin: 'ignore' });
  return { ok: exitCode === 0, text: all };
}

const sized = (value: number | bigint) => (typeof value === 'bigint' ? `64'h${value.toString(16)}` : `${value}`);
const entries = (parameters: Parameters) =>
  Object.entries(parameters).map(([name, value]) => [name, sized(value)] as const);

export const verilator: Elaborator = {
  tool: 'verilator',
  elaborate: async (parameters, defines = []) =>
    runIn('verilator', [
      ...['--lint-only', '-Wall', '--top-module', 'systole_core'],
      ...defines.map((name) => `-D${name}`),
      ...entries(parameters).map(([name, value]) => `-G${name}=${value}`),
      ...(await rtlSources()),
    ]),
};

export const icarus: Elaborator = {
  tool: 'iverilog',
  elaborate: async (parameters, defines = []) =>
    runIn('iverilog', [
      ...['-g2005', '-Wall', '-t', 'null', '-s', 'systole_core'],
      ...defines.map((name) => `-D${name}`),
      ...entries(parameters).map(([name, value]) => `-Psystole_core.${name}=${value}`),
      ...(await rtlSources()),
    ]),
};

/** Reads, elaborates and checks; a latch is an error. */
export const yosys: Elaborator = {
  tool: 'yosys',
  elaborate: async (parameters, defines = []) =>
    runIn('yosys', [
      '-q',
      '-p',
      [
        `read_verilog ${defines.map((name) => `-D${name} `).join('')}${(await rtlSources()).join(' ')}`,
        `chparam ${entries(parameters)
          .map(([name, value]) => `-set ${name} ${value}`)
          .join(' ')} systole_core`,
        'hierarchy -check -top systole_core',
        'proc',
        'check -assert',
        'select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr',
      ].join('; '),
    ]),
};

/** What Yosys says beside noting that an array is made of registers: the row counters are meant to be. */
export function withoutRegisters(text: string): string {
  return text.replaceAll(/^Warning: Replacing memory \\count_q with list of registers.*\n?/gm, '');
}
