/** The validity rule of integer networks: what every later stage may rely on. */
import { SystoleError } from '../base/error.js';
import { accRanges, widestRange } from './acc-range.js';
import type { CodeTensor, ConvLayer, InputQuantizer, IntegerNetwork, Layer, Requantize } from './network.js';

/** Codes of tensors, and the widths that a machine's records hold. */
const MOST_BITS = 16;
const MOST_WEIGHT_BITS = 16;
const MOST_SHIFT = 63;
/** The golden model keeps accumulators in 32 bits. */
const MOST_ACC = 2 ** 31 - 1;

/**
 * @throws SystoleError graph-invalid, naming the layer or tensor that breaks a rule; accumulator-range beyond 32 bits
 */
export function checkNetwork(network: IntegerNetwork): void {
  for (const [key, tensor] of Object.entries(network.tensors)) checkTensor(key, tensor);
  const { tensor, shape } = network.input;
  requireSize(network, tensor, shape, 'the input');
  if (network.input.quantizer !== undefined) checkInputQuantizer(network, network.input.quantizer);
  const made = new Set([tensor]);
  const raw = new Set<string>();
  for (const layer of network.layers) {
    for (const name of operandsOf(layer)) {
      if (!made.has(name)) throw broken(layer.name, 'an operand made before the layer', name);
      if (raw.has(name)) throw broken(layer.name, 'operands that are codes', name);
    }
    if (made.has(layer.output)) throw broken(layer.name, 'an output made once', layer.output);
    made.add(layer.output);
    if (layer.kind === 'conv' && layer.requantize === null) raw.add(layer.output);
    checkLayer(layer, network);
  }
  checkOutput(network, made, raw);
}

/** Every code it makes is one of the input tensor's. */
function checkInputQuantizer(network: IntegerNetwork, q: InputQuantizer): void {
  const { bits, channels } = network.tensors[network.input.tensor]!;
  const lists = [q.scale, q.zero, ...q.before.flatMap(({ scale, shift }) => [scale, shift])];
  const odd = lists.find((list) => list.length !== 1 && list.length !== channels);
  if (odd !== undefined) throw broken(network.input.tensor, `1 or ${channels} constants`, `${odd.length}`);
  if (!lists.flat().every(Number.isFinite)) throw broken(network.input.tensor, 'finite constants', 'others');
  if (!q.scale.every((s) => s > 0)) throw broken(network.input.tensor, 'positive scales', q.scale.join(' '));
  const whole = isWhole(q.step, 1, 2) && Number.isInteger(q.base) && isWhole(q.lo, q.base) && isWhole(q.hi, q.lo);
  if (!whole || q.step * (q.hi - q.base) >= 2 ** bits) {
    throw broken(network.input.tensor, `codes of ${bits} bits`, `${q.step} * (${q.lo} .. ${q.hi} - ${q.base})`);
  }
}

function operandsOf(layer: Layer): string[] {
  return layer.kind === 'conv' && layer.requantize?.residual
    ? [layer.input, layer.requantize.residual.tensor]
    : [layer.input];
}

function checkTensor(key: string, tensor: CodeTensor): void {
  if (tensor.name !== key) throw broken(key, 'a tensor under its own name', tensor.name);
  const dims = [tensor.height, tensor.width, tensor.channels];
  if (!dims.every((n) => isWhole(n, 1))) throw broken(key, 'a positive shape', dims.join('x'));
  if (!isWhole(tensor.bits, 1, MOST_BITS)) throw broken(key, `1 to ${MOST_BITS} bits`, `${tensor.bits}`);
  const top = 2 ** tensor.bits - 1;
  if (!(tensor.zero >= 0 && tensor.zero <= top)) throw broken(key, `a zero of 0 to ${top}`, `${tensor.zero}`);
  if (!(tensor.scale > 0 && Number.isFinite(tensor.scale))) throw broken(key, 'a positive scale', `${tensor.scale}`);
}

function checkLayer(layer: Layer, network: IntegerNetwork): void {
  const from = network.tensors[layer.input];
  const to = network.tensors[layer.output];
  if (from === undefined || to === undefined) throw broken(layer.name, 'tensors that exist', layer.output);
  checkWindow(layer, from, to);
  if (layer.kind === 'conv') {
    if (layer.pads.some((pad) => pad > 0) && !Number.isInteger(from.zero)) {
      throw broken(layer.name, 'a whole zero, for padded taps to contribute', `${from.zero}`);
    }
    checkWeights(layer, from, to);
    if (layer.requantize !== null) checkRequantize(layer.name, layer.requantize, to, network);
    else if (layer.output !== network.output.tensor)
      throw broken(layer.name, 'raw accumulators only at the output', layer.output);
    return;
  }
  const same = to.bits === from.bits && to.zero === from.zero && to.channels === from.channels;
  if (!same) throw broken(layer.name, 'codes of its input', to.name);
}

function checkWindow(layer: Layer, from: CodeTensor, to: CodeTensor): void {
  const { kernel, strides, dilations, pads } = layer;
  const window = [...kernel, ...strides, ...dilations, ...pads];
  const whole = window.every((n, i) => isWhole(n, i < window.length - pads.length ? 1 : 0));
  if (!whole || window.length !== 10) throw broken(layer.name, 'a window of whole numbers', window.join(' '));
  const extent = (size: number, axis: 0 | 1): number => {
    const span = (kernel[axis] - 1) * dilations[axis] + 1;
    return Math.floor((size + pads[axis]! + pads[axis + 2]! - span) / strides[axis]) + 1;
  };
  const expected = [extent(from.height, 0), extent(from.width, 1)];
  if (expected[0] !== to.height || expected[1] !== to.width) {
    throw broken(layer.name, `an output of ${expected.join('x')}`, `${to.height}x${to.width}`);
  }
}

