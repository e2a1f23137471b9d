/** The validity rules of one layer of an integer network. */
import { SystoleError } from '../base/error.js';
import { accRanges, productRange, widestRange } from './acc-range.js';
import { checkArrange } from './check-arrange.js';
import { checkRequantize } from './check-requantize.js';
import { broken, isWhole } from './check-rules.js';
import { operandsOf } from './layer-operands.js';
import type { CodeTensor, ConvLayer, IntegerNetwork, Layer, MaxPoolLayer, MulLayer } from './network.js';

/** The width that a machine's weight digits can be told for. */
const MOST_WEIGHT_BITS = 16;
/** The golden model keeps accumulators in 32 bits. */
const MOST_ACC = 2 ** 31 - 1;

/** @throws SystoleError graph-invalid, accumulator-range */
export function checkLayer(layer: Layer, network: IntegerNetwork): void {
  const missing = [...operandsOf(layer), layer.output].find((name) => network.tensors[name] === undefined);
  if (missing !== undefined) throw broken(layer.name, 'tensors that exist', missing);
  if (layer.kind === 'arrange') checkArrange(layer, network.tensors);
  else if (layer.kind === 'mul') checkMul(layer, network);
  else checkWindowed(layer, network);
}

function checkMul(layer: MulLayer, network: IntegerNetwork): void {
  const [a, b] = [network.tensors[layer.inputs[0]]!, network.tensors[layer.inputs[1]]!];
  const to = network.tensors[layer.output]!;
  const pixel = b.height === 1 && b.width === 1;
  const same = b.height === a.height && b.width === a.width;
  if (a.channels !== b.channels || !(pixel || same)) {
    throw broken(
      layer.name,
      `operands of one shape, or a second one of 1x1x${a.channels}`,
      `${shapeOf(a)}, ${shapeOf(b)}`,
    );
  }
  if (shapeOf(a) !== shapeOf(to)) throw broken(layer.name, `an output of ${shapeOf(a)}`, shapeOf(to));
  const fraction = [a, b].find(({ zero }) => !Number.isInteger(zero));
  if (fraction !== undefined) throw broken(layer.name, 'whole zeros to subtract', `${fraction.name} ${fraction.zero}`);
  checkAccRange(layer, productRange(a, b));
  if (layer.requantize.residual !== null) throw broken(layer.name, 'no residual', layer.requantize.residual.tensor);
  checkRequantize(layer.name, layer.requantize, to, network);
}

const shapeOf = ({ height, width, channels }: CodeTensor): string => `${height}x${width}x${channels}`;

function checkWindowed(layer: ConvLayer | MaxPoolLayer, network: IntegerNetwork): void {
  const from = network.tensors[layer.input]!;
  const to = network.tensors[layer.output]!;
  checkWindow(layer, from, to);
  if (layer.kind === 'conv') {
    if (layer.pads.some((pad) => pad > 0) && !Number.isInteger(from.zero)) {
      throw broken(layer.name, 'a whole zero, for padded taps to contribute', `${from.zero}`);
    }
    checkWeights(layer, from, to);
    if (layer.requantize !== null) checkRequantize(layer.name, layer.requantize, to, network);
    else if (!network.outputs.some(({ tensor }) => tensor === layer.output))
      throw broken(layer.name, 'raw accumulators only at the output', layer.output);
    return;
  }
  const same = to.bits === from.bits && to.zero === from.zero && to.channels === from.channels;
  if (!same) throw broken(layer.name, 'codes of its input', to.name);
}

function checkWindow(layer: ConvLayer | MaxPoolLayer, from: CodeTensor, to: CodeTensor): void {
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

function checkAccRange(layer: ConvLayer | MulLayer, reachable: ConvLayer['accRange']): void {
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
