/** A frame by the golden model, and the program simulator held against it. */

import { inputBytes, outputValues } from '../../arch/plan/stream-frames.js';
import { openProgram } from '../../arch/simulator/run-program.js';
import { SystoleError } from '../../base/error.js';
import type { FrameCodes } from '../../quant/frame.js';
import { runGolden } from '../../quant/golden.js';
import type { CompiledModel } from '../model.js';
import { firstPlace, type Place, placeless } from './divergence.js';
import { type TensorCollector, tensorCollector } from './written-tensors.js';

export interface Reference {
  /** Every tensor, NHWC. */
  readonly golden: ReadonlyMap<string, Int32Array>;
  /** Where the program simulator first differs from it. */
  readonly program: Place | null;
}

export type VerifiedModel = Pick<CompiledModel, 'machine' | 'network' | 'layout' | 'images'>;

/** @returns frame (codes, one a byte, NHWC) -> reference; memories are decoded once */
export function referenceRunner(model: VerifiedModel): (frame: FrameCodes) => Reference {
  const run = programRunner(model);
  return (frame) => {
    const golden = runGolden(model.network, frame);
    const collector = tensorCollector(model.layout, model.machine.activationDigit);
    const { bytes, refusal } = run(inputBytes(model.layout.inputs, frame), collector);
    const observed = { tensors: collector.result(), output: outputValues(model.layout, bytes) };
    const place = firstPlace(model.layout, golden, observed);
    return { golden, program: refusal ? { ...(place ?? placeless('')), note: refusal } : place };
  };
}

interface ProgramFrame {
  readonly bytes: Uint8Array;
  /** Why the simulator stopped: a program that no machine may run. */
  readonly refusal: string | null;
}

function programRunner({ machine, images }: VerifiedModel): (bytes: Uint8Array, to: TensorCollector) => ProgramFrame {
  let run: ReturnType<typeof openProgram> | undefined;
  return (frame, to) => {
    try {
      run ??= openProgram(machine, images);
      const { output } = run(frame, { onWrite: to.take });
      return { bytes: output, refusal: null };
    } catch (error) {
      if (!(error instanceof SystoleError)) throw error;
      return { bytes: new Uint8Array(), refusal: error.message };
    }
  };
}
