import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer } from './array-layer.js';

export interface TableMemory {
  readonly entries: readonly number[];
  /** Where each layer's table begins; null for a layer without one. */
  readonly bases: readonly (number | null)[];
}

/** All layers' tables, equal ones once. @throws SystoleError memory-too-small */
export function tableMemory(layers: readonly ArrayLayer[], machine: Machine): TableMemory {
  const starts = new Map<string, number>();
  const entries: number[] = [];
  const bases = layers.map(({ name, requantize }) => {
    const table = requantize?.table;
    if (table === undefined) return null;
    const key = table.join();
    const base = starts.get(key) ?? entries.length;
    if (!starts.has(key)) entries.push(...table);
    starts.set(key, base);
    requireEntries(name, entries.length, machine);
    return base;
  });
  return { entries, bases };
}

function requireEntries(layer: string, needed: number, { name, memory }: Machine): void {
  const available = memory.tableEntries;
  if (needed <= available) return;
  throw new SystoleError(
    'memory-too-small',
    `layer ${layer} looks its codes up in a table, and the tables do not fit`,
    {
      where: layer,
      expected: `${needed} entries for the tables up to this layer's`,
      actual: `${available} entries (memory.tableEntries of machine ${name}), ${needed - available} too few`,
      hint: 'use a machine with more table memory: memory.tableEntries, a power of two',
    },
  );
}
