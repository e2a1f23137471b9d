/** Sums and products of two tensors, and functions of one. */
import type { PointwiseNode } from '../graph.js';
import type { ImportCall } from '../operators/operator.js';
import { base, emitAffine, OPEN } from './emit.js';
import { type Atom, atomsByAxis, sameAtoms } from './layout.js';
import { broadcastShape } from './per-channel.js';
import { pickedValue } from './pick.js';
import { limit, mismatch } from './refuse.js';
import { plainValue } from './relaid.js';
import { isProbed, newTensor, partOf } from './state.js';
import { elementsOf, type MapTensor, type MapValue } from './value.js';

export type Join = 'add' | 'sub' | 'mul';

/**
 * a + b, a - b or a * b. Either may be one value for each channel of the other; along other axes values are repeated.
 * @throws SystoleError shape-mismatch, operator-limit for other broadcasting
 */
export function emitJoin(call: ImportCall, kind: Join, a: MapValue, b: MapValue): MapValue {
  if (elementsOf(a.shape) >= elementsOf(b.shape)) return joined(call, kind, a, b);
  if (kind !== 'sub') return joined(call, kind, b, a);
  // a - b = -b + a
  const minusOne = { shape: [], data: Float32Array.of(-1) };
  const negative = emitAffine(partOf(call, 'negative', 'intermediate'), b, minusOne, null);
  return joined(partOf(call, 'sum', 'output'), 'add', negative, a);
}

/** b is not larger than a. */
function joined(call: ImportCall, kind: Join, a: MapValue, b: MapValue): MapValue {
  const shape = broadcastShape(a.shape, b.shape);
  const actual = `${a.shape.join('x')} and ${b.shape.join('x')}`;
  if (shape === null) throw mismatch(call, `${call.node.operator} of tensors that do not go together`, { actual });
  const isWhole = elementsOf(a.shape) === elementsOf(b.shape);
  const enlarged = elementsOf(shape) !== elementsOf(a.shape);
  const goes = (x: MapValue, y: MapValue): boolean =>
    !enlarged && (isWhole ? sameLayout(x, y) : isPerChannel(shape, x, y));
  if (!goes(a, b)) {
    const [x, y] = [a, b].map((value) => plainValue(call, withRank(value, shape.length)));
    if (x && y && goes(x, y)) return joined(call, kind, x, y);
    if (isWhole && !enlarged) throw relaid(call, a, b);
    const [p, q] = [x ?? a, y ?? b].map((value) => repeated(call, value, shape));
    if (p && q && sameLayout(p, q)) return joined(call, kind, p, q);
    throw enlarges(call, actual);
  }
  if (isWhole && isProbed(call.state, a.tensor)) return { ...a, shape };
  const { channels, height, width, vector } = a.tensor;
  const made = newTensor(call.state, call.node, { channels, height, width, vector: vector && b.tensor.vector });
  const inputs = [a.tensor.name, b.tensor.name] as const;
  call.state.nodes.push(
    kind === 'mul'
      ? { kind, ...base(call), inputs, clamp: OPEN }
      : { kind: 'add', ...base(call), inputs, ...(kind === 'sub' ? { sign: -1 } : {}), clamp: OPEN },
  );
  return { kind: 'map', shape, tensor: made, atoms: a.atoms };
}

/** Axes of length 1 before the others. */
function withRank(value: MapValue, rank: number): MapValue {
  return { ...value, shape: [...new Array<number>(rank - value.shape.length).fill(1), ...value.shape] };
}

/** The value with its axes of length 1 as long as those of `shape`; null where the map cannot be enlarged so. */
function repeated(call: ImportCall, value: MapValue, shape: readonly number[]): MapValue | null {
  const own = withRank(value, shape.length);
  const picks = shape.flatMap((count, axis) =>
    count === own.shape[axis] ? [] : [{ axis, list: new Array<number>(count).fill(0) }],
  );
  return picks.length === 0 ? own : pickedValue(partOf(call, 'repeated', 'between'), own, picks);
}

function sameLayout(a: MapValue, b: MapValue): boolean {
  const size = ({ channels, height, width }: MapTensor): string => `${channels}x${height}x${width}`;
  return size(a.tensor) === size(b.tensor) && sameAtoms(a.atoms, b.atoms);
}

/** Whether b, a map of one pixel, has the channels of a along the axes that a has them on, and 1 along all others. */
function isPerChannel(shape: readonly number[], a: MapValue, b: MapValue): boolean {
  const { tensor } = b;
  if (tensor.height * tensor.width !== 1 || tensor.channels !== a.tensor.channels) return false;
  const offset = shape.length - b.shape.length;
  const large = atomsByAxis(a.atoms, shape);
  const small = atomsByAxis(b.atoms, b.shape);
  if (large === null || small === null) return false;
  const isChannels = (atom: Atom): boolean => atom.axis === 'c';
  return large.every((atoms, axis) => {
    const own = small[axis - offset] ?? [];
    return own.length === 0 ? !atoms.some(isChannels) : sameAtoms(own, atoms);
  });
}

function enlarges(call: ImportCall, actual: string): Error {
  return limit(call, `${call.node.operator} broadcasts one tensor over another in a way that is not supported`, {
    expected: 'two tensors of one shape, or one value for each channel of the other',
    actual,
    hint: 'let the layer before it make the larger tensor',
  });
}

function relaid(call: ImportCall, a: MapValue, b: MapValue): Error {
  const size = ({ channels, height, width, name }: MapTensor): string => `${channels}x${height}x${width} of ${name}`;
  return mismatch(call, 'only tensors of one layout are joined', {
    expected: size(a.tensor),
    actual: size(b.tensor),
    hint: `move the Reshape or Transpose before one operand behind the ${call.node.operator}`,
  });
}

export function emitPointwise(
  call: ImportCall,
  value: MapValue,
  fn: Pick<PointwiseNode, 'fn' | 'slopes'> & Partial<Pick<PointwiseNode, 'alpha' | 'beta'>>,
): MapValue {
  const { state } = call;
  if (isProbed(state, value.tensor)) return value;
  const made = newTensor(state, call.node, value.tensor);
  state.nodes.push({ kind: 'pointwise', ...base(call), input: value.tensor.name, alpha: 0, beta: 0, ...fn });
  return { kind: 'map', shape: value.shape, tensor: made, atoms: value.atoms };
}
