import type { Command } from 'commander';
import { machineIdentity } from '../../arch/identity.js';
import type { Machine } from '../../arch/machine.js';
import { compareMachines, memoryBits, multipliers } from '../../arch/machine-cost.js';
import { addCommand, type Session } from '../frame/define.js';
import type { Outcome } from '../frame/outcome.js';
import { facts, table } from '../frame/table.js';
import { findMachine, namedMachines } from '../machines.js';

export function addMachines(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'machines [NAME]',
    summary: 'The named machines from small to large, or every field of one',
    notes: [
      'NAME may be a FILE.json of your own. Digits are activation x weight bits; an operand that is wider runs as',
      'several passes. Memory counts all copies.',
    ],
    examples: ['systole machines', 'systole machines 1x16x16', 'systole machines 1x16x16 --json > mine.json'],
    options: [],
    run: async ([name]) => (name === undefined ? list() : one(await findMachine(name, 'NAME'))),
  });
}

function list(): Outcome {
  const machines = [...namedMachines().values()].sort(compareMachines);
  const columns = [
    { title: 'machine' },
    ...['rows', 'cols', 'lanes', 'digits', 'multipliers', 'activations', 'weights', 'all memory', 'in', 'out'].map(
      (title) => ({ title, right: true }),
    ),
  ];
  const rows = machines.map((machine) => {
    const { name, rows, cols, lanes, activationDigit, weightDigit, stream } = machine;
    const { multipliers: count, activationBytes, weightBytes, memoryBytes } = sizes(machine);
    const memories = [activationBytes, weightBytes, memoryBytes].map(kibibytes);
    const streams = [`${stream.inBytes} B`, `${stream.outBytes} B`];
    return [name, rows, cols, lanes, `${activationDigit}x${weightDigit}`, count, ...memories, ...streams];
  });
  return {
    json: { machines: machines.map((machine) => ({ ...machine, sizes: sizes(machine) })) },
    text: table(columns, rows),
  };
}

/** --json prints a machine file as it is: copy, change, compile with --machine FILE.json. */
function one(machine: Machine): Outcome {
  const fields = flat(machine);
  const { multipliers: count, activationBytes, weightBytes, memoryBytes } = sizes(machine);
  const derived: [string, string | number][] = [
    ['multipliers', count],
    ['activation memory', kibibytes(activationBytes)],
    ['weight memory', kibibytes(weightBytes)],
    ['all memory', kibibytes(memoryBytes)],
    ['identity', `0x${machineIdentity(machine).toString(16).padStart(16, '0')}`],
  ];
  return { json: machine, text: `${facts(fields)}\n\n${facts(derived)}` };
}

/** Fields of fields behind those that have none; one that the machine does not have is said to be none. */
function flat(value: object, prefix = ''): [string, string | number][] {
  const entries = Object.entries(value) as [string, string | number | object | null][];
  const nests = (field: unknown): field is object => typeof field === 'object' && field !== null;
  return [
    ...entries.flatMap(([key, field]): [string, string | number][] =>
      nests(field) ? [] : [[`${prefix}${key}`, field ?? 'none']],
    ),
    ...entries.flatMap(([key, field]) => (nests(field) ? flat(field, `${prefix}${key}.`) : [])),
  ];
}

/** What follows from a machine's fields whatever it is built of. Bytes of one copy; all of them in memoryBytes. */
function sizes(machine: Machine) {
  const { cols, lanes, activationDigit, weightDigit, memory } = machine;
  return {
    multipliers: multipliers(machine),
    activationBytes: (memory.groups * memory.activationWords * lanes * activationDigit) / 8,
    weightBytes: (cols * memory.weightWords * lanes * weightDigit) / 8,
    memoryBytes: memoryBits(machine) / 8,
  };
}

const kibibytes = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
