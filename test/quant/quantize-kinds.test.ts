import { describe, expect, it } from 'vitest';
import { randomSource } from '../../src/base/random.js';
import type { Graph, PointwiseFunction } from '../../src/frontend/graph.js';
import { calibrate } from '../../src/quant/calibrate.js';
import type { IntegerNetwork, Layer } from '../../src/quant/network.js';
import { inputCodes, type ModelInputs } from '../../src/quant/numerics.js';
import { type QuantizeOptions, quantizeGraph } from '../../src/quant/quantize-graph.js';
import { compareLevels } from '../support/compare-levels.js';
import { GraphBuilder, ORIGIN, RELU } from '../support/graph-builder.js';
import { testMachine } from '../support/machines.js';
import { relativeNoise } from '../support/noise.js';

const OPTIONS: QuantizeOptions = {
  weights: 8,
  activations: 8,
  ends: 8,
  widths: { mBits: 34, bBits: 64, nBits: 6 },
  tableEntries: 2 ** 12,
};
const MACHINE = testMachine({
  counters: 64,
  memory: { tableEntries: 2 ** 12, programWords: 2 ** 13 },
});
const SAME3 = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;

/** Uniform in lo..hi, every input of the graph. */
function samplesFor(graph: Graph, count = 6, lo = -1, hi = 1): ModelInputs[] {
  const random = randomSource(5);
  const draw = (shape: readonly number[]): Float32Array =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => lo + (hi - lo) * random.uniform());
  return Array.from({ length: count }, () => {
    const [only, ...others] = graph.inputs;
    if (others.length === 0) return draw(only!.shape);
    return Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, draw(shape)]));
  });
}

interface Quantized {
  readonly network: IntegerNetwork;
  /** The worst of all outputs. */
  readonly noise: number;
}

async function quantized(graph: Graph, changes: Partial<QuantizeOptions> = {}): Promise<Quantized> {
  const samples = samplesFor(graph);
  const network = quantizeGraph(graph, await calibrate(graph, samples), { ...OPTIONS, ...changes });
  expect(compareLevels(network, MACHINE, inputCodes(network, samples[0]!)).divergence).toBe(null);
  return { network, noise: Math.max(...(await relativeNoise(graph, network, samples))) };
}

const kinds = ({ layers }: IntegerNetwork): string[] => layers.map(({ kind, name }) => `${kind} ${name}`);
const named = ({ layers }: IntegerNetwork, name: string): Layer => layers.find((layer) => layer.name === name)!;
const words = ({ layers }: IntegerNetwork): string[] => layers.map(({ exactness }) => exactness.kind);

/** A convolution to three channels, and behind it what a test adds. */
const behindConv = (shape = [1, 2, 6, 5]): GraphBuilder => new GraphBuilder(shape, 3).conv({ ...SAME3, channels: 3 });

describe('products', () => {
  it('of two maps, of a map and one value for each channel, and of a map by itself', async () => {
    const builder = behindConv();
    const a = builder.last;
    builder.conv({ kernel: [6, 5], channels: 3, clamp: RELU }, 'input');
    const pixel = builder.last;
    builder
      .conv({ ...SAME3, channels: 3 }, 'input')
      .mul(a, builder.last, RELU)
      .mul(builder.last, pixel);
    const { network, noise } = await quantized(builder.mul(builder.last, builder.last).build());
    expect(noise).toBeLessThan(0.03);
    expect(kinds(network).slice(3)).toEqual(['mul mul3', 'mul mul4', 'conv mul5']);
    expect(words(network)).toEqual(new Array(6).fill('exact'));
    expect(named(network, 'mul3')).toMatchObject({ requantize: { residual: null }, checked: { wholeChannels: 3 } });
  });

  it('of a map by itself stay products where there are no tables', async () => {
    const builder = behindConv();
    const { network, noise } = await quantized(builder.mul(builder.last, builder.last).build(), { tableBits: 0 });
    expect(noise).toBeLessThan(0.02);
    expect(kinds(network)).toEqual(['conv conv0', 'mul mul1']);
  });
});

