import { z } from 'zod';
import { SystoleError } from '../base/error.js';
import type { Machine } from './machine.js';

const whole = (min: number, max: number) => z.number().int().min(min).max(max);
const powerOfTwo = (min: number, max: number) =>
  whole(min, max).refine(isPowerOfTwo, { message: 'must be a power of two' });

const schema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower case letters, digits and dashes'),
  rows: whole(1, 16),
  cols: whole(1, 128),
  lanes: powerOfTwo(2, 128),
  activationDigit: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
  weightDigit: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(8)]),
  columnsPerStage: whole(1, 128),
  postWidth: powerOfTwo(1, 128),
  accBits: whole(16, 32),
  mBits: whole(8, 34),
  bBits: whole(16, 64),
  nBits: whole(1, 6),
  memory: z.strictObject({
    groups: whole(2, 4),
    activationWords: powerOfTwo(2, 2 ** 24),
    weightWords: powerOfTwo(2, 2 ** 20),
    parameterWords: powerOfTwo(2, 2 ** 20),
    tableEntries: z.union([z.literal(0), powerOfTwo(2, 2 ** 16)]).default(0),
    programWords: powerOfTwo(64, 2 ** 20),
    passEntries: powerOfTwo(2, 2 ** 12),
    ringWords: z.union([z.literal(0), powerOfTwo(2, 2 ** 20)]).default(0),
    foldEntries: z.union([z.literal(0), powerOfTwo(2, 2 ** 12)]).default(0),
    contexts: z.union([z.literal(0), powerOfTwo(2, 64)]).default(0),
    fifoEntries: powerOfTwo(2, 2 ** 16),
  }),
  stream: z.strictObject({ inBytes: powerOfTwo(1, 64), outBytes: powerOfTwo(1, 64) }),
  fetchWords: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]).default(1),
  depthwise: z
    .strictObject({
      taps: whole(0, 5),
      postWidth: powerOfTwo(1, 128),
      weightWords: z.union([z.literal(0), powerOfTwo(2, 2 ** 16)]),
      parameterWords: powerOfTwo(2, 2 ** 16),
    })
    .nullable()
    .default(null),
  dram: z
    .strictObject({
      dataBits: z.union([z.literal(32), z.literal(64), z.literal(128), z.literal(256), z.literal(512)]),
      addressBits: whole(32, 64),
      burst: powerOfTwo(1, 256),
      outstanding: powerOfTwo(1, 64),
      model: z.strictObject({ latency: whole(1, 10000), efficiency: whole(1, 100) }),
    })
    .nullable()
    .default(null),
  counters: whole(4, 64),
});

/**
 * A machine from JSON: every field set, no other field, every rule of machine.ts kept.
 * @throws SystoleError machine-invalid
 */
export function parseMachine(json: unknown): Machine {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const where = issue.path.join('.') || 'machine';
    const missing = issue.path.length > 0 && valueAt(json, issue.path) === undefined;
    throw new SystoleError('machine-invalid', missing ? `${where} is missing` : `${where}: ${issue.message}`, {
      where,
    });
  }
  return checkMachine(parsed.data);
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], json);
}

/** The rules between fields. @throws SystoleError machine-invalid */
export function checkMachine(machine: Machine): Machine {
  const { rows, cols, lanes, postWidth, columnsPerStage, memory } = machine;
  rule(postWidth <= lanes, 'postWidth', `at most lanes (${lanes})`, postWidth);
  rule(cols % postWidth === 0, 'cols', `a multiple of postWidth (${postWidth})`, cols);
  rule(cols % columnsPerStage === 0, 'cols', `a multiple of columnsPerStage (${columnsPerStage})`, cols);
  const nested = columnsPerStage % postWidth === 0 || postWidth % columnsPerStage === 0;
  rule(nested, 'columnsPerStage', `a divisor or a multiple of postWidth (${postWidth})`, columnsPerStage);
  if (machine.depthwise !== null) {
    rule(machine.activationDigit === 8, 'depthwise', 'null unless activationDigit is 8', machine.activationDigit);
    const { taps, postWidth: width, weightWords } = machine.depthwise;
    rule(width <= lanes, 'depthwise.postWidth', `at most lanes (${lanes})`, width);
    const expected = taps === 0 ? '0 without taps' : 'at least 2 with taps';
    rule((weightWords === 0) === (taps === 0), 'depthwise.weightWords', expected, weightWords);
  }
  const ring = memory.ringWords;
  rule(ring === 0 || machine.dram !== null, 'memory.ringWords', '0 without dram', ring);
  const ringBytes = 4 * ring * cols * Math.ceil((lanes * machine.weightDigit) / 32);
  rule(ringBytes <= 2 ** 30, 'memory.ringWords', 'a ring of at most 1 GiB', ringBytes);
  const tileSlots = (rows * cols) / postWidth;
  rule(memory.fifoEntries >= 2 * tileSlots, 'memory.fifoEntries', `at least ${2 * tileSlots}`, memory.fifoEntries);
  return machine;
}

export function isPowerOfTwo(n: number): boolean {
  return n > 0 && Number.isInteger(Math.log2(n));
}

function rule(holds: boolean, where: string, expected: string, actual: number): void {
  if (holds) return;
  const message = `${where} must be ${expected}, not ${actual}`;
  throw new SystoleError('machine-invalid', message, { where, expected, actual: String(actual) });
}
