/** Verification of the fixed set, and what it found first. */

import type { Stalls } from '../../sim/client.js';
import type { Images } from '../../src/arch/program/program.js';
import { SystoleError } from '../../src/base/error.js';
import type { CompiledModel } from '../../src/runtime/model.js';
import { referenceRunner } from '../../src/runtime/verify/reference.js';
import type { VerifyReport } from '../../src/runtime/verify/report.js';
import { verifyProject } from '../../src/runtime/verify/verify-project.js';
import { compareVerilog } from '../end-to-end/levels.js';
import { testCache } from '../sim/rtl-files.js';
import { type FixedCase, STALLS } from './fixed-set.js';

export interface Caught {
  readonly by: 'program simulator' | 'values' | 'cycles' | 'hang' | 'error status' | 'stream rule' | 'loading';
  readonly where: string;
  readonly what: string;
}

/** What `systole verify` says of the case with something in it changed; null: bit exact, in the planned cycles. */
export async function verifyVerdict(
  fixed: FixedCase,
  change: Partial<Pick<CompiledModel, 'images' | 'verilog'>>,
): Promise<Caught | null> {
  for (const stalls of STALLS) {
    const report = await verifyProject({ ...fixed.model, ...change }, fixed.frames, { cacheDir: testCache, stalls });
    const caught = caughtBy(fixed, report);
    if (caught !== null) return caught;
  }
  return null;
}

/** Golden model against program simulator alone. */
export function programVerdict(fixed: FixedCase, images: Images): Caught | null {
  const run = referenceRunner({ ...fixed.model, images });
  for (const [i, frame] of fixed.frames.entries()) {
    const { program } = run(frame);
    if (program !== null)
      return { by: 'program simulator', where: `${fixed.name}, frame ${i}`, what: JSON.stringify(program) };
  }
  return null;
}

/** Cycles that no frame of the fixed set needs under any of its stalls. */
const HANG_LIMIT = 100_000;
/** Full rate, then every kind of stalls. */
const FLOWS = [undefined, ...STALLS.map((both) => ({ ...both, seed: 1 }))];

/**
 * A machine that was loaded with other images than those that golden model and program simulator have: frames one by
 * one and queued at the door, at full rate and under stalls.
 */
export async function loadedVerdict(fixed: FixedCase, binary: string, images: Images): Promise<Caught | null> {
  for (const pipelined of [false, true]) {
    for (const stalls of FLOWS) {
      const caught = await runFlow(fixed, binary, { images, pipelined, ...(stalls && { stalls }) });
      if (caught !== null) return caught;
    }
  }
  return null;
}

/** Frames that queue at the door, which verify does not let them. */
export async function queueVerdict(fixed: FixedCase, binary: string): Promise<Caught | null> {
  for (const stalls of FLOWS) {
    const caught = await runFlow(fixed, binary, { pipelined: true, ...(stalls && { stalls }) });
    if (caught !== null) return caught;
  }
  return null;
}

async function runFlow(
  { name, plan, frames }: FixedCase,
  binary: string,
  flow: { images?: Images; pipelined: boolean; stalls?: Stalls },
): Promise<Caught | null> {
  try {
    const queue = flow.pipelined ? [...frames, ...frames] : frames;
    const { difference } = await compareVerilog(plan, queue, binary, { ...flow, hangLimit: HANG_LIMIT });
    if (difference === null) return null;
    return { by: difference.includes(': hang: ') ? 'hang' : 'values', where: name, what: difference };
  } catch (error) {
    if (!(error instanceof SystoleError)) throw error;
    return { by: 'loading', where: name, what: error.message };
  }
}

function caughtBy({ name }: FixedCase, report: VerifyReport): Caught | null {
  const first = report.firstDivergence;
  if (first !== null) {
    const where = `${name}, frame ${first.frame}${first.stalled ? ' under stalls' : ''}`;
    const { layer, y, x, channel, expected, got, note } = first;
    const place = layer === null ? '' : `${layer} (${y}, ${x}) channel ${channel}: expected ${expected}, got ${got}`;
    const by = first.level === 'program' ? 'program simulator' : kindOf(note ?? '');
    return { by, where, what: [place, note].filter(Boolean).join('; ') };
  }
  if (report.cycles === report.planCycles) return null;
  return { by: 'cycles', where: name, what: `planned ${report.planCycles}, took ${report.cycles}` };
}

function kindOf(note: string): Caught['by'] {
  if (note.startsWith('no output came')) return 'hang';
  if (note.startsWith('the machine stopped with')) return 'error status';
  if (note.includes('a rule of its ports')) return 'stream rule';
  return note.includes('did not take its contents') ? 'loading' : 'values';
}
