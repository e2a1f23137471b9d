/** Random graphs of every kind of node: quantized, golden model and program simulator agree, and the ledger stays within two codes. */
import { expect, it } from 'vitest';
import { randomSource } from '../../src/base/random.js';
import type { Graph } from '../../src/frontend/graph.js';
import { randomGraph } from '../../src/frontend/random-graph.js';
import { calibrate } from '../../src/quant/calibrate.js';
import { inputCodes, type ModelInputs } from '../../src/quant/numerics.js';
import { quantizeGraph } from '../../src/quant/quantize-graph.js';
import { compareLevels } from '../support/compare-levels.js';
import { testMachine } from '../support/machines.js';

const SEEDS = Array.from({ length: 16 }, (_, i) => i);
const MACHINE = testMachine({
  counters: 128,
  memory: {
    groups: 4,
    tableEntries: 2 ** 14,
    activationWords: 2 ** 16,
    weightWords: 2 ** 16,
    parameterWords: 2 ** 13,
    passEntries: 2 ** 12,
    programWords: 2 ** 15,
  },
});

function samplesFor(graph: Graph, seed: number): ModelInputs[] {
  const random = randomSource(seed);
  const draw = (shape: readonly number[]): Float32Array =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * random.uniform() - 1);
  return Array.from({ length: 4 }, () =>
    graph.inputs.length === 1
      ? draw(graph.inputs[0]!.shape)
      : Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, draw(shape)])),
  );
}

it.each(SEEDS)('the graph of seed %d', async (seed) => {
  const graph = randomGraph(seed, 'all');
  const samples = samplesFor(graph, seed);
  const calibration = await calibrate(graph, samples);
  for (const [weights, activations] of [
    [8, 8],
    [3, 4],
  ] as const) {
    const widths = { mBits: 34, bBits: 64, nBits: 6 };
    const options = { weights, activations, ends: 8, widths, tableEntries: 2 ** 14 } as const;
    const network = quantizeGraph(graph, calibration, options);
    expect(compareLevels(network, MACHINE, inputCodes(network, samples[0]!)).divergence).toBe(null);
    for (const { exactness } of network.layers) {
      if (exactness.kind === 'approximate') expect(exactness.maxCodes).toBeLessThanOrEqual(2);
    }
  }
});
