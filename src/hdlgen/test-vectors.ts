/** Frames with their results by the golden model, as bytes of the streams. */
import type { Plan } from '../arch/plan/plan.js';
import { randomSource } from '../base/random.js';
import { runGolden } from '../quant/golden.js';

/** Bytes of the input stream and of the output stream, frame by frame. */
export interface TestVectors {
  readonly frames: readonly Uint8Array[];
  readonly results: readonly Uint8Array[];
}

/** @param frames input codes, one a byte, NHWC */
export function goldenVectors(plan: Plan, frames: readonly Uint8Array[]): TestVectors {
  return { frames, results: frames.map((frame) => goldenResult(plan, frame)) };
}

/** Frames of random codes, every code of the input's bits equally likely; the same seed gives the same frames. */
export function randomFrames(plan: Pick<Plan, 'network' | 'input'>, count: number, seed: number): Uint8Array[] {
  const { bits } = plan.network.tensors[plan.network.inputs[0]!.tensor]!;
  const random = randomSource(seed);
  const frame = () => Uint8Array.from({ length: plan.input.codes }, () => random.integer(0, 2 ** bits - 1));
  return Array.from({ length: count }, frame);
}

/** What the output stream carries for one frame: elements of elementBytes, little endian, NHWC. */
function goldenResult(plan: Plan, frame: Uint8Array): Uint8Array {
  const values = runGolden(plan.network, frame).get(plan.output.tensor)!;
  const { elementBytes } = plan.output;
  const bytes = new Uint8Array(values.length * elementBytes);
  values.forEach((value, i) => {
    for (let byte = 0; byte < elementBytes; byte++) bytes[i * elementBytes + byte] = value >> (8 * byte);
  });
  return bytes;
}
