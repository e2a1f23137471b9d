import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../../../src/arch/plan/check-plan.js';
import { pairsInOrder } from '../../../../src/arch/plan/pairs.js';
import type { Plan } from '../../../../src/arch/plan/plan.js';
import { planNetwork } from '../../../../src/arch/plan/plan-network.js';
import { inputBytes } from '../../../../src/arch/plan/stream-frames.js';
import { encodeProgram } from '../../../../src/arch/program/encode.js';
import type { LoadRecord, ProgramRecord } from '../../../../src/arch/program/program.js';
import { runProgram } from '../../../../src/arch/simulator/run-program.js';
import { countCycles } from '../../../../src/arch/timing/count-cycles.js';
import { comparePlan } from '../../../support/compare-levels.js';
import { testMachine } from '../../../support/machines.js';
import { NetworkBuilder, randomCodes } from '../../../support/network-builder.js';

const conv3 = { kernel: [3, 3], pads: [1, 1, 1, 1], channels: 4 } as const;
const pool2 = { kernel: [2, 2], strides: [2, 2] } as const;

/** 32 x 32, pooled twice; 16 x 16 x 4 and 8 x 8 x 4. */
const network = new NetworkBuilder({ height: 32, width: 32, channels: 3 })
  .conv(conv3)
  .maxpool(pool2)
  .conv(conv3)
  .maxpool(pool2)
  .conv({ kernel: [1, 1], channels: 4 })
  .conv({ kernel: [8, 8], channels: 4 })
  .build();
const machine = (activationWords: number, contexts = 8) =>
  testMachine({ lanes: 8, memory: { groups: 2, activationWords, contexts, foldEntries: 64 } });
const small = planNetwork(network, machine(256));
const withFields = (opcode: string, n: number, fields: object): Plan => {
  const at = small.program.flatMap((record, i) => (record.opcode === opcode ? [i] : [])).at(n)!;
  const program = small.program.map((record, i) =>
    i === at ? ({ ...record, fields: { ...record.fields, ...fields } } as ProgramRecord) : record,
  );
  return { ...small, program };
};
const expectDefect = (plan: Plan, message: RegExp) => {
  expect(() => checkPlan(plan)).toThrow(
    expect.objectContaining({ code: 'plan-invalid', message: expect.stringMatching(message) }),
  );
};

describe('a network whose maps do not fit', () => {
  test('is computed in turns by rows, with rows of its input and of the maps between', () => {
    expect(small.turns.length).toBeGreaterThan(small.layers.length);
    expect(small.tensors.input!.place!.bufferRows).toBeGreaterThan(0);
    expect(small.used.activationBytes).toBeLessThan(small.used.activationBytesWhole);
    expect(small.program.some(({ opcode }) => opcode === 'repeat')).toBe(true);
  });

  test('is refused on a machine that keeps no states', () => {
    expect(() => planNetwork(network, machine(256, 0))).toThrow(expect.objectContaining({ code: 'memory-too-small' }));
  });

  test('is computed layer by layer where it fits, unless the fewest bytes are asked for', () => {
    const large = planNetwork(network, machine(1024));
    expect(large.turns).toEqual(large.layers.map((_, i) => i));
    const rows = planNetwork(network, machine(1024), { order: 'rows' });
    expect(rows.used.activationBytes).toBeLessThan(large.used.activationBytes);
  });
});

test('turns begin when the layer before has left POST, where its residual lies in the group that the first one reads', () => {
  const builder = new NetworkBuilder({ height: 16, width: 8, channels: 2 }).conv({ ...conv3, channels: 2 });
  builder.conv({ ...conv3, channels: 2 }).conv({ ...conv3, channels: 2, residual: 'conv0.out' });
  builder
    .conv({ ...conv3, channels: 8 })
    .conv({ ...conv3, channels: 8 })
    .conv({ ...conv3, channels: 1, strides: [4, 4] });
  builder.conv({ kernel: [1, 1], channels: 2 });
  const side = builder.last.name;
  builder.conv({ ...conv3, channels: 2, input: 'conv1.out', residual: 'conv2.out' });
  const whole = builder.build(side, builder.last.name);
  const two = testMachine({ memory: { groups: 2, contexts: 8 } });
  const plan = planNetwork(whole, two, { order: 'rows' });
  const first = plan.turns.indexOf(3);
  const waits = pairsInOrder(plan.program).map(({ feed }) => feed.fields.resEnable);
  expect([plan.turns.length > plan.layers.length, waits[first], waits[plan.turns.indexOf(3, first + 1)]]).toEqual([
    true,
    1,
    0,
  ]);
  expect(comparePlan(plan, randomCodes(whole, 1)).divergence).toBeNull();
  expect(countCycles(two, plan.images).cycles).toBeGreaterThan(0);
});

