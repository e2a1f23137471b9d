import { describe, expect, it } from 'vitest';
import type { ConvNode, DenseNode, GraphNode, QuantNode } from '../../../src/frontend/graph.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { kindsOf } from '../../support/host-chain.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import {
  type BuiltNode,
  buildOnnx,
  type CodeType,
  codes,
  floats,
  ints,
  type ModelRecipe,
  node,
  randomCodes,
  randomFloats,
  rawTensor,
} from '../../support/onnx-builder.js';
import { constant, type Grid, gridConstants, joined, type Piece, quantized } from '../../support/qdq.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const nodesOf = (recipe: ModelRecipe): readonly GraphNode[] => importOnnx(buildOnnx(recipe)).nodes;
const kinds = (nodes: readonly GraphNode[]): string[] => nodes.map((n) => n.kind);
const quants = (nodes: readonly GraphNode[]): QuantNode[] => nodes.filter((n): n is QuantNode => n.kind === 'quant');
const INPUT: Grid = { scale: 1 / 64, zero: 3, type: 'int8' };
const OUTPUT: Grid = { scale: 1 / 8, zero: -128, type: 'int8' };
const WEIGHTS: Grid = { scale: 1 / 128, type: 'int8' };

interface ConvOptions {
  readonly input?: Grid;
  readonly output?: Grid;
  readonly weights?: Grid;
  readonly codes?: ReturnType<typeof codes>;
  readonly bias?: boolean;
  readonly opset?: number;
}

/** Quantized convolution, its output quantized. */
function convolution(options: ConvOptions = {}): ModelRecipe {
  // ONNX Runtime takes the scale of a bias for granted: that of the product.
  const biasScale = ((options.input ?? INPUT).scale as number) / 128;
  const bias = constant('b', randomCodes('int32', [4], 3, [-9000, 9000]), { scale: biasScale, type: 'int32' });
  return {
    shape: [1, 3, 6, 6],
    opset: options.opset ?? 13,
    domains: { 'com.microsoft': 1 },
    ...joined(
      quantized('x', 'xq', options.input ?? INPUT),
      constant('w', options.codes ?? randomCodes('int8', [4, 3, 3, 3], 1, [-128, 127]), options.weights ?? WEIGHTS),
      ...(options.bias === false ? [] : [bias]),
      node('Conv', options.bias === false ? 'xq w' : 'xq w b', 'a', { pads: [1, 1, 1, 1] }),
      quantized('a', 'y', options.output ?? OUTPUT),
    ),
    outputs: ['y'],
  };
}

const conv = (recipe: ModelRecipe): ConvNode => nodesOf(recipe).find((n): n is ConvNode => n.kind === 'conv')!;