function checkWeights(layer: ConvLayer, from: CodeTensor, to: CodeTensor): void {
  if (layer.groups !== 1 && (layer.groups !== from.channels || to.channels !== from.channels)) {
    throw broken(layer.name, 'one group, or one a channel', `${layer.groups}`);
  }
  const size = to.channels * layer.kernel[0] * layer.kernel[1] * (from.channels / layer.groups);
  if (layer.weights.length !== size) throw broken(layer.name, `${size} weights`, `${layer.weights.length}`);
  const bits = layer.weightFormat.bits;
  if (!isWhole(bits, 1, MOST_WEIGHT_BITS))
    throw broken(layer.name, `weights of 1 to ${MOST_WEIGHT_BITS} bits`, `${bits}`);
  const fits = (w: number): boolean =>
    bits === 1 ? w === 1 || w === -1 : w >= -(2 ** (bits - 1)) && w < 2 ** (bits - 1);
  for (const w of layer.weights) if (!fits(w)) throw broken(layer.name, `weights of ${bits} bits`, `${w}`);
  checkAccRange(layer, widestRange(accRanges(layer.weights, to.channels, 2 ** from.bits - 1)));
}

function checkAccRange(layer: ConvLayer, reachable: ConvLayer['accRange']): void {
  if (reachable.min < -MOST_ACC || reachable.max > MOST_ACC) {
    throw new SystoleError('accumulator-range', `layer ${layer.name} needs accumulators of more than 32 bits`, {
      where: layer.name,
      expected: `${-MOST_ACC} to ${MOST_ACC}`,
      actual: `${reachable.min} to ${reachable.max}`,
      hint: 'use fewer bits for weights or activations',
    });
  }
  const { min, max } = layer.accRange;
  if (reachable.min < min || reachable.max > max) {
    throw broken(layer.name, `a range that holds ${reachable.min}..${reachable.max}`, `${min}..${max}`);
  }
}

function checkRequantize(where: string, q: Requantize, to: CodeTensor, network: IntegerNetwork): void {
  const lists = [q.m, q.b, q.n, ...(q.residual ? [q.residual.m] : [])];
  const short = lists.find((list) => list.length !== to.channels);
  if (short !== undefined) throw broken(where, `${to.channels} constants`, `${short.length}`);
  const multipliers = [...q.m, ...(q.residual?.m ?? [])];
  const fraction = multipliers.find((m) => !Number.isSafeInteger(m));
  if (fraction !== undefined) throw broken(where, 'multipliers that are integers', `${fraction}`);
  const shift = q.n.find((n) => !isWhole(n, 0, MOST_SHIFT));
  if (shift !== undefined) throw broken(where, `shifts of 0 to ${MOST_SHIFT}`, `${shift}`);
  if (q.round !== 'floor' && q.round !== 'nearest-even') throw broken(where, 'floor or nearest-even', `${q.round}`);
  const top = 2 ** to.bits - 1;
  if (!isWhole(q.lo, 0, top) || !isWhole(q.hi, q.lo, top)) {
    throw broken(where, `limits of ${to.bits}-bit codes`, `${q.lo}..${q.hi}`);
  }
  if (q.residual === null) return;
  const residual = network.tensors[q.residual.tensor];
  const same = residual?.height === to.height && residual.width === to.width && residual.channels === to.channels;
  if (!same) throw broken(where, 'a residual of its output shape', q.residual.tensor);
}

function checkOutput(network: IntegerNetwork, made: ReadonlySet<string>, raw: ReadonlySet<string>): void {
  const { tensor, form, scale, bias, shape } = network.output;
  if (!made.has(tensor)) throw broken(network.name, 'a layer for the output', tensor);
  requireSize(network, tensor, shape, 'the output');
  const isRaw = raw.has(tensor);
  if (isRaw !== (form === 'accumulators')) throw broken(tensor, isRaw ? 'accumulators' : 'codes', form);
  const channels = network.tensors[tensor]!.channels;
  const counts = isRaw ? [channels, channels] : [1, 0];
  if (scale.length !== counts[0] || bias.length !== counts[1]) {
    throw broken(tensor, `${counts[0]} scales and ${counts[1]} biases`, `${scale.length} and ${bias.length}`);
  }
  const offset = network.output.offset ?? [];
  if (offset.length > 0 && offset.length !== counts[1])
    throw broken(tensor, `${counts[1]} offsets`, `${offset.length}`);
  const odd = [...scale, ...bias, ...offset].find((x) => !Number.isFinite(x));
  if (odd !== undefined) throw broken(tensor, 'finite scales and biases', `${odd}`);
}

function requireSize(network: IntegerNetwork, name: string, shape: readonly number[], what: string): void {
  const tensor = network.tensors[name];
  if (tensor === undefined) throw broken(network.name, `a tensor for ${what}`, name);
  const size = tensor.height * tensor.width * tensor.channels;
  if (shape.reduce((a, b) => a * b, 1) !== size) throw broken(name, `a shape of ${size} elements`, shape.join('x'));
}

function isWhole(n: number, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(n) && n >= min && n <= max;
}

function broken(where: string, expected: string, actual: string): SystoleError {
  return new SystoleError('graph-invalid', 'the integer network breaks a rule', { where, expected, actual });
}
