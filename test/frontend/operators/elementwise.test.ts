import { describe, expect, it } from 'vitest';
import type { AffineNode } from '../../../src/frontend/graph.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { kindsOf } from '../../support/host-chain.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import {
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

const affine = (recipe: ModelRecipe): AffineNode => importOnnx(buildOnnx(recipe)).nodes[0] as AffineNode;
const withConstant = (operator: string, inputs: string, constant: ReturnType<typeof floats>): ModelRecipe => ({
  shape: [1, 3, 2, 2],
  nodes: [node('MaxPool', 'x', 'a', { kernel_shape: [1, 1] }), node(operator, inputs, 'y')],
  initializers: { c: constant },
});

/** The model with a layer of the array behind it, so that its last node cannot be the host's. */
const beforeLayer = (recipe: ModelRecipe): ModelRecipe => ({
  ...recipe,
  nodes: [...recipe.nodes, node('MaxPool', 'y', 'end', { kernel_shape: [1, 1] })],
});

describe('Add, Sub, Mul and Div with a constant', () => {
  it('are one scale and shift for each channel', () => {
    const c = floats([3, 1, 1], [2, -4, 5]);
    const made = (operator: string, inputs: string) => {
      const { scale, shift } = importOnnx(buildOnnx(withConstant(operator, inputs, c))).nodes[1] as AffineNode;
      return [[...scale], [...shift]];
    };
    expect(made('Add', 'a c')).toEqual([
      [1, 1, 1],
      [2, -4, 5],
    ]);
    expect(made('Sub', 'a c')).toEqual([
      [1, 1, 1],
      [-2, 4, -5],
    ]);
    expect(made('Sub', 'c a')).toEqual([
      [-1, -1, -1],
      [2, -4, 5],
    ]);
    expect(made('Mul', 'c a')).toEqual([
      [2, -4, 5],
      [0, 0, 0],
    ]);
    expect(made('Div', 'a c')).toEqual([
      [0.5, -0.25, Math.fround(1 / 5)],
      [0, 0, 0],
    ]);
  });

  it('compute what ONNX Runtime computes of constants of every shape that is one value for each channel', async () => {
    for (const operator of ['Add', 'Sub', 'Mul', 'Div']) {
      for (const shape of [[], [1], [1, 1, 1], [3, 1, 1], [1, 3, 1, 1], [1, 1, 3, 1, 1]]) {
        const constant = floats(shape, [2, -4, 5].slice(0, shape.includes(3) ? 3 : 1));
        await sameAsRuntime(withConstant(operator, 'a c', constant), { inputs: 1 });
        if (operator !== 'Div') await sameAsRuntime(withConstant(operator, 'c a', constant), { inputs: 1 });
      }
    }
  });

  it('take a whole map that has one value in each channel', async () => {
    const constant = floats([1, 3, 2, 2], [1, 1, 1, 1, 2, 2, 2, 2, -3, -3, -3, -3]);
    await sameAsRuntime(withConstant('Mul', 'a c', constant));
  });

  it('know the channels of a tensor in any order', async () => {
    const recipe = (order: readonly number[], constant: readonly number[]): ModelRecipe => ({
      shape: [1, 3, 2, 4],
      nodes: [
        node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] }),
        node('Transpose', 'p', 't', { perm: order }),
        node('Mul', 't c', 'y'),
      ],
      initializers: { c: randomFloats(constant, 2) },
    });
    await sameAsRuntime(recipe([0, 2, 3, 1], [3]));
    await sameAsRuntime(recipe([0, 2, 1, 3], [3, 1]));
    await sameAsRuntime(recipe([1, 2, 3, 0], [3, 1, 1, 1]));
  });

  it('know the channels where a Reshape splits them', async () => {
    const recipe = (constant: readonly number[]): ModelRecipe => ({
      shape: [1, 6, 2, 2],
      nodes: [
        node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] }),
        node('Reshape', 'p s', 'r'),
        node('Add', 'r c', 'y'),
      ],
      initializers: { s: ints([5], [1, 2, 3, 2, 2]), c: randomFloats(constant, 2) },
    });
    for (const shape of [
      [2, 3, 1, 1],
      [2, 1, 1, 1],
      [1, 3, 1, 1],
    ]) {
      await sameAsRuntime(recipe(shape));
    }
  });

  it('of a vector may differ in every value', async () => {
    const nodes = [node('Flatten', 'x', 'f'), node('Add', 'f c', 'a'), node('Gemm', 'a w', 'y')];
    const initializers = { c: randomFloats([1, 192], 1), w: randomFloats([192, 3], 2) };
    const graph = await sameAsRuntime({ nodes, initializers });
    expect(graph.inputs[0]!.shape).toEqual([1, 192]);
  });

  it('before a layer are refused where they differ from pixel to pixel, enlarge the tensor, do not go with it or divide by zero', () => {
    const refused = (operator: string, inputs: string, shape: readonly number[], data?: readonly number[]) =>
      codeAndPlace(beforeLayer(withConstant(operator, inputs, data ? floats(shape, data) : randomFloats(shape, 3))));
    expect(refused('Add', 'a c', [2, 1])).toEqual(['operator-limit', 'node y (Add)']);
    expect(refused('Mul', 'a c', [3, 2, 2])).toEqual(['operator-limit', 'node y (Mul)']);
    expect(refused('Add', 'a c', [2, 3, 2, 2])).toEqual(['operator-limit', 'node y (Add)']);
    expect(refused('Sub', 'a c', [5, 1, 1])).toEqual(['shape-mismatch', 'node y (Sub)']);
    expect(refused('Div', 'a c', [3, 1, 1], [1, 0, 2])).toEqual(['operator-limit', 'node y (Div)']);
    expect(refused('Div', 'c a', [1])).toEqual(['operator-limit', 'node y (Div)']);
    expect(refused('Add', 'a c', [1], [Number.NaN])[0]).toBe('weights-not-finite');
  });

  it('are refused with integers', () => {
    const nodes = [node('Add', 'x c', 'y')];
    expect(codeAndPlace({ nodes, initializers: { c: ints([], [1]) } })).toEqual(['operator-limit', 'node y (Add)']);
  });
});

