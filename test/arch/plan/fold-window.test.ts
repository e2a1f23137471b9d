import { describe, expect, test } from 'vitest';
import { foldingPitch, foldWindow } from '../../../src/arch/plan/fold-window.js';

/** Codes of the window in the order of the lanes, as docs/machine.md reads them. */
function codesRead(kernelRows: number, run: number, pitch: number, lanes: number): readonly number[] | null {
  const folded = foldWindow({ kernelRows, run, pitch }, lanes);
  if (folded === null) return null;
  const { stride, entries } = folded;
  return entries
    .flatMap(({ aOff, segments }, step) =>
      segments.map((segment, lane) => step * lanes + lane + aOff + segment * stride * lanes),
    )
    .slice(0, kernelRows * run);
}

describe('a folded window', () => {
  test('reads every code of every kernel row once and in order, for every small window and pitch', () => {
    let folded = 0;
    for (const lanes of [2, 4, 8])
      for (let kernelRows = 2; kernelRows <= 5; kernelRows++)
        for (let run = 1; run <= 12; run++)
          for (let pitch = run; pitch <= run + 3 * lanes; pitch++) {
            const read = codesRead(kernelRows, run, pitch, lanes);
            if (read === null) continue;
            folded += 1;
            const wanted = Array.from({ length: kernelRows * run }, (_, p) => Math.floor(p / run) * pitch + (p % run));
            expect(read).toEqual(wanted);
          }
    expect(folded).toBeGreaterThan(300);
  });

  test('finds the codes of a step in banks that all differ', () => {
    for (let run = 1; run <= 9; run++) {
      const pitch = foldingPitch(20, run, 1, 8)!;
      const read = codesRead(3, run, pitch, 8)!;
      for (let first = 0; first < read.length; first += 8) {
        const banks = read.slice(first, first + 8).map((code) => code % 8);
        expect(new Set(banks).size).toBe(banks.length);
      }
    }
  });

  test('is none where a step would reach over more than eight kernel rows', () => {
    expect(foldWindow({ kernelRows: 9, run: 1, pitch: 17 }, 16)).toBeNull();
    expect(foldWindow({ kernelRows: 8, run: 1, pitch: 17 }, 16)).not.toBeNull();
  });
});

test('the pitch found is the shortest that folds, dilated kernels among them, and none is found where none does', () => {
  for (const lanes of [4, 8])
    for (const dilation of [1, 2, 3])
      for (let least = 1; least <= 20; least++)
        for (let run = 1; run <= least; run++) {
          const folds = (pitch: number) => (pitch * dilation - run) % lanes === 0;
          const pitch = foldingPitch(least, run, dilation, lanes);
          const wanted = Array.from({ length: 4 * lanes }, (_, i) => least + i).find(folds);
          expect(pitch).toBe(wanted);
        }
});
