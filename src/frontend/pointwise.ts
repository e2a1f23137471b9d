/** What the pointwise functions of a graph make of single values, in float32, operation by operation. */
import type { PointwiseNode } from './graph.js';

const f = Math.fround;

/** The function of x, of channel `channel`; x and the result are float32. Source: the ONNX operators of the same names. */
export function evaluatePointwise(
  node: Pick<PointwiseNode, 'fn' | 'alpha' | 'beta' | 'slopes'>,
  channel: number,
  x: number,
): number {
  const alpha = f(node.alpha);
  const beta = f(node.beta);
  switch (node.fn) {
    case 'leakyrelu':
      return x >= 0 ? x : f(alpha * x);
    case 'prelu':
      return x >= 0 ? x : f(node.slopes![channel]! * x);
    case 'sigmoid':
      return sigmoid(x);
    case 'hardsigmoid':
      return hardSigmoid(alpha, beta, x);
    case 'hardswish':
      return f(x * hardSigmoid(f(1 / 6), 0.5, x));
    case 'tanh':
      return f(Math.tanh(x));
    case 'elu':
      return x >= 0 ? x : f(alpha * exponentialMinusOne(x));
    case 'selu':
      return f(beta * (x > 0 ? x : f(f(alpha * f(Math.exp(x))) - alpha)));
    case 'celu':
      return f(Math.max(0, x) + Math.min(0, f(alpha * exponentialMinusOne(f(x / alpha)))));
    case 'softplus':
      return softplus(x);
    case 'softsign':
      return f(x / f(1 + Math.abs(x)));
    case 'silu':
      return f(x * sigmoid(f(alpha * x)));
    case 'gelu':
      return alpha === 1 ? geluByTanh(x) : f(f(0.5 * x) * f(1 + f(erf(f(x * f(Math.SQRT1_2))))));
    case 'mish':
      return f(x * f(Math.tanh(softplus(x))));
    case 'sign':
      return Math.sign(x);
    case 'abs':
      return Math.abs(x);
  }
}

function sigmoid(x: number): number {
  return f(1 / f(1 + f(Math.exp(-x))));
}

function hardSigmoid(alpha: number, beta: number, x: number): number {
  return Math.max(0, Math.min(1, f(f(alpha * x) + beta)));
}

function exponentialMinusOne(x: number): number {
  return f(f(Math.exp(x)) - 1);
}

/** ln(1 + e^x), rounded once: e^x itself exceeds float32 from 89 on. */
function softplus(x: number): number {
  return f(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
}

/** 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
function geluByTanh(x: number): number {
  const cube = f(f(x * x) * x);
  const inner = f(f(Math.sqrt(2 / Math.PI)) * f(x + f(f(0.044715) * cube)));
  return f(f(0.5 * x) * f(1 + f(Math.tanh(inner))));
}

/** Beyond it erf is 1 in double precision. */
const ERF_END = 6;

/** The series of Abramowitz and Stegun, 7.1.6: all its terms have one sign. */
function erf(x: number): number {
  if (Math.abs(x) >= ERF_END) return Math.sign(x);
  const square = 2 * x * x;
  let sum = 0;
  for (let term = x, n = 1; sum + term !== sum; n += 2) {
    sum += term;
    term *= square / (n + 2);
  }
  return ((2 / Math.sqrt(Math.PI)) * sum) / Math.exp(x * x);
}
