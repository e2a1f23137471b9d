import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import { inputBytes, outputBytes, outputValues } from '../../../src/arch/plan/stream-frames.js';
import { SystoleError } from '../../../src/base/error.js';
import { outputFrame } from '../../../src/quant/frame.js';
import { runGolden } from '../../../src/quant/golden.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { compareLevels } from '../../support/compare-levels.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomCodes } from '../../support/network-builder.js';

const one = { kernel: [1, 1], channels: 3 } as const;
const kinds = (network: IntegerNetwork, machine = testMachine()) => {
  expect(compareLevels(network, machine, randomCodes(network, 1)).divergence).toBeNull();
  return planNetwork(network, machine)
    .program.map(({ opcode }) => opcode)
    .join(' ');
};

/** A chain of convolutions behind the sum of all inputs. */
function chain(inputs: number): IntegerNetwork {
  const builder = new NetworkBuilder({ height: 2, width: 2, channels: 3 });
  for (let i = 1; i < inputs; i++) builder.input({ height: 2, width: 2, channels: 3 });
  builder.conv({ ...one, input: 'input' });
  for (let i = 1; i < inputs; i++) builder.conv({ ...one, residual: `input${i}` });
  return builder.conv(one).conv(one).build();
}

describe('the inputs of a frame', () => {
  test('of the next one come early where there are one or two, and wait where there are three', () => {
    expect(kinds(chain(1))).toBe('load loop feed post feed post feed post load end');
    expect(kinds(chain(2))).toBe('load load loop feed post feed post feed post feed post load load end');
    expect(kinds(chain(3))).toBe('load load load feed post feed post feed post feed post feed post end');
  });

  test('begin on fresh beats, codes of more than 8 bits take two bytes, and the last one ends the frame', () => {
    const network = new NetworkBuilder({ height: 1, width: 1, channels: 5 })
      .input({ height: 1, width: 2, channels: 1, bits: 12 })
      .conv({ ...one, input: 'input' })
      .conv({ ...one, input: 'input1' })
      .build('conv0.out', 'conv1.out');
    const { inputs, program } = planNetwork(network, testMachine());
    expect(inputs).toEqual([
      { tensor: 'input', codes: 5, codeBits: 8, firstByte: 0 },
      { tensor: 'input1', codes: 2, codeBits: 16, firstByte: 8 },
    ]);
    const loads = program.filter((record) => record.opcode === 'load').map(({ fields }) => fields);
    expect(loads.map(({ codeBits, beats, last }) => [codeBits, beats, last])).toEqual([
      [8, 2, 0],
      [16, 1, 1],
    ]);
    const bytes = inputBytes(inputs, [1, 2, 3, 4, 5, 0x123, 0xfed]);
    expect([...bytes]).toEqual([1, 2, 3, 4, 5, 0, 0, 0, 0x23, 0x01, 0xed, 0x0f]);
  });
});

