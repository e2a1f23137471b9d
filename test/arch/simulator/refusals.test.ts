import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../src/arch/plan/plan.js';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import { inputBytes } from '../../../src/arch/plan/stream-frames.js';
import { encodeProgram } from '../../../src/arch/program/encode.js';
import type { ProgramRecord } from '../../../src/arch/program/program.js';
import { runProgram } from '../../../src/arch/simulator/run-program.js';
import { SystoleError } from '../../../src/base/error.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomCodes } from '../../support/network-builder.js';
import { concat } from '../../support/random-arrange.js';

const machine = testMachine({ memory: { tableEntries: 256 } });
const map = { height: 3, width: 2, channels: 3 };

/** Two inputs, a table, a product, maps side by side, two outputs. */
function plan(): Plan {
  const builder = new NetworkBuilder({ ...map, bits: 6 })
    .input({ ...map, bits: 11 })
    .conv({ kernel: [1, 1], channels: 3, input: 'input1', bits: 5, zero: 4, table: 32 })
    .mul({ inputs: ['conv0.out', 'input'], bits: 5, zero: 4 });
  const { tensors } = builder;
  builder
    .arrange(concat([tensors['conv0.out']!, tensors['mul1.out']!], 2))
    .conv({ kernel: [1, 1], channels: 2, bits: null });
  return planNetwork(builder.build('mul1.out', 'conv3.out'), machine);
}

type Fields = Readonly<Record<string, number>>;

/** Runs the plan with fields of its records changed; what it says. */
function refusal(opcode: ProgramRecord['opcode'], change: (fields: Fields, index: number) => Fields): string {
  const whole = plan();
  let index = 0;
  const program = whole.program.map((record) => {
    if (record.opcode !== opcode) return record;
    return { opcode, fields: { ...record.fields, ...change(record.fields, index++) } } as unknown as ProgramRecord;
  });
  const images = { ...whole.images, program: encodeProgram(program, machine.fetchWords) };
  try {
    runProgram(machine, images, inputBytes(whole.inputs, randomCodes(whole.network, 1)));
  } catch (error) {
    if (error instanceof SystoleError && error.code === 'plan-invalid') return error.message;
    throw error;
  }
  return 'nothing';
}

const none = () => ({});
const ofProducts = (change: Fields) => (fields: Fields) => (fields.mulEnable ? change : {});
const ofTables = (change: Fields) => (fields: Fields) => (fields.tableEnable ? change : {});
const ofStreams = (change: Fields) => (fields: Fields) => (fields.toStream ? change : {});

describe('the program simulator', () => {
  test('runs the plan as it is', () => {
    expect(refusal('post', none)).toBe('nothing');
  });

  test.each([
    ['a factor of more than 17 bits', ofProducts({ rOffset: 65535 }), /product's operands .* are too wide/],
    ['an offset of more than 17 bits', ofProducts({ aOffset: 65536 }), /an offset of the product of 65536/],
    ['a product without its second factor', ofProducts({ resEnable: 0 }), /mulEnable 1, more than 0/],
    ['a table beyond its memory', ofTables({ tableBase: 256 - 16 }), /a table up to entry 271, more than 255/],
    ['a table beyond what was loaded', ofTables({ tableBase: 200 }), /table entry 2\d\d, which does not exist/],
    ['a table of raw accumulators', ofTables({ raw: 1 }), /tableEnable 1, more than 0/],
    ['an output that nothing ends', ofStreams({ last: 0 }), /not the last to the stream/],
    ['outputs that all end the frame', ofStreams({ last: 1 }), /not the last to the stream/],
    [
      'rows that nobody counts',
      (fields: Fields) => (fields.toStream ? {} : { count: 0 }),
      /FEED waits for 1 rows of counter \d+, which ends at 0/,
    ],
  ])('refuses %s', (_, change, message) => {
    expect(refusal('post', change)).toMatch(message);
  });

  test.each([
    ['an input that nothing ends', { last: 0 }, /no LOAD record ends the frame/],
    ['codes of 24 bits', { codeBits: 24 }, /codeBits other than 1, 2, 4, 8, 16: 24/],
    ['no codes', { rowCodes: 0 }, /no codes/],
    ['a row counter that is its own room', { room: 1, roomCounter: 0, counter: 0 }, /its own counter/],
    ['beats of the next input', { beats: 100 }, /beats 100, more than/],
    ['beats that leave codes behind', { beats: 1 }, /beats missing/],
  ])('refuses %s', (_, change, message) => {
    expect(refusal('load', () => change)).toMatch(message);
  });

  test('takes exactly the bytes of all inputs', () => {
    const { images, inputs, network } = plan();
    const bytes = inputBytes(inputs, randomCodes(network, 1));
    const code = (frame: Uint8Array) => {
      try {
        runProgram(machine, images, frame);
      } catch (error) {
        if (error instanceof SystoleError) return error.code;
        throw error;
      }
      return null;
    };
    expect(code(bytes)).toBeNull();
    expect(code(bytes.subarray(0, -1))).toBe('frame-short');
    expect(code(Uint8Array.of(...bytes, 0))).toBe('frame-long');
  });
});
