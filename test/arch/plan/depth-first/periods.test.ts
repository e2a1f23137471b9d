import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bufferRows, loadRoom } from '../../../../src/arch/plan/depth-first/buffer-rows.js';
import { type Pace, periodRuns, segmentPeriods } from '../../../../src/arch/plan/depth-first/periods.js';
import { LOADED, type RowLayer, type RowRead } from '../../../../src/arch/plan/depth-first/row-layer.js';

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

const windowArbitrary: fc.Arbitrary<Window> = fc
  .record({ kernel: fc.integer({ min: 1, max: 4 }), stride: fc.integer({ min: 1, max: 3 }), pad: fc.nat(2) })
  .map((window) => ({ ...window, pad: Math.min(window.pad, window.kernel - 1) }));

function read(maker: number, rows: number, { kernel, stride, pad }: Window): RowRead {
  return { maker, need: { first: Math.max(0, kernel - pad), step: stride, rows }, first: -pad, step: stride };
}

const rowsBehind = (rows: number, { kernel, stride, pad }: Window) =>
  Math.floor((rows + 2 * pad - kernel) / stride) + 1;

/** A chain, its first layer behind LOAD; `skips` also read the map before the one before them. */
function chainOf(height: number, windows: readonly Window[], skips: readonly boolean[]): RowLayer[] {
  const layers: RowLayer[] = [];
  let before = height;
  for (const [i, window] of windows.entries()) {
    const rows = rowsBehind(before, window);
    if (rows < 1) break;
    const reads = [read(i - 1, before, window)];
    const two = layers[i - 2];
    // Row for row, as a residual does.
    if (skips[i] && two?.rows === rows) reads.push(read(i - 2, two.rows, { kernel: 1, stride: 1, pad: 0 }));
    layers.push({ rows, reads });
    before = rows;
  }
  return layers;
}

const layersArbitrary = fc
  .tuple(
    fc.integer({ min: 3, max: 40 }),
    fc.array(windowArbitrary, { minLength: 1, maxLength: 5 }),
    fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  )
  .map(([height, windows, skips]) => chainOf(height, windows, skips))
  .filter((layers) => layers.length > 0);

const paceArbitrary: fc.Arbitrary<Pace> = fc.record({ rows: fc.integer({ min: 1, max: 4 }), ahead: fc.boolean() });

/** Buffers of `sizes` rows, each slot with the row it holds; readers look for every row of their windows. */
function runSegment(layers: readonly RowLayer[], periods: readonly (readonly number[])[], sizes: readonly number[]) {
  const slots = layers.map((_, i) => new Array<number>(sizes[i]!).fill(-1));
  const made = layers.map(() => 0);
  for (const period of periods) {
    period.forEach((rows, i) => {
      for (let oy = made[i]!; oy < made[i]! + rows; oy++) {
        for (const { maker, need, first, step } of layers[i]!.reads) {
          if (maker === LOADED) continue;
          const until = Math.min(need.first + oy * step, need.rows);
          for (let y = Math.max(0, first + oy * step); y < until; y++) {
            expect(slots[maker]![y % sizes[maker]!]).toBe(y);
          }
        }
      }
      for (let oy = made[i]!; oy < made[i]! + rows; oy++) slots[i]![oy % sizes[i]!] = oy;
      made[i]! += rows;
    });
  }
  return made;
}

describe('a segment of random windows', () => {
  test('makes every row of every layer once, and each turn finds all rows it reads in buffers of the size told', () => {
    fc.assert(
      fc.property(layersArbitrary, paceArbitrary, (layers, pace) => {
        const periods = segmentPeriods(layers, pace);
        const made = runSegment(layers, periods, bufferRows(layers, periods));
        expect(made).toEqual(layers.map(({ rows }) => rows));
      }),
      { seed: 7 },
    );
  });

  test('has buffers with no row too many where every row is read: one less breaks a read', () => {
    const everyRow = fc
      .tuple(fc.integer({ min: 3, max: 20 }), fc.array(windowArbitrary, { minLength: 2, maxLength: 4 }))
      .map(([height, windows]) =>
        chainOf(
          height,
          windows.map((window) => ({ ...window, stride: 1 })),
          [],
        ),
      )
      .filter((layers) => layers.length > 1);
    fc.assert(
      fc.property(everyRow, paceArbitrary, (layers, pace) => {
        const periods = segmentPeriods(layers, pace);
        const sizes = bufferRows(layers, periods);
        sizes.slice(0, -1).forEach((size, i) => {
          if (size < 2) return;
          const smaller = sizes.map((rows, j) => (j === i ? rows - 1 : rows));
          expect(() => runSegment(layers, periods, smaller)).toThrow();
        });
      }),
      { seed: 7 },
    );
  });

  test('is the same when equal periods are told as runs, and no layer begins inside a run', () => {
    fc.assert(
      fc.property(layersArbitrary, paceArbitrary, (layers, pace) => {
        const periods = segmentPeriods(layers, pace);
        const runs = periodRuns(periods);
        expect(runs.flatMap(({ period, count }) => Array.from({ length: count }, () => period))).toEqual(periods);
        const begun = new Set<number>();
        for (const { period, count } of runs) {
          const starts = period.some((rows, i) => rows > 0 && !begun.has(i));
          expect(starts && count > 1).toBe(false);
          period.forEach((rows, i) => {
            if (rows > 0) begun.add(i);
          });
        }
      }),
      { seed: 7 },
    );
  });
});

test('a turn ahead never reads a row of its own period', () => {
  fc.assert(
    fc.property(layersArbitrary, fc.integer({ min: 1, max: 4 }), (layers, rows) => {
      const periods = segmentPeriods(layers, { rows, ahead: true });
      const made = layers.map(() => 0);
      // The last period also makes what nobody reads.
      for (const period of periods.slice(0, -1)) {
        period.forEach((turn, i) => {
          for (const { maker, need } of layers[i]!.reads) {
            if (maker === LOADED || turn === 0) continue;
            expect(Math.min(need.first + (made[i]! + turn - 1) * need.step, need.rows)).toBeLessThanOrEqual(
              made[maker]!,
            );
          }
        });
        period.forEach((turn, i) => {
          made[i]! += turn;
        });
      }
    }),
    { seed: 7 },
  );
});

test('the room for LOAD lets every row in before it is read, and none before the row it overwrites is dead', () => {
  fc.assert(
    fc.property(
      windowArbitrary,
      fc.integer({ min: 4, max: 30 }),
      fc.integer({ min: 1, max: 3 }),
      (window, height, turn) => {
        const outputs = rowsBehind(height, window);
        fc.pre(outputs >= 1);
        const one = read(LOADED, height, window);
        const room = loadRoom(one, turn, 2);
        for (let done = 0; done < outputs; done++) {
          const loaded = Math.min(height, room.roomRows + room.freeStep * done);
          expect(loaded).toBeGreaterThanOrEqual(Math.min(one.need.first + done * one.need.step, height));
          expect(loaded - room.rows).toBeLessThanOrEqual(Math.max(0, one.first + done * one.step));
        }
      },
    ),
    { seed: 7 },
  );
});
