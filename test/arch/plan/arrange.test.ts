import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../src/arch/plan/plan.js';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import type { ArrangePart } from '../../../src/frontend/graph.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { compareLevels } from '../../support/compare-levels.js';
import { branchingLike } from '../../support/known-networks.js';
import { provenMachine, testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomCodes } from '../../support/network-builder.js';
import { concat, interleave } from '../../support/random-arrange.js';

const machine = testMachine({ counters: 32, memory: { programWords: 2 ** 14 } });
const ORIGIN = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };
const one = { kernel: [1, 1], channels: 3 } as const;
const same3 = { kernel: [3, 3], pads: [1, 1, 1, 1], channels: 5 } as const;

/** Layers of the array by name, and the plan, which computes the golden model's codes. */
function planned(network: IntegerNetwork): Plan {
  const { plan, divergence } = compareLevels(network, machine, randomCodes(network, 1));
  expect(divergence).toBeNull();
  return plan;
}
const layersOf = (network: IntegerNetwork) => planned(network).layers.map(({ name }) => name);

const map = () => new NetworkBuilder({ height: 6, width: 5, channels: 4 });

describe('a concatenation', () => {
  test('of what layers make is no layer: each writes to its place', () => {
    const builder = map()
      .conv({ ...same3, input: 'input' })
      .conv({ ...one, input: 'input' });
    const [a, b] = ['conv0.out', 'conv1.out'].map((name) => builder.tensors[name]!);
    const network = builder
      .arrange(concat([a!, b!], 2))
      .conv(same3)
      .build();
    const plan = planned(network);
    expect(plan.layers.map(({ name }) => name)).toEqual(['conv0', 'conv1', 'conv3']);
    const whole = plan.tensors['arrange2.out']!.place!;
    const places = ['conv0.out', 'conv1.out'].map((name) => plan.tensors[name]!.place!);
    expect(places).toMatchObject([
      { inside: 'arrange2.out', base: whole.base, pixelPitch: 8, group: whole.group },
      { inside: 'arrange2.out', base: whole.base + 5, pixelPitch: 8, group: whole.group },
    ]);
    expect(places.map(({ made, lastRead }) => [made, lastRead])).toEqual([
      [0, 2],
      [0, 2],
    ]);
  });

  test('is waited for row by row where the part made last has all its rows, and as a whole where not', () => {
    for (const [axis, need] of [
      [2, [1, 1, 6]],
      [0, [6, 0, 6]],
    ] as const) {
      const builder = map()
        .conv({ ...one, input: 'input' })
        .conv({ ...one, input: 'input' });
      const parts = ['conv0.out', 'conv1.out'].map((name) => builder.tensors[name]!);
      const network = builder.arrange(concat(parts, axis)).conv(one).build();
      const feed = planned(network).program.filter((record) => record.opcode === 'feed')[2]!.fields;
      expect([feed.inNeed0, feed.inNeedStep, feed.inRows]).toEqual(need);
    }
  });

  test('of concatenations is none either, be they read by others or not', () => {
    const builder = map().conv({ ...one, input: 'input' });
    const names: string[] = ['conv0.out'];
    for (let i = 0; i < 3; i++) {
      const all = builder.conv({ ...one, input: names.at(-1)! }).last;
      builder.arrange(concat([builder.tensors[names.at(-1)!]!, all], 2));
      names.push(builder.last.name);
    }
    // DenseNet: each layer reads all that came before it.
    expect(layersOf(builder.conv(one).build())).toEqual(['conv0', 'conv1', 'conv3', 'conv5', 'conv7']);
  });

  test('copies an input of the network, and what stands in it twice', () => {
    const builder = map().conv({ ...one, channels: 4 });
    const [input, made] = [builder.tensors.input!, builder.last];
    const twice = concat([made, made, input], 2);
    expect(layersOf(builder.arrange(twice).conv(one).build())).toEqual(['conv0', 'arrange1', 'arrange1.2', 'conv2']);
  });

  test('that leaves the machine is streamed from its place', () => {
    const builder = map()
      .conv(one)
      .conv({ ...one, input: 'input' });
    const parts = ['conv0.out', 'conv1.out'].map((name) => builder.tensors[name]!);
    const plan = planned(builder.arrange(concat(parts, 1)).build());
    expect(plan.layers.map(({ output }) => output)).toEqual(['conv0.out', 'conv1.out', 'arrange2.out.stream']);
  });
});

