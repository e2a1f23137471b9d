/** All frames through simulators, at full rate or under stalls. */
import { SystoleError } from '../../base/error.js';
import { type SimulatedFrame, type Stalls, simulateFrames, type WaveWindow } from '../links/verilated.js';
import type { CompiledModel } from '../model.js';
import type { FrameCheck, FrameChecker } from './check-frame.js';

export interface Pass {
  readonly binary: string;
  readonly frames: readonly Uint8Array[];
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
    // The machine's own failure is a finding; that of the process is not.
    const { reason } = result;
    if (!(reason instanceof SystoleError) || reason.code === 'tool-failed') throw reason;
    const end = Math.min(pass.frames.length, starts[part]! + size);
    for (let i = starts[part]!; i < end; i++) checks[i] ??= checker.failed(i, reason);
  }
  return checks;
}

/** Frames of one simulator process. */
export const partSize = ({ frames, jobs }: Pass): number => Math.ceil(frames.length / jobs);

/** Frames start .. end - 1 on a simulator of their own; the same ones give the same cycles. */
export function runPart(
  model: CompiledModel,
  { binary, frames, seed, stalls }: Pass,
  { start, end, wave }: { readonly start: number; readonly end: number; readonly wave?: WaveWindow },
  take: (index: number, frame: SimulatedFrame) => void,
): Promise<void> {
  const job = {
    images: model.images,
    frames: frames.slice(start, end),
    firstFrame: start,
    seed,
    // Far beyond what stalls can cost.
    hangLimit: 50 * model.project.manifest.planCycles + 100_000,
    activationDigit: model.machine.activationDigit,
    ...(stalls && { stalls: { ...stalls, seed } }),
    ...(wave && { wave }),
  };
  return simulateFrames(binary, job, (index, frame) => take(start + index, frame));
}
