import { SystoleError } from '../base/error.js';
import type { RequantizeWidths } from './certificate.js';

export interface QuantizeOptions {
  /** 1 = bipolar; else two's complement. */
  readonly weights: 1 | 2 | 3 | 4 | 8;
  /** 1..8 */
  readonly activations: number;
  /** 8: first and last layer keep 8-bit weights and inputs; 'same': as all others. */
  readonly ends: 8 | 'same';
  readonly widths: RequantizeWidths;
  /** Largest table of a pointwise function, in bits of its index; 0: none. Absent: 10. */
  readonly tableBits?: number;
  /** That all tables together have; absent: no limit. */
  readonly tableEntries?: number;
  /** On unless false. */
  readonly biasCorrection?: boolean;
}

export const END_BITS = 8;
const TABLE_BITS = 10;
const MOST_TABLE_BITS = 16;
/** One index at each end leaves none between them with fewer. */
const LEAST_TABLE_BITS = 2;

/** Bits of an index, where so many tables share the entries; 0 where those are too few. */
export function bitsOfTables(tables: number, { tableBits = TABLE_BITS, tableEntries }: QuantizeOptions): number {
  const share = tableEntries === undefined || tables === 0 ? tableBits : Math.floor(Math.log2(tableEntries / tables));
  const bits = Math.min(tableBits, share);
  return bits < LEAST_TABLE_BITS ? 0 : bits;
}

/** @throws SystoleError memory-too-small for more tables than the entries are enough for */
export function requireTableBits(tables: number, options: QuantizeOptions): number {
  const bits = bitsOfTables(tables, options);
  if (bits > 0 || tables === 0) return bits;
  throw new SystoleError('memory-too-small', 'the tables of the pointwise functions do not fit the table memory', {
    where: 'memory.tableEntries',
    expected: `at least ${tables * 2 ** LEAST_TABLE_BITS} entries for ${tables} tables`,
    actual: `${options.tableEntries ?? 0} entries`,
    hint: 'use a machine with more table memory: memory.tableEntries, a power of two',
  });
}

/** @throws SystoleError option-invalid for impossible widths */
export function checkOptions(options: QuantizeOptions): void {
  const refuse = (where: string, expected: string, actual: unknown): never => {
    throw new SystoleError('option-invalid', 'an option has an impossible value', {
      where,
      expected,
      actual: `${actual}`,
    });
  };
  const { activations, weights, ends, tableBits = TABLE_BITS, tableEntries = 0 } = options;
  if (!Number.isInteger(activations) || activations < 1 || activations > 8) {
    refuse('--activations', '1 to 8 bits', activations);
  }
  if (![1, 2, 3, 4, 8].includes(weights)) refuse('--weights', '1, 2, 3, 4 or 8 bits', weights);
  if (!Number.isInteger(tableBits) || tableBits < 0 || tableBits > MOST_TABLE_BITS) {
    refuse('tableBits', `0 to ${MOST_TABLE_BITS} bits`, tableBits);
  }
  if (!Number.isInteger(tableEntries) || tableEntries < 0) refuse('tableEntries', 'a count', tableEntries);
  if (ends !== END_BITS && ends !== 'same') refuse('--ends', '8 or same', ends);
}
