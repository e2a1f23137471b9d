/** Pointwise functions as what a layer can do behind its sum. */
import type { MulNode, PointwiseNode } from '../frontend/graph.js';
import { evaluatePointwise } from '../frontend/pointwise.js';
import type { FloatFunction } from './float-network.js';

/** The function has slopes that differ from channel to channel. */
export function hasOwnSlopes({ slopes }: PointwiseNode): boolean {
  return slopes?.some((s) => s !== slopes[0]) ?? false;
}

/** Negative values times a slope, one for each channel; null for other functions. */
export function slopesOf(node: PointwiseNode, channels: number): Float32Array | null {
  if (node.fn === 'leakyrelu') return new Float32Array(channels).fill(node.alpha);
  return node.slopes ?? null;
}

export function tableFunction(node: PointwiseNode): FloatFunction {
  return {
    kind: 'table',
    of: (x) => evaluatePointwise(node, 0, x),
    turns: turnsOf(node),
    argument: node.input,
  };
}

/** Of a tensor by itself, clamped as the product is. */
export function squareFunction({ inputs, clamp: { min, max } }: MulNode): FloatFunction {
  const clamped = (x: number): number => Math.min(max ?? Infinity, Math.max(min ?? -Infinity, x));
  return { kind: 'table', of: (x) => clamped(Math.fround(x * x)), turns: [0], argument: inputs[0] };
}

/** Zeros of the derivatives, as far as float32 needs them. */
const SILU_TURN = -1.2784645;
const MISH_TURN = -1.1924413;
const GELU_TURN = -0.7517915;
const TANH_GELU_TURN = -0.7524614;
const HARD_SWISH_TURN = -1.5;

function turnsOf({ fn, alpha, beta, slopes }: PointwiseNode): readonly number[] {
  switch (fn) {
    case 'silu':
      return alpha === 0 ? [] : [SILU_TURN / alpha];
    case 'mish':
      return [MISH_TURN];
    case 'gelu':
      return [alpha === 1 ? TANH_GELU_TURN : GELU_TURN];
    case 'hardswish':
      return [HARD_SWISH_TURN];
    case 'abs':
      return [0];
    case 'leakyrelu':
      return alpha < 0 ? [0] : [];
    case 'prelu':
      return slopes![0]! < 0 ? [0] : [];
    case 'elu':
    case 'celu':
      return alpha < 0 ? [0] : [];
    case 'selu':
      return alpha * beta < 0 ? [0] : [];
    case 'sigmoid':
    case 'tanh':
    case 'softplus':
    case 'softsign':
    case 'hardsigmoid':
    case 'sign':
      return [];
  }
}
