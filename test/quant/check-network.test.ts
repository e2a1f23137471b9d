import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArrangePart } from '../../src/frontend/graph.js';
import { checkNetwork } from '../../src/quant/check-network.js';
import type {
  CodeTensor,
  ConvLayer,
  IntegerNetwork,
  MaxPoolLayer,
  MulLayer,
  OutputTensor,
  Requantize,
} from '../../src/quant/network.js';
import { NetworkBuilder } from '../support/network-builder.js';
import { networkArbitrary } from '../support/random-network.js';

const NETWORK = new NetworkBuilder({ height: 4, width: 4, channels: 3 })
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 2, weightBits: 4 })
  .conv({ kernel: [1, 1], channels: 2, weightBits: 1, residual: 'conv0.out' })
  .maxpool({ kernel: [2, 2] })
  .conv({ kernel: [3, 3], channels: 3, bits: null })
  .build();

const withLayer = (at: number, change: object): IntegerNetwork => ({
  ...NETWORK,
  layers: NETWORK.layers.map((layer, i) => (i === at ? ({ ...layer, ...change } as typeof layer) : layer)),
});
const conv = (change: Partial<ConvLayer>, at = 0) => withLayer(at, change);
const pool = (change: Partial<MaxPoolLayer>) => withLayer(2, change);
const requantize = (change: Partial<Requantize>, at = 0) =>
  conv({ requantize: { ...(NETWORK.layers[at] as ConvLayer).requantize!, ...change } }, at);
const tensor = (name: string, change: Partial<CodeTensor>): IntegerNetwork => ({
  ...NETWORK,
  tensors: { ...NETWORK.tensors, [name]: { ...NETWORK.tensors[name]!, ...change } },
});
const output = (change: Partial<OutputTensor>): IntegerNetwork => ({
  ...NETWORK,
  outputs: [{ ...NETWORK.outputs[0]!, ...change }],
});
const without = (name: string): IntegerNetwork => {
  const { [name]: _, ...tensors } = NETWORK.tensors;
  return { ...NETWORK, tensors };
};
const weights = (NETWORK.layers[0] as ConvLayer).weights;
const signs = (NETWORK.layers[1] as ConvLayer).weights;

const ORIGIN = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };
const PART = { input: 'input', from: ORIGIN, to: ORIGIN, size: [2, 2, 2] } as const;
const NEWER = new NetworkBuilder({ height: 2, width: 2, channels: 2 })
  .input({ height: 2, width: 2, channels: 2 })
  .mul({ inputs: ['input', 'input1'] })
  .arrange({
    parts: [PART, { ...PART, input: 'mul0.out', to: { ...ORIGIN, c: 2 } }],
    ...{ height: 2, width: 2, channels: 4 },
  })
  .build('mul0.out', 'arrange1.out');
const newerLayer = (at: number, change: object): IntegerNetwork => ({
  ...NEWER,
  layers: NEWER.layers.map((layer, i) => (i === at ? ({ ...layer, ...change } as typeof layer) : layer)),
});
const product = (change: Partial<Requantize>) =>
  newerLayer(0, { requantize: { ...(NEWER.layers[0] as MulLayer).requantize, ...change } });
const part = (change: Partial<ArrangePart>) =>
  newerLayer(1, {
    parts: [
      { ...PART, ...change },
      { ...PART, input: 'mul0.out', to: { ...ORIGIN, c: 2 } },
    ],
  });
const newer = (name: string, change: Partial<CodeTensor>): IntegerNetwork => ({
  ...NEWER,
  tensors: { ...NEWER.tensors, [name]: { ...NEWER.tensors[name]!, ...change } },
});