describe('sums', () => {
  it.each([
    ['a - conv', true, -1, false],
    ['conv - a', false, -1, false],
    ['map - pixel', false, -1, true],
    ['pixel - map', true, -1, true],
    ['pixel + map', true, undefined, true],
  ] as const)('%s', async (_, swapped, sign, pixel) => {
    const builder = new GraphBuilder([1, 3, 4, 4], 3).conv({ kernel: pixel ? [4, 4] : [1, 1], channels: 3 });
    const other = builder.last;
    builder.conv({ ...SAME3, channels: 3 }, 'input');
    const operands = swapped ? ([other, builder.last] as const) : ([builder.last, other] as const);
    const { network, noise } = await quantized(builder.add(...operands, RELU, sign).build());
    expect(noise).toBeLessThan(0.02);
    expect(kinds(network)).toEqual(['conv conv0', 'conv conv1']);
    expect(words(network)).toEqual(['exact', 'exact']);
  });

  it('of two maps that no convolution makes, and the difference of one from itself', async () => {
    const builder = new GraphBuilder([1, 3, 4, 4], 3).conv({ ...SAME3, channels: 3, clamp: RELU });
    const a = builder.last;
    builder.pool('maxpool', { ...SAME3 }).add(a, builder.last, undefined, -1);
    const difference = builder.last;
    builder.add(difference, difference, undefined, -1).add(difference, builder.last);
    const { noise } = await quantized(builder.build());
    expect(noise).toBeLessThan(0.03);
  });
});

describe('pointwise functions', () => {
  const tables: readonly (readonly [PointwiseFunction, { alpha?: number; beta?: number }])[] = [
    ['leakyrelu', { alpha: 0.1 }],
    ['leakyrelu', { alpha: -0.5 }],
    ['sigmoid', {}],
    ['hardswish', {}],
    ['tanh', {}],
    ['elu', { alpha: 1 }],
    ['selu', { alpha: 1.6732632, beta: 1.0507009 }],
    ['celu', { alpha: 0.7 }],
    ['softplus', {}],
    ['softsign', {}],
    ['silu', { alpha: 1 }],
    ['gelu', {}],
    ['gelu', { alpha: 1 }],
    ['mish', {}],
    ['abs', {}],
  ];

  it.each(tables)('%s %o is a table in the layer of its sum, off by one code at most', async (fn, attributes) => {
    const { network, noise } = await quantized(behindConv().pointwise(fn, attributes).build());
    expect(noise).toBeLessThan(0.02);
    expect(kinds(network)).toEqual(['conv conv0']);
    const [layer] = network.layers;
    expect(layer).toMatchObject({ sources: ['conv0', expect.stringContaining(fn)] });
    if (layer!.exactness.kind === 'approximate') expect(layer!.exactness.maxCodes).toBeLessThanOrEqual(2);
  });

  it.each(tables)('%s %o of codes is exact', async (fn, attributes) => {
    const builder = behindConv();
    const graph = builder
      .pool('maxpool', { ...SAME3 })
      .pointwise(fn, attributes)
      .build();
    const { network, noise } = await quantized(graph);
    expect(noise).toBeLessThan(0.03);
    expect(words(network)).toEqual(['exact', 'exact', 'exact']);
    expect(named(network, network.layers[2]!.name)).toMatchObject({ requantize: { m: [1, 1, 1], n: [0, 0, 0] } });
  });

  it('behind a residual, a clamp, a product, a pool and on the input itself', async () => {
    const builder = new GraphBuilder([1, 3, 4, 4], 3).pointwise('tanh').conv({ ...SAME3, channels: 3 });
    const a = builder.last;
    builder
      .conv({ ...SAME3, channels: 3 })
      .add(a)
      .pointwise('silu', { alpha: 1 });
    builder.mul(a).pointwise('elu', { alpha: 1 });
    builder.conv({ ...SAME3, channels: 3, clamp: { min: -1, max: 0.5 } }).pointwise('mish');
    builder.pool('averagepool', { kernel: [2, 2] }).pointwise('sigmoid');
    const { network, noise } = await quantized(builder.build());
    expect(noise).toBeLessThan(0.06);
    expect(kinds(network)).toEqual([
      'conv tanh0',
      'conv conv1',
      'conv conv2',
      'mul mul5',
      'conv conv7',
      'conv averagepool9',
    ]);
  });

  it('stays a layer of its own where other nodes read its argument', async () => {
    const builder = behindConv();
    const argument = builder.last;
    const { network, noise } = await quantized(builder.pointwise('sigmoid').mul(argument, builder.last).build());
    expect(noise).toBeLessThan(0.02);
    expect(kinds(network)).toEqual(['conv conv0', 'conv sigmoid1', 'mul mul2']);
    expect(words(network)).toEqual(['exact', 'exact', 'exact']);
  });

  it('has exact requantizers alone for sign and hardsigmoid', async () => {
    const soft = await quantized(behindConv().pointwise('hardsigmoid', { alpha: 0.2, beta: 0.5 }).build());
    expect(soft.noise).toBeLessThan(0.02);
    expect(words(soft.network)).toEqual(['exact']);
    const builder = behindConv().pointwise('sign');
    const signs = await quantized(builder.conv({ kernel: [1, 1], channels: 2 }).build());
    expect(words(signs.network)).toEqual(['exact', 'exact']);
    expect(signs.network.tensors['sign1.out']).toMatchObject({ bits: 2, scale: 1, zero: 1 });
    for (const layer of [soft.network.layers[0]!, signs.network.layers[0]!])
      expect(layer).not.toHaveProperty('requantize.table');
  });

  it('leaves zeros between the signs where a sum is exactly zero', async () => {
    const graph = new GraphBuilder([1, 2, 3, 3])
      .conv({ kernel: [1, 1], channels: 2, weights: [1, 0, 0, -1], bias: [0, 0] })
      .pool('maxpool', { kernel: [1, 1] })
      .pointwise('sign')
      .build();
    const { noise } = await quantized(graph);
    expect(noise).toBeLessThan(0.15);
  });

  it('gives every channel its own slope, exactly behind one rounding', async () => {
    const slopes = [0.25, 1.5, -0.4];
    const { network, noise } = await quantized(behindConv().pointwise('prelu', { slopes }).build());
    expect(noise).toBeLessThan(0.015);
    expect(kinds(network)).toEqual(['conv conv0', 'conv prelu1.relu', 'conv prelu1']);
    expect(words(network)).toEqual(['exact', 'exact', 'exact']);
    expect(network.tensors['conv0.out']!.bits).toBeGreaterThan(8);
  });

  it('has slopes without tables, and refuses other functions then', async () => {
    const graph = behindConv().pointwise('leakyrelu', { alpha: 0.1 }).build();
    const { network, noise } = await quantized(graph, { tableBits: 0 });
    expect(noise).toBeLessThan(0.015);
    expect(kinds(network)).toEqual(['conv conv0', 'conv leakyrelu1.relu', 'conv leakyrelu1']);
    await expect(quantized(behindConv().pointwise('tanh').build(), { tableBits: 0 })).rejects.toMatchObject({
      code: 'network-unsupported',
      where: 'tanh1',
    });
  });

  it('has slopes where the table memory leaves no index between the ends, and refuses other functions then', async () => {
    const graph = behindConv().pointwise('leakyrelu', { alpha: 0.1 }).build();
    const { network } = await quantized(graph, { tableEntries: 2 });
    expect(kinds(network)).toEqual(['conv conv0', 'conv leakyrelu1.relu', 'conv leakyrelu1']);
    const two = behindConv()
      .pointwise('tanh')
      .conv({ ...SAME3, channels: 3 })
      .pointwise('sigmoid')
      .build();
    await expect(quantized(two, { tableEntries: 4 })).rejects.toMatchObject({
      code: 'memory-too-small',
      expected: 'at least 8 entries for 2 tables',
    });
    await expect(quantized(two, { tableEntries: 8 })).resolves.toBeDefined();
  });
});

