import { SystoleError } from '../../base/error.js';

/** @throws SystoleError plan-invalid: a defect of the planner, never of the user's model */
export function require(holds: boolean, where: string, sentence: string): void {
  if (!holds) throw new SystoleError('plan-invalid', `the plan of ${where} is not valid: ${sentence}`, { where });
}
