/** Values behind one another along an axis, as one rearranged map. */
import type { ArrangePart } from '../graph.js';
import type { ImportCall } from '../operators/operator.js';
import { type Digit, digitOf, resized, resizedMap, resizedValue } from './digit.js';
import { extentOf, type MapAxis } from './layout.js';
import { emitArrange, partsOf, type Run, wholeRun } from './placement.js';
import { plainValue } from './relaid.js';
import { isFollowed } from './state.js';
import type { MapTensor, MapValue } from './value.js';

/** A value, or as many indices of the fill. */
export type Piece = MapValue | { readonly kind: 'fill'; readonly count: number };

/**
 * null where the axis is none that maps are joined along.
 * @throws SystoleError operator-limit where too many parts would move
 */
export function concatenated(call: ImportCall, pieces: readonly Piece[], axis: number, fill: number): MapValue | null {
  const [only] = pieces;
  if (pieces.length === 1 && only!.kind === 'map') return only as MapValue;
  const digits = digitsOf(call, pieces, axis);
  if (digits !== null) return joined(call, pieces, axis, digits, fill);
  // At the end of the network the host joins the pieces as they are.
  if (!isFollowed(call)) return null;
  const plain = pieces.map((piece) => (piece.kind === 'fill' ? piece : plainValue(call, piece)));
  if (!plain.every((piece) => piece !== null)) return null;
  const again = digitsOf(call, plain, axis);
  return again && joined(call, plain, axis, again, fill);
}

/** Of each piece, where all agree in all else. */
function digitsOf(call: ImportCall, pieces: readonly Piece[], axis: number): Digit[] | null {
  const found = pieces.map((piece) => (piece.kind === 'fill' ? undefined : digitOf(call, piece, axis)));
  const known = found.find((digit) => digit !== undefined);
  if (known === undefined || known === null) return null;
  const frame = (value: MapValue, digit: Digit): string =>
    JSON.stringify([
      resized(value, axis, digit, 2),
      value.shape.toSpliced(axis, 1),
      resizedMap(sizeOf(value.tensor), digit, 1),
    ]);
  const frames = new Set<string>();
  for (const [i, piece] of pieces.entries()) {
    const digit = found[i];
    if (piece.kind === 'fill') continue;
    if (digit === undefined || digit === null || digit.axis !== known.axis || digit.stride !== known.stride)
      return null;
    frames.add(frame(piece, digit));
  }
  const evenly = pieces.every((piece) => piece.kind === 'map' || piece.count % known.inner === 0);
  if (frames.size !== 1 || !evenly) return null;
  return pieces.map((piece, i) => (piece.kind === 'fill' ? { ...known, size: piece.count / known.inner } : found[i]!));
}

function sizeOf({ channels, height, width }: MapTensor) {
  return { channels, height, width };
}

function joined(
  call: ImportCall,
  pieces: readonly Piece[],
  at: number,
  digits: readonly Digit[],
  fill: number,
): MapValue {
  const first = pieces.findIndex((piece) => piece.kind === 'map');
  const model = pieces[first] as MapValue;
  const digit = digits[first]!;
  const total = digits.reduce((sum, { size }) => sum + size, 0);
  const parts: ArrangePart[] = [];
  let before = 0;
  for (const [i, piece] of pieces.entries()) {
    if (piece.kind === 'map') parts.push(...partsOfPiece(call, piece.tensor, digits[i]!, before, total));
    before += digits[i]!.size;
  }
  const vector = pieces.every((piece) => piece.kind === 'fill' || piece.tensor.vector);
  const size = { ...resizedMap(sizeOf(model.tensor), digit, total), vector };
  const tensor = emitArrange(call, parts, size, fill);
  return resizedValue(model, at, digit, total, tensor);
}

/** A part for each index of the digits outside the joined one. */
function partsOfPiece(call: ImportCall, tensor: MapTensor, digit: Digit, before: number, total: number): ArrangePart[] {
  const block = digit.size * digit.stride;
  const outer = extentOf(tensor, digit.axis) / block;
  const moved: Run[] = Array.from({ length: outer }, (_, k) => ({
    ...wholeRun(block),
    from: k * block,
    to: (k * total + before) * digit.stride,
  }));
  const runs = (axis: MapAxis): Run[] => (axis === digit.axis ? moved : [wholeRun(extentOf(tensor, axis))]);
  return partsOf(call, tensor.name, runs('h'), runs('w'), runs('c'));
}
