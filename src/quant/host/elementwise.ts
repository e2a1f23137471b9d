/** Functions of one or two float32 values, rounded to float32 after every operation; only exp, log, tanh and pow go through double. */
import type { Constant, Shape } from '../../frontend/graph.js';
import type { BinaryFunction, UnaryFunction } from '../../frontend/host-step.js';

export function applyUnary(fn: UnaryFunction, x: number): number {
  switch (fn) {
    case 'sigmoid':
      return Math.fround(1 / Math.fround(1 + Math.fround(Math.exp(-x))));
    case 'tanh':
      return Math.fround(Math.tanh(x));
    case 'exp':
      return Math.fround(Math.exp(x));
    case 'log':
      return Math.fround(Math.log(x));
    case 'sqrt':
      return Math.fround(Math.sqrt(x));
    case 'neg':
      return -x;
    case 'abs':
      return Math.abs(x);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round':
      return roundHalfEven(x);
    case 'relu':
      return x < 0 ? 0 : x;
    case 'reciprocal':
      return Math.fround(1 / x);
    case 'trunc':
      return Math.trunc(x);
  }
}

function applyTo(fn: BinaryFunction, a: number, b: number): number {
  switch (fn) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return a / b;
    case 'pow':
      return a ** b;
    case 'min':
      return a < b || Number.isNaN(a) ? a : b;
    case 'max':
      return a > b || Number.isNaN(a) ? a : b;
  }
}

/** @param shape of the result, to which both operands are broadcast */
export function applyBinary(fn: BinaryFunction, a: Constant, b: Constant, shape: Shape): Float32Array {
  const [fromA, fromB] = [broadcastIndices(a.shape, shape), broadcastIndices(b.shape, shape)];
  return Float32Array.from(fromA, (from, i) => applyTo(fn, a.data[from]!, b.data[fromB[i]!]!));
}

export function clipped(x: number, min: number | null, max: number | null): number {
  const low = min !== null && x < min ? min : x;
  return max !== null && low > max ? max : low;
}

export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** For every element of `shape`, in row order, the index of its operand in an array of shape `from` (NumPy's broadcasting). */
function broadcastIndices(from: Shape, shape: Shape): Uint32Array {
  let indices = Uint32Array.of(0);
  let stride = from.reduce((a, b) => a * b, 1);
  for (const [axis, n] of shape.entries()) {
    const own = from[axis - shape.length + from.length] ?? 1;
    stride /= own;
    const next = new Uint32Array(indices.length * n);
    for (let i = 0, to = 0; i < indices.length; i++) {
      for (let k = 0; k < n; k++) next[to++] = indices[i]! + (own === 1 ? 0 : k * stride);
    }
    indices = next;
  }
  return indices;
}
