import { describe, expect, it } from 'vitest';
import type { ConvNode, DenseNode, GraphNode } from '../../../src/frontend/graph.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { kindsOf } from '../../support/host-chain.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import {
  type BuiltAttribute,
  type BuiltNode,
  type BuiltTensor,
  buildOnnx,
  codes,
  float,
  floats,
  ints,
  type ModelRecipe,
  node,
  randomCodes,
} from '../../support/onnx-builder.js';
import { type Grid, gridConstants } from '../../support/qdq.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const kinds = (nodes: readonly GraphNode[]): string[] => nodes.map((n) => n.kind);
const MICROSOFT = { domain: 'com.microsoft' };
const A: Grid = { scale: 1 / 32, zero: 3 };
const B: Grid = { scale: 1 / 16, zero: -20 };
const OUT: Grid = { scale: 1 / 4, zero: -7 };

/** Between a QuantizeLinear to `a` and a DequantizeLinear from `q`; grids `a`, `b`, `w` and `o`. */
function between(
  shape: readonly number[],
  nodes: readonly BuiltNode[],
  more: Record<string, BuiltTensor> = {},
  ends: { readonly from?: Grid; readonly to?: Grid } = {},
): ModelRecipe {
  return {
    shape,
    opset: 13,
    domains: { 'com.microsoft': 1 },
    nodes: [node('QuantizeLinear', 'x a.s a.z', 'a'), ...nodes, node('DequantizeLinear', 'q o.s o.z', 'y')],
    initializers: {
      ...gridConstants('a', ends.from ?? A),
      ...gridConstants('b', B),
      ...gridConstants('w', { scale: 1 / 128 }),
      ...gridConstants('o', ends.to ?? OUT),
      ...more,
    },
  };
}

const qconv = (inputs: string, attributes: Record<string, BuiltAttribute> = {}): BuiltNode =>
  node('QLinearConv', `a a.s a.z ${inputs} o.s o.z b32`, 'q', attributes);

