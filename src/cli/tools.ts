/** The external programs that Systole can use: what each is for, how old it may be, how to install it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';

export interface Tool {
  readonly name: string;
  readonly command: string;
  /** Prints the version. */
  readonly flag: string;
  /** Oldest version that works. */
  readonly minimum: string;
  readonly purpose: string;
  /** The main job, ONNX to a bit-exact verdict, needs it. */
  readonly needed: boolean;
  readonly install: Readonly<Record<InstallSystem, string>>;
}

export type InstallSystem = 'debian' | 'fedora' | 'arch' | 'macos' | 'other';

const packages = (debian: string, fedora: string, arch: string, macos: string, other: string) => ({
  debian: `sudo apt-get install -y ${debian}`,
  fedora: `sudo dnf install -y ${fedora}`,
  arch: `sudo pacman -S --needed ${arch}`,
  macos,
  other: `install ${other} with the package manager of your system`,
});

export const TOOLS: readonly Tool[] = [
  {
    name: 'Verilator',
    command: 'verilator',
    flag: '--version',
    minimum: '5.006',
    purpose: 'simulates the accelerator (verify, run)',
    needed: true,
    install: packages('verilator', 'verilator', 'verilator', 'brew install verilator', 'Verilator 5'),
  },
  {
    name: 'C++ compiler',
    command: 'g++',
    flag: '--version',
    minimum: '9',
    purpose: 'builds the simulator',
    needed: true,
    install: packages('g++', 'gcc-c++', 'gcc', 'xcode-select --install', 'g++'),
  },
  {
    name: 'C compiler',
    command: 'cc',
    flag: '--version',
    minimum: '4.9',
    purpose: 'builds the C host program of a compiled directory',
    needed: false,
    install: packages('gcc libc6-dev', 'gcc', 'gcc', 'xcode-select --install', 'a C99 compiler'),
  },
  {
    name: 'Yosys',
    command: 'yosys',
    flag: '-V',
    minimum: '0.23',
    purpose: 'reads the Verilog for synthesis, proves blocks equal',
    needed: false,
    install: packages('yosys', 'yosys', 'yosys', 'brew install yosys', 'Yosys'),
  },
  {
    name: 'Icarus Verilog',
    command: 'iverilog',
    flag: '-V',
    minimum: '11',
    purpose: 'runs the generated test bench in a second simulator',
    needed: false,
    install: packages('iverilog', 'iverilog', 'iverilog', 'brew install icarus-verilog', 'Icarus Verilog'),
  },
];

export interface FoundTool {
  readonly path: string;
  readonly version: string;
}

/** Runs the tool; null where it is not on PATH or does not run. */
export async function findTool({ command, flag }: Tool): Promise<FoundTool | null> {
  const ran = await execa(command, [flag], { reject: false, stdin: 'ignore' });
  if (ran.exitCode !== 0) return null;
  const version = /\d+(\.\d+)+/.exec(`${ran.stdout}\n${ran.stderr}`)?.[0];
  return { path: pathOf(command) ?? command, version: version ?? 'unknown' };
}

function pathOf(command: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, command)).find(runnable);
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Compares versions number by number. */
export function atLeast(version: string, minimum: string): boolean {
  const [a, b] = [version, minimum].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
