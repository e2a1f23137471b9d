import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../../src/arch/plan/check-plan.js';
import type { Plan, TensorPlace } from '../../../src/arch/plan/plan.js';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import { inputBytes } from '../../../src/arch/plan/stream-frames.js';
import { encodeProgram } from '../../../src/arch/program/encode.js';
import type { DepthwiseRecord, ProgramRecord } from '../../../src/arch/program/program.js';
import { runProgram } from '../../../src/arch/simulator/run-program.js';
import { countCycles } from '../../../src/arch/timing/count-cycles.js';
import { compareLevels } from '../../support/compare-levels.js';
import { testMachine } from '../../support/machines.js';
import { type ConvRecipe, NetworkBuilder, randomCodes } from '../../support/network-builder.js';

const UNIT = { taps: 3, postWidth: 2, weightWords: 256, parameterWords: 64 };
const machine = testMachine({ weightDigit: 8, depthwise: UNIT, memory: { groups: 4 } });

const dense = { kernel: [1, 1], channels: 8, bits: 8 } as const;
const window = { kernel: [3, 3], pads: [1, 1, 1, 1], channels: 8, depthwise: true, bits: 8 } as const;

/** Dense, depthwise, dense, depthwise, dense on maps of 8 channels. */
const network = (change: Partial<ConvRecipe> = {}, size = 6) =>
  new NetworkBuilder({ height: size, width: size, channels: 8, bits: 8 })
    .conv(dense)
    .conv({ ...window, ...change })
    .conv(dense)
    .conv({ ...window, ...change })
    .conv(dense)
    .build();

const unitsOf = ({ layers }: Plan) => layers.map(({ unit }) => unit[0]).join('');

describe('the planner', () => {
  test('gives depthwise convolutions to the unit, between the dense layers around them', () => {
    const plan = planNetwork(network(), machine);
    expect(unitsOf(plan)).toBe('adada');
    expect(plan.program.map(({ opcode }) => opcode[0]).join('')).toMatch(/^l.*fpdfpdfpl?e$/);
  });

  test('takes no longer for all layers than for the dense ones and some rows of the others', () => {
    const plan = planNetwork(network({}, 16), machine);
    const alone = planNetwork(network({}, 16), testMachine({ weightDigit: 8, memory: { groups: 4 } }));
    const { cycles, layers } = countCycles(machine, plan.images);
    const steps = layers.reduce((sum, layer) => sum + layer.steps, 0);
    const row = 18 * 3 * 2;
    expect(cycles).toBeLessThan(steps + 16 * 16 + 10 * row);
    expect(cycles).toBeLessThan(countCycles(machine, alone.images).cycles * 0.6);
  });

  test('loads the next frame when the unit, too, is known to be through with the input', () => {
    const builder = new NetworkBuilder({ height: 6, width: 6, channels: 8, bits: 8 }).conv(window);
    const beside = builder.last.name;
    builder
      .conv({ ...dense, input: 'input' })
      .conv(dense)
      .conv(dense)
      .conv({ ...dense, residual: beside });
    const whole = builder.conv(dense).conv(dense).build();
    const plan = planNetwork(whole, machine);
    expect(unitsOf(plan)).toBe('daaaaaa');
    expect(plan.program.map(({ opcode }) => opcode[0]).join('')).toMatch(/^l.*d(fp){6}le$/);
    expect(compareLevels(whole, machine, randomCodes(whole, 4)).divergence).toBeNull();
  });

  test('computes two pixels at once where they fill the lanes', () => {
    const pairs = new NetworkBuilder({ height: 4, width: 6, channels: 2, bits: 8 })
      .conv({ ...window, channels: 2, kernel: [2, 2], pads: [1, 1, 0, 0] })
      .conv({ ...dense, channels: 3 })
      .build();
    const plan = planNetwork(pairs, machine);
    const unit = plan.program.find((record): record is DepthwiseRecord => record.opcode === 'depthwise')!;
    expect(unit.fields).toMatchObject({ pair: 1, nC: 4, nG: 1 });
    expect(compareLevels(pairs, machine, randomCodes(pairs, 3)).divergence).toBeNull();
  });

  test.each<readonly [string, Partial<ConvRecipe>]>([
    ['codes of more than 8 bits', { bits: 9 }],
    ['weights of more than 8 bits', { weightBits: 9 }],
    ['a residual', { residual: 'conv0.out' }],
    ['a table', { table: 200 }],
    ['columns apart that the array is as fast with', { dilations: [1, 2], kernel: [1, 3], pads: [0, 2, 0, 2] }],
  ])('leaves a depthwise convolution with %s to the array', (_, change) => {
    const builder = new NetworkBuilder({ height: 6, width: 6, channels: 8, bits: 8 }).conv(dense);
    const whole = builder
      .conv({ ...window, ...change })
      .conv(dense)
      .build();
    const one = testMachine({ weightDigit: 8, depthwise: UNIT, memory: { groups: 4, tableEntries: 256 } });
    expect(unitsOf(planNetwork(whole, one))).toMatch(/^a+$/);
  });

  test.each([
    ['weights', { ...UNIT, weightWords: 2 }],
    ['parameters', { ...UNIT, parameterWords: 2 }],
  ])('gives all layers to the array where the unit has no room for their %s', (_, depthwise) => {
    const plan = planNetwork(network(), testMachine({ weightDigit: 8, depthwise, memory: { groups: 4 } }));
    expect(unitsOf(plan)).toBe('aaaaa');
  });
});

