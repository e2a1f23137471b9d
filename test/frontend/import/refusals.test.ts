import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../../src/base/error.js';
import { type ImportRefusal, importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import {
  buildOnnx,
  encodeModel,
  floats,
  ints,
  type ModelRecipe,
  modelProto,
  node,
  randomFloats,
} from '../../support/onnx-builder.js';

const relu = node('Relu', 'x', 'y');
const obstaclesOf = (recipe: ModelRecipe): readonly string[] =>
  (refusalOf(recipe) as ImportRefusal).obstacles.map((error) => `${error.code}: ${error.where}`);

describe('an unknown operator is refused', () => {
  it('by name, with its node and a hint', () => {
    const error = refusalOf({ nodes: [node('LRN', 'x', 'y', {}, { name: 'act3' })] });
    expect([error.code, error.where]).toEqual(['operator-unknown', 'node act3 (LRN)']);
    expect(error.message).toBe('LRN is not supported');
    expect(error.hint).toContain('BatchNormalization');
  });

  it('with the stage to save the model at, where FINN has made hardware layers of it', () => {
    const domain = 'finn.custom_op.fpgadataflow.hls';
    const error = refusalOf({ nodes: [node('MVAU_hls', 'x', 'y', {}, { domain })], domains: { [domain]: 1 } });
    expect([error.code, error.where]).toEqual(['operator-unknown', `node y (${domain}.MVAU_hls)`]);
    expect(error.hint).toContain('before it is converted');
  });

  it('with its domain, where that is not ONNX', () => {
    const recipe = { nodes: [node('Relu', 'x', 'y', {}, { domain: 'com.example' })], domains: { 'com.example': 1 } };
    const error = refusalOf(recipe);
    expect([error.code, error.where]).toEqual(['operator-unknown', 'node y (com.example.Relu)']);
    expect(error.hint).toContain('com.example');
  });

  it('with the list of those that are known, where there is no rewrite', () => {
    const names = refusalOf({ nodes: [node('Einsum', 'x', 'y')] })
      .hint!.replace('supported: ', '')
      .split(', ');
    expect(names).toContain('AveragePool');
    expect(names).toEqual([...new Set(names)].sort());
  });

  it('unless no output needs it', () => {
    const graph = importOnnx(buildOnnx({ nodes: [node('Einsum', 'x', 'e'), relu], outputs: ['y'] }));
    expect(graph.nodes.map((n) => n.name)).toEqual(['y']);
  });
});

it('every obstacle is found in one go, in the order of the nodes', () => {
  const nodes = [
    node('LRN', 'x', 'a'),
    node('Relu', 'a', 'b'),
    node('Conv', 'x w', 'c', { auto_pad: 'SAME' }),
    node('Conv', 'x v', 'd'),
    node('Add', 'b c', 'e'),
    node('Det', 'd', 'f'),
    node('Add', 'e f', 'y'),
  ];
  const initializers = { w: randomFloats([3, 3, 1, 1], 1), v: floats([1, 3, 1, 1], [1, Number.NaN, 1]) };
  expect(obstaclesOf({ nodes, initializers })).toEqual([
    'operator-unknown: node a (LRN)',
    'operator-limit: node c (Conv)',
    'weights-not-finite: v[0,1,0,0], used by node d (Conv)',
    'operator-unknown: node f (Det)',
  ]);
  const error = refusalOf({ nodes, initializers });
  expect(error.message).toBe('LRN is not supported (and 3 more, see inspect)');
});

describe('an operator set is refused', () => {
  it.each([6, 99])('of version %i', (opset) => {
    const error = refusalOf({ opset, nodes: [relu] });
    expect([error.code, error.where, error.actual]).toEqual(['operator-limit', 'node y (Relu)', `${opset}`]);
    expect(error.hint).toContain('convert_version');
  });

  it('that is not declared', () => {
    const model = modelProto({ nodes: [relu] });
    model.opsetImport = [];
    expect(codeAndPlace(encodeModel(model))).toEqual(['graph-invalid', 'node y (Relu)']);
  });
});

describe('a graph is refused', () => {
  it.each<[string, ModelRecipe, string, string]>([
    ['whose node reads what nothing makes', { nodes: [node('Add', 'x z', 'y')] }, 'graph-invalid', 'node y (Add)'],
    ['whose output nothing makes', { nodes: [relu], outputs: ['z'] }, 'graph-invalid', 'z'],
    ['with two outputs of one name', { nodes: [relu], outputs: ['y', 'y'] }, 'graph-invalid', 'y'],
    [
      'with two inputs of one name',
      { inputs: [1, 2].map((n) => ({ name: 'x', shape: [1, n] })), nodes: [relu] },
      'graph-invalid',
      'x',
    ],
    ['without outputs', { nodes: [relu], outputs: [] }, 'graph-limit', 'test'],
    [
      'that makes one tensor twice',
      { nodes: [relu, node('Relu', 'x', 'y', {}, { name: 'again' })] },
      'graph-invalid',
      'node again (Relu)',
    ],
    [
      'that makes its own input',
      { nodes: [node('Relu', 'x', 'x', {}, { name: 'r' })] },
      'graph-invalid',
      'node r (Relu)',
    ],
    [
      'that runs in a circle',
      { nodes: [node('Add', 'x b', 'a'), node('Relu', 'a', 'b')] },
      'graph-invalid',
      'node b (Relu)',
    ],
    [
      'that is nothing but a constant',
      { nodes: [node('Identity', 'c', 'y')], initializers: { c: floats([1], [1]) } },
      'graph-limit',
      'test',
    ],
    ['that hands its input on', { nodes: [node('Identity', 'x', 'y')] }, 'graph-limit', 'test'],
    ['with too few inputs of a node', { nodes: [node('Add', 'x', 'y')] }, 'graph-invalid', 'node y (Add)'],
    ['with too many inputs of a node', { nodes: [node('Relu', 'x x', 'y')] }, 'graph-invalid', 'node y (Relu)'],
    ['with an operand left out', { nodes: [node('Add', 'x _', 'y')] }, 'operator-limit', 'node y (Add)'],
  ])('%s', (_, recipe, code, where) => {
    expect(codeAndPlace(recipe)).toEqual([code, where]);
  });
});

describe('a graph is taken', () => {
  it('with its nodes in any order', () => {
    const nodes = [
      node('Relu', 'b', 'y'),
      node('Conv', 'a w', 'b'),
      node('MaxPool', 'x', 'a', { kernel_shape: [2, 2] }),
    ];
    const recipe = { nodes, outputs: ['y'], initializers: { w: randomFloats([3, 3, 1, 1], 1) } };
    expect(importOnnx(buildOnnx(recipe)).nodes.map((n) => n.kind)).toEqual(['maxpool', 'conv']);
  });

  it('with an input that nothing uses', () => {
    const inputs = ['unused', 'x'].map((name) => ({ name, shape: [1, 3] }));
    expect(importOnnx(buildOnnx({ inputs, nodes: [relu] })).inputs[0]!.name).toBe('x');
  });

  it('of a hundred thousand nodes, in linear time and without a deep stack', () => {
    const count = 100_000;
    const nodes = Array.from({ length: count }, (_, i) => node('Relu', i === 0 ? 'x' : `t${i - 1}`, `t${i}`)).reverse();
    const graph = importOnnx(buildOnnx({ shape: [1, 2], nodes, outputs: [`t${count - 1}`] }));
    expect(graph.nodes).toHaveLength(1);
    expect(graph.nodes[0]!.sources).toHaveLength(count);
  });
});

describe('a hostile graph is refused before it costs memory or time', () => {
  it('that reads one large constant from many nodes', () => {
    const channels = 2 ** 22;
    const nodes = Array.from({ length: 2000 }, (_, i) => node('Mul', `${i === 0 ? 'x' : `t${i - 1}`} k`, `t${i}`));
    const recipe = {
      shape: [1, channels],
      nodes,
      initializers: { k: floats([channels], new Float32Array(channels).fill(1)) },
    };
    expect(codeAndPlace(recipe)[0]).toBe('onnx-too-large');
  });

  it('that uses large weights in many layers', () => {
    const nodes = Array.from({ length: 2000 }, (_, i) => node('Conv', `${i === 0 ? 'x' : `t${i - 1}`} w`, `t${i}`));
    const recipe = { shape: [1, 512, 1, 1], nodes, initializers: { w: randomFloats([512, 512, 1, 1], 1) } };
    expect(codeAndPlace(recipe)[0]).toBe('onnx-too-large');
  });

  it('whose tensors grow beyond bounds', () => {
    const nodes = [node('Conv', 'x w', 'y', { pads: [2 ** 20, 2 ** 20, 2 ** 20, 2 ** 20] })];
    expect(codeAndPlace({ nodes, initializers: { w: randomFloats([1, 3, 1, 1], 1) } })).toEqual([
      'onnx-too-large',
      'node y (Conv)',
    ]);
  });

  it('of more axes than are allowed', () => {
    const axes = Array.from({ length: 12 }, (_, i) => i);
    const nodes = [node('Relu', 'x', 'r'), node('Unsqueeze', 'r a', 'u'), node('Relu', 'u', 'y')];
    expect(codeAndPlace({ nodes, initializers: { a: ints([12], axes) } })).toEqual([
      'operator-limit',
      'node u (Unsqueeze)',
    ]);
  });
});

it('a file cut at any byte, or with any bit turned, is imported or refused, never a crash', () => {
  const whole = buildOnnx({
    nodes: [
      node('Conv', 'x w', 'c', { pads: [1, 1, 1, 1] }),
      node('BatchNormalization', 'c s s s s', 'n'),
      node('Flatten', 'n', 'f'),
      node('Gemm', 'f v', 'g'),
      node('Softmax', 'g', 'y'),
    ],
    initializers: { w: randomFloats([2, 3, 1, 1], 1), s: floats([2], [1, 2]), v: randomFloats([200, 2], 2) },
  });
  const attempt = (bytes: Uint8Array): void => {
    try {
      importOnnx(bytes);
    } catch (error) {
      if (!(error instanceof SystoleError)) throw error;
    }
  };
  for (let length = 0; length < whole.length; length++) attempt(whole.subarray(0, length));
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const bytes = whole.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    attempt(bytes);
  }
});
