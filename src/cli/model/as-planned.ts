import type { VerifyReport } from '../../runtime/verify/report.js';

/** The simulated cycles of a frame, and from frame to frame, are those that the compiler counted. */
export function asPlanned({ cycles, planCycles, interval, planInterval }: VerifyReport): boolean {
  return cycles === planCycles && (planInterval === null || interval === planInterval);
}
