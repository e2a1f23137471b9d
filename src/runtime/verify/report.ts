/** What `verify --json` prints. */

import { utilization } from '../../arch/machine-cost.js';
import type { ExactnessWord } from '../../base/manifest.js';
import type { FrameCodes } from '../../quant/frame.js';
import type { CompiledModel } from '../model.js';
import { goldenAccumulator } from './accumulator.js';
import type { FrameCheck } from './check-frame.js';
import type { Place } from './divergence.js';
import type { PipelinedRun } from './pass.js';

export interface Divergence extends Place {
  /** Which level differs from the golden model. */
  readonly level: 'program' | 'verilog';
  readonly frame: number;
  /** True when it shows under stalls only. */
  readonly stalled: boolean;
  /** True when it shows only where frames follow one another without a gap. */
  readonly pipelined: boolean;
  /** The golden accumulator that `expected` was requantized from; null where there is no single one. */
  readonly accumulator: number | null;
}

export interface VerifiedLayer {
  readonly name: string;
  /** By the compiler's count, which the sum of all layers is held against (cycles = planCycles). */
  readonly cycles: number;
  readonly utilization: number;
  readonly exactness: ExactnessWord;
}

export interface VerifyReport {
  readonly bitExact: boolean;
  readonly images: number;
  /** Images in which a level differs from the golden model. */
  readonly mismatches: number;
  readonly firstDivergence: Divergence | null;
  /** Of the first frame at full rate that did not take planCycles, if any; null when no frame ended. */
  readonly cycles: number | null;
  readonly planCycles: number;
  /** Cycles from frame to frame at the steady rate; null where it was not measured, or not counted when compiling. */
  readonly interval: number | null;
  readonly planInterval: number | null;
  readonly usefulDigitMacs: number;
  /** usefulDigitMacs / (cycles * all multipliers) */
  readonly utilization: number | null;
  readonly machine: {
    readonly rows: number;
    readonly cols: number;
    readonly lanes: number;
    readonly activationDigit: number;
    readonly weightDigit: number;
  };
  readonly layers: readonly VerifiedLayer[];
}

export interface Checks {
  /** Of every frame at full rate, each in an empty machine. */
  readonly alone: readonly FrameCheck[];
  /** Of every frame under stalls, or none. */
  readonly stalled: readonly FrameCheck[];
  readonly pipelined: PipelinedRun;
}

export function verifyReport(
  { machine, project, network }: CompiledModel,
  frames: readonly FrameCodes[],
  { alone, stalled, pipelined }: Checks,
): VerifyReport {
  const { rows, cols, lanes, activationDigit, weightDigit } = machine;
  const { planCycles, planInterval, usefulDigitMacs, layers } = project.manifest;
  const all = [...alone, ...stalled, ...pipelined.checks];
  const mismatches = new Set(all.filter(({ program, verilog }) => program ?? verilog).map(({ index }) => index)).size;
  const found =
    firstDivergence(alone, { stalled: false, pipelined: false }) ??
    firstDivergence(stalled, { stalled: true, pipelined: false }) ??
    firstDivergence(pipelined.checks, { stalled: false, pipelined: true });
  const counted = alone.flatMap((check) => check.cycles ?? []);
  const cycles = counted.find((count) => count !== planCycles) ?? counted[0] ?? null;
  return {
    bitExact: mismatches === 0,
    images: frames.length,
    mismatches,
    firstDivergence: found && { ...found, accumulator: goldenAccumulator(network, frames[found.frame]!, found) },
    cycles,
    planCycles,
    interval: pipelined.interval,
    planInterval,
    usefulDigitMacs,
    utilization: cycles === null ? null : utilization(usefulDigitMacs, cycles, machine),
    machine: { rows, cols, lanes, activationDigit, weightDigit },
    layers: layers.map((layer) => ({
      name: layer.name,
      cycles: layer.planCycles,
      utilization: utilization(layer.usefulDigitMacs, layer.planCycles, machine),
      exactness: layer.exactness,
    })),
  };
}

function firstDivergence(
  checks: readonly FrameCheck[],
  how: Pick<Divergence, 'stalled' | 'pipelined'>,
): Omit<Divergence, 'accumulator'> | null {
  for (const { index, program, verilog } of checks) {
    if (program) return { level: 'program', frame: index, ...how, ...program };
    if (verilog) return { level: 'verilog', frame: index, ...how, ...verilog };
  }
  return null;
}
