/** The validity rule of integer networks: what every later stage may rely on. */
import { checkLayer } from './check-layer.js';
import { broken, isWhole } from './check-rules.js';
import { operandsOf } from './layer-operands.js';
import type { CodeTensor, InputQuantizer, IntegerNetwork } from './network.js';

/** Codes of tensors. */
const MOST_BITS = 16;

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

function checkTensor(key: string, tensor: CodeTensor): void {
  if (tensor.name !== key) throw broken(key, 'a tensor under its own name', tensor.name);
  const dims = [tensor.height, tensor.width, tensor.channels];
  if (!dims.every((n) => isWhole(n, 1))) throw broken(key, 'a positive shape', dims.join('x'));
  if (!isWhole(tensor.bits, 1, MOST_BITS)) throw broken(key, `1 to ${MOST_BITS} bits`, `${tensor.bits}`);
  const top = 2 ** tensor.bits - 1;
  if (!(tensor.zero >= 0 && tensor.zero <= top)) throw broken(key, `a zero of 0 to ${top}`, `${tensor.zero}`);
  if (!(tensor.scale > 0 && Number.isFinite(tensor.scale))) throw broken(key, 'a positive scale', `${tensor.scale}`);
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