describe('Add and Sum of two tensors', () => {
  const branches = (left: string, right: string, operator = 'Add'): ModelRecipe => ({
    shape: [1, 3, 4, 4],
    nodes: [
      node('Relu', 'x', 'a'),
      node('MaxPool', 'x', 'b', { kernel_shape: [1, 1] }),
      node('MaxPool', 'x', 'small', { kernel_shape: [2, 2] }),
      node('Transpose', 'b', 't', { perm: [0, 1, 3, 2] }),
      node(operator, `${left} ${right}`, 'y'),
    ],
  });

  it('are a residual', async () => {
    for (const operator of ['Add', 'Sum']) {
      const graph = await sameAsRuntime(branches('a', 'b', operator));
      expect(graph.nodes.at(-1)).toMatchObject({ kind: 'add', inputs: ['a', 'b'], clamp: { min: null, max: null } });
    }
    await sameAsRuntime(branches('a', 'a'));
    await sameAsRuntime({ nodes: [node('Relu', 'x', 'a'), node('Sum', 'a', 'y')] });
  });

  it('of two views of one order keep it', async () => {
    const perm = { perm: [0, 2, 3, 1] };
    const nodes = [
      node('MaxPool', 'x', 'a', { kernel_shape: [1, 1] }),
      node('Relu', 'a', 'b'),
      node('Transpose', 'a', 'c', perm),
      node('Transpose', 'b', 'd', perm),
      node('Add', 'c d', 'y'),
    ];
    const graph = await sameAsRuntime({ shape: [1, 3, 4, 5], nodes });
    expect(kindsOf(graph)).toEqual(['reshape', 'transpose', 'reshape']);
  });

  it('of two views of different orders bring one into the order of the other', async () => {
    expect((await sameAsRuntime(beforeLayer(branches('a', 't')))).nodes.some((n) => n.kind === 'arrange')).toBe(true);
  });

  it('are refused where the operands differ in shape', () => {
    expect(codeAndPlace(beforeLayer(branches('a', 'small')))).toEqual(['shape-mismatch', 'node y (Add)']);
  });
});

