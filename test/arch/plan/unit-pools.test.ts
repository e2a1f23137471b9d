import { describe, expect, test } from 'vitest';
import { checkMachine } from '../../../src/arch/machine-schema.js';
import { checkPlan } from '../../../src/arch/plan/check-plan.js';
import type { Plan } from '../../../src/arch/plan/plan.js';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import { inputBytes } from '../../../src/arch/plan/stream-frames.js';
import { encodeProgram } from '../../../src/arch/program/encode.js';
import type { DepthwiseRecord, ProgramRecord } from '../../../src/arch/program/program.js';
import { runProgram } from '../../../src/arch/simulator/run-program.js';
import { countCycles } from '../../../src/arch/timing/count-cycles.js';
import { compareLevels } from '../../support/compare-levels.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomCodes } from '../../support/network-builder.js';

const UNIT = { taps: 0, postWidth: 4, weightWords: 0, parameterWords: 64 };
const machine = testMachine({ weightDigit: 8, depthwise: UNIT, memory: { groups: 4 } });
const withTaps = testMachine({
  weightDigit: 8,
  depthwise: { ...UNIT, taps: 3, weightWords: 64 },
  memory: { groups: 4 },
});
const alone = testMachine({ weightDigit: 8, memory: { groups: 4 } });

const same = { kernel: [3, 3], pads: [1, 1, 1, 1], channels: 8, bits: 8 } as const;

/** A convolution, a max pool with overlapping windows, a convolution. */
const pooled = (kernel: readonly [number, number], strides: readonly [number, number]) =>
  new NetworkBuilder({ height: 9, width: 9, channels: 8, bits: 8 })
    .conv(same)
    .maxpool({ kernel, strides, pads: [1, 1, 1, 1] })
    .conv(same)
    .build();

/** A convolution, an average pool with windows of its own for every pixel, a convolution. */
const averaged = () =>
  new NetworkBuilder({ height: 9, width: 9, channels: 8, bits: 8 })
    .conv(same)
    .conv({
      ...{ kernel: [4, 4], strides: [2, 2], channels: 8, bits: 8, depthwise: true },
      ...{ weights: new Array<number>(8 * 16).fill(1), weightBits: 2, useful: false },
    })
    .conv(same)
    .build();

const recordOf = ({ program }: Plan) =>
  program.find((record): record is DepthwiseRecord => record.opcode === 'depthwise');

describe('the planner gives the unit', () => {
  test.each([
    ['three columns at once', [3, 3], [2, 2], { op: 2, chain: 1, outFirst: 2 }],
    ['two columns at once', [3, 2], [1, 1], { op: 2, chain: 1, outFirst: 1 }],
    ['tap by tap', [2, 4], [2, 2], { op: 2, chain: 0 }],
  ] as const)('max pools with overlapping windows, %s', (_, kernel, strides, fields) => {
    const network = pooled(kernel, strides);
    for (const on of [machine, withTaps]) {
      const plan = planNetwork(network, on);
      expect(recordOf(plan)?.fields).toMatchObject(fields);
      expect(compareLevels(network, on, randomCodes(network, 4)).divergence).toBeNull();
    }
  });

  test('average pools, as sums where it has no multipliers', () => {
    const network = averaged();
    const plan = planNetwork(network, machine);
    expect(recordOf(plan)?.fields).toMatchObject({ op: 1, chain: 0 });
    expect(plan.images.kernels).toHaveLength(0);
    expect(compareLevels(network, machine, randomCodes(network, 4)).divergence).toBeNull();
  });

  test('a pool behind which nothing waits longer than for a row of it', () => {
    const network = pooled([3, 3], [2, 2]);
    const { cycles, layers } = countCycles(machine, planNetwork(network, machine).images);
    const steps = layers.reduce((sum, layer) => sum + layer.steps, 0);
    expect(cycles).toBeLessThan(steps + 4 * 3 * 11 * 2);
    expect(cycles).toBeLessThan(countCycles(alone, planNetwork(network, alone).images).cycles);
  });

  test('no convolution without multipliers', () => {
    const network = new NetworkBuilder({ height: 6, width: 6, channels: 8, bits: 8 })
      .conv(same)
      .conv({ ...same, depthwise: true })
      .conv(same)
      .build();
    expect(recordOf(planNetwork(network, machine))).toBeUndefined();
  });
});

describe('a unit without multipliers', () => {
  test.each([
    { ...UNIT, weightWords: 2 },
    { ...UNIT, taps: 1 },
  ])('has no weights, and no other one has none (%j)', (depthwise) => {
    expect(() => checkMachine({ ...machine, depthwise })).toThrow(expect.objectContaining({ code: 'machine-invalid' }));
  });

  const plan = planNetwork(pooled([3, 3], [2, 2]), machine);
  const changed = (fields: Partial<DepthwiseRecord['fields']>): Plan => ({
    ...plan,
    program: plan.program.map((record) =>
      record.opcode === 'depthwise'
        ? ({ ...record, fields: { ...record.fields, ...fields } } as ProgramRecord)
        : record,
    ),
  });

  test.each([
    ['products', { op: 0 }],
    ['sums in a chain', { op: 1 }],
    ['largest codes of four columns', { outFirst: 3, outStep: 1 }],
  ])('refuses %s', (_, fields) => {
    const refused = expect.objectContaining({ code: 'plan-invalid' });
    expect(() => checkPlan(changed(fields))).toThrow(refused);
    const program = encodeProgram(changed(fields).program, machine.fetchWords);
    const bytes = inputBytes(plan.inputs, randomCodes(plan.network, 1));
    expect(() => runProgram(machine, { ...plan.images, program }, bytes)).toThrow(refused);
  });
});
