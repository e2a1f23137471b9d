import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { checkGraph } from '../../src/frontend/check-graph.js';
import type { ArrangePart, Graph, GraphNode } from '../../src/frontend/graph.js';
import { GraphBuilder } from '../support/graph-builder.js';

const GRID = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };
const WHOLE: ArrangePart = { input: 'input', from: GRID, to: GRID, size: [4, 4, 2] };

/** A graph of 1x2x4x4 with one node more at its end; the tensors `more` are made by convolutions before it. */
function ending(node: object, shape: readonly number[] = [1, 2, 4, 4]): Graph {
  const built = new GraphBuilder([1, 2, 4, 4])
    .conv({ kernel: [1, 1], channels: 2 }, 'input')
    .pool('averagepool', { kernel: [4, 4] })
    .build();
  const last = { name: 'last', sources: [], output: 'y', ...node } as unknown as GraphNode;
  const output = { name: 'y', shape };
  const tensors = new Map([...built.tensors, ['y', output]]);
  const outputs = [...built.outputs, output];
  const modelOutputs = outputs.map((one) => ({ ...one, value: one.name, type: 'float32' }) as const);
  return { ...built, nodes: [...built.nodes, last], tensors, outputs, modelOutputs };
}

function fault(graph: Graph): string | null {
  try {
    checkGraph(graph, 'the test');
    return null;
  } catch (error) {
    if (error instanceof SystoleError && error.where === 'last') return error.message;
    throw error;
  }
}

const OPEN = { min: null, max: null };
const arrange = (parts: readonly object[], fill = 0) => ({
  kind: 'arrange',
  fill,
  parts: parts.map((part) => ({ ...WHOLE, ...part })),
});
const join = (kind: 'add' | 'mul', inputs: readonly string[]) => ({ kind, inputs, clamp: OPEN });
const border = (pads: readonly number[]) => ({
  ...{ kind: 'averagepool', border: 'excluded', input: 'input', pads, clamp: OPEN },
  ...{ kernel: [2, 2], strides: [1, 1], dilations: [3, 1] },
});

describe('a graph may end in', () => {
  it.each<[string, object, (readonly number[])?]>([
    ['a whole map', arrange([{}])],
    [
      'halves with a gap',
      arrange([{ size: [4, 1, 2] }, { from: { ...GRID, x: 3 }, to: { ...GRID, x: 3 }, size: [4, 1, 2] }]),
    ],
    ['rows in turn', arrange([{ to: { ...GRID, yStep: 2 } }, { to: { ...GRID, y: 1, yStep: 2 } }]), [1, 2, 8, 4]],
    ['a product with one pixel', join('mul', ['input', 'averagepool1.out'])],
    ['a sum with one pixel', join('add', ['conv0.out', 'averagepool1.out'])],
    ['an average without the border', border([1, 0, 1, 0]), [1, 2, 3, 3]],
  ])('%s', (_, node, shape) => {
    expect(fault(ending(node, shape))).toBeNull();
  });
});

describe('a graph is invalid that ends in', () => {
  it.each<[string, object, (readonly number[])?]>([
    ['no part', arrange([])],
    ['a part beyond its input', arrange([{ from: { ...GRID, y: 1 } }])],
    ['a part before its input', arrange([{ from: { ...GRID, x: -1 } }])],
    ['a part beyond the output', arrange([{ to: { ...GRID, c: 1 } }])],
    ['a part with half a step', arrange([{ size: [2, 4, 2], to: { ...GRID, yStep: 1.5 } }])],
    ['a part that goes back', arrange([{ size: [2, 4, 2], from: { ...GRID, y: 3, yStep: -1 } }])],
    ['a part of nothing', arrange([{ size: [0, 4, 2] }])],
    ['parts that meet', arrange([{ size: [4, 2, 2] }, { size: [4, 2, 2], to: { ...GRID, x: 1 } }])],
    ['a map filled with no number', arrange([{}], Number.NaN)],
    ['a vector of a map', arrange([{ size: [1, 1, 2] }]), [1, 2]],
    ['a product with two pixels', join('mul', ['averagepool1.out', 'input'])],
    ['a sum that enlarges', join('add', ['averagepool1.out', 'input']), [1, 2, 1, 1]],
    ['a function of another shape', { kind: 'pointwise', fn: 'tanh', alpha: 0, beta: 0, input: 'input' }, [1, 2, 4, 5]],
    [
      'slopes of no prelu',
      { kind: 'pointwise', fn: 'tanh', alpha: 0, beta: 0, input: 'input', slopes: Float32Array.of(1, 2) },
    ],
    ['a prelu without slopes', { kind: 'pointwise', fn: 'prelu', alpha: 0, beta: 0, input: 'input' }],
    [
      'too few slopes',
      { kind: 'pointwise', fn: 'prelu', alpha: 0, beta: 0, input: 'input', slopes: Float32Array.of(1) },
    ],
    ['an average of padding alone', { ...border([1, 0, 1, 0]), kernel: [1, 2], strides: [5, 1] }, [1, 2, 2, 3]],
  ])('%s', (_, node, shape) => {
    expect(fault(ending(node, shape))).toEqual(expect.any(String));
  });

  it.each([
    ['none', []],
    ['an empty row', [new Float32Array(0)]],
    ['rows of two lengths', [Float32Array.of(1), Float32Array.of(1, 2)]],
    ['a row that falls', [Float32Array.of(2, 1)]],
    ['a row for half the channels', [Float32Array.of(1), Float32Array.of(1), Float32Array.of(1)]],
  ])('thresholds: %s', (_, thresholds) => {
    const quantizer = { kind: 'thresholds', thresholds, scale: 1, bias: 0 };
    expect(fault(ending({ kind: 'quant', input: 'input', quantizer }))).toEqual(expect.any(String));
  });
});
