/** Tensors on grids of their own -> on one grid, if there is one that has all their values. */
import { type Dyadic, toNumber } from '../rational.js';
import type { NetworkParts, Worth } from './network-parts.js';
import { commonUnit } from './scale-unit.js';
import type { Coded } from './values.js';

const MOST_CODE = 2 ** 16 - 1;

export interface Aligned {
  readonly codes: readonly Coded[];
  readonly worth: Worth;
}

/** @param scales those of the channels, where all have them already; null where no 16 bits hold all values */
export function alignedCodes(
  parts: NetworkParts,
  codes: readonly Coded[],
  scales: readonly Dyadic[] | null,
  where: string,
): Aligned | null {
  const scalesOf = (c: Coded): string => c.scales.map(toNumber).join();
  const one =
    scales !== null ||
    codes.every((c) => c.scales.length === codes[0]!.scales.length && scalesOf(c) === scalesOf(codes[0]!));
  const grid = one ? sameScale(codes, scales) : multiples(codes);
  if (grid === null) return null;
  const { worth, moves } = grid;
  const bits = Math.max(...codes.map(({ tensor }) => parts.tensors.get(tensor)!.bits));
  const known = new Map<string, Coded>();
  const aligned = codes.map((own, i) => {
    const { times, by } = moves[i]!;
    if (times === 1 && by === 0 && parts.tensors.get(own.tensor)!.bits === bits && worth.most < 2 ** bits) return own;
    const name = known.get(own.tensor)?.tensor ?? parts.unusedTensor(`${where}.${own.tensor}`);
    const { channels } = parts.tensors.get(own.tensor)!;
    const move = { m: new Array<number>(channels).fill(times), b: new Array<number>(channels).fill(by) };
    const made =
      known.get(own.tensor) ?? parts.moved(own, move, { ...worth, most: Math.max(worth.most, 2 ** bits - 1) }, name);
    known.set(own.tensor, made);
    return made;
  });
  const widest = Math.max(...aligned.map(({ tensor }) => parts.tensors.get(tensor)!.bits));
  return { codes: aligned, worth: { ...worth, most: Math.max(worth.most, 2 ** widest - 1) } };
}

interface Grid {
  readonly worth: Worth;
  /** code*times + by */
  readonly moves: readonly { readonly times: number; readonly by: number }[];
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
  if (most > MOST_CODE || !moves.every(({ by }) => Number.isInteger(by))) return null;
  return { worth: { scales: [unit.scale], zero, most }, moves };
}
