/** Simulated frames against the golden model and the program simulator. */

import { outputBytes, outputValues } from '../../arch/plan/stream-frames.js';
import { explainWaiting } from '../../arch/register-values.js';
import type { SystoleError } from '../../base/error.js';
import type { FrameCodes } from '../../quant/frame.js';
import { errorNames } from '../diagnosis.js';
import { othersTurn } from '../links/turn.js';
import type { SimulatedFrame } from '../links/verilated.js';
import { firstPlace, type Place, placeless } from './divergence.js';
import { type Reference, referenceRunner, type VerifiedModel } from './reference.js';
import { tensorCollector } from './written-tensors.js';

export interface FrameCheck {
  readonly index: number;
  /** Where the program simulator, and the Verilog, first differ from the golden model. */
  readonly program: Place | null;
  readonly verilog: Place | null;
  /** null: the frame gave no output. */
  readonly cycles: number | null;
}

export interface FrameChecker {
  check(index: number, frame: SimulatedFrame): FrameCheck;
  /** The output alone, of a frame that had others before and behind it in the machine. */
  checkOutput(index: number, frame: SimulatedFrame): FrameCheck;
  /** A frame that was never simulated because the machine failed. */
  failed(index: number, error: SystoleError): FrameCheck;
  /** Computes the references that are still missing, a frame at a time, others taking turns. */
  prepare(): Promise<void>;
}

export function frameChecker(model: VerifiedModel, frames: readonly FrameCodes[]): FrameChecker {
  const run = referenceRunner(model);
  const references: Reference[] = [];
  const reference = (index: number): Reference => {
    references[index] ??= run(frames[index]!);
    return references[index]!;
  };
  return {
    check: (index, frame) => {
      const { golden, program } = reference(index);
      const cycles = frame.kind === 'output' ? frame.cycles : null;
      const verilog = verilogPlace(model, golden, frame) ?? cyclesPlace(frame);
      return { index, program, verilog, cycles };
    },
    checkOutput: (index, frame) => {
      const { golden, program } = reference(index);
      return { index, program, verilog: verilogPlace(model, golden, { ...frame, writes: null }), cycles: null };
    },
    failed: (index, error) => ({
      index,
      program: reference(index).program,
      verilog: placeless([error.message, error.actual].filter(Boolean).join(': ')),
      cycles: null,
    }),
    prepare: async () => {
      for (const index of frames.keys()) {
        reference(index);
        await othersTurn();
      }
    },
  };
}

type WithoutWrites<T> = T extends SimulatedFrame ? Omit<T, 'writes'> & { readonly writes: null } : never;
/** writes: null where nobody traced them. */
type Frame = SimulatedFrame | WithoutWrites<SimulatedFrame>;

function verilogPlace(model: VerifiedModel, golden: Reference['golden'], frame: Frame): Place | null {
  const { layout, machine } = model;
  const bytes = frame.kind === 'output' ? frame.bytes : new Uint8Array();
  const collector = tensorCollector(layout, machine.activationDigit);
  for (const write of frame.writes ?? []) collector.take(write);
  const tensors = frame.writes ? collector.result() : null;
  const place = firstPlace(layout, golden, { tensors, output: outputValues(layout, bytes) });
  const note = noteOf(frame, outputBytes(layout.outputs));
  return note === null ? place : { ...(place ?? placeless('')), note };
}

/** What the codes alone do not say. */
function noteOf(frame: Frame, outputBytes: number): string | null {
  if (frame.kind !== 'output') {
    const why =
      frame.error === 0 ? 'no output came' : `the machine stopped with ${errorNames(frame.error).join(' + ')}`;
    return `${why}; ${explainWaiting(frame.waiting, frame.movers)}`;
  }
  return frame.bytes.length === outputBytes ? null : `${frame.bytes.length} bytes left the machine, not ${outputBytes}`;
}

function cyclesPlace(frame: SimulatedFrame): Place | null {
  if (frame.kind !== 'output' || frame.cycles === frame.cyclesRegister) return null;
  return placeless(`register CYCLES says ${frame.cyclesRegister}, counted outside: ${frame.cycles}`);
}