describe('a slice', () => {
  const slice = (from: Partial<typeof ORIGIN>, size: ArrangePart['size'], input = 'input'): ArrangePart => ({
    ...{ input, from: { ...ORIGIN, ...from }, to: ORIGIN, size },
  });
  const shape = ([height, width, channels]: ArrangePart['size']) => ({ height, width, channels });

  test.each<[string, Partial<typeof ORIGIN>, ArrangePart['size']]>([
    ['of rows', { y: 2 }, [3, 5, 4]],
    ['of columns', { x: 1 }, [6, 3, 4]],
    ['of channels', { c: 1 }, [6, 5, 2]],
    ['of every second row and column', { y: 1, yStep: 2, xStep: 2 }, [3, 3, 4]],
  ])('%s is read where it lies, by windows, runs of channels and residuals', (_, from, size) => {
    const cut = map().arrange({ parts: [slice(from, size)], ...shape(size) });
    const channels = size[2];
    const name = cut.last.name;
    const network = cut
      .conv({ ...same3, input: name, channels })
      .conv({ ...same3, input: 'conv1.out', channels, residual: name })
      .conv({ ...same3, input: name, channels, depthwise: true })
      .maxpool({ kernel: [2, 2], input: name })
      .build('conv1.out', 'conv2.out', 'conv3.out', 'pool4.out');
    expect(planned(network).layers.filter(({ name: layer }) => layer.startsWith('arrange'))).toEqual([]);
  });

  test('of every second channel is one layer that picks them', () => {
    const network = map()
      .arrange({ parts: [slice({ cStep: 2 }, [6, 5, 2])], ...shape([6, 5, 2]) })
      .conv(one)
      .build();
    expect(layersOf(network)).toEqual(['arrange0', 'conv1']);
  });

  test('that meets another slice of its tensor as a residual is copied first: one read port a group', () => {
    const half = [6, 5, 2] as const;
    const network = map()
      .conv({ ...one, channels: 4 })
      .arrange({ parts: [slice({}, half, 'conv0.out')], ...shape(half) })
      .arrange({ parts: [slice({ c: 2 }, half, 'conv0.out')], ...shape(half) })
      .mul({ inputs: ['arrange1.out', 'arrange2.out'] })
      .build();
    expect(layersOf(network)).toEqual(['conv0', 'mul3.copy', 'mul3']);
  });
});

describe('an arrangement', () => {
  test('with a border fills only the border, around what its maker writes in place', () => {
    const builder = map().conv(one);
    const inner = { input: 'conv0.out', from: ORIGIN, to: { ...ORIGIN, y: 2, x: 1 }, size: [6, 5, 3] } as const;
    const network = builder
      .arrange({ parts: [inner], height: 9, width: 8, channels: 3, fill: 5 })
      .conv(one)
      .build();
    expect(layersOf(network)).toEqual([
      'conv0',
      'arrange1.fill',
      'arrange1.fill.2',
      'arrange1.fill.3',
      'arrange1.fill.4',
      'conv2',
    ]);
  });

  test('with holes everywhere is filled whole, and its parts come behind', () => {
    const builder = map().conv(one);
    const spread = {
      input: 'conv0.out',
      from: ORIGIN,
      to: { ...ORIGIN, yStep: 2, xStep: 2 },
      size: [6, 5, 3],
    } as const;
    const network = builder
      .arrange({ parts: [spread], height: 12, width: 10, channels: 3, fill: 5 })
      .conv(one)
      .build();
    expect(layersOf(network)).toEqual(['conv0', 'arrange1.fill', 'arrange1', 'conv2']);
  });

  test('of one map in another order of channels is one layer', () => {
    const parts = [0, 1].map((g) => ({
      ...{ input: 'input', from: { ...ORIGIN, c: 2 * g }, to: { ...ORIGIN, c: g, cStep: 2 } },
      size: [6, 5, 2] as const,
    }));
    expect(layersOf(map().arrange({ parts, height: 6, width: 5, channels: 4 }).conv(one).build())).toEqual([
      'arrange0',
      'conv1',
    ]);
  });

  test('of alternating channels of several maps gathers them in place and picks them by one layer', () => {
    const builder = map()
      .conv({ ...one, channels: 7 })
      .conv({ ...one, channels: 7, input: 'input' });
    const maps = ['conv0.out', 'conv1.out'].map((name) => builder.tensors[name]!);
    expect(layersOf(builder.arrange(interleave(maps)).conv(one).build())).toEqual([
      'conv0',
      'conv1',
      'arrange2',
      'conv3',
    ]);
  });

  test('is made by copies where the memory does not bear that its tensor lives from the first part on', () => {
    // In place, all 24 channels live beside the wide maps between the parts; copied, only the first four do.
    const builder = new NetworkBuilder({ height: 4, width: 4, channels: 2 })
      .conv({ kernel: [1, 1], channels: 4 })
      .conv({ kernel: [1, 1], channels: 56 })
      .conv({ kernel: [1, 1], channels: 56 })
      .conv({ kernel: [1, 1], channels: 20, input: 'conv2.out' });
    const parts = ['conv0.out', 'conv3.out'].map((name) => builder.tensors[name]!);
    const network = builder.arrange(concat(parts, 2)).conv(one).build();
    const words = (count: number) => testMachine({ memory: { groups: 2, activationWords: count } });
    const inPlace = planNetwork(network, words(2 ** 12));
    expect(inPlace.layers.some(({ name }) => name.startsWith('arrange'))).toBe(false);
    expect(inPlace.used.activationWords).toBeGreaterThan(256);
    const tight = planNetwork(network, words(256));
    expect(tight.layers.filter(({ name }) => name.startsWith('arrange'))).toHaveLength(2);
    expect(compareLevels(network, words(256), randomCodes(network, 1)).divergence).toBeNull();
  });
});

test('a network with branches takes a layer for each convolution and product, and five that move codes', () => {
  const large = provenMachine('1x16x16', 8, 8);
  const network = branchingLike({ weightBits: 4, endBits: 8 });
  const { plan, divergence } = compareLevels(network, large, randomCodes(network, 1));
  expect(divergence).toBeNull();
  const moving = plan.layers.filter(({ name }) => !/^(conv|mul)\d+$/.test(name)).map(({ name }) => name);
  // The half that no layer works on and the picking of channels in turn; three of the four pixels made of each.
  expect(moving).toEqual(['arrange13', 'arrange13.2', 'arrange14', 'arrange14.2', 'arrange14.3']);
});
