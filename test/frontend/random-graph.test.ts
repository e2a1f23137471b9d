import { describe, expect, it } from 'vitest';
import { checkGraph } from '../../src/frontend/check-graph.js';
import { openFloatModel } from '../../src/frontend/float-model.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { randomGraph } from '../../src/frontend/random-graph.js';

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
