/**
 * Integer networks as bytes: "SYSNET1\n", the SHA-256 of all that follows, the length of a JSON header, the header, then all
 * weights, two bytes each (little endian) where they have more than 8 bits. Deterministic.
 */
import { canonicalJson } from '../base/canonical-json.js';
import { SystoleError } from '../base/error.js';
import { sha256 } from '../base/sha256.js';
import type { HostOperand, HostStep } from '../frontend/host-step.js';
import { checkNetwork } from './check-network.js';
import type {
  ArrangeLayer,
  ConvLayer,
  IntegerNetwork,
  Layer,
  MaxPoolLayer,
  MulLayer,
  Requantize,
  WeightArray,
} from './network.js';

const MAGIC = 'SYSNET1\n';
const LENGTH_AT = MAGIC.length + 64;
const HEADER_AT = LENGTH_AT + 4;

type StoredRequantize = Omit<Requantize, 'b' | 'table'> & {
  readonly b: readonly string[];
  readonly table?: readonly number[];
};
type StoredConv = Omit<ConvLayer, 'weights' | 'requantize'> & {
  readonly weightCount: number;
  readonly requantize: StoredRequantize | null;
};
type StoredMul = Omit<MulLayer, 'requantize'> & { readonly requantize: StoredRequantize };
type StoredLayer = MaxPoolLayer | ArrangeLayer | StoredMul | StoredConv;
type StoredNetwork = Omit<IntegerNetwork, 'layers'> & { readonly layers: readonly StoredLayer[] };

export function networkToBytes(network: IntegerNetwork): Uint8Array {
  const stored: StoredNetwork = { ...network, layers: network.layers.map(storeLayer) };
  const header = new TextEncoder().encode(canonicalJson(stored));
  const weights = network.layers.flatMap((layer) => (layer.kind === 'conv' ? [weightBytes(layer)] : []));
  const total = weights.reduce((sum, w) => sum + w.length, 0);
  const bytes = new Uint8Array(HEADER_AT + header.length + total);
  new DataView(bytes.buffer).setUint32(LENGTH_AT, header.length, true);
  bytes.set(header, HEADER_AT);
  let at = HEADER_AT + header.length;
  for (const w of weights) {
    bytes.set(w, at);
    at += w.length;
  }
  bytes.set(new TextEncoder().encode(MAGIC + sha256(bytes.subarray(LENGTH_AT))));
  return bytes;
}

/** @throws SystoleError project-invalid for bytes that networkToBytes did not make. */
export function networkFromBytes(bytes: Uint8Array, where: string): IntegerNetwork {
  const damaged = (): SystoleError =>
    new SystoleError('project-invalid', 'the integer network is damaged', { where, hint: 'compile the model again' });
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, LENGTH_AT));
  if (bytes.length < HEADER_AT || start !== MAGIC + sha256(bytes.subarray(LENGTH_AT))) throw damaged();
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(LENGTH_AT, true);
  try {
    const stored = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_AT, HEADER_AT + length))) as StoredNetwork;
    const host = stored.host.map(loadStep);
    const network = { ...stored, host, layers: loadLayers(stored.layers, bytes.subarray(HEADER_AT + length)) };
    checkNetwork(network);
    return network;
  } catch {
    throw damaged();
  }
}

const bytesPerWeight = (bits: number): number => (bits > 8 ? 2 : 1);

function weightBytes({ weights, weightFormat }: ConvLayer): Uint8Array {
  const size = bytesPerWeight(weightFormat.bits);
  const bytes = new Uint8Array(weights.length * size);
  weights.forEach((w: number, i: number) => {
    for (let k = 0; k < size; k++) bytes[i * size + k] = (w >> (8 * k)) & 255;
  });
  return bytes;
}

function weightsFrom(bytes: Uint8Array, size: number): WeightArray {
  if (size === 1) return Int8Array.from(bytes, (w) => (w << 24) >> 24);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: bytes.length / size }, (_, i) => view.getInt16(i * size, true));
}

/** Typed arrays are stored as objects of their elements. */
function loadFloats(stored: Float32Array): Float32Array {
  return Float32Array.from(Object.values(stored));
}

function loadStep({ op, inputs, ...step }: HostStep): HostStep {
  const operand = (input: HostOperand): HostOperand =>
    typeof input === 'string' ? input : { constant: { ...input.constant, data: loadFloats(input.constant.data) } };
  const own = { ...step, inputs: inputs.map(operand) };
  if (op.kind !== 'quantize') return { ...own, op };
  const { scale, zero, ...rest } = op.quantizer;
  return { ...own, op: { kind: 'quantize', quantizer: { ...rest, scale: loadFloats(scale), zero: loadFloats(zero) } } };
}

function storeLayer(layer: Layer): StoredLayer {
  if (layer.kind === 'mul') return { ...layer, requantize: storeRequantize(layer.requantize) };
  if (layer.kind !== 'conv') return layer;
  const { weights, requantize, ...rest } = layer;
  return {
    ...rest,
    weightCount: weights.length,
    requantize: requantize === null ? null : storeRequantize(requantize),
  };
}

function storeRequantize({ b, table, ...rest }: Requantize): StoredRequantize {
  return { ...rest, b: b.map(String), ...(table && { table: Array.from(table) }) };
}

function loadRequantize({ b, table, ...rest }: StoredRequantize): Requantize {
  return { ...rest, b: b.map(BigInt), ...(table && { table: Uint16Array.from(table) }) };
}

function loadLayers(stored: readonly StoredLayer[], weights: Uint8Array): Layer[] {
  let at = 0;
  const layers = stored.map((layer): Layer => {
    if (layer.kind === 'mul') return { ...layer, requantize: loadRequantize(layer.requantize) };
    if (layer.kind !== 'conv') return layer;
    const { weightCount, requantize, ...rest } = layer;
    const size = bytesPerWeight(rest.weightFormat.bits);
    const codes = weightsFrom(weights.subarray(at, at + weightCount * size), size);
    at += weightCount * size;
    return {
      ...rest,
      weights: codes,
      requantize: requantize === null ? null : loadRequantize(requantize),
    };
  });
  if (at !== weights.length) throw new RangeError('weights do not match the header');
  return layers;
}
