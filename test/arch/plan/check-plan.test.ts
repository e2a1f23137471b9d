import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../../src/arch/plan/check-plan.js';
import type { Plan, TensorPlace } from '../../../src/arch/plan/plan.js';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import type { FeedRecord, LoadRecord, PostRecord, ProgramRecord } from '../../../src/arch/program/program.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder } from '../../support/network-builder.js';
import { concat } from '../../support/random-arrange.js';

const one = { kernel: [1, 1], channels: 4 } as const;

/** Two inputs, a concatenation written in place, a product, a residual, a table, two outputs. */
function wholePlan(): Plan {
  const builder = new NetworkBuilder({ height: 4, width: 4, channels: 4 })
    .input({ height: 4, width: 4, channels: 4 })
    .conv({ ...one, input: 'input' })
    .conv({ ...one, input: 'input1', table: 20 });
  const parts = ['conv0.out', 'conv1.out'].map((name) => builder.tensors[name]!);
  return planNetwork(
    builder
      .arrange(concat(parts, 2))
      .conv(one)
      .conv({ ...one, residual: 'conv0.out' })
      .mul({ inputs: ['conv4.out', 'conv3.out'] })
      .conv(one)
      .build('conv3.out', 'conv6.out'),
    testMachine({ memory: { tableEntries: 32 } }),
  );
}

const plan = wholePlan();
const withRecords = (change: (record: ProgramRecord, i: number) => ProgramRecord): Plan => ({
  ...plan,
  program: plan.program.map(change),
});
/** The n-th record of its kind, from the end where n is negative. */
function withFields<R extends LoadRecord | FeedRecord | PostRecord>(
  opcode: R['opcode'],
  n: number,
  fields: Partial<R['fields']>,
): Plan {
  const at = plan.program.flatMap((record, i) => (record.opcode === opcode ? [i] : [])).at(n)!;
  return withRecords((record, i) =>
    i === at ? ({ ...record, fields: { ...record.fields, ...fields } } as ProgramRecord) : record,
  );
}
const load = (n: number, fields: Partial<LoadRecord['fields']>) => withFields<LoadRecord>('load', n, fields);
const feed = (n: number, fields: Partial<FeedRecord['fields']>) => withFields<FeedRecord>('feed', n, fields);
const post = (n: number, fields: Partial<PostRecord['fields']>) => withFields<PostRecord>('post', n, fields);
const place = (name: string, change: Partial<TensorPlace>): Plan => {
  const tensor = plan.tensors[name]!;
  return { ...plan, tensors: { ...plan.tensors, [name]: { ...tensor, place: { ...tensor.place!, ...change } } } };
};
const placeOf = (name: string) => plan.tensors[name]!.place!;
/** Layers: conv0 conv1 conv3 conv3.stream conv4 mul5 conv6. */
const index = (name: string) => plan.layers.findIndex((layer) => layer.name === name);

test('the plan that is broken here is whole', () => {
  expect(() => checkPlan(plan)).not.toThrow();
  expect(plan.layers.map(({ name }) => name)).toEqual([
    ...['conv0', 'conv1', 'conv3', 'conv3.out.stream', 'conv4', 'mul5', 'conv6'],
  ]);
  expect(plan.program.map(({ opcode }) => opcode).join(' ')).toBe(
    `load load loop ${'feed post '.repeat(4)}load load ${'feed post '.repeat(3)}end`,
  );
});

describe('a plan is a defect', () => {
  test.each<[string, Plan]>([
    ['without its END', { ...plan, program: plan.program.slice(0, -1) }],
    [
      'with a second LOOP',
      { ...plan, program: [plan.program[0]!, ...plan.program.slice(2, 3), ...plan.program.slice(1)] },
    ],
    ['whose next frame is loaded too early', moveLoads(-2)],
    ['whose frame ends with its first input', load(0, { last: 1 })],
    ['whose frame does not end', load(1, { last: 0 })],
    ['whose next frame is loaded to another place', load(-1, { base: 64 })],
    ['that loads a group that does not exist', load(0, { group: 3 })],
    ['that counts on a counter that does not exist', load(0, { counter: 16 })],
    ['with an empty loop', feed(0, { nKx: 0 })],
    ['that reads a group that does not exist', feed(1, { group: 3 })],
    ['that runs past its passes', feed(1, { passBase: 4000 })],
    ['that runs past its weights', feed(1, { wBase: plan.used.weightWords })],
    ['whose steps do not cover their run', feed(1, { runLen: 5 })],
    ['that writes a group that does not exist', post(0, { group: 3 })],
    ['whose last slot has no channels', post(0, { tailCount: 0 })],
    ['that runs past its parameters', post(0, { pBase: 1023 })],
    ['that looks up behind its tables', post(index('conv1'), { tableBase: 20 })],
    ['that multiplies by nothing', post(0, { mulEnable: 1 })],
    ['that waits for nothing of its residual', feed(index('mul5'), { resEnable: 0 })],
    ['whose tiles differ between FEED and POST', post(0, { nOx: 3 })],
    ['whose feed and residual share a group', post(index('conv4'), { resGroup: placeOf('conv3.out').group })],
    ['that waits for the wrong tensor', feed(index('conv3'), { inCounter: placeOf('conv0.out').counter! })],
    ['that waits for the wrong input', feed(0, { inCounter: placeOf('input1').counter! })],
    ['that waits for the wrong residual', feed(index('mul5'), { resCounter: placeOf('conv0.out').counter! })],
    ['that waits for more rows than there are', feed(index('conv3'), { inRows: 5 })],
    ['that waits for no rows', feed(index('conv3'), { inRows: 0 })],
    ['whose part that is waited for does not count', post(index('conv1'), { count: 0 })],
    ['whose tensor is larger than its group', place('conv3.out', { base: 2 ** 16 - 8 })],
    ['whose tensors overlap', place('conv3.out', { group: placeOf('input').group, base: placeOf('input').base })],
    ['whose part leaves its tensor', place('conv1.out', { base: placeOf('conv1.out').base + 1 })],
    ['whose part lies before its tensor', place('conv0.out', { base: placeOf('conv0.out').base - 1 })],
    ['whose part lies in another group', place('conv0.out', { group: (placeOf('conv0.out').group + 1) % 3 })],
  ])('%s', (_, broken) => {
    expect(() => checkPlan(broken)).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
  });
});

/** The next frame's LOAD records, so many records further on. */
function moveLoads(by: number): Plan {
  const at = plan.program.findLastIndex(({ opcode }) => opcode === 'load') - 1;
  const rest = plan.program.toSpliced(at, 2);
  return { ...plan, program: rest.toSpliced(at + by, 0, plan.program[at]!, plan.program[at + 1]!) };
}