describe('Relu and Clip', () => {
  const clip = (opset: number, min: number | null, max: number | null): ModelRecipe => {
    if (opset < 11) {
      const attributes = { ...(min === null ? {} : { min: float(min) }), ...(max === null ? {} : { max: float(max) }) };
      return { opset, nodes: [node('Clip', 'x', 'y', attributes)] };
    }
    const initializers = {
      ...(min === null ? {} : { lo: floats([], [min]) }),
      ...(max === null ? {} : { hi: floats([], [max]) }),
    };
    return {
      opset,
      nodes: [node('Clip', `x ${min === null ? '_' : 'lo'} ${max === null ? '_' : 'hi'}`, 'y')],
      initializers,
    };
  };

  it('are clamps', async () => {
    expect(affine({ nodes: [node('Relu', 'x', 'y')] }).clamp).toEqual({ min: 0, max: null });
    for (const opset of [7, 10, 11, 13]) {
      for (const [min, max] of [
        [-0.5, 0.25],
        [0, null],
        [null, 0.5],
        [0, 6],
      ] as const) {
        expect(affine(clip(opset, min, max)).clamp).toEqual({ min, max });
        await sameAsRuntime(clip(opset, min, max), { inputs: 1 });
      }
    }
  });

  it('without bounds, or with those of float32, are nothing', async () => {
    expect(affine(clip(13, null, null)).clamp).toEqual({ min: null, max: null });
    expect(affine(clip(7, null, null)).clamp).toEqual({ min: null, max: null });
    expect(affine(clip(13, -3.4028234663852886e38, 3.4028234663852886e38)).clamp).toEqual({ min: null, max: null });
    expect(affine(clip(13, Number.NEGATIVE_INFINITY, 1)).clamp).toEqual({ min: null, max: 1 });
  });

  it('whose bounds cross give the upper one, as ONNX Runtime does', async () => {
    expect(affine(clip(13, 2, 1)).clamp).toEqual({ min: 1, max: 1 });
    await sameAsRuntime(clip(13, 2, 1));
  });

  it('are refused with a bound of NaN, several bounds, or a computed one', () => {
    const place = 'node y (Clip)';
    expect(codeAndPlace(clip(13, Number.NaN, 1))).toEqual(['operator-limit', place]);
    const nodes = [node('Clip', 'x lo', 'y')];
    expect(codeAndPlace({ nodes, initializers: { lo: floats([2], [0, 1]) } })).toEqual(['operator-limit', place]);
    expect(codeAndPlace({ nodes: [node('Relu', 'x', 'r'), node('Clip', 'x r', 'y')] })).toEqual([
      'operator-limit',
      place,
    ]);
  });

  it('refuse the attributes of the old form in a new operator set', () => {
    const error = refusalOf({ opset: 11, nodes: [node('Clip', 'x', 'y', { min: float(0) })] });
    expect([error.code, error.actual]).toEqual(['operator-limit', 'min']);
  });
});

