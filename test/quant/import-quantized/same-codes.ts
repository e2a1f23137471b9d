/** Quantized graphs built by hand: the integer network's codes against exact arithmetic on the graph. */
import { expect } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { checkGraph } from '../../../src/frontend/check-graph.js';
import type { Graph } from '../../../src/frontend/graph.js';
import { openFastModel } from '../../../src/quant/fast/open-fast-model.js';
import { runGolden } from '../../../src/quant/golden.js';
import { importQuantized } from '../../../src/quant/import-quantized/import-quantized.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../../src/quant/numerics.js';
import { compareLevels } from '../../support/compare-levels.js';
import { evaluateGraph } from '../../support/evaluate-graph.js';
import { GraphBuilder } from '../../support/graph-builder.js';
import { testMachine } from '../../support/machines.js';

const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };
export const SAME = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;
const memory = { tableEntries: 2 ** 13, parameterWords: 2 ** 13, weightWords: 2 ** 16, activationWords: 2 ** 16 };
export const MACHINES = [
  testMachine({ memory }),
  testMachine({ rows: 2, activationDigit: 4, weightDigit: 2, accBits: 32, memory }),
];

export function imported(graph: Graph): IntegerNetwork {
  checkGraph(graph, 'the builder');
  return importQuantized(graph, { widths: WIDTHS });
}

/** Every tensor of the network stands for the values of the graph's quantizer of its name, on random inputs. */
export function expectSameCodes(
  graph: Graph,
  network: IntegerNetwork,
  { frames = 6, size = 12, machines = MACHINES } = {},
): void {
  const random = randomSource(7);
  const oneScale = graph.nodes.filter(
    (node) => node.kind === 'quant' && (node.quantizer.kind !== 'uniform' || node.quantizer.scale.length === 1),
  );
  const comparable = new Set(oneScale.map((node) => node.output));
  const count = graph.inputs[0]!.shape.reduce((a, b) => a * b, 1);
  for (let frame = 0; frame < frames; frame++) {
    // Multiples of 1/8: sums of them are exact, and meet ties.
    const input = Array.from({ length: count }, () => random.integer(-8 * size, 8 * size) / 8);
    const real = evaluateGraph(graph, input);
    const codes = inputCodes(network, Float32Array.from(input));
    const values = runGolden(network, codes);
    const fast = openFastModel(network).run(codes);
    for (const [name, map] of values) {
      expect([...fast.get(name)!], name).toEqual([...map]);
      const tensor = network.tensors[name]!;
      if (!comparable.has(name)) continue;
      const back = Array.from(map, (code) => tensor.scale * (code - tensor.zero));
      expect(back, name).toEqual(channelsLast(real.get(name)!, tensor.channels));
    }
    const output = modelOutput(network, values.get(network.outputs[0]!.tensor)!);
    expect([...output]).toEqual(real.get(graph.outputs[0]!.name)!.map(Math.fround));
    for (const machine of machines) {
      expect(compareLevels(network, machine, codes).divergence, machine.name).toBeNull();
    }
  }
}

function channelsLast(values: readonly number[], channels: number): number[] {
  const pixels = values.length / channels;
  return values.map((_, i) => values[(i % channels) * pixels + Math.floor(i / channels)]!);
}

export function expectExact(network: IntegerNetwork): void {
  for (const layer of network.layers) expect(layer.exactness, layer.name).toEqual({ kind: 'exact' });
}

export function exactly(
  build: (builder: GraphBuilder) => GraphBuilder,
  shape: readonly number[] = [1, 3, 5, 5],
  options: Parameters<typeof expectSameCodes>[2] = {},
): IntegerNetwork {
  const graph = build(new GraphBuilder(shape, 3)).build();
  const network = imported(graph);
  expectExact(network);
  expectSameCodes(graph, network, options);
  return network;
}
