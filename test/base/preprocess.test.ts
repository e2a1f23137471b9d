import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { applyPreprocess } from '../../src/base/preprocess/apply.js';
import { linearTaps, nearestTaps } from '../../src/base/preprocess/resize.js';
import { parsePreprocess, parsePreprocessFile, preprocessFor } from '../../src/base/preprocess/steps.js';

const counting = (...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => i) };
};
const apply = (steps: unknown, sample = counting(2, 3)) => {
  const { shape, data } = applyPreprocess(parsePreprocess(steps, 'p.json'), sample, 'p.json');
  return { shape, data: [...data] };
};
const codeOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof SystoleError) return error.code;
    throw error;
  }
  return undefined;
};

describe('preprocessing a sample', () => {
  it('leaves it alone without steps', () => {
    expect(apply([])).toEqual({ shape: [2, 3], data: [0, 1, 2, 3, 4, 5] });
  });

  it('reshapes, with -1 for what is left', () => {
    expect(apply([{ step: 'reshape', shape: [-1, 1, 2] }])).toEqual({ shape: [3, 1, 2], data: [0, 1, 2, 3, 4, 5] });
  });

  it('transposes any axes', () => {
    expect(apply([{ step: 'transpose', axes: [1, 0] }])).toEqual({ shape: [3, 2], data: [0, 3, 1, 4, 2, 5] });
    // [2][2][3] -> [3][2][2]: element (c, y, x) was (y, x, c), at 6y + 3x + c.
    const hwc = apply([{ step: 'transpose', axes: [2, 0, 1] }], counting(2, 2, 3));
    expect(hwc).toEqual({ shape: [3, 2, 2], data: [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11] });
  });

  it('picks channels in another order', () => {
    expect(apply([{ step: 'channelOrder', order: [2, 0], axis: 1 }])).toEqual({ shape: [2, 2], data: [2, 0, 5, 3] });
  });

  it('scales, subtracts means and divides by deviations, by number or by channel', () => {
    expect(apply([{ step: 'scale', by: 2 }]).data).toEqual([0, 2, 4, 6, 8, 10]);
    expect(apply([{ step: 'mean', values: [1, 2] }]).data).toEqual([-1, 0, 1, 1, 2, 3]);
    expect(apply([{ step: 'std', values: [1, 2, 4], axis: 1 }]).data).toEqual([0, 0.5, 0.5, 3, 2, 1.25]);
  });

  it('rounds every operation to float32', () => {
    const sample = { shape: [1], data: Float32Array.of(0.1) };
    const [value] = apply([{ step: 'scale', by: 0.7 }], sample).data;
    expect(value).toBe(Math.fround(Math.fround(0.1) * Math.fround(0.7)));
  });
});

describe('resizing', () => {
  it('takes the nearest sample by half-pixel centres', () => {
    // 5 -> 3: (2i + 1)*5/6 = 0.83, 2.5, 4.17.
    expect(nearestTaps(5, 3).map(({ low }) => low)).toEqual([0, 2, 4]);
    expect(nearestTaps(2, 4).map(({ low }) => low)).toEqual([0, 0, 1, 1]);
  });

  it('lies between two samples where the definition says', () => {
    // 2 -> 4: ((2i + 1)*2 - 4)/8 = -1/4, 1/4, 3/4, 5/4; held inside 0..1.
    const positions = linearTaps(2, 4).map(({ low, high, part }) => [low, high, part]);
    expect(positions).toEqual([
      [0, 1, 0],
      [0, 1, 0.25],
      [0, 1, 0.75],
      [1, 1, 0.25],
    ]);
  });

  it('doubles a row and halves it again', () => {
    const twice = apply([{ step: 'resize', height: 1, width: 4, method: 'bilinear' }], {
      shape: [1, 2],
      data: Float32Array.of(0, 8),
    });
    expect(twice).toEqual({ shape: [1, 4], data: [0, 2, 6, 8] });
    const half = { shape: [1, 4], data: Float32Array.of(0, 2, 6, 8) };
    expect(apply([{ step: 'resize', height: 1, width: 2, method: 'bilinear' }], half).data).toEqual([1, 7]);
  });

  it('works on any two axes', () => {
    const steps = [{ step: 'resize', height: 1, width: 1, method: 'nearest', axes: [0, 1] }];
    // 3x3 pixels of 2 channels: the middle pixel stays, elements 8 and 9.
    expect(apply(steps, counting(3, 3, 2))).toEqual({ shape: [1, 1, 2], data: [8, 9] });
  });

  it('keeps a constant picture constant at any size', () => {
    for (let size = 1; size <= 9; size++) {
      const steps = [{ step: 'resize', height: size, width: 7, method: 'bilinear' }];
      const flat = { shape: [4, 5], data: new Float32Array(20).fill(3) };
      expect(apply(steps, flat)).toEqual({ shape: [size, 7], data: Array(7 * size).fill(3) });
    }
  });
});

describe('a preprocess file is refused', () => {
  const cases: Record<string, unknown> = {
    'that is no list': { step: 'scale', by: 1 },
    'with an unknown step': [{ step: 'blur' }],
    'with an unknown field': [{ step: 'scale', by: 1, axes: 0 }],
    'that divides by zero': [{ step: 'std', values: [1, 0] }],
    'whose reshape does not fit': [{ step: 'reshape', shape: [4, 2] }],
    'with two unknown sizes': [{ step: 'reshape', shape: [-1, -1, 6] }],
    'whose transpose names an axis twice': [{ step: 'transpose', axes: [0, 0] }],
    'that picks a channel there is not': [{ step: 'channelOrder', order: [2] }],
    'with too few means': [{ step: 'mean', values: [1, 2], axis: 1 }],
    'that resizes an axis there is not': [{ step: 'resize', height: 1, width: 1, method: 'nearest', axes: [1, 2] }],
  };
  for (const [name, steps] of Object.entries(cases)) {
    it(name, () => expect(codeOf(() => apply(steps))).toBe('preprocess-invalid'));
  }
});

describe('docs/preprocess.md', () => {
  const page = readFileSync(new URL('../../docs/preprocess.md', import.meta.url), 'utf8');

  it('shows files that are valid', () => {
    const examples = [...page.matchAll(/```json\n([^`]*)```/g)].map(([, text]) => text!);
    expect(examples).toHaveLength(2);
    for (const text of examples) expect(parsePreprocess(JSON.parse(text), 'docs').length).toBeGreaterThan(0);
  });
});

describe('a preprocess file of several inputs', () => {
  const scale = { step: 'scale', by: 2 };

  it('has a list for each by name; an input without one is taken as it is', () => {
    const steps = parsePreprocessFile({ left: [scale] }, 'p.json');
    expect(preprocessFor(steps, 'left')).toEqual([scale]);
    expect(preprocessFor(steps, 'right')).toBeNull();
    expect(preprocessFor(steps, 'toString')).toBeNull();
    expect(preprocessFor(parsePreprocessFile([scale], 'p.json'), 'left')).toEqual([scale]);
  });

  it('is refused with the input that is wrong', () => {
    expect(() => parsePreprocessFile({ left: [{ step: 'std', values: 0 }] }, 'p.json')).toThrow(
      expect.objectContaining({ code: 'preprocess-invalid', where: 'p.json: left' }),
    );
    expect(codeOf(() => parsePreprocessFile('steps', 'p.json'))).toBe('preprocess-invalid');
  });
});