describe('BatchNormalization', () => {
  const norm = (attributes = {}, parameters: Readonly<Record<string, readonly number[]>> = {}): ModelRecipe => ({
    shape: [1, 2, 3, 3],
    nodes: [
      node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] }),
      node('BatchNormalization', 'p s b m v', 'y', attributes),
    ],
    initializers: Object.fromEntries(
      Object.entries({ s: [2, -1], b: [0.5, 1], m: [0.25, -0.5], v: [4, 0.25], ...parameters }).map(([name, data]) => [
        name,
        floats([data.length], data),
      ]),
    ),
  });

  it('is one scale and shift for each channel', async () => {
    const recipe = norm({ epsilon: float(0) });
    const graph = importOnnx(buildOnnx(recipe));
    // 2/sqrt(4) = 1 and 0.5 - 0.25*1 = 0.25; -1/sqrt(0.25) = -2 and 1 - (-0.5)(-2) = 0.
    expect(graph.nodes[1]).toMatchObject({ scale: Float32Array.of(1, -2), shift: Float32Array.of(0.25, 0) });
    await sameAsRuntime(norm());
    await sameAsRuntime(norm({ epsilon: 0.1, momentum: 0.5 }));
    await sameAsRuntime({ ...norm({ momentum: 0.5 }), opset: 8 });
  });

  it('normalizes a vector and a sequence', async () => {
    const { initializers } = norm();
    const nodes = [node('BatchNormalization', 'x s b m v', 'y')];
    await sameAsRuntime({ shape: [1, 2], nodes, initializers: initializers! });
    await sameAsRuntime({ shape: [1, 2, 5], nodes, initializers: initializers! });
  });

  it('is refused while training, without space, with other channels or with a variance below zero', () => {
    const place = 'node y (BatchNormalization)';
    expect(codeAndPlace({ ...norm({ training_mode: 1 }), opset: 14 })).toEqual(['operator-limit', place]);
    expect(codeAndPlace({ ...norm({ spatial: 0 }), opset: 7 })).toEqual(['operator-limit', place]);
    expect(codeAndPlace({ ...norm({ spatial: 1 }), opset: 13 })).toEqual(['operator-limit', place]);
    expect(codeAndPlace(norm({}, { m: [1, 2, 3] }))).toEqual(['shape-mismatch', place]);
    expect(codeAndPlace(norm({}, { v: [-1, 1] }))).toEqual(['weights-not-finite', 'node y, scales[0]']);
    expect(codeAndPlace(norm({}, { v: [Number.NaN, 1] }))[0]).toBe('weights-not-finite');
  });
});

describe('what changes nothing', () => {
  it('vanishes: Identity, Dropout, Cast between floating-point types', async () => {
    const nodes = [
      node('Identity', 'x', 'a'),
      node('Dropout', 'a', 'b'),
      node('Cast', 'b', 'c', { to: TYPES.float }),
      node('Relu', 'c', 'y'),
    ];
    const graph = await sameAsRuntime({ nodes });
    expect(graph.nodes.map(({ kind, name }) => ({ kind, name }))).toEqual([{ kind: 'affine', name: 'y' }]);
    await sameAsRuntime({ opset: 10, nodes: [node('Dropout', 'x', 'a', { ratio: 0.25 }), node('Relu', 'a', 'y')] });
  });

  it('Dropout is refused while training; its mask is true everywhere', async () => {
    const training = rawTensor({ dims: [], dataType: TYPES.bool, rawData: Uint8Array.of(1) });
    const nodes = [node('Dropout', 'x _ t', 'a'), node('Relu', 'a', 'y')];
    expect(codeAndPlace({ nodes, initializers: { t: training } })).toEqual(['operator-limit', 'node a (Dropout)']);
    const mask = [node('Dropout', 'x', 'a m'), node('Cast', 'm', 'c', { to: TYPES.float }), node('Add', 'a c', 'y')];
    await sameAsRuntime({ nodes: mask });
  });

  it('Cast is refused to integers', () => {
    const nodes = [node('Cast', 'x', 'a', { to: TYPES.int32 }), node('Relu', 'a', 'y')];
    expect(codeAndPlace({ nodes })).toEqual(['operator-limit', 'node a (Cast)']);
  });
});
