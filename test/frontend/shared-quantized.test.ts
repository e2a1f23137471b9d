import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import proto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { readNpz } from '../../src/base/npz.js';
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Graph, GraphNode } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { inspectOnnx } from '../../src/frontend/inspect-onnx.js';
import { kindsOf } from '../support/host-chain.js';
import { compareWithRuntime } from '../support/same-as-runtime.js';

const MODELS = fileURLToPath(new URL('../../../shared/models/', import.meta.url));
const present = existsSync(MODELS);
const model = (name: string): Uint8Array => readFileSync(`${MODELS}${name}.onnx`);

/** Largest difference from the reference for each of its inputs, and on how many the largest output is the same one. */
async function againstReference(name: string): Promise<{ graph: Graph; differences: number[]; sameTop: number }> {
  const file = readFileSync(`${MODELS}reference/${name}.npz`);
  const [inputs, outputs] = ['inputs', 'outputs'].map((key) => readNpz(file, key, name)) as [
    ReturnType<typeof readNpz>,
    ReturnType<typeof readNpz>,
  ];
  const count = inputs.shape[0]!;
  const part = (data: ArrayLike<number>, i: number): Float32Array => {
    const size = data.length / count;
    return Float32Array.from({ length: size }, (_, k) => Number(data[i * size + k]));
  };
  const top = (values: Float32Array): number => values.indexOf(Math.max(...values));
  const graph = importOnnx(model(name));
  const runner = await openFloatModel(graphToOnnx(graph));
  const differences: number[] = [];
  let sameTop = 0;
  for (let i = 0; i < count; i++) {
    const expected = part(outputs.data as ArrayLike<number>, i);
    const found = (await runner.run(part(inputs.data as ArrayLike<number>, i))).get(graph.modelOutputs[0]!.name)!;
    differences.push(Math.max(...found.map((x, k) => Math.abs(x - expected[k]!))));
    if (top(found) === top(expected)) sameTop++;
  }
  await runner.close();
  return { graph, differences, sameTop };
}

const counts = (nodes: readonly GraphNode[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const { kind } of nodes) found[kind] = (found[kind] ?? 0) + 1;
  return found;
};

/** Every convolution and dense layer has codes; their bits. */
const bits = (nodes: readonly GraphNode[]): number[] =>
  nodes.flatMap((n) => (n.kind === 'conv' || n.kind === 'dense' ? [n.codes!.bits] : []));

describe.skipIf(!present)('the shared quantized models (skipped where ../shared/models is absent)', () => {
  it.each([
    ['tfc-w1a1-qonnx', 1],
    ['tfc-w1a2-qonnx', 1],
    ['tfc-w2a2-qonnx', 2],
  ])('%s computes its reference outputs, weights of %i bits', async (name, width) => {
    const { graph, differences } = await againstReference(name);
    expect(Math.max(...differences)).toBeLessThan(1e-6);
    expect(bits(graph.nodes)).toEqual([width, width, width, width]);
    expect(graph.nodes.filter((n) => n.kind === 'affine' && n.norm !== undefined)).toHaveLength(3);
  });

  it('kws-mlp-w3a3-qonnx computes its reference outputs, a scale for each output', async () => {
    const { graph, differences } = await againstReference('kws-mlp-w3a3-qonnx');
    expect(Math.max(...differences)).toBeLessThan(2e-5);
    expect(bits(graph.nodes)).toEqual([3, 3, 3, 3]);
    expect(counts(graph.nodes)).toEqual({ quant: 4, dense: 4, affine: 3 });
  });

  it('mnist-cnn-qonnx computes its reference outputs, 16-bit activations and a sigmoid on the host', async () => {
    const { graph, differences } = await againstReference('mnist-cnn-qonnx');
    expect(Math.max(...differences)).toBeLessThan(1e-6);
    expect(bits(graph.nodes)).toEqual([8, 4, 8]);
    expect(kindsOf(graph)).toEqual(['sigmoid']);
  });

  it('kws-dscnn-qdq computes its reference outputs', async () => {
    const { graph, differences } = await againstReference('kws-dscnn-qdq');
    expect(Math.max(...differences)).toBeLessThan(1e-6);
    expect(counts(graph.nodes)).toEqual({ quant: 12, conv: 9, averagepool: 1, dense: 1 });
  });

  it('resnet8-qdq computes its reference outputs but where those were rounded apart', async () => {
    const { graph, differences, sameTop } = await againstReference('resnet8-qdq');
    expect(differences.filter((d) => d < 1e-6).length).toBeGreaterThanOrEqual(28);
    expect(sameTop).toBe(32);
    expect(counts(graph.nodes)).toEqual({ quant: 15, conv: 9, add: 3, averagepool: 1, dense: 1 });
  });

  it('micro-kws-qdq computes what ONNX Runtime computes of it as it is written', async () => {
    const { graph, difference } = await compareWithRuntime(model('micro-kws-qdq'), { inputs: 20, low: -5, high: 5 });
    expect(difference).toBe(0);
    expect(kindsOf(graph)).toEqual(['softmax', 'quantize']);
  });

  it('micro-kws-qlinear computes what ONNX Runtime computes of it, up to the softmax that overflows there', async () => {
    const message = proto.onnx.ModelProto.decode(model('micro-kws-qlinear'));
    const softmax = message.graph!.node!.find((n) => n.opType === 'QLinearSoftmax')!;
    const logits = { opType: 'DequantizeLinear', input: softmax.input!.slice(0, 3), output: ['logits'] };
    message.graph!.node!.push(proto.onnx.NodeProto.create(logits));
    message.graph!.output = [proto.onnx.ValueInfoProto.create({ name: 'logits' })];
    const bytes = proto.onnx.ModelProto.encode(message).finish();
    const { difference } = await compareWithRuntime(bytes, { inputs: 20, low: -5, high: 5 });
    expect(difference).toBe(0);
    expect(kindsOf(importOnnx(model('micro-kws-qlinear'))).at(-1)).toBe('quantize');
  });

  it('are inspected: dialect, multiplications and weights as of their float twins', () => {
    const found = (name: string) => inspectOnnx(model(name));
    expect(found('resnet8-qdq')).toMatchObject({ dialect: 'QDQ', macs: 12501632, weights: 77360, supported: true });
    expect(found('micro-kws-qdq')).toMatchObject({
      dialect: 'QDQ',
      macs: found('micro-kws-float').macs,
      obstacles: [],
    });
    expect(found('micro-kws-qlinear')).toMatchObject({ dialect: 'QOperator', macs: found('micro-kws-float').macs });
    expect(found('tfc-w1a1-qonnx')).toMatchObject({ dialect: 'QONNX', macs: 784 * 64 + 2 * 64 * 64 + 640 });
    expect(found('kws-mlp-w3a3-qonnx')).toMatchObject({ dialect: 'QONNX', macs: 259584, supported: true });
    expect(found('mnist-cnn-qonnx').host).toEqual([{ kind: 'sigmoid', node: 'Sigmoid_0', values: 10 }]);
  });
});
