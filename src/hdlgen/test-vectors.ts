/** Frames with their results by the golden model, as bytes of the streams. */

import type { Plan } from '../arch/plan/plan.js';
import { inputBytes, outputBytes } from '../arch/plan/stream-frames.js';
import { randomSource } from '../base/random.js';
import type { FrameCodes } from '../quant/frame.js';
import { runGolden } from '../quant/golden.js';

/** Bytes of the input stream and of the output stream, frame by frame. */
export interface TestVectors {
  readonly frames: readonly Uint8Array[];
  readonly results: readonly Uint8Array[];
}

/** @param frames codes of all inputs, one after the other, NHWC */
export function goldenVectors(plan: Plan, frames: readonly FrameCodes[]): TestVectors {
  return {
    frames: frames.map((frame) => inputBytes(plan.inputs, frame)),
    results: frames.map((frame) => goldenResult(plan, frame)),
  };
}

/** Frames of random codes, every code of its input's bits equally likely; the same seed gives the same frames. */
export function randomFrames(
  { network, inputs }: Pick<Plan, 'network' | 'inputs'>,
  count: number,
  seed: number,
): FrameCodes[] {
  const random = randomSource(seed);
  const tops = inputs.flatMap(({ tensor, codes }) =>
    Array.from({ length: codes }, () => 2 ** network.tensors[tensor]!.bits - 1),
  );
  const wide = tops.some((top) => top > 255);
  const code = (top: number): number => random.integer(0, top);
  const frame = (): FrameCodes => (wide ? Uint16Array.from(tops, code) : Uint8Array.from(tops, code));
  return Array.from({ length: count }, frame);
}

/** What the output stream carries for one frame: every output from a fresh beat on, little endian, NHWC. */
function goldenResult({ network, outputs }: Plan, frame: FrameCodes): Uint8Array {
  const golden = runGolden(network, frame);
  const bytes = new Uint8Array(outputBytes(outputs));
  for (const { tensor, elementBytes, firstByte } of outputs) {
    golden.get(tensor)!.forEach((value, i) => {
      for (let byte = 0; byte < elementBytes; byte++) bytes[firstByte + i * elementBytes + byte] = value >> (8 * byte);
    });
  }
  return bytes;
}