describe('the outputs of a frame', () => {
  /** Raw accumulators first, codes of two bytes, and a tensor that others read as well. */
  const network = new NetworkBuilder({ height: 1, width: 3, channels: 2 })
    .conv({ ...one, bits: null, input: 'input' })
    .conv({ ...one, bits: 12, input: 'input' })
    .conv({ ...one, input: 'conv1.out' })
    .conv({ ...one, input: 'conv2.out' })
    .build('conv0.out', 'conv1.out', 'conv3.out');

  test('leave in the order of their layers, each on a fresh beat; one that is read inside leaves by a copy', () => {
    const plan = planNetwork(network, testMachine({ stream: { outBytes: 8 } }));
    expect(plan.layers.map(({ output }) => output)).toEqual([
      ...['conv0.out', 'conv1.out', 'conv1.out.stream', 'conv2.out', 'conv3.out'],
    ]);
    expect(plan.outputs).toEqual([
      { tensor: 'conv0.out', elements: 9, elementBytes: 4, firstByte: 0 },
      { tensor: 'conv1.out', elements: 9, elementBytes: 2, firstByte: 40 },
      { tensor: 'conv3.out', elements: 9, elementBytes: 1, firstByte: 64 },
    ]);
    expect(outputBytes(plan.outputs)).toBe(73);
    const posts = plan.program.filter((record) => record.opcode === 'post').map(({ fields }) => fields);
    expect(posts.map(({ toStream, last, count }) => [toStream, last, count])).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 1],
      [1, 1, 0],
    ]);
  });

  test('are the golden ones', () => {
    expect(compareLevels(network, testMachine(), randomCodes(network, 3)).divergence).toBeNull();
  });

  test('stop where the bytes stop', () => {
    const { outputs } = planNetwork(network, testMachine());
    const values = outputFrame(network, runGolden(network, randomCodes(network, 4)));
    const bytes = new Uint8Array(outputBytes(outputs));
    let next = 0;
    for (const { elements, elementBytes, firstByte } of outputs) {
      for (let i = 0; i < elements; i++, next++) {
        for (let k = 0; k < elementBytes; k++) bytes[firstByte + i * elementBytes + k] = values[next]! >> (8 * k);
      }
    }
    expect(outputValues({ outputs }, bytes)).toEqual(values);
    expect(outputValues({ outputs }, bytes.subarray(0, 37))).toEqual(values.subarray(0, 9));
    expect(outputValues({ outputs }, bytes.subarray(0, bytes.length - 1))).toEqual(values.subarray(0, 26));
  });

  test('with a residual leave by a copy unless they are last: a layer that streams counts no rows', () => {
    const builder = new NetworkBuilder({ height: 2, width: 2, channels: 3 });
    const sums = builder
      .conv(one)
      .conv({ ...one, residual: 'input' })
      .conv({ ...one, input: 'conv0.out', residual: 'input' });
    expect(planNetwork(sums.build('conv1.out', 'conv2.out'), testMachine()).layers.map(({ output }) => output)).toEqual(
      [...['conv0.out', 'conv1.out', 'conv1.out.stream', 'conv2.out']],
    );
  });
});

describe('tables', () => {
  const looking = (...tables: readonly number[]) => {
    const builder = new NetworkBuilder({ height: 2, width: 2, channels: 3 });
    for (const table of tables) builder.conv({ ...one, table, seed: table });
    return builder.build();
  };

  test('lie one behind the other, equal ones once', () => {
    const { program, images, used } = planNetwork(looking(10, 20, 10), testMachine({ memory: { tableEntries: 32 } }));
    const posts = program.filter((record) => record.opcode === 'post').map(({ fields }) => fields);
    expect(posts.map(({ tableEnable, tableBase, hi }) => [tableEnable, tableBase, hi])).toEqual([
      [1, 0, 9],
      [1, 10, 19],
      [1, 0, 9],
    ]);
    expect([images.tables.length, used.tableEntries]).toEqual([30, 30]);
  });

  test.each([
    [0, '0 entries (memory.tableEntries of machine test), 10 too few', 'conv0'],
    [16, '16 entries (memory.tableEntries of machine test), 14 too few', 'conv1'],
  ])(
    'are refused by a machine with %i entries at the layer that needs more, with the way out',
    (tableEntries, actual, where) => {
      const found = refusal(() => planNetwork(looking(10, 20), testMachine({ memory: { tableEntries } })));
      expect(found).toMatchObject({ code: 'memory-too-small', where, actual });
      expect(found.hint).toContain('memory.tableEntries');
    },
  );
});

describe('products', () => {
  test('beyond the accumulators are refused with the bits they need', () => {
    const network = new NetworkBuilder({ height: 1, width: 1, channels: 2, bits: 15 })
      .mul({ inputs: ['input', 'input'] })
      .build();
    const found = refusal(() => planNetwork(network, testMachine({ accBits: 28 })));
    expect(found).toMatchObject({ code: 'accumulator-range', where: 'mul0', actual: '0 to 1073676289' });
    expect(found.message).toContain('31 bits');
  });

  test('with one pixel wait for all of it, and read it for every pixel', () => {
    const network = new NetworkBuilder({ height: 3, width: 3, channels: 2 })
      .conv({ kernel: [3, 3], channels: 2, depthwise: true })
      .mul({ inputs: ['input', 'conv0.out'] })
      .build();
    const { program } = planNetwork(network, testMachine());
    const feed = program.findLast((record) => record.opcode === 'feed')!.fields;
    const post = program.findLast((record) => record.opcode === 'post')!.fields;
    expect([feed.resNeed0, feed.resNeedStep, feed.resRows]).toEqual([1, 0, 1]);
    expect([post.mulEnable, post.rOy, post.rOx, post.rRow]).toEqual([1, 0, 0, 0]);
    expect(compareLevels(network, testMachine(), randomCodes(network, 1)).divergence).toBeNull();
  });
});

function refusal(action: () => unknown): SystoleError {
  try {
    action();
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
