/** One keyword CNN in three dialects against ONNX Runtime, operator by operator (../shared/models). */
import { existsSync, readFileSync } from 'node:fs';
import proto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import type { Graph, QuantNode, UniformQuantizer, WeightCodes } from '../../../src/frontend/graph.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { requantize } from '../../../src/quant/golden.js';
import { importQuantized } from '../../../src/quant/import-quantized/import-quantized.js';
import type { ConvLayer, IntegerNetwork } from '../../../src/quant/network.js';
import { inputCodes } from '../../../src/quant/numerics.js';
import { compareWithRuntime } from '../../support/same-as-runtime.js';
import { accumulators, tensorOf } from './layer-by-layer.js';
import { takenApart } from './taken-apart.js';

const SHARED = new URL('../../../../shared/models/', import.meta.url);
const present = existsSync(SHARED);
const read = (name: string): Uint8Array => readFileSync(new URL(`${name}.onnx`, SHARED));
const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };
const INPUTS = 200;

const quantizers = (graph: Graph): ReadonlyMap<string, UniformQuantizer> =>
  new Map(
    graph.nodes
      .filter((node): node is QuantNode => node.kind === 'quant')
      .map((node) => [node.output, node.quantizer as UniformQuantizer]),
  );

interface Outcome {
  readonly compared: number;
  /** Of each tensor, given ONNX Runtime's own codes in front of its layer. */
  readonly differing: Readonly<Record<string, number>>;
  /** Codes that are not those of an accumulator one unit more or less. */
  readonly unexplained: number;
}

/** Every layer on the codes that ONNX Runtime has in front of it. */
async function layersAgainstRuntime(bytes: Uint8Array): Promise<Outcome> {
  const graph = importOnnx(bytes);
  const network = importQuantized(graph, { widths: WIDTHS });
  for (const layer of network.layers) expect(layer.exactness, layer.name).toEqual({ kind: 'exact' });
  const grids = quantizers(graph);
  const model = proto.onnx.ModelProto.decode(bytes);
  model.graph!.output = [...grids.keys()].map((name) => proto.onnx.ValueInfoProto.create({ name }));
  const runtime = await openFloatModel(proto.onnx.ModelProto.encode(model).finish(), { asWritten: true });
  const random = randomSource(7);
  const differing: Record<string, number> = {};
  let unexplained = 0;
  for (let i = 0; i < INPUTS; i++) {
    const input = Float32Array.from({ length: 1960 }, () => random.uniform() * 10 - 5);
    const found = await runtime.run(input);
    const codes = new Map([...grids].map(([name, q]) => [name, toCodes(network, name, q, found.get(name)!)]));
    expect([...codes.get(network.inputs[0]!.tensor)!]).toEqual([...inputCodes(network, input)]);
    for (const layer of network.layers.filter((l): l is ConvLayer => l.kind === 'conv')) {
      const q = layer.requantize!;
      const { channels } = tensorOf(network, layer.output);
      const from = codes.get(layer.input) ?? pooled(network, codes, layer.input);
      const sums = accumulators(network, layer, from);
      codes.get(layer.output)!.forEach((code, k) => {
        if (requantize(sums[k]!, 0, q, k % channels) === code) return;
        differing[layer.output] = (differing[layer.output] ?? 0) + 1;
        if (![-1, 1].some((more) => requantize(sums[k]! + more, 0, q, k % channels) === code)) unexplained++;
      });
    }
  }
  await runtime.close();
  return { compared: grids.size, differing, unexplained };
}

/** The model's signed codes, NCHW, as the network's, NHWC. */
function toCodes(network: IntegerNetwork, name: string, q: UniformQuantizer, values: Float32Array): Uint16Array {
  const { channels, zero } = tensorOf(network, name);
  const pixels = values.length / channels;
  return Uint16Array.from(
    values,
    (_, i) => values[(i % channels) * pixels + Math.floor(i / channels)]! - q.zero[0]! + zero,
  );
}

/** The largest of two by two: pools in front of a layer are no tensor that the model quantizes again. */
function pooled(network: IntegerNetwork, codes: ReadonlyMap<string, Uint16Array>, name: string): Uint16Array {
  const pool = network.layers.find((layer) => layer.output === name)!;
  if (pool.kind !== 'maxpool') throw new Error(`${name} is not a pool's`);
  const from = codes.get(pool.input)!;
  const { width: wide } = tensorOf(network, pool.input);
  const { width, height, channels } = tensorOf(network, name);
  return Uint16Array.from({ length: height * width * channels }, (_, i) => {
    const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    const at = (dy: number, dx: number): number => from[((2 * y + dy) * wide + 2 * x + dx) * channels + c]!;
    return Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1));
  });
}

const weightCodes = (graph: Graph): readonly (WeightCodes | undefined)[] =>
  graph.nodes.flatMap((node) => (node.kind === 'conv' || node.kind === 'dense' ? [node.codes] : []));

describe.skipIf(!present)('micro-kws in three dialects (skipped where ../shared/models is absent)', () => {
  it('float: the graph computes what ONNX Runtime computes, on 200 inputs', async () => {
    const { difference } = await compareWithRuntime(read('micro-kws-float'), { inputs: INPUTS, low: -5, high: 5 });
    expect(difference).toBeLessThan(1e-5);
  });

  it('QLinear: every layer is exact, and one code of 200 inputs is another where ONNX Runtime rounds a float32 product', async () => {
    const { compared, differing, unexplained } = await layersAgainstRuntime(read('micro-kws-qlinear'));
    expect({ compared, unexplained }).toEqual({ compared: 12, unexplained: 0 });
    expect(Object.values(differing).reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(2);
  });

  it('QDQ: every layer is exact; codes are others only at ties that float32 sums miss, of averages of four above all', async () => {
    const { compared, differing, unexplained } = await layersAgainstRuntime(read('micro-kws-qdq'));
    expect({ compared, unexplained }).toEqual({ compared: 12, unexplained: 0 });
    const averages = Object.entries(differing).filter(([name]) => name.includes('AvgPool'));
    const others = Object.entries(differing).filter(([name]) => !name.includes('AvgPool'));
    expect(averages).toHaveLength(2);
    expect(others.reduce((sum, [, count]) => sum + count, 0)).toBeLessThan(100);
  });

  it('the two files hold the same weight codes, and no activation grid in common: they were calibrated apart', () => {
    const [qdq, qlinear] = [importOnnx(read('micro-kws-qdq')), importOnnx(read('micro-kws-qlinear'))];
    expect(weightCodes(qdq)).toEqual(weightCodes(qlinear));
    const [a, b] = [qdq, qlinear].map((graph) => [...quantizers(graph).values()].map((q) => q.scale[0]!));
    expect(a!.filter((scale) => b!.includes(scale))).toEqual([]);
  });

  it('the QLinear file with each operator taken apart into DequantizeLinear, operator and QuantizeLinear gives the same codes', () => {
    const bytes = read('micro-kws-qlinear');
    const [whole, apart] = [bytes, takenApart(bytes)].map((b) => importQuantized(importOnnx(b), { widths: WIDTHS }));
    const numbers = ({ layers }: IntegerNetwork) =>
      layers.map((layer) => (layer.kind === 'conv' ? [layer.weights, layer.requantize] : layer.kind));
    expect(numbers(apart!)).toEqual(numbers(whole!));
    expect(apart!.inputs).toMatchObject([{ shape: whole!.inputs[0]!.shape }]);
  });
});
