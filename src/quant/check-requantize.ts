import { broken, isWhole } from './check-rules.js';
import type { CodeTensor, IntegerNetwork, Requantize } from './network.js';

/** Widths that a machine's records and parameters hold. */
const MOST_SHIFT = 63;
const MOST_LIMIT_BITS = 16;

/** @param to the tensor that the constants make codes of */
export function checkRequantize(where: string, q: Requantize, to: CodeTensor, network: IntegerNetwork): void {
  const lists = [q.m, q.b, q.n, ...(q.residual ? [q.residual.m] : [])];
  const short = lists.find((list) => list.length !== to.channels);
  if (short !== undefined) throw broken(where, `${to.channels} constants`, `${short.length}`);
  const multipliers = [...q.m, ...(q.residual?.m ?? [])];
  const fraction = multipliers.find((m) => !Number.isSafeInteger(m));
  if (fraction !== undefined) throw broken(where, 'multipliers that are integers', `${fraction}`);
  const shift = q.n.find((n) => !isWhole(n, 0, MOST_SHIFT));
  if (shift !== undefined) throw broken(where, `shifts of 0 to ${MOST_SHIFT}`, `${shift}`);
  if (q.round !== 'floor' && q.round !== 'nearest-even') throw broken(where, 'floor or nearest-even', `${q.round}`);
  const bits = q.table ? MOST_LIMIT_BITS : to.bits;
  const top = 2 ** bits - 1;
  if (!isWhole(q.lo, 0, top) || !isWhole(q.hi, q.lo, top)) {
    throw broken(where, `limits of ${bits} bits`, `${q.lo}..${q.hi}`);
  }
  if (q.table) checkTable(where, q.table, q.hi, to);
  if (q.residual === null) return;
  const residual = network.tensors[q.residual.tensor];
  const same = residual?.height === to.height && residual.width === to.width;
  const pixel = residual?.height === 1 && residual.width === 1;
  if (!(same || pixel) || residual.channels !== to.channels) {
    throw broken(where, 'a residual of its output shape, or of one pixel', q.residual.tensor);
  }
}

function checkTable(where: string, table: Uint16Array, hi: number, to: CodeTensor): void {
  if (table.length !== hi + 1) throw broken(where, `a table of ${hi + 1} codes`, `${table.length}`);
  const top = 2 ** to.bits - 1;
  const beyond = table.find((code) => code > top);
  if (beyond !== undefined) throw broken(where, `a table of ${to.bits}-bit codes`, `${beyond}`);
}
