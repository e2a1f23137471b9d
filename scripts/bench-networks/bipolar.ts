/** Layers of one-bit weights and activations, in the operators that Brevitas writes: QONNX's BipolarQuant and Quant. */
import type { Shape } from '../../src/frontend/graph.js';
import { type Attribute, int, ints } from '../../src/frontend/onnx-sink.js';
import { apply, type Draft, numbered, QONNX_DOMAIN, type Tensor } from './draft.js';
import { batchNorm } from './layers.js';
import { uniform } from './weights.js';

/** -1 below zero, else 1. */
export function bipolar(draft: Draft, x: Tensor): Tensor {
  return quantizer(draft, 'BipolarQuant', [x.name, draft.sink.scalar('bipolar.unit', 1)], {
    wanted: 'bipolar',
    shape: x.shape,
  });
}

/** 2x - 1, of an image in 0..1. */
export function centred(draft: Draft, x: Tensor): Tensor {
  const twice = apply(draft, 'Mul', [x.name, draft.sink.scalar('two', 2)], { wanted: 'twice', shape: x.shape });
  return apply(draft, 'Sub', [twice.name, draft.sink.scalar('one', 1)], { wanted: 'centred', shape: x.shape });
}

/** Signed, 8 bits, 7 of them behind the point. */
export function sevenFractionBits(draft: Draft, x: Tensor): Tensor {
  const constants = [
    draft.sink.scalar('input.step', 2 ** -7),
    draft.sink.scalar('input.zero', 0),
    draft.sink.scalar('input.bits', 8),
  ];
  const attributes = [int('signed', 1), int('narrow', 0)];
  return quantizer(draft, 'Quant', [x.name, ...constants], { wanted: 'quantized', shape: x.shape }, attributes);
}

/** Convolution without padding, batch norm, sign. `square`: mean square of x. */
export function bipolarConv(draft: Draft, x: Tensor, channels: number, square: number): Tensor {
  const kernel = 3;
  const [, inputs = 0, height = 0, width = 0] = x.shape;
  const weights = bipolarWeights(draft, [channels, inputs, kernel, kernel]);
  const output = { wanted: 'conv', shape: [1, channels, height - kernel + 1, width - kernel + 1] };
  const sums = apply(draft, 'Conv', [x.name, weights], output, [ints('kernel_shape', [kernel, kernel])]);
  return bipolar(draft, batchNorm(draft, sums, { variance: inputs * kernel * kernel * square }));
}

/** Fully connected, batch norm, sign. */
export function bipolarDense(draft: Draft, x: Tensor, outputs: number): Tensor {
  return bipolar(draft, batchNorm(draft, bipolarSums(draft, x, outputs), { variance: x.shape[1]! }));
}

/** Fully connected, and one scale and offset for all outputs: Brevitas' TensorNorm. */
export function bipolarScores(draft: Draft, x: Tensor, outputs: number): Tensor {
  const sums = bipolarSums(draft, x, outputs);
  const scale = draft.sink.scalar('scores.scale', 1 / Math.sqrt(x.shape[1]!));
  const scaled = apply(draft, 'Mul', [sums.name, scale], { wanted: 'scaled', shape: sums.shape });
  const offset = draft.sink.scalar('scores.offset', uniform(draft.random, 1, -0.1, 0.1)[0]!);
  return apply(draft, 'Add', [scaled.name, offset], { wanted: 'scores', shape: sums.shape });
}

function bipolarSums(draft: Draft, x: Tensor, outputs: number): Tensor {
  const weights = bipolarWeights(draft, [outputs, x.shape[1]!]);
  const output = { wanted: 'dense', shape: [1, outputs] };
  return apply(draft, 'Gemm', [x.name, weights], output, [int('transB', 1)]);
}

/** Real weights as they are trained, and the node that takes their signs. */
function bipolarWeights(draft: Draft, shape: Shape): string {
  const count = shape.reduce((a, b) => a * b, 1);
  const real = draft.sink.floats(`${numbered(draft, 'real')}.weight`, shape, uniform(draft.random, count, -1, 1));
  return bipolar(draft, { name: real, shape }).name;
}

function quantizer(
  draft: Draft,
  opType: string,
  input: readonly string[],
  { wanted, shape }: { readonly wanted: string; readonly shape: Shape },
  attribute: readonly Attribute[] = [],
): Tensor {
  const name = draft.sink.unused(numbered(draft, wanted));
  const node = { name, input: [...input], output: [name], attribute: [...attribute] };
  draft.sink.nodes.push({ opType, domain: QONNX_DOMAIN, ...node });
  return { name, shape };
}
