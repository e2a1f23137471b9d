import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { getBigBits, getBits, putBigBits, putBits } from '../../../src/arch/program/bits.js';
import { decodePasses, decodeProgram } from '../../../src/arch/program/decode.js';
import { disassemble } from '../../../src/arch/program/disassemble.js';
import { encodePasses, encodeProgram } from '../../../src/arch/program/encode.js';
import { executionOrder } from '../../../src/arch/program/execution-order.js';
import {
  channelBits,
  decodeParameters,
  decodeWeights,
  encodeParameters,
  encodeWeights,
  parameterPieces,
  weightPieces,
} from '../../../src/arch/program/memories.js';
import type { ChannelParameters, Opcode, PassEntry, ProgramRecord } from '../../../src/arch/program/program.js';
import { OPCODES, RECORD_FIELDS, type RecordField } from '../../../src/arch/program/records.js';
import { testMachine } from '../../support/machines.js';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const integer = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

function recordArbitrary(opcode: Opcode): fc.Arbitrary<ProgramRecord> {
  const fields: readonly RecordField[] = RECORD_FIELDS[opcode];
  const shape = Object.fromEntries(fields.map((field) => [field.name, field.signed ? integer : word]));
  return fc.record(shape).map((values) => ({ opcode, fields: values }) as unknown as ProgramRecord);
}

const body = fc.oneof(...(['load', 'feed', 'post', 'loop'] as const).map(recordArbitrary));
const passArbitrary: fc.Arbitrary<PassEntry> = fc.record({
  aOff: word,
  wOff: fc.nat(2 ** 20 - 1),
  shift: fc.nat(15),
  mode: fc.constantFrom('unsigned', 'signed', 'bipolar'),
  padDigit: fc.nat(255),
});

describe('program and pass memory', () => {
  test('give back the records that were encoded', () => {
    fc.assert(
      fc.property(fc.array(body, { maxLength: 6 }), fc.constantFrom(1, 2, 4, 8), (records, fetchWords) => {
        const program: ProgramRecord[] = [...records, { opcode: 'end', fields: {} }];
        const words = encodeProgram(program, fetchWords);
        expect(words.length % fetchWords).toBe(0);
        expect(decodeProgram(words, fetchWords)).toEqual(program);
      }),
    );
  });

  test('give back the passes that were encoded', () => {
    fc.assert(
      fc.property(fc.array(passArbitrary, { maxLength: 6 }), (passes) => {
        expect(decodePasses(encodePasses(passes))).toEqual(passes);
      }),
    );
  });

  test('refuse a field that does not fit its word, and damaged words', () => {
    const load = Object.fromEntries(RECORD_FIELDS.load.map(({ name }) => [name, 0]));
    const encode = (value: number) => () =>
      encodeProgram([{ opcode: 'load', fields: { ...load, base: value } } as unknown as ProgramRecord], 1);
    for (const value of [-1, 2 ** 32, 0.5, Number.NaN]) expect(encode(value)).toThrow(/field base .* does not fit/);
    expect(() => encodePasses([{ aOff: 0, wOff: 2 ** 20, shift: 0, mode: 'signed', padDigit: 0 }])).toThrow(/pass 0/);
    const damaged = (words: readonly number[]) => () => decodeProgram(Uint32Array.from(words), 1);
    expect(damaged([9])).toThrow(/opcode 9 at word 0/);
    expect(damaged([OPCODES.load])).toThrow(/length 0 of a load record/);
    expect(damaged([OPCODES.load | (RECORD_FIELDS.load.length << 8), 1, 2])).toThrow(/cut short/);
    expect(damaged([OPCODES.loop])).toThrow(/no END/);
    expect(() => decodePasses(Uint32Array.of(0, 3 << 24, 0))).toThrow(/unknown pass mode/);
  });

  test('are listed one field a line, with the word where each record begins', () => {
    const feed = Object.fromEntries(RECORD_FIELDS.feed.map(({ name }, i) => [name, i]));
    const records: readonly ProgramRecord[] = [
      { opcode: 'loop', fields: {} },
      { opcode: 'feed', fields: feed } as unknown as ProgramRecord,
      { opcode: 'end', fields: {} },
    ];
    const passes = encodePasses([{ aOff: 7, wOff: 8, shift: 3, mode: 'bipolar', padDigit: 1 }]);
    const lines = disassemble({ program: encodeProgram(records, 1), passes }, 1).split('\n');
    expect(lines.slice(0, 4)).toEqual(['0: loop', '1: feed', '    nOy = 0', '    nOx = 1']);
    expect(lines.slice(-3)).toEqual([
      `${2 + RECORD_FIELDS.feed.length}: end`,
      'pass 0: aOff 7 wOff 8 shift 3 bipolar padDigit 1',
      '',
    ]);
    const wide = disassemble({ program: encodeProgram(records, 8), passes }, 8).split('\n');
    expect(wide.slice(0, 2)).toEqual(['0: loop', '8: feed']);
    expect(wide.at(-3)).toBe(`${8 + 8 * Math.ceil((1 + RECORD_FIELDS.feed.length) / 8)}: end`);
  });
});

