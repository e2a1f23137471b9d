/** The validity rule of integer networks: what every later stage may rely on. */
import { SystoleError } from '../base/error.js';
import { accRanges, widestRange } from './acc-range.js';
import type { CodeTensor, ConvLayer, IntegerNetwork, Layer } from './network.js';

/** @throws SystoleError graph-invalid, naming the layer or tensor that breaks a rule. */
export function checkNetwork(network: IntegerNetwork): void {
  const made = new Set([network.input.tensor]);
  for (const [name, tensor] of Object.entries(network.tensors)) checkTensor(name, tensor);
  for (const layer of network.layers) {
    const needs = [layer.input, ...residualOf(layer)];
    for (const name of needs) {
      if (!made.has(name)) throw broken(layer.name, 'an operand made before the layer', name);
    }
    if (made.has(layer.output)) throw broken(layer.name, 'an output made once', layer.output);
    made.add(layer.output);
    const from = network.tensors[layer.input];
    const to = network.tensors[layer.output];
    if (from === undefined || to === undefined) throw broken(layer.name, 'tensors that exist', layer.output);
    checkWindow(layer, from, to);
    if (layer.kind === 'conv') checkConv(layer, from, to, network);
    else if (to.bits !== from.bits || to.channels !== from.channels)
      throw broken(layer.name, 'codes of its input', to.name);
  }
  if (!made.has(network.output.tensor)) throw broken(network.name, 'a layer for the output', network.output.tensor);
}

function residualOf(layer: Layer): string[] {
  return layer.kind === 'conv' && layer.requantize?.residual ? [layer.requantize.residual.tensor] : [];
}

function checkTensor(name: string, tensor: CodeTensor): void {
  const dims = [tensor.height, tensor.width, tensor.channels];
  if (dims.some((n) => !Number.isInteger(n) || n < 1)) throw broken(name, 'a positive shape', dims.join('x'));
  if (!Number.isInteger(tensor.bits) || tensor.bits < 1 || tensor.bits > 16)
    throw broken(name, '1 to 16 bits', `${tensor.bits}`);
  const top = 2 ** tensor.bits - 1;
  if (!Number.isInteger(tensor.zero) || tensor.zero < 0 || tensor.zero > top) {
    throw broken(name, `a zero of 0 to ${top}`, `${tensor.zero}`);
  }
}

function checkWindow(layer: Layer, from: CodeTensor, to: CodeTensor): void {
  const extent = (size: number, axis: 0 | 1): number => {
    const span = (layer.kernel[axis] - 1) * layer.dilations[axis] + 1;
    const padded = size + layer.pads[axis]! + layer.pads[axis + 2]!;
    return Math.floor((padded - span) / layer.strides[axis]) + 1;
  };
  const expected = [extent(from.height, 0), extent(from.width, 1)];
  if (expected[0] !== to.height || expected[1] !== to.width) {
    throw broken(layer.name, `an output of ${expected.join('x')}`, `${to.height}x${to.width}`);
  }
}

function checkConv(layer: ConvLayer, from: CodeTensor, to: CodeTensor, network: IntegerNetwork): void {
  if (layer.groups !== 1 && (layer.groups !== from.channels || to.channels !== from.channels)) {
    throw broken(layer.name, 'one group, or one a channel', `${layer.groups}`);
  }
  const size = to.channels * layer.kernel[0] * layer.kernel[1] * (from.channels / layer.groups);
  if (layer.weights.length !== size) throw broken(layer.name, `${size} weights`, `${layer.weights.length}`);
  const bits = layer.weightFormat.bits;
  const fits = (w: number): boolean =>
    bits === 1 ? w === 1 || w === -1 : w >= -(2 ** (bits - 1)) && w < 2 ** (bits - 1);
  const wrong = layer.weights.find((w) => !fits(w));
  if (wrong !== undefined) throw broken(layer.name, `weights of ${bits} bits`, `${wrong}`);
  const range = widestRange(accRanges(layer.weights, to.channels, 2 ** from.bits - 1));
  if (range.min < layer.accRange.min || range.max > layer.accRange.max) {
    throw broken(
      layer.name,
      `an accumulator range that holds ${range.min}..${range.max}`,
      `${layer.accRange.min}..${layer.accRange.max}`,
    );
  }
  const q = layer.requantize;
  if (q === null) {
    if (layer.output !== network.output.tensor)
      throw broken(layer.name, 'raw accumulators only at the output', layer.output);
    return;
  }
  if ([q.m, q.b, q.n].some((list) => list.length !== to.channels))
    throw broken(layer.name, `${to.channels} constants`, `${q.m.length}`);
  if (q.lo < 0 || q.hi >= 2 ** to.bits || q.lo > q.hi)
    throw broken(layer.name, `limits of ${to.bits}-bit codes`, `${q.lo}..${q.hi}`);
  const residual = q.residual === null ? to : network.tensors[q.residual.tensor];
  const same = residual?.height === to.height && residual.width === to.width && residual.channels === to.channels;
  if (!same) throw broken(layer.name, 'a residual of its output shape', q.residual?.tensor ?? '');
}

function broken(where: string, expected: string, actual: string): SystoleError {
  return new SystoleError('graph-invalid', 'the integer network breaks a rule', { where, expected, actual });
}
