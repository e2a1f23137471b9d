/**
 * golden model = program simulator = Verilog, for every layer and every bit of the same frames.
 * The Verilog is the project's own, Verilated; program, weights and data enter through its AXI ports.
 */

import { SystoleError } from '../../base/error.js';
import type { FrameCodes } from '../../quant/frame.js';
import { buildMachine, type Stalls } from '../links/verilated.js';
import { type CompiledModel, checkCodes } from '../model.js';
import { frameChecker } from './check-frame.js';
import { type Pass, type PipelinedRun, runPass, runPipelined } from './pass.js';
import { type VerifyReport, verifyReport } from './report.js';
import { recordWave } from './wave.js';

export interface VerifyOptions {
  /** Folder of simulators that were built before. */
  readonly cacheDir: string;
  /** What registers without reset start with, and where stalls start; default 1. */
  readonly seed?: number;
  /** Runs every frame a second time under random stalls of these probabilities on both streams. */
  readonly stalls?: Omit<Stalls, 'seed'>;
  /** Runs some frames once more in one go, the next waiting while one computes, and measures the interval. */
  readonly pipelined?: boolean;
  /** Simulator processes at once; default 1. */
  readonly jobs?: number;
  /** FST file: the cycles around the first divergence in the Verilog, or the first frame when there is none. */
  readonly wave?: string;
  readonly onProgress?: (message: string) => void;
  /** After each simulated frame; `total` counts both runs when there are stalls. */
  readonly onFrame?: (done: number, total: number) => void;
}

const NOT_PIPELINED: PipelinedRun = { checks: [], interval: null };

/**
 * @param frames input codes, one a byte, NHWC; at least one
 * Errors: option-invalid without frames, data-shape and data-type for wrong ones; tool-missing and tool-failed of the simulator's build.
 * A mismatch is no error but the report's firstDivergence.
 */
export async function verifyProject(
  model: CompiledModel,
  frames: readonly FrameCodes[],
  options: VerifyOptions,
): Promise<VerifyReport> {
  checkFrames(model, frames);
  const { seed = 1, jobs = 1, stalls } = options;
  const binary = await simulatorOf(model, options);
  const total = frames.length * (stalls ? 2 : 1);
  let done = 0;
  const checker = frameChecker(model, frames);
  const progress = () => options.onFrame?.(++done, total);
  const full: Pass = { binary, frames, seed, stalls: null, jobs };
  const checks = await runPass(model, full, checker, progress);
  const stalled = stalls ? await runPass(model, { ...full, stalls }, checker, progress) : [];
  const pipelined = options.pipelined ? await runPipelined(model, full, checker) : NOT_PIPELINED;
  const report = verifyReport(model, frames, { alone: checks, stalled, pipelined });
  if (options.wave !== undefined)
    await recordWave(model, { ...full, stalls: stalls ?? null }, report, options.wave, options);
  return report;
}

function checkFrames(model: CompiledModel, frames: readonly FrameCodes[]): void {
  if (frames.length === 0) throw new SystoleError('option-invalid', 'verification needs at least one input frame');
  for (const frame of frames) checkCodes(model, frame);
}

/** tool-missing says as well what works without the tool. */
async function simulatorOf(model: CompiledModel, options: VerifyOptions): Promise<string> {
  return buildMachine(model.verilog, options).catch((error: unknown) => {
    if (!(error instanceof SystoleError) || error.code !== 'tool-missing') throw error;
    throw new SystoleError('tool-missing', error.message, {
      hint: `${error.hint}; without it, \`systole run --on program\` computes the same codes`,
    });
  });
}