describe('the order in which the records of a frame are fetched', () => {
  const records = (...kinds: readonly (Opcode | number)[]) =>
    kinds.map((kind) =>
      typeof kind === 'number' ? { opcode: 'repeat', fields: { count: kind } } : { opcode: kind, fields: {} },
    ) as unknown as readonly ProgramRecord[];

  test('has those between REPEAT and NEXT as often as it says', () => {
    expect(executionOrder(records('load', 1, 'feed', 'next', 3, 'feed', 'post', 'next', 'end'))).toEqual([
      ...[0, 2, 5, 6, 5, 6, 5, 6, 8],
    ]);
  });

  test.each([
    ['REPEAT within REPEAT', records(2, 'feed', 2, 'post', 'next', 'next', 'end')],
    ['NEXT alone', records('feed', 'next', 'end')],
    ['an END that is repeated', records(2, 'feed', 'end')],
    ['a LOOP that is repeated', records(2, 'loop', 'next', 'end')],
    ['no time', records(0, 'feed', 'next', 'end')],
    ['more times than the counter holds', records(2 ** 16, 'feed', 'next', 'end')],
    [
      'more records than any frame has',
      records(2 ** 16 - 1, ...Array.from({ length: 17 }, () => 'feed' as const), 'next'),
    ],
  ])('refuses %s', (_, program) => {
    expect(() => executionOrder(program)).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
  });
});

describe('bit fields in 32-bit pieces', () => {
  test('hold what was put there and leave their neighbours alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 32 }), word), { minLength: 1, maxLength: 12 }),
        (fields) => {
          const total = fields.reduce((sum, [width]) => sum + width, 0);
          const pieces = new Uint32Array(Math.ceil(total / 32));
          const cut = fields.map(([width, value]) => [width, value % 2 ** width] as const);
          let at = 0;
          const starts = cut.map(([width, value]) => {
            putBits(pieces, at, width, value);
            at += width;
            return at - width;
          });
          cut.forEach(([width, value], i) => {
            expect(getBits(pieces, starts[i]!, width)).toBe(value);
          });
        },
      ),
    );
  });

  test('hold signed numbers of any width', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(40), fc.bigInt(), (width, at, any) => {
        const value = BigInt.asIntN(width, any);
        const pieces = new Uint32Array(4);
        putBigBits(pieces, at, width, value);
        expect(getBigBits(pieces, at, width)).toBe(value);
      }),
    );
  });
});

describe('weight and parameter memory', () => {
  test.each([1, 2, 3, 4, 8] as const)(
    'give back weight digits of %d bits, each word in whole pieces',
    (weightDigit) => {
      for (const lanes of [2, 16]) {
        const machine = testMachine({ weightDigit, lanes });
        const fields = Uint8Array.from({ length: 3 * machine.cols * lanes }, (_, i) => (i * 37) % 2 ** weightDigit);
        const image = encodeWeights(fields, machine);
        expect(image.length).toBe(3 * machine.cols * weightPieces(machine));
        expect(weightPieces(machine)).toBe(Math.ceil((lanes * weightDigit) / 32));
        expect(decodeWeights(image, machine)).toEqual(fields);
      }
    },
  );

  test('give back the constants of every width', () => {
    fc.assert(
      fc.property(
        fc.record({
          mBits: fc.integer({ min: 8, max: 34 }),
          bBits: fc.integer({ min: 16, max: 64 }),
          nBits: fc.integer({ min: 1, max: 6 }),
        }),
        fc.infiniteStream(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
        (widths, stream) => {
          const machine = testMachine({ ...widths, postWidth: 2 });
          const cut = (bits: number) => BigInt.asIntN(bits, stream.next().value);
          const channels: ChannelParameters[] = Array.from({ length: 4 }, () => ({
            m: Number(cut(widths.mBits)),
            b: cut(widths.bBits),
            n: Number(BigInt.asUintN(widths.nBits, cut(8))),
            r: Number(cut(widths.mBits)),
          }));
          const image = encodeParameters(channels, machine);
          expect(image.length).toBe(2 * parameterPieces(machine));
          expect(parameterPieces(machine)).toBe(Math.ceil((2 * channelBits(machine)) / 32));
          expect(decodeParameters(image, machine)).toEqual(channels);
        },
      ),
    );
  });
});
