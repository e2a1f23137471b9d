import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import type { GraphNode } from '../../src/frontend/graph.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { inspectOnnx } from '../../src/frontend/inspect-onnx.js';
import { kindsOf } from '../support/host-chain.js';
import { compareWithRuntime } from '../support/same-as-runtime.js';

const MODELS = fileURLToPath(new URL('../../../shared/models/', import.meta.url));
const SHAPES = fileURLToPath(new URL('../../examples/shapes/shapes.onnx', import.meta.url));
const present = existsSync(MODELS);
const model = (name: string): Uint8Array => readFileSync(`${MODELS}${name}.onnx`);
const short = (node: GraphNode): string => node.kind + ('clamp' in node && node.clamp.min === 0 ? '+relu' : '');

describe('the model of the examples', () => {
  it('computes what ONNX Runtime computes', async () => {
    const { graph, difference } = await compareWithRuntime(readFileSync(SHAPES), { inputs: 3, low: 0 });
    expect(difference).toBeLessThan(1e-6);
    expect(graph.nodes.filter((node) => node.kind === 'conv')).toHaveLength(7);
  });
});

describe.skipIf(!present)('the shared models (skipped where ../shared/models is absent)', () => {
  it('mnist-8-float: SAME pads, biases added apart, weights reshaped in the graph', async () => {
    const { graph, difference } = await compareWithRuntime(model('mnist-8-float'), { inputs: 3, low: 0, high: 255 });
    expect(difference).toBeLessThan(1e-6);
    expect(graph.nodes.map(short)).toEqual(['conv+relu', 'maxpool', 'conv+relu', 'maxpool', 'dense']);
    expect(graph.nodes[0]).toMatchObject({ pads: [2, 2, 2, 2] });
    expect(graph.nodes.flatMap((node) => node.sources)).not.toContain('Times212_reshape1');
  });

  it('resnet8-float: residuals, a channels-last flattening, softmax on the host', async () => {
    const { graph, difference } = await compareWithRuntime(model('resnet8-float'), { inputs: 3, low: 0, high: 255 });
    expect(difference).toBeLessThan(1e-6);
    expect(graph.nodes.filter((node) => node.kind === 'conv')).toHaveLength(9);
    expect(graph.nodes.filter((node) => node.kind === 'add').map(short)).toEqual(['add+relu', 'add+relu', 'add+relu']);
    expect(kindsOf(graph)).toEqual(['softmax']);
  });

  it('micro-kws-float: a flat input, a channels-last flattening of a map', async () => {
    const { graph, difference } = await compareWithRuntime(model('micro-kws-float'), { inputs: 3 });
    expect(difference).toBeLessThan(1e-6);
    expect(graph.nodes.map((node) => node.kind)).toEqual([
      'conv',
      'maxpool',
      'conv',
      'averagepool',
      'conv',
      'averagepool',
      'dense',
      'dense',
      'dense',
    ]);
    expect(graph.inputs[0]!).toMatchObject({ shape: [1, 1, 49, 40], layout: { modelShape: [1, 1960] } });
  });

  it('are inspected: multiplications of the float ones, dialects of the others', () => {
    const found = (name: string) => inspectOnnx(model(name));
    expect(found('resnet8-float')).toMatchObject({
      dialect: 'float32',
      macs: 12501632,
      weights: 77360,
      supported: true,
    });
    expect(found('mnist-8-float')).toMatchObject({ dialect: 'float32', macs: 786560, supported: true });
    expect(found('resnet8-qdq').dialect).toBe('QDQ');
    expect(found('micro-kws-qlinear').dialect).toBe('QOperator');
    expect(found('tfc-w1a1-qonnx').dialect).toBe('QONNX');
  });

  it.each(['ultraface-rfb-320-heads-float', 'ultraface-rfb-320-float'])('%s is refused cleanly or imported', (name) => {
    try {
      importOnnx(model(name));
    } catch (error) {
      expect(error).toBeInstanceOf(SystoleError);
      expect((error as SystoleError).code).not.toBe('graph-invalid');
    }
  });
});
