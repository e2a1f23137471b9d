/** The parts that functions of sums are put together from, by brute force over small ranges. */
import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { requantize } from '../../../src/quant/golden.js';
import { channelOf } from '../../../src/quant/import-quantized/channel.js';
import { type CodeRuns, codeAt, runsOf } from '../../../src/quant/import-quantized/code-runs.js';
import { countingOf } from '../../../src/quant/import-quantized/counting.js';
import { elementwiseParts } from '../../../src/quant/import-quantized/elementwise.js';
import { fitLine } from '../../../src/quant/import-quantized/fit-line.js';
import { fitTable } from '../../../src/quant/import-quantized/fit-table.js';
import { poolRegions } from '../../../src/quant/import-quantized/pool-regions.js';
import { accumulatorForm, normed, shifted } from '../../../src/quant/import-quantized/real-form.js';
import { commonUnit } from '../../../src/quant/import-quantized/scale-unit.js';
import { thresholdRuns } from '../../../src/quant/import-quantized/threshold-runs.js';
import type { Walk } from '../../../src/quant/import-quantized/walk.js';
import { dyadic, toNumber } from '../../../src/quant/rational.js';

const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };

const runsOfList = (list: readonly number[], min = 0): CodeRuns =>
  runsOf((acc) => list[acc - min]!, { min, max: min + list.length - 1 }, 1);

/** All lists of `length` codes 0 .. most. */
function lists(length: number, most: number): number[][] {
  if (length === 0) return [[]];
  return lists(length - 1, most).flatMap((list) => Array.from({ length: most + 1 }, (_, code) => [...list, code]));
}

const rises = (list: readonly number[]): boolean => list.every((code, i) => code >= (list[i - 1] ?? 0));

describe('fitLine', () => {
  it('finds a line for every rising or falling function of six sums that has one, and for no other', () => {
    const lines = new Set<string>();
    for (let m = -24; m <= 24; m++) {
      for (let b = -60; b <= 84; b++) {
        lines.add(
          Array.from({ length: 6 }, (_, acc) => Math.min(2, Math.max(0, Math.floor((acc * m + b) / 12)))).join(),
        );
      }
    }
    for (const list of lists(6, 2)) {
      const found = fitLine(runsOfList(list), 0, 2, WIDTHS);
      expect(found !== null, list.join()).toBe(lines.has(list.join()) && (rises(list) || rises([...list].reverse())));
      if (found === null) continue;
      const q = { m: [found.m], b: [found.b], n: [found.n], round: 'floor', lo: 0, hi: 2, residual: null } as const;
      expect(list.map((_, acc) => requantize(acc, 0, q, 0))).toEqual(list);
    }
  });
});

describe('countingOf', () => {
  it('gives every function back, whichever way its 0/1 channels rise', () => {
    const all = lists(4, 2);
    for (const falls of [false, true]) {
      const { each, bits, weights, first } = countingOf(
        all.map((list) => runsOfList(list, -2)),
        all.map(() => falls),
      );
      const q = { ...bits, round: 'floor', lo: 0, hi: 1, residual: null } as const;
      all.forEach((list, c) => {
        const codes = list.map((_, i) => {
          let code = first[c]!;
          for (let k = 0; k < each; k++) {
            code += weights[c * all.length * each + c * each + k]! * requantize(i - 2, 0, q, c * each + k);
          }
          return code;
        });
        expect(codes).toEqual(list);
      });
    }
  });
});

describe('fitTable', () => {
  it('looks up what it says, and counts each sum that it does not', () => {
    const random = randomSource(11);
    for (let round = 0; round < 300; round++) {
      const alike = random.integer(0, 1) === 0;
      const steps = Array.from({ length: random.integer(1, 6) }, () => random.integer(-90, 90) / 4).sort(
        (a, b) => a - b,
      );
      const channels = Array.from({ length: random.integer(1, 3) }, (_, c) => {
        const line = { slope: random.integer(1, 9) / 8, offset: random.integer(-20, 20) / 4 };
        const own = alike ? steps : steps.map((s) => s + c);
        const code = (acc: number): number => own.filter((s) => line.slope * acc + line.offset >= s).length;
        return { line, runs: runsOf(code, { min: -random.integer(1, 200), max: random.integer(1, 200) }, 1) };
      });
      const entries = 2 ** random.integer(3, 8);
      const narrow = { mBits: random.integer(8, 16), bBits: random.integer(16, 24), nBits: random.integer(1, 6) };
      const fit = fitTable(channels, alike, entries, round % 2 === 0 ? WIDTHS : narrow);
      if (fit === null) continue;
      expect(fit.table.length).toBeLessThanOrEqual(entries);
      const q = { ...fit, round: 'floor', lo: 0, hi: fit.table.length - 1, residual: null } as const;
      let [differing, maxCodes] = [0, 0];
      channels.forEach(({ runs }, c) => {
        for (let acc = runs.range.min; acc <= runs.range.max; acc++) {
          const off = Math.abs(requantize(acc, 0, q, c) - codeAt(runs, acc));
          if (off > 0) differing++;
          maxCodes = Math.max(maxCodes, off);
        }
      });
      expect(fit.exactness).toEqual(differing === 0 ? { kind: 'exact' } : { kind: 'approximate', differing, maxCodes });
    }
  });
});

