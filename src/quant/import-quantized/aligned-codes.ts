/** Tensors on grids of their own -> on one grid, if there is one that has all their values. */
import { commonScale, type Dyadic, ratio, toNumber } from '../rational.js';
import { bitsOf, type NetworkParts, type Worth } from './network-parts.js';
import { commonUnit } from './scale-unit.js';
import type { Coded } from './values.js';

const MOST_CODE = 2 ** 16 - 1;

/** A value beside theirs that the grid has to hold. */
export interface Fill {
  readonly scale: Dyadic;
  /** From zero on. */
  readonly steps: number;
}

export interface Aligned {
  readonly codes: readonly Coded[];
  readonly worth: Worth;
  /** The code of what fills, 0 without it. */
  readonly fill: number;
}

/** @param scales those of the channels, where all have them already; null where no 16 bits hold all values */
export function alignedCodes(
  parts: NetworkParts,
  codes: readonly Coded[],
  {
    scales,
    fill,
    where,
  }: { readonly scales: readonly Dyadic[] | null; readonly fill: Fill | null; readonly where: string },
): Aligned | null {
  const scalesOf = (c: Coded): string => c.scales.map(toNumber).join();
  const one = scales !== null || codes.every((c) => scalesOf(c) === scalesOf(codes[0]!));
  const grid = one ? sameScale(codes, scales) : multiples(codes);
  if (grid === null) return null;
  const filled = fill === null ? 0 : grid.worth.zero + fill.steps * timesOf(fill.scale, grid.worth.scales[0]!);
  const below = Math.max(0, -filled);
  const worth = { ...grid.worth, zero: grid.worth.zero + below, most: Math.max(grid.worth.most, filled) + below };
  const moves = grid.moves.map(({ times, by }) => ({ times, by: by + below }));
  if (!moves.every(({ by }) => Number.isInteger(by)) || !Number.isInteger(filled) || worth.most > MOST_CODE)
    return null;
  const widths = codes.map(({ tensor }, i) => (isStill(moves[i]!) ? parts.tensors.get(tensor)!.bits : 0));
  const bits = Math.max(bitsOf(Math.max(worth.most, Math.ceil(worth.zero))), ...widths);
  const known = new Map<string, Coded>();
  const aligned = codes.map((own, i) => {
    const tensor = parts.tensors.get(own.tensor)!;
    const alike = tensor.bits === bits && tensor.scale === toNumber(worth.scales[0]!);
    if (isStill(moves[i]!) && alike) return own;
    const key = `${own.tensor}:${moves[i]!.times}`;
    const made = known.get(key) ?? movedTo(parts, own, { ...worth, bits }, moves[i]!, where);
    known.set(key, made);
    return made;
  });
  return { codes: aligned, worth: { ...worth, bits }, fill: filled + below };
}

function isStill({ times, by }: Move): boolean {
  return times === 1 && by === 0;
}

function movedTo(parts: NetworkParts, own: Coded, worth: Worth, { times, by }: Move, where: string): Coded {
  const { channels } = parts.tensors.get(own.tensor)!;
  const move = { m: new Array<number>(channels).fill(times), b: new Array<number>(channels).fill(by) };
  return parts.moved(own, move, worth, parts.unusedTensor(`${where}.${own.tensor}`));
}

function timesOf(scale: Dyadic, unit: Dyadic): number {
  const [n, d] = commonScale([scale, unit]) as [bigint, bigint];
  return ratio(n, d);
}

/** code*times + by */
interface Move {
  readonly times: number;
  readonly by: number;
}

interface Grid {
  readonly worth: Worth;
  readonly moves: readonly Move[];
}

function sameScale(codes: readonly Coded[], given: readonly Dyadic[] | null): Grid {
  const zero = Math.max(...codes.map((c) => c.zero));
  const most = Math.max(...codes.map((c) => c.most + zero - c.zero));
  const scales = given ?? codes[0]!.scales;
  return { worth: { scales, zero, most }, moves: codes.map((c) => ({ times: 1, by: zero - c.zero })) };
}

function multiples(codes: readonly Coded[]): Grid | null {
  if (codes.some((c) => c.scales.length > 1)) return null;
  const unit = commonUnit(codes.map((c) => c.scales[0]!));
  if (unit === null) return null;
  const zero = Math.max(...codes.map((c, i) => c.zero * unit.times[i]!));
  const moves = codes.map((c, i) => ({ times: unit.times[i]!, by: zero - c.zero * unit.times[i]! }));
  const most = Math.max(...codes.map((c, i) => c.most * moves[i]!.times + moves[i]!.by));
  return { worth: { scales: [unit.scale], zero, most }, moves };
}
