/** The named machines of the package, and machines in files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../arch/machine.js';
import { parseMachine } from '../arch/machine-schema.js';
import { SystoleError } from '../base/error.js';
import { inFileError, readTextFile } from './files.js';
import { closest } from './frame/closest.js';
import { packageRoot } from './package.js';

/** By name, each as its file says. */
export function namedMachines(): ReadonlyMap<string, Machine> {
  const folder = join(packageRoot(), 'machines');
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const machines = files.sort().map((file) => parseMachine(JSON.parse(readFileSync(join(folder, file), 'utf8'))));
  return new Map(machines.map((machine) => [machine.name, machine]));
}

/**
 * A named machine, or that of a file (anything with a slash or ending in .json).
 * @throws SystoleError machine-unknown, machine-invalid, file-not-found
 */
export async function findMachine(text: string, where: string): Promise<Machine> {
  if (text.endsWith('.json') || text.includes('/')) return machineFile(text);
  const machines = namedMachines();
  const machine = machines.get(text);
  if (machine) return machine;
  const near = closest(text, [...machines.keys()]);
  throw new SystoleError('machine-unknown', `there is no machine ${text}`, {
    where,
    expected: `${[...machines.keys()].join(', ')}, or a FILE.json`,
    actual: text,
    hint: near ? `did you mean ${near}?` : 'systole machines lists them with their sizes',
  });
}

async function machineFile(path: string): Promise<Machine> {
  const text = await readTextFile(path);
  try {
    return parseMachine(JSON.parse(text));
  } catch (error) {
    const hint = "copy one of the package's machines/*.json and change it; systole machines NAME --json prints one";
    if (error instanceof SystoleError) throw inFileError(path, error, hint);
    throw new SystoleError('machine-invalid', 'the machine file is not JSON', {
      where: path,
      actual: (error as Error).message,
      hint,
    });
  }
}
