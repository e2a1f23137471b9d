import { SystoleError } from '../../base/error.js';
import type { ProgramRecord } from './program.js';

/** Records that one frame may take, repeated ones every time: far more than any program has, and still an end. */
const MOST_RECORDS = 2 ** 20;
const MOST_TIMES = 2 ** 16 - 1;

/**
 * Indices of the records of one frame in the order in which they are fetched: those between REPEAT and NEXT as often as it
 * says; neither of the two is in it.
 * @throws SystoleError plan-invalid where they do not enclose each other
 */
export function executionOrder(records: readonly ProgramRecord[]): readonly number[] {
  const order: number[] = [];
  let repeated: { readonly from: number; readonly count: number } | null = null;
  for (const [index, record] of records.entries()) {
    if (record.opcode === 'repeat') {
      if (repeated !== null) throw wrong(index, 'REPEAT within what is repeated');
      const { count } = record.fields;
      if (count < 1 || count > MOST_TIMES) throw wrong(index, `what is repeated ${count} times`);
      repeated = { from: order.length, count };
    } else if (record.opcode === 'next') {
      if (repeated === null) throw wrong(index, 'NEXT without REPEAT');
      const body = order.slice(repeated.from);
      if (body.length * repeated.count > MOST_RECORDS) throw wrong(index, 'more records than a frame may take');
      for (let i = 1; i < repeated.count; i++) order.push(...body);
      repeated = null;
    } else {
      if (repeated !== null && (record.opcode === 'loop' || record.opcode === 'end')) {
        throw wrong(index, `${record.opcode.toUpperCase()} within what is repeated`);
      }
      order.push(index);
    }
  }
  return order;
}

function wrong(index: number, what: string): SystoleError {
  return new SystoleError('plan-invalid', `the program is wrong: record ${index} is ${what}`);
}
