import { describe, expect, it } from 'vitest';
import { randomSource } from '../../src/base/random.js';
import { checkGraph } from '../../src/frontend/check-graph.js';
import { openFloatModel } from '../../src/frontend/float-model.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { randomGraph } from '../../src/frontend/random-graph.js';
import { evaluateGraph } from '../support/evaluate-graph.js';

const SEEDS = Array.from({ length: 200 }, (_, i) => i);

describe('random graphs', () => {
  it('are valid, and the same for the same seed', () => {
    for (const seed of SEEDS) {
      checkGraph(randomGraph(seed), 'random');
      expect(randomGraph(seed)).toEqual(randomGraph(seed));
    }
  });

  it('hold every kind of layer, stride, dilation, padding and clamp', () => {
    const nodes = SEEDS.flatMap((seed) => randomGraph(seed).nodes);
    const count = (holds: (node: (typeof nodes)[number]) => boolean) => nodes.filter(holds).length;
    for (const kind of ['conv', 'dense', 'add', 'maxpool', 'averagepool']) {
      expect(
        count((node) => node.kind === kind),
        kind,
      ).toBeGreaterThanOrEqual(10);
    }
    expect(count((node) => node.kind === 'conv' && node.groups > 1)).toBeGreaterThanOrEqual(10);
    for (const stride of [1, 2, 3]) {
      expect(count((node) => 'strides' in node && node.strides.includes(stride))).toBeGreaterThanOrEqual(10);
    }
    expect(count((node) => 'dilations' in node && node.dilations.includes(2))).toBeGreaterThanOrEqual(10);
    expect(count((node) => 'pads' in node && node.pads.some((pad) => pad > 0))).toBeGreaterThanOrEqual(10);
    expect(count((node) => 'clamp' in node && node.clamp.max === 1)).toBeGreaterThanOrEqual(10);
  });

  it('of all kinds hold products, functions, border averages and moved values', () => {
    const nodes = SEEDS.flatMap((seed) => {
      const graph = randomGraph(seed, 'all');
      checkGraph(graph, 'random');
      return graph.nodes;
    });
    for (const kind of ['mul', 'pointwise', 'arrange']) {
      expect(nodes.filter((node) => node.kind === kind).length, kind).toBeGreaterThanOrEqual(30);
    }
    expect(nodes.filter((node) => node.kind === 'add' && node.sign === -1).length).toBeGreaterThanOrEqual(5);
    expect(nodes.filter((node) => 'border' in node).length).toBeGreaterThanOrEqual(5);
    expect(nodes.filter((node) => node.kind === 'arrange' && node.fill !== 0).length).toBeGreaterThanOrEqual(5);
    expect(nodes.filter((node) => node.kind === 'arrange' && node.parts.length > 2).length).toBeGreaterThanOrEqual(20);
    expect(new Set(nodes.flatMap((node) => (node.kind === 'pointwise' ? [node.fn] : []))).size).toBeGreaterThan(12);
  });

  it('of all kinds are the same graph in doubles, in ONNX Runtime, and imported again', async () => {
    for (const seed of SEEDS.slice(0, 40)) {
      const graph = randomGraph(seed, 'all');
      const bytes = graphToOnnx(graph);
      // Erf is no operator of the import's: the ONNX form of this function is its own only from operator set 20 on.
      const hasErf = graph.nodes.some((node) => node.kind === 'pointwise' && node.fn === 'gelu' && node.alpha !== 1);
      const files = hasErf ? [bytes] : [bytes, graphToOnnx(importOnnx(bytes))];
      const size = graph.inputs[0]!.shape.reduce((a, b) => a * b, 1);
      const random = randomSource(seed);
      const input = Array.from({ length: size }, () => Math.fround(2 * random.uniform() - 1));
      const expected = evaluateGraph(graph, input).get(graph.outputs[0]!.name)!;
      const largest = Math.max(...expected.map(Math.abs), 1e-3);
      for (const model of await Promise.all(files.map((file) => openFloatModel(file)))) {
        const values = (await model.run(Float32Array.from(input))).get(graph.modelOutputs[0]!.name)!;
        expect(values.length).toBe(expected.length);
        const difference = Math.max(...expected.map((value, i) => Math.abs(value - values[i]!)));
        expect(difference / largest, `seed ${seed}`).toBeLessThan(1e-4);
        await model.close();
      }
    }
  });

  it('become ONNX files that ONNX Runtime runs and the import takes', async () => {
    for (const seed of SEEDS.slice(0, 20)) {
      const graph = randomGraph(seed);
      const bytes = graphToOnnx(graph);
      const model = await openFloatModel(bytes);
      const size = graph.inputs[0]!.shape.reduce((a, b) => a * b, 1);
      const values = (await model.run(new Float32Array(size).fill(0.5))).get(graph.modelOutputs[0]!.name)!;
      expect(values.length).toBe(graph.modelOutputs[0]!.shape.reduce((a, b) => a * b, 1));
      await model.close();
      expect(importOnnx(bytes).outputs[0]!.shape).toEqual(graph.outputs[0]!.shape);
    }
  });
});
