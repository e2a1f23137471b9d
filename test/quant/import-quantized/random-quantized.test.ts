/**
 * Random quantized graphs written to ONNX, in ONNX Runtime, against the integer network in the golden model, the fast one and the
 * program simulator: the same codes
 * wherever the ledger says exact, and no further off than it says where it does not. RUNS sets how many, SEED which.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { SystoleError } from '../../../src/base/error.js';
import { randomSource } from '../../../src/base/random.js';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import type { Graph } from '../../../src/frontend/graph.js';
import { graphToOnnx } from '../../../src/frontend/graph-to-onnx.js';
import { openFastModel } from '../../../src/quant/fast/open-fast-model.js';
import { runGolden } from '../../../src/quant/golden.js';
import { operandsOf } from '../../../src/quant/layer-operands.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { inputCodes } from '../../../src/quant/numerics.js';
import { compareLevels } from '../../support/compare-levels.js';
import { randomQuantized, SMOOTH } from './random-quantized.js';
import { imported, MACHINES } from './same-codes.js';

const RUNS = Number(process.env.RUNS ?? 60);
const SEED = Number(process.env.SEED ?? 3);
const FRAMES = 3;

/** What became of the graphs: printed, so that it can be seen that they reach what they are meant to reach. */
const seen: Record<string, number> = {};
const count = (what: string): void => {
  seen[what] = (seen[what] ?? 0) + 1;
};

/** Tensors whose codes are certain, and those that one layer makes of such, off by so many codes at most. */
function certainty(graph: Graph, network: IntegerNetwork): ReadonlyMap<string, number> {
  const smooth = new Set(
    graph.nodes.flatMap((node) => (node.kind === 'pointwise' && SMOOTH.includes(node.fn) ? [node.name] : [])),
  );
  const off = new Map<string, number>(network.inputs.map(({ tensor }) => [tensor, 0]));
  for (const layer of network.layers) {
    const before = operandsOf(layer).map((name) => off.get(name) ?? Number.NaN);
    const moves = layer.kind === 'maxpool' || layer.kind === 'arrange';
    const most = Math.max(...before);
    const rounding = layer.sources.some((source) => smooth.has(source)) ? 1 : 0;
    const own = rounding + (layer.exactness.kind === 'approximate' ? layer.exactness.maxCodes : 0);
    off.set(layer.output, moves ? most : most === 0 ? own : Number.NaN);
  }
  return off;
}

async function sameAsRuntime(seed: number): Promise<void> {
  const graph = randomQuantized(seed);
  const network = importedOrRefused(graph);
  if (network === null) return;
  const off = certainty(graph, network);
  for (const { exactness } of network.layers) count(`layers ${exactness.kind}`);
  const quants = graph.nodes.flatMap((node) => (node.kind === 'quant' ? [node] : []));
  const made = new Set(graph.nodes.map(({ output }) => output));
  const model = await openFloatModel(
    graphToOnnx(graph, { outputs: quants.map((q) => q.output).filter((n) => made.has(n)) }),
    {
      asWritten: true,
    },
  );
  const random = randomSource(seed);
  const size = graph.inputs[0]!.shape.reduce((a, b) => a * b, 1);
  for (let frame = 0; frame < FRAMES; frame++) {
    const input = Float32Array.from({ length: size }, () => random.integer(-64, 64) / 8);
    const real = await model.run(input);
    const codes = inputCodes(network, input);
    const golden = runGolden(network, codes);
    const fast = openFastModel(network).run(codes);
    for (const [name, values] of golden) expect([...fast.get(name)!], name).toEqual([...values]);
    if (frame === 0) expect(compareLevels(network, MACHINES[seed % MACHINES.length]!, codes).divergence).toBeNull();
    for (const { output, quantizer } of quants) {
      const tensor = network.tensors[output];
      const most = off.get(output);
      if (tensor === undefined || most === undefined || Number.isNaN(most)) continue;
      count(`tensors ${quantizer.kind}`);
      const values = golden.get(output)!;
      const pixels = values.length / tensor.channels;
      values.forEach((code, i) => {
        const back = tensor.scale * (code - tensor.zero);
        const want = real.get(output)![(i % tensor.channels) * pixels + Math.floor(i / tensor.channels)]!;
        if (Math.abs(back - want) > most * tensor.scale + 1e-6 * Math.abs(want)) {
          throw new Error(`seed ${seed}, ${output}[${i}]: ${back} instead of ${want}, ${most} codes allowed`);
        }
      });
    }
  }
  await model.close();
}

function importedOrRefused(graph: Graph): IntegerNetwork | null {
  try {
    const network = imported(graph);
    count('taken');
    return network;
  } catch (error) {
    if (!(error instanceof SystoleError) || error.code !== 'network-unsupported') throw error;
    count(`refused: ${error.message}`);
    return null;
  }
}

describe('random quantized graphs', () => {
  afterAll(() => {
    const lines = Object.entries(seen).sort(([a], [b]) => (a < b ? -1 : 1));
    process.stdout.write(`${lines.map(([what, n]) => `  ${what}: ${n}`).join('\n')}\n`);
  });

  it('have the codes that ONNX Runtime has of them', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 1_000_000 }), sameAsRuntime), {
      numRuns: RUNS,
      seed: SEED,
    });
    const refused = Object.entries(seen).reduce((sum, [what, n]) => sum + (what.startsWith('refused') ? n : 0), 0);
    expect(refused).toBeLessThan(RUNS / 10);
  });
});