describe('QuantizeLinear and DequantizeLinear', () => {
  it('around a convolution are quantizers, its weights keep their codes', async () => {
    const { nodes } = await sameAsRuntime(convolution());
    expect(kinds(nodes)).toEqual(['quant', 'conv', 'quant']);
    expect(quants(nodes).map((n) => n.quantizer)).toEqual([
      {
        ...{ kind: 'uniform', scale: Float32Array.of(1 / 64), zero: Float32Array.of(3) },
        ...{ lo: -128, hi: 127, round: 'half-even', zeroInside: false },
      },
      expect.objectContaining({ scale: Float32Array.of(1 / 8), zero: Float32Array.of(-128) }),
    ]);
    const { codes: found, weights } = nodes[1] as ConvNode;
    expect(found).toMatchObject({ scale: Float32Array.of(1 / 128), bits: 8, bipolar: false });
    expect([...weights.data]).toEqual(Array.from(found!.values, (code) => code / 128));
  });

  it('of each type of codes and in each operator set compute what ONNX Runtime computes', async () => {
    const types: [CodeType, number, number][] = [
      ['int8', -5, 10],
      ['uint8', 131, 13],
      ['int8', 7, 19],
      ['uint8', 0, 21],
      ['int16', -300, 21],
      ['uint16', 33000, 21],
    ];
    for (const [type, zero, opset] of types) {
      const input = { scale: 1 / 32, zero, type };
      const { nodes } = await sameAsRuntime(convolution({ opset, input, output: { ...input, scale: 1 / 4 } }));
      expect(kinds(nodes)).toEqual(['quant', 'conv', 'quant']);
    }
  });

  it('of ONNX Runtime have a domain of their own, for 16 bits in older operator sets', async () => {
    const grid = { scale: 1 / 2048, zero: 12, type: 'int16', domain: 'com.microsoft' } as const;
    const { nodes } = await sameAsRuntime(convolution({ input: grid, output: { ...grid, scale: 1 / 256 } }));
    expect(quants(nodes)[0]!.quantizer).toMatchObject({ lo: -32768, hi: 32767 });
  });

  it('of activations with a scale for each channel, channels first and last', async () => {
    const grid = { scale: [1 / 8, 1 / 16, 1 / 4], zero: [0, 5, -7] };
    const pool = node('MaxPool', 'x', 'p', { kernel_shape: [2, 2] });
    const first = { shape: [1, 3, 5, 5], ...joined(pool, quantized('p', 'y', { ...grid, axis: 1 })), outputs: ['y'] };
    expect(quants((await sameAsRuntime(first)).nodes)[0]!.quantizer).toMatchObject({ zero: Float32Array.of(0, 5, -7) });
    const last = joined(
      pool,
      node('Transpose', 'p', 't', { perm: [0, 2, 3, 1] }),
      quantized('t', 'y', { ...grid, axis: -1 }),
    );
    expect(kinds((await sameAsRuntime({ shape: [1, 3, 5, 5], ...last, outputs: ['y'] })).nodes)).toEqual([
      'maxpool',
      'quant',
    ]);
  });

  it('of weights with a scale for each output, along any axis', async () => {
    const scale = [1 / 64, 1 / 128, 1 / 256, 1 / 32];
    const perConv = convolution({ weights: { scale, axis: 0 }, bias: false });
    await sameAsRuntime(perConv);
    expect(conv(perConv).codes!.scale).toEqual(Float32Array.from(scale));
    for (const [transB, axis] of [
      [0, 1],
      [1, 0],
      [0, -1],
    ] as const) {
      const weights = randomCodes('int8', transB === 1 ? [4, 12] : [12, 4], 5, [-128, 127]);
      const recipe: ModelRecipe = {
        shape: [1, 12],
        ...joined(
          quantized('x', 'xq', INPUT),
          constant('w', weights, { scale, axis }),
          node('Gemm', 'xq w', 'y', { transB }),
        ),
      };
      const { nodes } = await sameAsRuntime(recipe);
      expect((nodes[1] as DenseNode).codes!.scale).toEqual(Float32Array.from(scale));
    }
  });

  it('of weights that are transposed and reshaped behind DequantizeLinear keep the codes in their order', async () => {
    const recipe: ModelRecipe = {
      shape: [1, 2, 2, 3],
      ...joined(
        quantized('x', 'xq', INPUT),
        node('Transpose', 'xq', 't', { perm: [0, 2, 3, 1] }),
        node('Flatten', 't', 'f'),
        constant('w', randomCodes('int8', [5, 3, 4], 6, [-100, 100]), { scale: [1 / 8, 1 / 16, 1 / 4, 1, 2], axis: 0 }),
        node('Reshape', 'w shape', 'w2'),
        node('Transpose', 'w2', 'w3', { perm: [1, 0] }),
        node('MatMul', 'f w3', 'y'),
      ),
    };
    const { nodes } = await sameAsRuntime({
      ...recipe,
      initializers: { ...recipe.initializers, shape: ints([2], [5, 12]) },
    });
    const { codes: found, weights } = nodes[1] as DenseNode;
    expect(found!.scale).toEqual(Float32Array.of(1 / 8, 1 / 16, 1 / 4, 1, 2));
    expect([...weights.data]).toEqual(Array.from(found!.values, (code, i) => code * found!.scale[Math.floor(i / 12)]!));
  });

  it('of weights subtract their zero point: up to 9 bits, and -128 as it is', async () => {
    const bytes = [0, 255, 1, 200, 128, 7, 90, 33, 2, 3, 4, 5];
    const matrix = (zero: number): ModelRecipe => ({
      shape: [1, 3],
      ...joined(
        quantized('x', 'xq', INPUT),
        constant('w', codes('uint8', [3, 4], bytes), { scale: 0.5, zero, type: 'uint8' }),
        node('MatMul', 'xq w', 'y'),
      ),
    });
    const found = async (zero: number) => (await sameAsRuntime(matrix(zero))).nodes[1] as DenseNode;
    expect((await found(0)).codes).toMatchObject({ bits: 9 });
    expect([...(await found(0)).codes!.values].slice(0, 3)).toEqual([0, 128, 2]);
    expect((await found(128)).codes).toMatchObject({ bits: 8 });
    expect(Math.min(...(await found(128)).codes!.values)).toBe(-128);
    expect((await found(3)).codes).toMatchObject({ bits: 9 });
  });

  it('of weights in 4 and 2 bits', async () => {
    const four = (type: 'int4' | 'uint4', zero: number, range: readonly [number, number]) =>
      convolution({
        ...{ opset: 21, bias: false, weights: { scale: 1 / 4, zero, type } },
        codes: randomCodes(type, [4, 3, 3, 3], 8, range),
      });
    expect(conv(four('int4', 0, [-8, 7])).codes).toMatchObject({ bits: 4 });
    expect(conv(four('uint4', 8, [0, 15])).codes).toMatchObject({ bits: 4 });
    await sameAsRuntime(four('int4', 0, [-8, 7]));
    await sameAsRuntime(four('uint4', 8, [0, 15]));
    const two = convolution({
      opset: 25,
      bias: false,
      weights: { scale: 1, type: 'int2' },
      codes: randomCodes('int2', [4, 3, 3, 3], 8, [-2, 1]),
    });
    expect(conv(two).codes).toMatchObject({ bits: 2 });
    expect(new Set(conv(two).codes!.values)).toEqual(new Set([-2, -1, 0, 1]));
  });

  it('with a Clip between them make fewer bits, of activations and of weights', async () => {
    const bounds = { lo: codes('int8', [], [-4]), hi: codes('int8', [], [3]) };
    const recipe: ModelRecipe = {
      shape: [1, 3, 4, 4],
      ...joined(
        node('QuantizeLinear', 'x xq.s xq.z', 'q'),
        node('Clip', 'q lo hi', 'c'),
        node('DequantizeLinear', 'c xq.s xq.z', 'xq'),
        node('QuantizeLinear', 'w.f w.s w.z', 'w.q'),
        node('Clip', 'w.q lo hi', 'w.c'),
        node('DequantizeLinear', 'w.c w.s w.z', 'w'),
        node('Conv', 'xq w', 'y'),
      ),
    };
    const initializers = {
      ...{ ...bounds, ...gridConstants('xq', { scale: 1 / 4 }), ...gridConstants('w', { scale: 1 / 8 }) },
      'w.f': randomFloats([2, 3, 2, 2], 4),
    };
    const { nodes } = await sameAsRuntime({ ...recipe, initializers });
    expect(kinds(nodes)).toEqual(['quant', 'conv']);
    expect(quants(nodes)[0]!.quantizer).toMatchObject({ lo: -4, hi: 3 });
    expect((nodes[1] as ConvNode).codes).toMatchObject({ bits: 3 });
  });

  it('go through max pools, reshapes, transposes and pads of codes', async () => {
    const recipe: ModelRecipe = {
      shape: [1, 2, 5, 5],
      opset: 13,
      ...joined(
        node('QuantizeLinear', 'x g.s g.z', 'q'),
        node('Pad', 'q pads zero', 'p'),
        node('DequantizeLinear', 'p g.s g.z', 'd'),
        constant('w', randomCodes('int8', [3, 2, 3, 3], 2, [-128, 127]), WEIGHTS),
        node('Conv', 'd w', 'c'),
        node('QuantizeLinear', 'c g.s g.z', 'cq'),
        node('MaxPool', 'cq', 'm', { kernel_shape: [2, 2] }),
        node('Transpose', 'm', 't', { perm: [0, 2, 3, 1] }),
        node('Reshape', 't shape', 'r'),
        node('DequantizeLinear', 'r g.s g.z', 'y'),
      ),
    };
    const initializers = {
      ...{ pads: ints([8], [0, 0, 1, 1, 0, 0, 1, 1]), zero: codes('int8', [], [5]), shape: ints([2], [1, -1]) },
      ...{ ...gridConstants('g', { scale: 1 / 16, zero: 5 }), ...recipe.initializers },
    };
    const { nodes } = await sameAsRuntime({ ...recipe, initializers });
    expect(kinds(nodes)).toEqual(['quant', 'conv', 'quant', 'maxpool']);
    expect(nodes[1]).toMatchObject({ pads: [1, 1, 1, 1] });
    await sameAsRuntime({ ...recipe, initializers: { ...initializers, zero: codes('int8', [], [4]) } });
  });

  it('whose codes several DequantizeLinear read are one quantizer', async () => {
    const recipe: ModelRecipe = {
      shape: [1, 2, 4, 4],
      ...joined(
        quantized('x', 'a', INPUT),
        node('DequantizeLinear', 'a.q a.s a.z', 'b'),
        node('Add', 'a b', 's'),
        quantized('s', 'y', OUTPUT),
      ),
      outputs: ['y'],
    };
    expect(kinds((await sameAsRuntime(recipe)).nodes)).toEqual(['quant', 'add', 'quant']);
  });

  it('round before a residual add as the model does', async () => {
    const recipe: ModelRecipe = {
      shape: [1, 3, 6, 6],
      ...joined(
        quantized('x', 'xq', INPUT),
        constant('w', randomCodes('int8', [3, 3, 3, 3], 1, [-128, 127]), WEIGHTS),
        node('Conv', 'xq w', 'a', { pads: [1, 1, 1, 1] }),
        quantized('a', 'aq', { scale: 1 / 8, zero: 9 }),
        node('Add', 'xq aq', 's'),
        node('Relu', 's', 'r'),
        quantized('r', 'y', OUTPUT),
      ),
      outputs: ['y'],
    };
    const { nodes } = await sameAsRuntime(recipe);
    expect(kinds(nodes)).toEqual(['quant', 'conv', 'quant', 'add', 'quant']);
    expect(nodes[3]).toMatchObject({ clamp: { min: 0, max: null } });
  });

  it('behind a Softmax are steps of the host', async () => {
    const recipe: ModelRecipe = {
      shape: [1, 8],
      ...joined(
        quantized('x', 'a', INPUT),
        node('Softmax', 'a', 's'),
        quantized('s', 'y', { scale: 1 / 256, zero: -128 }),
      ),
      outputs: ['y'],
    };
    const graph = await sameAsRuntime(recipe);
    expect(kindsOf(graph)).toEqual(['softmax', 'quantize']);
  });

  it('without a zero point are of unsigned bytes', async () => {
    const recipe: ModelRecipe = {
      shape: [1, 8],
      nodes: [node('QuantizeLinear', 'x s', 'q'), node('DequantizeLinear', 'q s', 'y')],
      initializers: { s: floats([], [1 / 256]) },
    };
    const { nodes } = await sameAsRuntime(recipe);
    expect(quants(nodes)[0]!.quantizer).toMatchObject({ lo: 0, hi: 255, zero: Float32Array.of(0) });
  });

  it('leave the bias of a convolution and a batch norm as they are', () => {
    const recipe: ModelRecipe = {
      shape: [1, 3, 6, 6],
      ...joined(
        quantized('x', 'xq', INPUT),
        constant('w', randomCodes('int8', [2, 3, 1, 1], 1, [-128, 127]), WEIGHTS),
        node('Conv', 'xq w', 'a'),
        node('BatchNormalization', 'a gain bias mean variance', 'n', { epsilon: 0.5 }),
        node('Relu', 'n', 'r'),
        quantized('r', 'y', OUTPUT),
      ),
      outputs: ['y'],
    };
    const norm = { gain: [1, -2], bias: [3, 4], mean: [5, 6], variance: [7, 8] };
    const constants = Object.fromEntries(Object.entries(norm).map(([name, data]) => [name, floats([2], data)]));
    const nodes = nodesOf({ ...recipe, initializers: { ...recipe.initializers, ...constants } });
    expect(kinds(nodes)).toEqual(['quant', 'conv', 'affine', 'quant']);
    expect(nodes[2]).toMatchObject({
      norm: { gain: Float32Array.of(1, -2), variance: Float32Array.of(7, 8), epsilon: 0.5 },
      clamp: { min: 0, max: null },
    });
  });
});

