/** The graph's 8-bit integer network: golden model against program simulator, every tensor and the output. */
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { readTensor } from '../../src/arch/plan/read-tensor.js';
import { inputBytes, outputValues } from '../../src/arch/plan/stream-frames.js';
import { type ActivationWrite, openProgram } from '../../src/arch/simulator/run-program.js';
import type { Graph } from '../../src/frontend/graph.js';
import { calibrate } from '../../src/quant/calibrate.js';
import { outputFrame } from '../../src/quant/frame.js';
import { runGolden } from '../../src/quant/golden.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { inputCodes, type ModelInputs } from '../../src/quant/numerics.js';
import { codesOfSamples, toIntegerNetwork, whatIsOpen } from '../../src/quant/to-integer-network.js';
import type { Run } from './forms.js';
import { MACHINE } from './machine.js';

/** The first difference in words; null without one. */
export async function integerDifference(graph: Graph, runs: readonly Run[]): Promise<string | null> {
  const samples = runs.map(({ inputs }) => inputs);
  const network = await integerNetwork(graph, samples);
  const plan = planNetwork(network, MACHINE);
  const program = openProgram(MACHINE, plan.images);
  for (const sample of samples) {
    const codes = inputCodes(network, sample);
    const golden = runGolden(network, codes);
    const writes: ActivationWrite[] = [];
    const { output } = program(inputBytes(plan.inputs, codes), { onWrite: (write) => writes.push(write) });
    for (const { output: tensor } of network.layers) {
      const found = readTensor(plan, writes, tensor);
      const difference = found && firstOther(golden.get(tensor)!, found);
      if (difference) return `tensor ${tensor}, ${difference}`;
    }
    const difference = firstOther(outputFrame(network, golden), outputValues(plan, output));
    if (difference !== null) return `the output, ${difference}`;
  }
  return null;
}

async function integerNetwork(graph: Graph, samples: readonly ModelInputs[]): Promise<IntegerNetwork> {
  const open = whatIsOpen(graph);
  const { mBits, bBits, nBits } = MACHINE;
  const options = { weights: 8, activations: 8, ends: 8, widths: { mBits, bBits, nBits } } as const;
  const missing = {
    calibration: open === 'everything' ? await calibrate(graph, samples) : null,
    input: open === 'input' ? codesOfSamples(samples.flatMap((sample) => Object.values(sample))) : null,
  };
  return toIntegerNetwork(graph, missing, options);
}

function firstOther(golden: Int32Array, found: Int32Array): string | null {
  const length = Math.max(golden.length, found.length);
  for (let i = 0; i < length; i++) {
    if (golden[i] !== found[i])
      return `element ${i}: the program simulator has ${found[i]}, the golden model ${golden[i]}`;
  }
  return null;
}