describe('checkNetwork', () => {
  it('accepts every random network', () => {
    fc.assert(
      fc.property(networkArbitrary, (network) => checkNetwork(network)),
      { numRuns: 200, seed: 1 },
    );
  });

  it.each<[string, IntegerNetwork]>([
    ['a tensor under another name', tensor('input', { name: 'other' })],
    ['a tensor without pixels', tensor('conv0.out', { height: 0 })],
    ['a tensor of half a channel', tensor('conv0.out', { channels: 1.5 })],
    ['no bits', tensor('input', { bits: 0 })],
    ['17 bits', tensor('input', { bits: 17 })],
    ['a zero that is no code', tensor('input', { zero: 256 })],
    ['a zero between codes', tensor('input', { zero: 0.5 })],
    ['a scale of nothing', tensor('input', { scale: 0 })],
    ['a scale that is no number', tensor('input', { scale: Number.NaN })],
    ['no input tensor', without('input')],
    ['an input of another size', { ...NETWORK, inputs: [{ ...NETWORK.inputs[0]!, shape: [1, 3, 4, 5] }] }],
    ['an operand that nothing makes', conv({ input: 'nowhere' })],
    ['an operand made later', conv({ input: 'conv1.out' })],
    ['a residual that nothing makes', requantize({ residual: { tensor: 'nowhere', m: [1, 1] } })],
    ['an output made twice', conv({ output: 'conv0.out' }, 1)],
    ['an output that is no tensor', without('pool2.out')],
    ['half a stride', conv({ strides: [0.5, 1] })],
    ['a kernel of nothing', pool({ kernel: [0, 2] })],
    ['a negative pad', conv({ pads: [1, 1, 1, -1] })],
    ['three pads', conv({ pads: [1, 1, 1] as never })],
    ['another output height', tensor('conv1.out', { height: 5 })],
    ['another output width', pool({ strides: [1, 2] })],
    ['a group a channel where the channels change', conv({ groups: 3 })],
    ['too few weights', conv({ weights: weights.slice(1) })],
    ['weights of seventeen bits', conv({ weightFormat: { bits: 17 } })],
    ['weights beyond their bits', conv({ weightFormat: { bits: 2 }, weights: weights.map(() => 2) })],
    ['a zero among bipolar weights', conv({ weights: signs.map((w, i) => (i === 0 ? 0 : w)) }, 1)],
    ['a range that its accumulators leave', conv({ accRange: { min: 0, max: 1 } })],
    ['a pool of other bits', tensor('pool2.out', { bits: 7 })],
    ['a pool of another zero', tensor('pool2.out', { zero: 1 })],
    ['a pool of other channels', tensor('pool2.out', { channels: 3 })],
    ['raw accumulators within', conv({ requantize: null })],
    ['too few multipliers', requantize({ m: [1] })],
    ['too many offsets', requantize({ b: [1n, 2n, 3n] })],
    ['too few shifts', requantize({ n: [1] })],
    ['too few residual multipliers', requantize({ residual: { tensor: 'conv0.out', m: [1] } }, 1)],
    ['a fraction for a multiplier', requantize({ m: [1, 0.5] })],
    ['a multiplier that is no exact integer', requantize({ m: [1, 2 ** 53] })],
    ['a negative shift', requantize({ n: [1, -1] })],
    ['a shift beyond 63', requantize({ n: [1, 64] })],
    ['another rounding', requantize({ round: 'ceil' as never })],
    ['limits the wrong way round', requantize({ lo: 5, hi: 4 })],
    ['a limit that is no code', requantize({ hi: 256 })],
    ['a residual of another shape', requantize({ residual: { tensor: 'input', m: [1, 1] } }, 1)],
    ['an output that no layer makes', output({ tensor: 'nowhere' })],
    ['an output of another size', output({ shape: [1, 4] })],
    ['codes where there are accumulators', output({ form: 'codes' })],
    ['accumulators where there are codes', output({ tensor: 'pool2.out', shape: [1, 2, 3, 3], form: 'accumulators' })],
    ['too few output scales', output({ scale: [1] })],
    ['too few output biases', output({ bias: [] })],
    ['an infinite output scale', output({ scale: [1, 1, Number.POSITIVE_INFINITY] })],
  ])('refuses %s', (_, network) => {
    expect(() => checkNetwork(network)).toThrow(expect.objectContaining({ code: 'graph-invalid' }));
  });

  it('refuses accumulators beyond 32 bits', () => {
    // 600 * 8-bit weights of 127 * 16-bit codes = 5e9
    const wide = new NetworkBuilder({ height: 1, width: 1, channels: 600, bits: 16 })
      .conv({ kernel: [1, 1], channels: 1, weights: new Array<number>(600).fill(127) })
      .build();
    expect(() => checkNetwork(wide)).toThrow(expect.objectContaining({ code: 'accumulator-range', where: 'conv0' }));
  });

  it.each<[string, IntegerNetwork]>([
    ['a product of other channels', newer('input1', { channels: 3 })],
    ['a product by a row of pixels', newer('input1', { height: 1 })],
    ['a product of another shape', newer('mul0.out', { width: 3 })],
    ['a product of codes with a zero between codes', newer('input', { zero: 0.5 })],
    ['a product beyond its range', newerLayer(0, { accRange: { min: 0, max: 10 } })],
    ['a product with a residual', product({ residual: { tensor: 'input', m: [1, 1] } })],
    ['a table of too few codes', product({ table: new Uint16Array(3) })],
    ['a table of codes that do not exist', product({ table: new Uint16Array(256).fill(256) })],
    ['a limit beyond 16 bits, whatever the table', product({ hi: 2 ** 16, table: new Uint16Array(2 ** 16 + 1) })],
    ['an arrangement of nothing', newerLayer(1, { parts: [] })],
    ['a fill that is no code', newerLayer(1, { fill: 256 })],
    ['a part of other bits', newer('mul0.out', { bits: 9 })],
    ['a part of another zero', newer('mul0.out', { zero: 1 })],
    ['a part of another scale', newer('mul0.out', { scale: 2 })],
    ['a part of nothing', part({ size: [1, 0, 1] })],
    ['a part that begins outside its map', part({ from: { ...ORIGIN, y: -1 } })],
    ['a part that ends outside its map', part({ from: { ...ORIGIN, xStep: 2 } })],
    ['a part that leaves the output', part({ to: { ...ORIGIN, c: 3 } })],
    ['a part without steps', part({ to: { ...ORIGIN, yStep: 0 } })],
    ['parts that overlap', part({ to: { ...ORIGIN, c: 1 } })],
    ['two inputs of one tensor', { ...NEWER, inputs: [NEWER.inputs[0]!, NEWER.inputs[0]!] }],
    ['outputs in another order than their layers', { ...NEWER, outputs: [...NEWER.outputs].reverse() }],
  ])('refuses %s', (_, network) => {
    expect(() => checkNetwork(NEWER)).not.toThrow();
    expect(() => checkNetwork(network)).toThrow(expect.objectContaining({ code: 'graph-invalid' }));
  });

  it('takes limits beyond the codes where a table follows them', () => {
    expect(() => checkNetwork(product({ hi: 999, table: new Uint16Array(1000) }))).not.toThrow();
  });

  it('refuses products beyond 32 bits', () => {
    const wide = new NetworkBuilder({ height: 1, width: 1, channels: 1, bits: 16 })
      .mul({ inputs: ['input', 'input'] })
      .build();
    expect(() => checkNetwork(wide)).toThrow(expect.objectContaining({ code: 'accumulator-range', where: 'mul0' }));
  });
});
