import { describe, expect, test } from 'vitest';
import { randomSource } from '../../src/base/random.js';
import { commentText, floatConstant, stringText, wordArray } from '../../src/hdlgen/c-text.js';

/** The value of a C99 hexadecimal float constant. */
function constantValue(text: string): number {
  const parts = /^(-?)0x([01])\.([0-9a-f]+)p(-?\d+)f$/.exec(text);
  if (parts === null) return text === '0.0f' ? 0 : text === '-0.0f' ? -0 : Number.NaN;
  const [, sign, whole, digits, power] = parts;
  const value = (Number(whole) + Number.parseInt(digits!, 16) / 16 ** digits!.length) * 2 ** Number(power);
  return sign ? -value : value;
}

describe('floatConstant', () => {
  test('is the same float32 for every pattern of sign, exponent and fraction', () => {
    const view = new DataView(new ArrayBuffer(4));
    const random = randomSource(1);
    for (let exponent = 0; exponent < 255; exponent++) {
      for (const fraction of [0, 1, 0x7fffff, random.next() & 0x7fffff]) {
        view.setUint32(0, ((random.next() & 1) << 31) | (exponent << 23) | fraction);
        const value = view.getFloat32(0);
        expect(constantValue(floatConstant(value)), `${value}`).toBe(value);
      }
    }
  });

  test.each([
    [1, '0x1.0p0f'],
    [-0.75, '-0x1.8p-1f'],
    [0, '0.0f'],
    [-0, '-0.0f'],
    [2 ** -149, '0x0.000002p-126f'],
  ])('%d is %s', (value, text) => {
    expect(floatConstant(value)).toBe(text);
  });

  test.each([0.1, Number.NaN, Number.POSITIVE_INFINITY, 1e39])(
    '%d, which is no finite float32, is refused',
    (value) => {
      expect(() => floatConstant(value)).toThrow(RangeError);
    },
  );
});

test('strings hold nothing that C reads otherwise', () => {
  expect(stringText('conv 1')).toBe('conv 1');
  expect(stringText('a"b\\c??/\n\u00e9')).toBe('a\\042b\\134c\\077\\077/\\012\\303\\251');
});

test('comments cannot be ended by a name', () => {
  expect(commentText('a*/ b /* c??/')).toBe('a* / b / * c? ?/');
  expect(commentText('line\nend')).toBe('line.end');
});

test('word arrays have eight words a line, and an empty one a zero', () => {
  expect(wordArray('w', Uint32Array.of(1, 0xffffffff))).toBe(
    'const uint32_t w[2] = {\n    0x00000001u, 0xffffffffu,\n};\n',
  );
  expect(wordArray('w', Uint32Array.from({ length: 9 })).split('\n')).toHaveLength(5);
  expect(wordArray('w', new Uint32Array())).toBe('const uint32_t w[1] = {\n    0x00000000u,\n};\n');
});
