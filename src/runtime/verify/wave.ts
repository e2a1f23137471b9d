/** A waveform of the cycles around the first divergence. */
import { buildMachine, type MachineBuild } from '../links/verilated.js';
import type { CompiledModel } from '../model.js';
import { type Pass, partSize, pipelinedFrames, runPart } from './pass.js';
import type { VerifyReport } from './report.js';

/** Cycles shown before the write that differs, and after it. */
const BEFORE = 2000;
const AFTER = 100;

/**
 * Replays the frames of the diverging part up to the diverging one, in a simulator with waveforms: the same cycles.
 * Without a divergence in the Verilog it is the first frame from start to end.
 */
export async function recordWave(
  model: CompiledModel,
  pass: Pass,
  report: VerifyReport,
  path: string,
  build: MachineBuild,
): Promise<void> {
  const binary = await buildMachine(model.verilog, { ...build, waves: true });
  const at = report.firstDivergence?.level === 'verilog' ? report.firstDivergence : null;
  const last = at?.frame ?? 0;
  const cycle = at?.cycle ?? null;
  const window =
    cycle === null
      ? { from: 0, to: Number.POSITIVE_INFINITY }
      : { from: Math.max(0, cycle - BEFORE), to: cycle + AFTER };
  const wave = { path, ...window };
  if (at?.pipelined) {
    const frames = pipelinedFrames(pass.frames);
    const all = { start: 0, end: frames.length, pipelined: true, wave };
    await runPart(model, { ...pass, frames, binary, stalls: null }, all, () => {});
    return;
  }
  const part = { start: last - (last % partSize(pass)), end: last + 1, wave };
  await runPart(model, { ...pass, binary, stalls: at?.stalled ? pass.stalls : null }, part, () => {});
}
