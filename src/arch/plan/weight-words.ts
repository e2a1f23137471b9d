import type { Machine } from '../machine.js';
import { type ConvMap, stepsPerPass, stepsPerRun } from './conv-map.js';
import { type WeightDigits, weightDigit } from './digits.js';

/** A layer's weights as digits. */
export interface WeightBlock {
  /** [columnTile][plane][step][column][lane]; one column tile only where all are alike. */
  readonly fields: Uint8Array;
  readonly words: number;
  /** Words from one column tile to the next; 0 where all are alike. */
  readonly columnTileStride: number;
}

/** Words of weightBlock. */
export function blockWords(map: ConvMap, digits: WeightDigits, machine: Machine): number {
  const alike = map.depthwise && allTapsAlike(map);
  return digits.planes * stepsPerPass(map, machine) * (alike ? 1 : map.columnTiles);
}

/** Cuts a layer's weights into digit planes and lays them beside their columns, in the order FEED asks for them. */
export function weightBlock(map: ConvMap, digits: WeightDigits, machine: Machine): WeightBlock {
  const steps = digits.planes * stepsPerPass(map, machine);
  const words = blockWords(map, digits, machine);
  const tiles = Array.from({ length: words / steps }, (_, ct) => columnTile(map, digits, machine, ct));
  const first = tiles[0]!;
  if (tiles.length === 1) return { fields: first, words, columnTileStride: 0 };
  const fields = new Uint8Array(first.length * tiles.length);
  tiles.forEach((tile, ct) => {
    fields.set(tile, ct * first.length);
  });
  return { fields, words, columnTileStride: steps };
}

/** Channels with the same kernel: their column tiles differ in nothing that is used. */
function allTapsAlike(map: ConvMap): boolean {
  const taps = map.kernelRows * map.kernelColumns;
  return map.weights.every((w, i) => w === map.weights[i % taps]);
}

/** [plane][step][column][lane] */
function columnTile(map: ConvMap, digits: WeightDigits, machine: Machine, ct: number): Uint8Array {
  const { cols, lanes } = machine;
  const steps = stepsPerPass(map, machine);
  const fields = new Uint8Array(digits.planes * steps * cols * lanes);
  const columns = Math.min(cols, map.channels - ct * cols);
  const perRun = stepsPerRun(map, machine);
  for (let step = 0; step < steps; step++) {
    const tap = Math.floor(step / perRun);
    for (let column = 0; column < columns; column++) {
      for (let lane = 0; lane < lanes; lane++) {
        const weight = weightAt(map, ct * cols + column, column, tap, (step % perRun) * lanes + lane);
        if (weight === 0) continue;
        for (let plane = 0; plane < digits.planes; plane++) {
          const at = ((plane * steps + step) * cols + column) * lanes + lane;
          fields[at] = weightDigit(weight, plane, digits, machine);
        }
      }
    }
  }
  return fields;
}

/** Of code `i` of a run; a depthwise tile is diagonal. */
function weightAt(map: ConvMap, channel: number, column: number, tap: number, i: number): number {
  const taps = map.kernelRows * map.kernelColumns;
  if (map.depthwise) return i === column ? map.weights[channel * taps + tap]! : 0;
  return i < map.run ? map.weights[(channel * taps + tap) * map.run + i]! : 0;
}