describe('rearranged maps', () => {
  it('share one grid with what they are made of, and move codes exactly', async () => {
    const builder = behindConv();
    const a = builder.last;
    builder.conv({ ...SAME3, channels: 2, clamp: RELU }, 'input').pool('maxpool', { ...SAME3 });
    builder.concat(builder.last, a);
    const joined = builder.last;
    const { network, noise } = await quantized(builder.conv({ kernel: [1, 1], channels: 2 }).build());
    expect(noise).toBeLessThan(0.02);
    const grids = [a, 'conv1.out', 'maxpool2.out', joined].map((name) => {
      const { bits, scale, zero } = network.tensors[name]!;
      return { bits, scale, zero };
    });
    for (const grid of grids) expect(grid).toEqual(grids[0]);
  });

  it('get the input on their grid through a layer of its own', async () => {
    const builder = behindConv();
    builder.concat(builder.last, 'input');
    const { network, noise } = await quantized(builder.conv({ kernel: [1, 1], channels: 2 }).build());
    expect(noise).toBeLessThan(0.02);
    expect(kinds(network)).toEqual(['conv input.regridded', 'conv conv0', 'arrange arrange1', 'conv conv2']);
  });

  it('keep the grid of the input where nothing else is among them, several inputs one grid', async () => {
    const builder = new GraphBuilder([1, 2, 4, 4], 3).input('other', [1, 1, 4, 4]).concat('input', 'other');
    const { network, noise } = await quantized(builder.conv({ ...SAME3, channels: 2 }).build());
    expect(noise).toBeLessThan(0.02);
    expect(kinds(network)).toEqual(['arrange arrange0', 'conv conv1']);
    expect(network.inputs.map(({ modelName }) => modelName)).toEqual(['input', 'other']);
  });

  it.each([0, 0.75, -20])('are filled up with %d, and wider grids hold what is beyond the values', async (fill) => {
    const builder = behindConv([1, 2, 4, 4]);
    const part = { input: builder.last, from: ORIGIN, to: { ...ORIGIN, y: 1, x: 2 }, size: [4, 4, 3] } as const;
    const graph = builder
      .arrange([part], [1, 3, 6, 7], fill)
      .conv({ kernel: [2, 2], channels: 2 })
      .build();
    const { network, noise } = await quantized(graph);
    expect(noise).toBeLessThan(0.04);
    const { scale, zero } = network.tensors['arrange1.out']!;
    const code = (named(network, 'arrange1') as Extract<Layer, { kind: 'arrange' }>).fill;
    expect(Math.abs(scale * (code - zero) - fill)).toBeLessThanOrEqual(scale / 2);
  });

  it('are refused where the fill would take the grid from all values', async () => {
    const builder = behindConv([1, 2, 4, 4]);
    const part = { input: builder.last, from: ORIGIN, to: ORIGIN, size: [4, 4, 3] } as const;
    const graph = builder.arrange([part], [1, 3, 5, 5], -3e38).build();
    await expect(quantized(graph)).rejects.toMatchObject({ code: 'network-unsupported', where: 'arrange1.out' });
  });
});

