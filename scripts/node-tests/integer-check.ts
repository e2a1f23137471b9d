/** The graph's 8-bit integer network: golden model against program simulator, every tensor and the output. */
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import type { Graph } from '../../src/frontend/graph.js';
import { calibrate } from '../../src/quant/calibrate.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { inputCodes } from '../../src/quant/numerics.js';
import { codesOfSamples, toIntegerNetwork, whatIsOpen } from '../../src/quant/to-integer-network.js';
import { referenceRunner } from '../../src/runtime/verify/reference.js';
import type { Run } from './forms.js';
import { MACHINE } from './machine.js';

/** The first difference in words; null without one. */
export async function integerDifference(graph: Graph, runs: readonly Run[]): Promise<string | null> {
  const samples = runs.map(({ inputs }) => inputs[0]!);
  const network = await integerNetwork(graph, samples);
  const plan = planNetwork(network, MACHINE);
  const reference = referenceRunner({ machine: MACHINE, network, layout: plan, images: plan.images });
  for (const sample of samples) {
    const { program } = reference(Uint8Array.from(inputCodes(network, sample)));
    if (program !== null) return `the program simulator differs from the golden model: ${JSON.stringify(program)}`;
  }
  return null;
}

async function integerNetwork(graph: Graph, samples: readonly Float32Array[]): Promise<IntegerNetwork> {
  const open = whatIsOpen(graph);
  const { mBits, bBits, nBits } = MACHINE;
  const options = { weights: 8, activations: 8, ends: 8, widths: { mBits, bBits, nBits } } as const;
  return toIntegerNetwork(
    graph,
    {
      calibration: open === 'everything' ? await calibrate(graph, samples) : null,
      input: open === 'input' ? codesOfSamples(samples) : null,
    },
    options,
  );
}
