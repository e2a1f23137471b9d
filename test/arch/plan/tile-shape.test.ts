import { expect, test } from 'vitest';
import { chooseShape, shapeCycles } from '../../../src/arch/plan/tile-shape.js';
import { testMachine } from '../../support/machines.js';

const layer = { toStream: false } as Parameters<typeof chooseShape>[0];
const slots = { columnTiles: 1, full: 1, last: 1 };
const map = (height: number, width: number) => ({ height, width }) as Parameters<typeof chooseShape>[1];
const choose = (rows: number, height: number, width: number, steps = 100, toStream = false) =>
  chooseShape(
    { ...layer, toStream },
    map(height, width),
    slots,
    { steps, cyclesPerSlot: 1, mostLines: rows },
    testMachine({ rows }),
  );

test('no shape of the rows takes fewer cycles than the one chosen', () => {
  for (const rows of [2, 3, 4, 8])
    for (let height = 1; height <= 9; height++)
      for (let width = 1; width <= 9; width++) {
        const work = { steps: 5, cyclesPerSlot: 1, mostLines: rows };
        const best = shapeCycles(choose(rows, height, width, work.steps), { height, width }, slots, work);
        for (let columns = 1; columns <= rows; columns++) {
          if (rows % columns !== 0 || (columns & (columns - 1) && columns !== rows)) continue;
          const shape = { columns, lines: rows / columns };
          expect(best).toBeLessThanOrEqual(shapeCycles(shape, { height, width }, slots, work));
        }
      }
});

test('14 x 14 pixels are 49 squares of four, and 49 pixels of one map 13 or 14 rows of four', () => {
  expect(choose(4, 14, 14)).toEqual({ columns: 2, lines: 2 });
  expect(choose(4, 7, 7).lines).toBe(1);
});

test('the stream gets its pixels in order: no tile of it has two lines', () => {
  expect(choose(4, 14, 14, 100, true)).toEqual({ columns: 4, lines: 1 });
});

test('a map of one pixel is one pixel, so that post-processing has no empty slots to take', () => {
  expect(choose(4, 1, 1, 1)).toEqual({ columns: 1, lines: 1 });
});