describe('refusals of quantized models', () => {
  const chain = (...nodes: readonly (Piece | BuiltNode)[]): ModelRecipe => {
    const piece = joined(...nodes);
    const more = { other: floats([], [2]), blocks: floats([1, 4, 8, 8], new Array(256).fill(1)) };
    return {
      shape: [1, 3, 8, 8],
      ...piece,
      initializers: { ...gridConstants('g', INPUT), ...more, ...piece.initializers },
    };
  };
  const quantize = node('QuantizeLinear', 'x g.s g.z', 'q');

  it('name operators on codes, and codes of several scales at the end', () => {
    expect(codeAndPlace(chain(quantize, node('Softmax', 'q', 'y')))).toEqual(['operator-limit', 'node y (Softmax)']);
    const several = {
      nodes: [node('QuantizeLinear', 'x g.s g.z', 'q')],
      initializers: gridConstants('g', { scale: [1, 2] }),
    };
    expect(codeAndPlace({ shape: [1, 2], ...several })).toEqual(['graph-limit', 'output q']);
  });

  it('name blocks, scales of zero, codes of other types and a constant that is dequantized twice', () => {
    const limit = (...nodes: readonly (Piece | BuiltNode)[]) => codeAndPlace(chain(...nodes))[0];
    expect(limit(node('QuantizeLinear', 'x blocks', 'q'), node('DequantizeLinear', 'q blocks', 'y'))).toBe(
      'operator-limit',
    );
    expect(limit(node('QuantizeLinear', 'x g.s g.z', 'q', { block_size: 2 }))).toBe('operator-limit');
    expect(limit(quantized('x', 'y', { scale: 0 }))).toBe('operator-limit');
    expect(limit(quantized('x', 'y', { scale: 1, type: 'int32' }))).toBe('operator-limit');
    const float8 = { 'f.z': rawTensor({ dims: [], dataType: 17, rawData: Uint8Array.of(0) }) };
    expect(limit({ nodes: [node('QuantizeLinear', 'x g.s f.z', 'y')], initializers: float8 })).toBe('operator-limit');
    expect(limit(node('DequantizeLinear', 'x g.s g.z', 'y'))).toBe('operator-limit');
  });

  it('name scales that are not one for each channel', () => {
    const error = codeAndPlace(chain(quantized('x', 'y', { scale: [1, 2, 3, 4], axis: 1 })));
    expect(error).toEqual(['shape-mismatch', 'node y.q (QuantizeLinear)']);
  });

  it('name weights whose scale changes within an output', () => {
    const scale = [1 / 64, 1 / 128, 1 / 256];
    const error = refusalOf(convolution({ weights: { scale, axis: 1 }, bias: false }));
    expect([error.code, error.where]).toEqual(['operator-limit', 'node a (Conv)']);
  });

  it('say what to do about dynamic quantization', () => {
    const error = refusalOf(chain(node('DynamicQuantizeLinear', 'x', 'q s z'), node('DequantizeLinear', 'q s z', 'y')));
    expect(error.code).toBe('operator-unknown');
    expect(error.hint).toContain('static');
  });
});