describe('thresholdRuns', () => {
  it('step where the value, behind a batch norm too, reaches each threshold', () => {
    const random = randomSource(5);
    for (let round = 0; round < 200; round++) {
      const [scale, zero, bias] = [random.integer(1, 40) / 64, random.integer(-9, 9), random.integer(-20, 20) / 8];
      const line = shifted(accumulatorForm(dyadic(scale), zero, 1), dyadic(bias));
      const norm = {
        gain: random.integer(-6, 6) / 4,
        bias: 0.25,
        mean: -0.5,
        variance: random.integer(1, 9),
        epsilon: 0.5,
      };
      const withNorm = random.integer(0, 1) === 1;
      const value = (acc: number): number => {
        const x = scale * (acc - zero) + bias;
        return withNorm ? ((x - norm.mean) * norm.gain) / Math.sqrt(norm.variance + norm.epsilon) + norm.bias : x;
      };
      const row = Float32Array.from({ length: 5 }, () => random.integer(-64, 64) / 16 + 1 / 1024).sort();
      const runs = thresholdRuns(channelOf(withNorm ? normed(line, norm) : line), row, { min: -150, max: 150 });
      for (let acc = -150; acc <= 150; acc++) {
        expect(codeAt(runs, acc), `${round}: ${acc}`).toBe(row.filter((t) => value(acc) >= t).length);
      }
    }
  });
});

describe('elementwiseParts', () => {
  it('tells constants of two channels apart that are alike in float32, but not what they are made of', () => {
    const [a, b] = [2 - 2 ** -23, 2 - 2 ** -22];
    const scale = Float32Array.of(1 / a, 1 / b);
    expect(scale[0]).toBe(scale[1]);
    const at = (c: number) => ({ y: 0, x: 0, c, yStep: 1, xStep: 1, cStep: 1 });
    const shape = { height: 1, width: 1, channels: 2 };
    const value = { kind: 'input', name: 'in', shape: { ...shape, channels: 1 }, before: [] } as const;
    const own = { name: 'div', sources: [], output: 'div.out' };
    const parts = [0, 1].map((c) => ({ place: { from: at(0), to: at(c), size: [1, 1, 1] as const }, value }));
    const arranged = { kind: 'arranged', node: { ...own, name: 'twice' }, shape, parts, fill: null } as const;
    const constants = { scale, shift: new Float32Array(2), divisor: Float32Array.of(a, b) };
    const node = { kind: 'affine', ...own, input: 'twice.out', ...constants, clamp: { min: null, max: null } } as const;
    const made = elementwiseParts({} as Walk, node, arranged);
    expect(made.parts.map((part) => part.value)).toMatchObject([
      { before: [{ scale: [a] }] },
      { before: [{ scale: [b] }] },
    ]);
  });
});

describe('poolRegions', () => {
  it('covers every output once, by the taps that lie inside the map and no others', () => {
    for (const size of [2, 3, 5, 7]) {
      for (const kernel of [1, 2, 3]) {
        for (const stride of [1, 2]) {
          for (const pad of [0, 1]) {
            for (const dilation of [1, 2]) {
              const made = Math.floor((size + 2 * pad - (kernel - 1) * dilation - 1) / stride) + 1;
              if (made < 1 || pad >= kernel) continue;
              const pair = <T>(x: T) => [x, x] as const;
              const window = {
                kernel: pair(kernel),
                strides: pair(stride),
                dilations: pair(dilation),
                pads: [pad, pad, pad, pad],
              } as const;
              const map = (n: number) => ({ height: n, width: n, channels: 1 });
              const seen = new Array<number>(made).fill(0);
              for (const { from, to, kernel: taps } of poolRegions(window, map(size), map(made))) {
                if (to.x !== 0) continue;
                for (let i = 0; i < to.height; i++) {
                  seen[to.y + i]! += 1;
                  const read = Array.from({ length: taps[0] }, (_, k) => from.y + i * stride + k * dilation);
                  const all = Array.from({ length: kernel }, (_, k) => (to.y + i) * stride + k * dilation - pad);
                  expect(read).toEqual(all.filter((y) => y >= 0 && y < size));
                  expect(read.at(-1)).toBeLessThan(from.y + from.height);
                }
              }
              expect(seen).toEqual(new Array(made).fill(1));
            }
          }
        }
      }
    }
  });
});

describe('commonUnit', () => {
  it('finds the largest scale of which all are whole multiples', () => {
    const unit = commonUnit([0.75, 0.5, 2].map(dyadic))!;
    expect(toNumber(unit.scale)).toBe(0.25);
    expect(unit.times).toEqual([3, 2, 8]);
  });
});
