/** Golden model against program simulator: every tensor and the output stream, code for code. */

import type { Machine } from '../../src/arch/machine.js';
import type { Plan } from '../../src/arch/plan/plan.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { readTensor } from '../../src/arch/plan/read-tensor.js';
import { inputBytes, outputBytes, outputValues } from '../../src/arch/plan/stream-frames.js';
import { type ActivationWrite, runProgram } from '../../src/arch/simulator/run-program.js';
import { outputFrame } from '../../src/quant/frame.js';
import { runGolden } from '../../src/quant/golden.js';
import type { IntegerNetwork } from '../../src/quant/network.js';

export interface Divergence {
  readonly tensor: string;
  readonly index: number;
  readonly expected: number | undefined;
  readonly actual: number | undefined;
}

export interface Comparison {
  readonly plan: Plan;
  /** Tensors compared, the output last. */
  readonly tensors: readonly string[];
  readonly divergence: Divergence | null;
}

/** @param frame codes of all inputs, one after the other */
export function compareLevels(network: IntegerNetwork, machine: Machine, frame: ArrayLike<number>): Comparison {
  return comparePlan(planNetwork(network, machine), frame);
}

/** The plan's images, whatever its records say. */
export function comparePlan(plan: Plan, frame: ArrayLike<number>): Comparison {
  const { network } = plan;
  const writes: ActivationWrite[] = [];
  const bytes = inputBytes(plan.inputs, frame);
  const { output } = runProgram(plan.machine, plan.images, bytes, { onWrite: (write) => writes.push(write) });
  const golden = runGolden(network, frame);
  const tensors: string[] = [];
  for (const layer of network.layers) {
    const actual = readTensor(plan, writes, layer.output);
    if (actual === undefined) continue;
    tensors.push(layer.output);
    const divergence = firstDifference(layer.output, golden.get(layer.output)!, actual);
    if (divergence) return { plan, tensors, divergence };
  }
  tensors.push(...network.outputs.map(({ tensor }) => tensor));
  const expected = outputBytes(plan.outputs);
  if (output.length !== expected) {
    return { plan, tensors, divergence: { tensor: 'bytes of the output', index: 0, expected, actual: output.length } };
  }
  return {
    plan,
    tensors,
    divergence: firstDifference('output', outputFrame(network, golden), outputValues(plan, output)),
  };
}

function firstDifference(tensor: string, expected: Int32Array, actual: Int32Array): Divergence | null {
  const length = Math.max(expected.length, actual.length);
  for (let index = 0; index < length; index++) {
    if (expected[index] !== actual[index]) return { tensor, index, expected: expected[index], actual: actual[index] };
  }
  return null;
}
