/** The validity rule of integer networks: what every later stage may rely on. */
import { checkLayer } from './check-layer.js';
import { broken, isWhole } from './check-rules.js';
import { operandsOf } from './layer-operands.js';
import type { CodeTensor, InputQuantizer, IntegerNetwork, OutputTensor } from './network.js';

/** Codes of tensors. */
const MOST_BITS = 16;

/**
 * @throws SystoleError graph-invalid, naming the layer or tensor that breaks a rule; accumulator-range beyond 32 bits
 */
export function checkNetwork(network: IntegerNetwork): void {
  for (const [key, tensor] of Object.entries(network.tensors)) checkTensor(key, tensor);
  const made = new Set<string>();
  for (const { tensor, shape, quantizer } of network.inputs) {
    requireSize(network, tensor, shape, 'the input');
    if (made.has(tensor)) throw broken(tensor, 'an input of its own', 'two');
    if (quantizer !== undefined) checkInputQuantizer(network, tensor, quantizer);
    made.add(tensor);
  }
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
  for (const output of network.outputs) checkOutput(network, output, made, raw);
  checkOutputs(network);
}

/** Every code it makes is one of the input tensor's. */
function checkInputQuantizer(network: IntegerNetwork, tensor: string, q: InputQuantizer): void {
  const { bits, channels } = network.tensors[tensor]!;
  const lists = [q.scale, q.zero, ...q.before.flatMap(({ scale, shift }) => [scale, shift])];
  const odd = lists.find((list) => list.length !== 1 && list.length !== channels);
  if (odd !== undefined) throw broken(tensor, `1 or ${channels} constants`, `${odd.length}`);
  if (!lists.flat().every(Number.isFinite)) throw broken(tensor, 'finite constants', 'others');
  if (!q.scale.every((s) => s > 0)) throw broken(tensor, 'positive scales', q.scale.join(' '));
  const whole = isWhole(q.step, 1, 2) && Number.isInteger(q.base) && isWhole(q.lo, q.base) && isWhole(q.hi, q.lo);
  if (!whole || q.step * (q.hi - q.base) >= 2 ** bits) {
    throw broken(tensor, `codes of ${bits} bits`, `${q.step} * (${q.lo} .. ${q.hi} - ${q.base})`);
  }
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

/** Each tensor leaves once, in the order of the layers that make them, and the model's outputs come of them. */
function checkOutputs({ name, layers, outputs, host, modelOutputs }: IntegerNetwork): void {
  const order = outputs.map(({ tensor }) => layers.findIndex((layer) => layer.output === tensor));
  const rises = order.every((at, i) => i === 0 || at > order[i - 1]!);
  if (!rises || order.length === 0) throw broken(name, 'outputs in the order of their layers', order.join(' '));
  const values = new Set(outputs.map((output) => output.name));
  for (const { inputs, outputs: made, source } of host) {
    const missing = inputs.find((input) => typeof input === 'string' && !values.has(input));
    if (missing !== undefined) throw broken(source, 'values that are there', `${missing}`);
    for (const value of made) values.add(value.name);
  }
  const missing = modelOutputs.find(({ value }) => !values.has(value));
  if (missing !== undefined) throw broken(missing.name, 'a value of the host', missing.value);
}

function checkOutput(
  network: IntegerNetwork,
  { tensor, form, scale, bias, shape, offset = [] }: OutputTensor,
  made: ReadonlySet<string>,
  raw: ReadonlySet<string>,
): void {
  if (!made.has(tensor)) throw broken(network.name, 'a layer for the output', tensor);
  requireSize(network, tensor, shape, 'the output');
  const isRaw = raw.has(tensor);
  if (isRaw !== (form === 'accumulators')) throw broken(tensor, isRaw ? 'accumulators' : 'codes', form);
  const channels = network.tensors[tensor]!.channels;
  const counts = isRaw ? [channels, channels] : [1, 0];
  if (scale.length !== counts[0] || bias.length !== counts[1]) {
    throw broken(tensor, `${counts[0]} scales and ${counts[1]} biases`, `${scale.length} and ${bias.length}`);
  }
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