describe('two inputs', () => {
  /** One is read first, or only at the end; the other one goes through layers that take turns. */
  const inputs = (first: 'input' | 'input1', last: 'input' | 'input1') => {
    const wide = { height: 16, width: 8, channels: 2 };
    const builder = new NetworkBuilder(wide).input(wide).conv({ ...conv3, input: first });
    const side = builder.last.name;
    builder
      .conv({ ...conv3, input: last })
      .conv(conv3)
      .conv(conv3)
      .conv(conv3);
    return builder.build(side, builder.last.name);
  };
  const roomy = testMachine({ lanes: 8, fetchWords: 8, memory: { contexts: 8 } });
  const inTurns = (first: 'input' | 'input1', last: 'input' | 'input1') =>
    planNetwork(inputs(first, last), roomy, { order: 'rows' });
  const buffered = ({ tensors }: Plan) =>
    ['input', 'input1', 'input2'].filter((name) => (tensors[name]?.place?.bufferRows ?? 0) > 0);

  test('are kept whole where LOAD would have to bring the second before the first is in', () => {
    const plan = inTurns('input1', 'input');
    expect(plan.turns.length).toBeGreaterThan(plan.layers.length);
    expect(buffered(plan)).toEqual([]);
    expect(countCycles(roomy, plan.images).cycles).toBeGreaterThan(0);
  });

  test('are kept in rows where the first is in by then', () => {
    const plan = inTurns('input', 'input1');
    expect(buffered(plan)).toEqual(['input1']);
    expect(countCycles(roomy, plan.images).cycles).toBeGreaterThan(0);
  });

  test.each([
    ['input', []],
    ['input1', ['input1']],
    ['input2', ['input2']],
  ])('and a third: %s is kept in rows where at most one LOAD behind it waits in the shadow', (reading, expected) => {
    const wide = { height: 16, width: 8, channels: 2 };
    const builder = new NetworkBuilder(wide).input(wide).input(wide);
    builder
      .conv({ ...conv3, input: reading })
      .conv(conv3)
      .conv(conv3)
      .conv(conv3);
    const outputs = [builder.last.name];
    for (const other of builder.inputs.filter((name) => name !== reading)) {
      outputs.push(builder.conv({ ...conv3, input: other }).last.name);
    }
    const plan = planNetwork(builder.build(...outputs), roomy, { order: 'rows' });
    expect(buffered(plan)).toEqual(expected);
    expect(countCycles(roomy, plan.images).cycles).toBeGreaterThan(0);
  });

  test('are a defect where one waits for room and the other is read meanwhile', () => {
    const plan = inTurns('input', 'input1');
    const program = plan.program.toSorted((a, b) => Number(b.opcode === 'load') - Number(a.opcode === 'load'));
    const [one, other] = program.filter((record): record is LoadRecord => record.opcode === 'load');
    const swapped = [
      { ...other!, fields: { ...other!.fields, last: 0 } },
      { ...one!, fields: { ...one!.fields, last: 1 } },
      ...program.slice(2),
    ] as const;
    expectDefect(
      { ...plan, program: swapped, inputs: plan.inputs.toReversed() },
      /behind input1, which waits for room/,
    );
    const images = { ...plan.images, program: encodeProgram(swapped, roomy.fetchWords) };
    const bytes = inputBytes(plan.inputs, randomCodes(plan.network, 1));
    expect(() => runProgram(roomy, images, bytes)).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
    expect(() => countCycles(roomy, images)).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
  });
});

describe('a plan in turns is a defect', () => {
  test('when LOAD never gets room for the last rows', () =>
    expectDefect(withFields('load', 0, { padBottom: 99 }), /never gets room/));
  test('when a turn begins its layer again', () => expectDefect(withFields('feed', 3, { resume: 0 }), /same place/));
  test('when a buffer is a row too short', () => {
    const name = small.layers[0]!.output;
    const tensor = small.tensors[name]!;
    const place = { ...tensor.place!, bufferRows: tensor.place!.bufferRows - 1 };
    expectDefect({ ...small, tensors: { ...small.tensors, [name]: { ...tensor, place } } }, /writes over row/);
  });
  test('when a turn waits for rows that come later', () =>
    expectDefect(withFields('feed', 1, { inNeed0: 30 }), /waits for/));
  test('when a layer does not make all rows', () => {
    const last = small.program.filter(({ opcode }) => opcode === 'repeat').length - 1;
    const { count } = (small.program.filter(({ opcode }) => opcode === 'repeat')[last] as { fields: { count: number } })
      .fields;
    expectDefect(withFields('repeat', last, { count: count - 1 }), /turns, not/);
  });
});