describe('average pools that leave the border out', () => {
  it.each([
    ['3x3, nine regions', { ...SAME3 }, [1, 2, 6, 5]],
    ['one region', { kernel: [3, 3], pads: [1, 1, 1, 1] } as const, [1, 2, 2, 2]],
    ['strides and uneven pads', { kernel: [3, 2], strides: [2, 2], pads: [0, 0, 2, 1] } as const, [1, 2, 7, 5]],
    ['dilated', { kernel: [2, 3], dilations: [2, 2], pads: [1, 2, 1, 2] } as const, [1, 2, 6, 7]],
  ])('%s', async (_, window, shape) => {
    const builder = new GraphBuilder(shape, 3).pool('averagepool', { ...window, border: 'excluded' });
    const { network, noise } = await quantized(builder.conv({ kernel: [1, 1], channels: 2 }).build());
    expect(noise).toBeLessThan(0.03);
    expect(words(network).every((word) => word === 'exact')).toBe(true);
  });
});

describe('several outputs', () => {
  it('leave in the order in which layers make them, raw where nothing reads them', async () => {
    const builder = behindConv();
    const read = builder.last;
    builder.conv({ kernel: [1, 1], channels: 2 });
    const bare = builder.last;
    builder.conv({ kernel: [1, 1], channels: 2 }, read).pointwise('sigmoid');
    const { network, noise } = await quantized(builder.leaving(builder.last, bare, read));
    expect(noise).toBeLessThan(0.02);
    expect(network.outputs.map(({ name, form }) => [name, form])).toEqual([
      [read, 'codes'],
      [bare, 'accumulators'],
      ['sigmoid3.out', 'codes'],
    ]);
    expect(network.modelOutputs.map(({ name }) => name)).toEqual(['sigmoid3.out', bare, read]);
  });
});

describe('every kind of node', () => {
  /** All of them in one network. */
  function everything(): Graph {
    const builder = new GraphBuilder([1, 3, 7, 6], 3).conv({ ...SAME3, channels: 4 }).pointwise('silu', { alpha: 1 });
    const trunk = builder.last;
    builder.conv({ kernel: [7, 6], channels: 4 }).pointwise('hardsigmoid', { alpha: 0.2, beta: 0.5 });
    builder.mul(trunk, builder.last).pool('averagepool', { ...SAME3, border: 'excluded' });
    const pooled = builder.last;
    builder.conv({ ...SAME3, channels: 4 }).add(pooled, builder.last, undefined, -1);
    builder.pointwise('prelu', { slopes: [0.1, 0.2, 0.3, 0.4] });
    builder
      .concat(builder.last, trunk, 'input')
      .conv({ kernel: [1, 1], channels: 5 })
      .pointwise('leakyrelu', { alpha: 0.1 });
    builder.pointwise('sign').conv({ kernel: [3, 3], channels: 3 });
    return builder.build();
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is quantized to activations of %d bits', async (activations) => {
    const { network } = await quantized(everything(), { activations, weights: 3, ends: 'same' });
    for (const { exactness } of network.layers) {
      if (exactness.kind === 'approximate') expect(exactness.maxCodes).toBe(1);
    }
  });

  it('gives equal networks for equal inputs', async () => {
    expect(await quantized(everything())).toEqual(await quantized(everything()));
  });
});
