import { describe, expect, it } from 'vitest';
import type { AffineNode } from '../../../src/frontend/graph.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import {
  type BuiltTensor,
  buildOnnx,
  float,
  floats,
  ints,
  type ModelRecipe,
  node,
  randomFloats,
  rawTensor,
  TYPES,
} from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const vector = (values: readonly number[]) => ints([values.length], values);
const data = randomFloats([2, 3, 4], 1);

/** x[1, n] plus the constant that the nodes make, flattened, so that its every value is seen. */
function folded(
  nodes: ModelRecipe['nodes'],
  initializers: Readonly<Record<string, BuiltTensor>>,
  count: number,
  opset = 13,
): ModelRecipe {
  const end = [node('Reshape', 'made flat', 'row'), node('Add', 'x row', 'y')];
  return {
    opset,
    shape: [1, count],
    nodes: [...nodes, ...end],
    initializers: { ...initializers, flat: vector([1, -1]) },
  };
}

describe('constants made from constants', () => {
  it.each<[string, ModelRecipe['nodes'], Readonly<Record<string, BuiltTensor>>, number, number?]>([
    ['Identity', [node('Identity', 'a', 'made')], { a: data }, 24],
    ['Reshape', [node('Reshape', 'a s', 'made')], { a: data, s: vector([0, -1]) }, 24],
    ['Transpose', [node('Transpose', 'a', 'made', { perm: [2, 0, 1] })], { a: data }, 24],
    ['Transpose without perm', [node('Transpose', 'a', 'made')], { a: data }, 24],
    ['Squeeze', [node('Squeeze', 'a', 'made')], { a: randomFloats([1, 3, 1], 1) }, 3],
    ['Unsqueeze', [node('Unsqueeze', 'a s', 'made')], { a: data, s: vector([1]) }, 24],
    ['Flatten', [node('Flatten', 'a', 'made', { axis: 2 })], { a: data }, 24],
    ['Add, broadcast', [node('Add', 'a b', 'made')], { a: data, b: randomFloats([3, 1], 2) }, 24],
    [
      'Sub, broadcast both ways',
      [node('Sub', 'a b', 'made')],
      { a: randomFloats([2, 1], 1), b: randomFloats([3], 2) },
      6,
    ],
    ['Mul', [node('Mul', 'a b', 'made')], { a: data, b: randomFloats([], 2) }, 24],
    ['Div', [node('Div', 'a b', 'made')], { a: data, b: randomFloats([2, 3, 4], 2) }, 24],
    ['Concat', [node('Concat', 'a b', 'made', { axis: 1 })], { a: data, b: randomFloats([2, 1, 4], 2) }, 32],
    ['Concat, axis from the end', [node('Concat', 'a a a', 'made', { axis: -1 })], { a: data }, 72],
    ['Gather', [node('Gather', 'a i', 'made', { axis: 1 })], { a: data, i: ints([2, 2], [2, 0, -1, 1]) }, 32],
    ['Gather of one', [node('Gather', 'a i', 'made')], { a: data, i: ints([], [1]) }, 12],
    ['Slice', [node('Slice', 'a b e', 'made')], { a: data, b: vector([0, 1, 1]), e: vector([2, 3, -1]) }, 8],
    [
      'Slice backwards',
      [node('Slice', 'a b e axes s', 'made')],
      { a: data, b: vector([-1, 3]), e: vector([-9, 0]), axes: vector([1, 2]), s: vector([-2, -1]) },
      12,
    ],
    ['Slice of old', [node('Slice', 'a', 'made', { starts: [1], ends: [99], axes: [2] })], { a: data }, 18, 9],
    ['Neg', [node('Neg', 'a', 'made')], { a: data }, 24],
    ['Sqrt', [node('Sqrt', 'a', 'made')], { a: floats([2], [2, 9]) }, 2],
    ['Floor', [node('Floor', 'a', 'made')], { a: floats([3], [-1.5, 1.5, 2]) }, 3],
    ['Ceil', [node('Ceil', 'a', 'made')], { a: floats([3], [-1.5, 1.5, 2]) }, 3],
    ['Cast of integers', [node('Cast', 'a', 'made', { to: TYPES.float })], { a: ints([3], [-7, 0, 5]) }, 3],
    [
      'Cast to integers and back',
      [node('Cast', 'a', 'i', { to: TYPES.int64 }), node('Cast', 'i', 'made', { to: TYPES.float })],
      { a: floats([4], [-1.7, 1.7, 0.2, 3]) },
      4,
    ],
    [
      'Cast to truth and back',
      [node('Cast', 'a', 'i', { to: TYPES.bool }), node('Cast', 'i', 'made', { to: TYPES.float })],
      { a: floats([3], [-1.7, 0, 3]) },
      3,
    ],
    [
      'Div of integers, cut towards zero',
      [node('Div', 'a b', 'i'), node('Cast', 'i', 'made', { to: TYPES.float })],
      { a: ints([4], [7, -7, 7, -7]), b: ints([4], [2, 2, -2, -2]) },
      4,
    ],
    [
      'ConstantOfShape',
      [node('ConstantOfShape', 's', 'made', { value: floats([1], [2.5]) })],
      { s: vector([2, 3]) },
      6,
    ],
    ['ConstantOfShape of zeros', [node('ConstantOfShape', 's', 'made')], { s: vector([2, 3]) }, 6],
    ['Constant', [node('Constant', '', 'made', { value: data })], {}, 24],
    ['Constant of a float', [node('Constant', '', 'made', { value_float: float(2) })], {}, 1],
    ['Constant of floats', [node('Constant', '', 'made', { value_floats: [0.5, 1.5] })], {}, 2],
    [
      'Constant of an int',
      [node('Constant', '', 'i', { value_int: 3 }), node('Cast', 'i', 'made', { to: TYPES.float })],
      {},
      1,
    ],
    [
      'Constant of ints',
      [node('Constant', '', 'i', { value_ints: [3, 4] }), node('Cast', 'i', 'made', { to: TYPES.float })],
      {},
      2,
    ],
  ])('%s is what ONNX Runtime computes', async (_, nodes, initializers, count, opset) => {
    await sameAsRuntime(folded(nodes, initializers, count, opset));
  });

  it('Shape of a computed tensor is a constant, and the flattening that exporters write from it vanishes', async () => {
    const nodes = [
      node('MaxPool', 'x', 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Shape', 'p', 's'),
      node('Gather', 's zero', 'g'),
      node('Unsqueeze', 'g axis', 'u'),
      node('Concat', 'u rest', 'c', { axis: 0 }),
      node('Reshape', 'p c', 'f'),
      node('Gemm', 'f w', 'y'),
    ];
    const initializers = { zero: ints([], [0]), axis: vector([0]), rest: vector([-1]), w: randomFloats([48, 5], 1) };
    const graph = await sameAsRuntime({ shape: ['N', 3, 8, 8], nodes, initializers }, { inputShape: [1, 3, 8, 8] });
    expect(graph.nodes.map((n) => n.kind)).toEqual(['maxpool', 'dense']);
    const sliced = [
      node('Relu', 'x', 'r'),
      node('Shape', 'r', 's', { start: 1, end: -1 }),
      node('Cast', 's', 'f', { to: TYPES.float }),
      node('Reshape', 'f flat', 'row'),
      node('Gemm', 'v row', 'y', { transA: 0 }),
    ];
    expect(codeAndPlace({ nodes: sliced, initializers: { flat: vector([2, 1]), v: randomFloats([1, 2], 1) } })).toEqual(
      ['operator-limit', 'node y (Gemm)'],
    );
  });

  it('Shape takes a range of axes', () => {
    const nodes = [
      node('Shape', 'x', 's', { start: -2 }),
      node('Cast', 's', 'f', { to: TYPES.float }),
      node('Reshape', 'f col', 'c'),
      node('Reshape', 'x flat', 'v'),
      node('Add', 'v c', 'y'),
    ];
    const initializers = { col: vector([1, 2]), flat: vector([1, 2]) };
    const graph = importOnnx(buildOnnx({ opset: 15, shape: [1, 1, 1, 2], nodes, initializers }));
    expect([...(graph.nodes[0] as AffineNode).shift]).toEqual([1, 2]);
  });

  it('leave no node behind whose shape alone was asked', () => {
    const nodes = [
      node('Conv', 'x w', 'c'),
      node('Shape', 'c', 's'),
      node('Gather', 's i', 'n'),
      node('Cast', 'n', 'f', { to: TYPES.float }),
      node('Add', 'x f', 'y'),
    ];
    const graph = importOnnx(
      buildOnnx({ nodes, initializers: { w: randomFloats([5, 3, 1, 1], 1), i: ints([], [1]) } }),
    );
    expect(graph.nodes.map((n) => n.name)).toEqual(['y']);
    expect([...(graph.nodes[0] as AffineNode).shift]).toEqual([5, 5, 5]);
  });
});

describe('constants are refused', () => {
  const one = (made: ModelRecipe['nodes'][number], initializers: Readonly<Record<string, BuiltTensor>>) =>
    codeAndPlace(folded([made], initializers, 4));

  it.each<[string, ModelRecipe['nodes'][number], Readonly<Record<string, BuiltTensor>>, string]>([
    [
      'of shapes that do not go together',
      node('Add', 'a b', 'made'),
      { a: randomFloats([2], 1), b: randomFloats([3], 1) },
      'shape-mismatch',
    ],
    ['of two types', node('Add', 'a b', 'made'), { a: randomFloats([2], 1), b: ints([2], [1, 2]) }, 'shape-mismatch'],
    [
      'joined along an axis where they differ',
      node('Concat', 'a b', 'made', { axis: 0 }),
      { a: data, b: randomFloats([2, 1, 4], 1) },
      'shape-mismatch',
    ],
    ['picked outside', node('Gather', 'a i', 'made'), { a: data, i: ints([1], [2]) }, 'shape-mismatch'],
    ['sliced in steps of zero', node('Slice', 'a b b b b', 'made'), { a: data, b: vector([0]) }, 'operator-limit'],
    [
      'sliced with lists of two lengths',
      node('Slice', 'a b c', 'made'),
      { a: data, b: vector([0]), c: vector([1, 1]) },
      'shape-mismatch',
    ],
    [
      'divided by zero, of integers',
      node('Div', 'a b', 'made'),
      { a: ints([1], [1]), b: ints([1], [0]) },
      'operator-limit',
    ],
    ['cast to text', node('Cast', 'a', 'made', { to: TYPES.string }), { a: data }, 'operator-limit'],
    [
      'cast to integers that do not hold them',
      node('Cast', 'a', 'made', { to: TYPES.int32 }),
      { a: floats([1], [2 ** 31]) },
      'operator-limit',
    ],
    ['of a negative size', node('ConstantOfShape', 'a', 'made'), { a: vector([-1]) }, 'operator-limit'],
    ['beyond memory', node('ConstantOfShape', 'a', 'made'), { a: vector([2 ** 20, 2 ** 20]) }, 'onnx-too-large'],
    [
      'of a type that is not read',
      node('Neg', 'a', 'made'),
      { a: rawTensor({ dims: [1], dataType: TYPES.string, stringData: [new Uint8Array(1)] }) },
      'operator-limit',
    ],
    ['through an operator that works on computed tensors', node('Relu', 'a', 'made'), { a: data }, 'operator-limit'],
  ])('%s', (_, made, initializers, code) => {
    expect(one(made, initializers)).toEqual([code, `node made (${made.operator})`]);
  });

  it('that grow without end, each within bounds', () => {
    const doublings = Array.from({ length: 40 }, (_, i) => node('Concat', `c${i} c${i}`, `c${i + 1}`, { axis: 0 }));
    const nodes = [...doublings, node('Add', 'x c40', 'y')];
    expect(codeAndPlace({ nodes, initializers: { c0: randomFloats([1024], 1) } })[0]).toBe('onnx-too-large');
  });

  it('operators for constants alone, of a computed tensor', () => {
    const nodes = [node('Relu', 'x', 'r'), node('ConstantOfShape', 'r', 'y')];
    expect(codeAndPlace({ nodes })).toEqual(['operator-limit', 'node y (ConstantOfShape)']);
  });
});
