/** What the checks of integer networks share. */
import { SystoleError } from '../base/error.js';

export function isWhole(n: number, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(n) && n >= min && n <= max;
}

export function broken(where: string, expected: string, actual: string): SystoleError {
  return new SystoleError('graph-invalid', 'the integer network breaks a rule', { where, expected, actual });
}
