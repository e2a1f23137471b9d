/** All frames through simulators, at full rate or under stalls. */

import { inputBytes } from '../../arch/plan/stream-frames.js';
import { INTERVAL_FRAMES } from '../../arch/timing/count-cycles.js';
import { SystoleError } from '../../base/error.js';
import type { FrameCodes } from '../../quant/frame.js';
import {
  dramConditions,
  type SimulatedFrame,
  type Stalls,
  simulateFrames,
  type WaveWindow,
} from '../links/verilated.js';
import type { CompiledModel } from '../model.js';
import type { FrameCheck, FrameChecker } from './check-frame.js';

export interface Pass {
  readonly binary: string;
  readonly frames: readonly FrameCodes[];
  readonly seed: number;
  readonly stalls: Omit<Stalls, 'seed'> | null;
  readonly jobs: number;
}

/** Frames in contiguous parts, one simulator process each; the checks in the frames' order. */
export async function runPass(
  model: CompiledModel,
  pass: Pass,
  checker: FrameChecker,
  onFrame: () => void,
): Promise<FrameCheck[]> {
  const checks: FrameCheck[] = [];
  const take = (index: number, frame: SimulatedFrame) => {
    checks[index] = checker.check(index, frame);
    onFrame();
  };
  const size = partSize(pass);
  const starts = Array.from({ length: Math.ceil(pass.frames.length / size) }, (_, part) => part * size);
  const parts = starts.map((start) => runPart(model, pass, { start, end: start + size }, take));
  const all = Promise.allSettled(parts);
  // References are made while the simulators work.
  await checker.prepare();
  for (const [part, result] of (await all).entries()) {
    if (result.status === 'fulfilled') continue;
    const { reason } = result;
    if (!isFinding(reason)) throw reason;
    const end = Math.min(pass.frames.length, starts[part]! + size);
    for (let i = starts[part]!; i < end; i++) checks[i] ??= checker.failed(i, reason);
  }
  return checks;
}

/** The frames over again, each waiting at the door while the one before computes: as many as the interval is counted for. */
export const pipelinedFrames = (frames: readonly FrameCodes[]): readonly FrameCodes[] =>
  Array.from({ length: INTERVAL_FRAMES }, (_, i) => frames[i % frames.length]!);

export interface PipelinedRun {
  readonly checks: readonly FrameCheck[];
  /** Cycles from the last output but one to the last; null when not all came. */
  readonly interval: number | null;
}

/** Outputs at full rate with the machine never empty, up to the first frame without one. */
export async function runPipelined(model: CompiledModel, pass: Pass, checker: FrameChecker): Promise<PipelinedRun> {
  const checks: FrameCheck[] = [];
  const lastOut: number[] = [];
  const frames = pipelinedFrames(pass.frames);
  const part = { start: 0, end: frames.length, pipelined: true };
  try {
    await runPart(model, { ...pass, frames, stalls: null }, part, (index, frame) => {
      checks.push(checker.checkOutput(index % pass.frames.length, frame));
      if (frame.kind === 'output') lastOut.push(frame.lastOut);
    });
  } catch (error) {
    if (!isFinding(error)) throw error;
    checks.push(checker.failed(checks.length % pass.frames.length, error));
  }
  const whole = lastOut.length === frames.length;
  return { checks, interval: whole ? lastOut.at(-1)! - lastOut.at(-2)! : null };
}

/** The machine's own failure is a finding; that of its process is not. */
function isFinding(error: unknown): error is SystoleError {
  return error instanceof SystoleError && error.code !== 'tool-failed';
}

/** Frames of one simulator process. */
export const partSize = ({ frames, jobs }: Pass): number => Math.ceil(frames.length / jobs);

interface Part {
  readonly start: number;
  readonly end: number;
  readonly pipelined?: boolean;
  readonly wave?: WaveWindow;
}

/** Probability that DRAM lets an address or a beat wait, where the streams stall too. */
const DRAM_STALL = 0.3;

/** Frames start .. end - 1 on a simulator of their own; the same ones give the same cycles. */
export function runPart(
  model: CompiledModel,
  { binary, frames, seed, stalls }: Pass,
  { start, end, pipelined, wave }: Part,
  take: (index: number, frame: SimulatedFrame) => void,
): Promise<void> {
  const dram = dramConditions(model.machine);
  const job = {
    images: model.images,
    identity: model.identity,
    frames: frames.slice(start, end).map((frame) => inputBytes(model.layout.inputs, frame)),
    firstFrame: start,
    pipelined: pipelined ?? false,
    seed,
    // Far beyond what stalls can cost.
    hangLimit: 50 * model.project.manifest.planCycles + 100_000,
    activationDigit: model.machine.activationDigit,
    ...(stalls && { stalls: { ...stalls, seed } }),
    ...(dram && { dram: { ...dram, seed, stall: stalls ? DRAM_STALL : 0 } }),
    ...(wave && { wave }),
  };
  return simulateFrames(binary, job, (index, frame) => take(start + index, frame));
}
