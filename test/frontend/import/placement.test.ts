import { expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { phasesOf } from '../../../src/frontend/import/phases.js';
import { type Picks, runsOf } from '../../../src/frontend/import/placement.js';

/** What the runs put where. */
function placed(picks: Picks): (number | null)[] {
  const result: (number | null)[] = picks.map(() => null);
  for (const { from, fromStep, to, toStep, count } of runsOf(picks)) {
    for (let k = 0; k < count; k++) {
      expect(result[to + k * toStep]).toBeNull();
      result[to + k * toStep] = from + k * fromStep;
    }
  }
  return result;
}

it('runs hold every index of a list once, whatever the list', () => {
  const random = randomSource(1);
  for (let i = 0; i < 500; i++) {
    const length = random.integer(1, 20);
    const picks = Array.from({ length }, () => (random.integer(0, 4) === 0 ? null : random.integer(0, 9)));
    expect(placed(picks)).toEqual(picks);
  }
});

it.each([
  ['a range', [2, 3, 4, 5], 1],
  ['every other one', [1, 3, 5], 1],
  ['each twice', [0, 0, 1, 1, 2, 2, 3, 3], 2],
  ['each three times', [0, 0, 0, 1, 1, 1, 2, 2, 2], 3],
  ['twice in a row', [0, 1, 2, 0, 1, 2], 2],
  ['two groups in turn', [0, 4, 1, 5, 2, 6, 3, 7], 2],
  ['a border', [null, null, 0, 1, 2, null], 1],
  ['the way back', [3, 2, 1], 3],
])('%s is few runs', (_, picks, count) => {
  expect(runsOf(picks).length).toBe(count);
});

it('phases of a transposed convolution are what its definition says, over every small shape', () => {
  let checked = 0;
  for (const input of [1, 2, 3]) {
    for (const kernel of [1, 2, 3, 4]) {
      for (const stride of [1, 2, 3]) {
        for (const dilation of [1, 2, 3]) {
          for (const begin of [-1, 0, 1, 2]) {
            for (const output of [1, 3, 6]) {
              expect(byPhases({ input, output, kernel, stride, dilation, begin })).toEqual(
                byDefinition({ input, output, kernel, stride, dilation, begin }),
              );
              checked++;
            }
          }
        }
      }
    }
  }
  expect(checked).toBe(1296);
});

type AxisShape = Parameters<typeof phasesOf>[0];

/** For each output the pairs of input and tap that meet in it. */
function byDefinition({ input, output, kernel, stride, dilation, begin }: AxisShape): string[][] {
  return Array.from({ length: output }, (_, o) => {
    const pairs: string[] = [];
    for (let i = 0; i < input; i++) {
      for (let k = 0; k < kernel; k++) if (i * stride + k * dilation === o + begin) pairs.push(`${i}:${k}`);
    }
    return pairs.sort();
  });
}

/** The same of the convolutions, padded taps left out. */
function byPhases(axis: AxisShape): string[][] {
  const result: string[][] = Array.from({ length: axis.output }, () => []);
  for (const { first, count, taps, dilation, pads, made, from } of phasesOf(axis)) {
    if (taps.length > 0) expect(made).toBe(axis.input + pads[0] + pads[1] - (taps.length - 1) * dilation);
    for (let t = 0; t < count; t++) {
      if (taps.length > 0) expect(from + t).toBeLessThan(made);
      for (const [j, k] of taps.entries()) {
        const i = from + t - pads[0] + j * dilation;
        if (i >= 0 && i < axis.input) result[first + t * axis.stride]!.push(`${i}:${k}`);
      }
    }
  }
  return result.map((pairs) => pairs.sort());
}