describe('operators on codes', () => {
  it('QLinearConv is a convolution between quantizers, with the bias in steps of the product', async () => {
    const more = {
      wq: randomCodes('int8', [4, 3, 3, 3], 1, [-128, 127]),
      b32: randomCodes('int32', [4], 2, [-4000, 4000]),
    };
    const recipe = between([1, 3, 6, 6], [qconv('wq w.s w.z', { pads: [1, 0, 1, 1], strides: [2, 1] })], more);
    const { nodes } = await sameAsRuntime(recipe);
    expect(kinds(nodes)).toEqual(['quant', 'conv', 'quant']);
    const made = nodes[1] as ConvNode;
    expect(made.codes).toMatchObject({ bits: 8, scale: Float32Array.of(1 / 128) });
    expect([made.name, nodes[2]!.sources]).toEqual(['q', ['q']]);
    expect(made.bias.data.every((b) => Number.isInteger(b * 4096))).toBe(true);
  });

  it('QLinearConv in unsigned bytes, depthwise, with a scale and zero point for each output', async () => {
    const scale = [1 / 128, 1 / 64, 1 / 256];
    const more = {
      ...gridConstants('w', { scale, zero: 128, type: 'uint8' as const }),
      wq: randomCodes('uint8', [3, 1, 3, 3], 1, [0, 255]),
      b32: randomCodes('int32', [3], 2, [-400, 400]),
    };
    const bytes = { scale: 1 / 32, zero: 100, type: 'uint8' } as const;
    const recipe = between([1, 3, 6, 6], [qconv('wq w.s w.z', { group: 3 })], more, { from: bytes, to: bytes });
    const made = (await sameAsRuntime(recipe)).nodes[1] as ConvNode;
    expect(made.codes).toMatchObject({ bits: 8, scale: Float32Array.from(scale) });
  });

  it('QLinearMatMul and QGemm are dense layers', async () => {
    const matmul = node('QLinearMatMul', 'a a.s a.z wq w.s w.z o.s o.z', 'q');
    const wq = randomCodes('int8', [12, 5], 1, [-128, 127]);
    const { nodes } = await sameAsRuntime(between([1, 12], [matmul], { wq }));
    expect(kinds(nodes)).toEqual(['quant', 'dense', 'quant']);
    for (const transB of [0, 1]) {
      const more = {
        wq: randomCodes('int8', transB ? [5, 12] : [12, 5], 1, [-128, 127]),
        b32: randomCodes('int32', [5], 2, [-4000, 4000]),
      };
      const gemm = node('QGemm', 'a a.s a.z wq w.s w.z b32 o.s o.z', 'q', { transB }, MICROSOFT);
      const made = (await sameAsRuntime(between([1, 12], [gemm], more))).nodes;
      expect(kinds(made)).toEqual(['quant', 'dense', 'quant']);
      expect((made[1] as DenseNode).codes).toMatchObject({ bits: 8 });
    }
  });

  it('QGemm multiplies its bias by alpha too', async () => {
    const more = {
      wq: randomCodes('int8', [12, 5], 1, [-128, 127]),
      b32: randomCodes('int32', [5], 2, [-4000, 4000]),
    };
    const gemm = node('QGemm', 'a a.s a.z wq w.s w.z b32 o.s o.z', 'q', { alpha: float(2) }, MICROSOFT);
    await sameAsRuntime(between([1, 12], [gemm], more));
  });

  it('have codes of the type of their input where no zero point of the output says it', async () => {
    const add = node('QLinearAdd', 'a a.s a.z a a.s a.z o.s', 'q', {}, MICROSOFT);
    await sameAsRuntime(between([1, 12], [add], {}, { to: { scale: 1 / 32 } }));
  });

  it('QLinearAdd is an addition between quantizers, of two tensors or of a tensor and a constant', async () => {
    const two = [
      node('QuantizeLinear', 'x b.s b.z', 'b'),
      node('QLinearAdd', 'a a.s a.z b b.s b.z o.s o.z', 'q', {}, MICROSOFT),
    ];
    expect(kinds((await sameAsRuntime(between([1, 3, 4, 4], two))).nodes)).toEqual(['quant', 'quant', 'add', 'quant']);
    const one = node('QLinearAdd', 'a a.s a.z bc b.s b.z o.s o.z', 'q', {}, MICROSOFT);
    const bc = codes('int8', [8], [1, -5, 100, -128, 127, 0, 33, 7]);
    expect(kinds((await sameAsRuntime(between([1, 8], [one], { bc }))).nodes)).toEqual(['quant', 'affine', 'quant']);
  });

  it('add the zero point before they round where ONNX Runtime does, which ties tell', async () => {
    const odd = { to: { scale: 1 / 4, zero: -7 } };
    const bc = randomCodes('int8', [48], 9, [-128, 127]);
    const wq = randomCodes('int8', [48, 5], 1, [-8, 8]);
    const inside = async (shape: readonly number[], inner: BuiltNode, ends = odd) => {
      const { nodes } = await sameAsRuntime(between(shape, [inner], { bc, wq }, ends), {
        inputs: 10,
        low: -2,
        high: 2,
      });
      const made = nodes.at(-1)!;
      return made.kind === 'quant' && made.quantizer.kind === 'uniform' && made.quantizer.zeroInside;
    };
    const fine = { to: { scale: 1 / 64, zero: 5 } };
    const pool = { kernel_shape: [2, 2] };
    const of = (operator: string, inputs: string, attributes = {}): BuiltNode =>
      node(operator, `a a.s a.z ${inputs} o.s o.z`, 'q', attributes, operator === 'QLinearMatMul' ? {} : MICROSOFT);
    expect(await inside([1, 48], of('QLinearAdd', 'bc b.s b.z'))).toBe(true);
    expect(await inside([1, 48], of('QLinearMul', 'bc b.s b.z'))).toBe(true);
    expect(await inside([1, 3, 4, 4], of('QLinearAveragePool', '', pool), fine)).toBe(true);
    expect(await inside([1, 8, 2, 2], of('QLinearGlobalAveragePool', ''), fine)).toBe(false);
    expect(await inside([1, 48], of('QLinearMatMul', 'wq w.s w.z'))).toBe(false);
  });

  it('QLinearMul by a constant is a scale between quantizers', async () => {
    const mul = node('QLinearMul', 'a a.s a.z bc b.s b.z o.s o.z', 'q', {}, MICROSOFT);
    const bc = codes('int8', [8], [1, -5, 100, -128, 127, 0, 33, 7]);
    expect(kinds((await sameAsRuntime(between([1, 8], [mul], { bc }))).nodes)).toEqual(['quant', 'affine', 'quant']);
  });

  it('QLinearAveragePool and QLinearGlobalAveragePool are pools between quantizers', async () => {
    const window = { kernel_shape: [2, 2], strides: [2, 2] };
    const pool = node('QLinearAveragePool', 'a a.s a.z o.s o.z', 'q', window, MICROSOFT);
    const fine = { to: { scale: 1 / 64, zero: 5 } };
    expect(kinds((await sameAsRuntime(between([1, 3, 4, 4], [pool], {}, fine))).nodes)).toEqual([
      'quant',
      'averagepool',
      'quant',
    ]);
    const whole = node('QLinearGlobalAveragePool', 'a a.s a.z o.s o.z', 'q', { channels_last: 0 }, MICROSOFT);
    await sameAsRuntime(between([1, 3, 4, 4], [whole], {}, fine));
  });

  it('QLinearSoftmax and QLinearSigmoid are steps of the host', async () => {
    const to = { scale: 1 / 256, zero: -128 };
    const softmax = node('QLinearSoftmax', 'a a.s a.z o.s o.z', 'q', { opset: 13, axis: 1 }, MICROSOFT);
    const graph = await sameAsRuntime(between([1, 8], [softmax], {}, { to }));
    expect(kindsOf(graph)).toEqual(['softmax', 'quantize']);
    const sigmoid = node('QLinearSigmoid', 'a a.s a.z o.s o.z', 'q', {}, MICROSOFT);
    expect((await sameAsRuntime(between([1, 8], [sigmoid], {}, { to }))).host).toHaveLength(2);
  });

  it('pool with channels last too', async () => {
    const fine = { to: { scale: 1 / 64, zero: 5 } };
    const channelsLast = { channels_last: 1 };
    const turned = [node('Transpose', 'a', 't', { perm: [0, 2, 3, 1] })];
    const back = node('Transpose', 'p', 'q', { perm: [0, 3, 1, 2] });
    for (const pool of [
      node('QLinearGlobalAveragePool', 't a.s a.z o.s o.z', 'p', channelsLast, MICROSOFT),
      node('QLinearAveragePool', 't a.s a.z o.s o.z', 'p', { ...channelsLast, kernel_shape: [2, 3] }, MICROSOFT),
    ]) {
      const { nodes } = await sameAsRuntime(between([1, 3, 4, 5], [...turned, pool, back], {}, fine));
      expect(kinds(nodes)).toEqual(['quant', 'averagepool', 'quant']);
    }
  });

  it('QLinearConcat joins tensors of several grids on one', async () => {
    const nodes = [
      node('QuantizeLinear', 'x b.s b.z', 'b'),
      node('QLinearConcat', 'o.s o.z a a.s a.z b b.s b.z', 'q', { axis: 1 }, MICROSOFT),
    ];
    const made = await sameAsRuntime(between([1, 3, 4, 4], nodes), { low: -4, high: 4 });
    expect(kinds(made.nodes)).toEqual(['quant', 'quant', 'arrange', 'quant']);
    const odd = node('QLinearConcat', 'o.s o.z a a.s a.z b', 'q', { axis: 1 }, MICROSOFT);
    expect(codeAndPlace(between([1, 3, 4, 4], [nodes[0]!, odd]))[0]).toBe('operator-limit');
  });

  it('QLinearLeakyRelu is a function between quantizers', async () => {
    const leaky = node('QLinearLeakyRelu', 'a a.s a.z o.s o.z', 'q', { alpha: float(0.3) }, MICROSOFT);
    const { nodes } = await sameAsRuntime(between([1, 3, 4, 4], [leaky]), { low: -4, high: 4 });
    expect(kinds(nodes)).toEqual(['quant', 'pointwise', 'quant']);
  });

  it('QLinearSigmoid before a layer is the array’s', async () => {
    const nodes = [
      node('QLinearSigmoid', 'a a.s a.z b.s b.z', 's', {}, MICROSOFT),
      node('QLinearMatMul', 's b.s b.z wq w.s w.z o.s o.z', 'q'),
    ];
    const wq = randomCodes('int8', [12, 5], 1, [-128, 127]);
    const { nodes: made } = await sameAsRuntime(between([1, 12], nodes, { wq }), { low: -4, high: 4 });
    expect(kinds(made)).toEqual(['quant', 'pointwise', 'quant', 'dense', 'quant']);
  });

  it('QLinearReduceMean is a pool between quantizers', () => {
    const mean = node('QLinearReduceMean', 'a a.s a.z o.s o.z', 'q', { axes: [2, 3], keepdims: 1 }, MICROSOFT);
    const graph = importOnnx(buildOnnx(between([1, 3, 4, 4], [mean])));
    expect(kinds(graph.nodes)).toEqual(['quant', 'averagepool', 'quant']);
  });

  it('QLinearWhere and dynamic quantization are refused by name, with the way out', () => {
    for (const operator of ['QLinearWhere', 'DynamicQuantizeMatMul', 'MatMulIntegerToFloat']) {
      const error = refusalOf(between([1, 12], [node(operator, 'a', 'q', {}, MICROSOFT)]));
      expect([error.code, error.where]).toEqual(['operator-unknown', `node q (com.microsoft.${operator})`]);
      expect(error.hint).toMatch(/quantize|float model/);
    }
  });

  it('go through max pools and layout operators of codes', async () => {
    const more = { wq: randomCodes('int8', [12, 5], 1, [-128, 127]), shape: ints([2], [1, 12]) };
    const nodes = [
      node('MaxPool', 'a', 'm', { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Transpose', 'm', 't', { perm: [0, 2, 3, 1] }),
      node('Reshape', 't shape', 'r'),
      node('QLinearMatMul', 'r a.s a.z wq w.s w.z o.s o.z', 'q'),
    ];
    expect(kinds((await sameAsRuntime(between([1, 3, 4, 4], nodes, more))).nodes)).toEqual([
      'quant',
      'maxpool',
      'dense',
      'quant',
    ]);
  });

  it('refuse weights that are computed, and scales that are not positive', () => {
    const code = (nodes: readonly BuiltNode[], more = {}) => codeAndPlace(between([1, 12], nodes, more));
    const wq = randomCodes('int8', [12, 5], 1, [-128, 127]);
    const matmul = (inputs: string): BuiltNode => node('QLinearMatMul', `${inputs} o.s o.z`, 'q');
    expect(code([matmul('a a.s a.z a a.s a.z')])).toEqual(['operator-limit', 'node q (QLinearMatMul)']);
    expect(code([matmul('a a.s a.z wq bad w.z')], { wq, bad: floats([], [-1]) })[0]).toBe('operator-limit');
  });
});