describe('the validity rule of plans', () => {
  const plan = planNetwork(network(), machine);
  const place = (name: string, change: Partial<TensorPlace>): Plan => {
    const tensor = plan.tensors[name]!;
    return { ...plan, tensors: { ...plan.tensors, [name]: { ...tensor, place: { ...tensor.place!, ...change } } } };
  };

  test.each([
    ['an input of the unit that is given up before the unit is through', place('conv0.out', { lastRead: 1 })],
    ['an output of the unit that is given up before it is written', place('conv1.out', { lastRead: 1 })],
    ['an output of the unit that is in use when the unit begins', place('conv3.out', { made: 3 })],
    ['a wait for another map', changed(plan, { inCounter: plan.tensors['conv1.out']!.place!.counter! })],
    ['weights behind the memory', changed(plan, { wBase: 250 })],
    ['parameters behind the memory', changed(plan, { pBase: 63 })],
    ['a row that ends between two outputs', changed(plan, { outStep: 2 })],
    ['two pixels at once of two groups', changed(plan, { pair: 1 })],
    ['a counter that does not exist', changed(plan, { outCounter: 16 })],
  ])('refuses %s', (_, broken) => {
    expect(() => checkPlan(broken)).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
  });
});

/** With fields of the first depthwise record changed. */
function changed(plan: Plan, fields: Partial<DepthwiseRecord['fields']>): Plan {
  const at = plan.program.findIndex(({ opcode }) => opcode === 'depthwise');
  const change = (record: ProgramRecord, i: number): ProgramRecord =>
    i === at ? ({ ...record, fields: { ...record.fields, ...fields } } as ProgramRecord) : record;
  return { ...plan, program: plan.program.map(change) };
}

describe('the program simulator', () => {
  const plan = planNetwork(network(), machine);
  const run = (fields: Partial<DepthwiseRecord['fields']>, on = machine) => {
    const program = encodeProgram(changed(plan, fields).program, on.fetchWords);
    return () => runProgram(on, { ...plan.images, program }, inputBytes(plan.inputs, randomCodes(plan.network, 1)));
  };

  test('runs the plan as it is', () => {
    expect(run({})).not.toThrow();
  });

  test.each([
    [
      'a depthwise record on a machine without the unit',
      run({}, testMachine({ weightDigit: 8, memory: { groups: 4 } })),
    ],
    ['codes wider than the unit', run({ hi: 256 })],
    ['a wait for more rows than there are', run({ inNeed0: 7 })],
    ['a read that no wait covers', run({ inNeed0: 1, inNeedStep: 0 })],
    ['a read outside memory', run({ aBase: 2 ** 16 })],
    ['a write outside memory', run({ dBase: 2 ** 16 })],
    ['weights that were not loaded', run({ wBase: 200 })],
    ['parameters that were not loaded', run({ pBase: 60 })],
    ['an accumulator outside its range', run({ accMin: 0, accMax: 0 })],
    ['a row that ends between two outputs', run({ outFirst: 3 })],
    ['a loop that is empty', run({ nKy: 0 })],
    ['kernel columns one after the other in a chain', run({ nKx: 2 })],
    ['a count where it waits', run({ outCounter: plan.tensors['conv0.out']!.place!.counter! })],
  ])('refuses %s', (_, refused) => {
    expect(refused).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
  });
});
