/**
 * Integer networks as bytes: "SYSNET1\n", the SHA-256 of all that follows, the length of a JSON header, the header, then all
 * weights. Deterministic.
 */
import { canonicalJson } from '../base/canonical-json.js';
import { SystoleError } from '../base/error.js';
import { sha256 } from '../base/sha256.js';
import { checkNetwork } from './check-network.js';
import type { ConvLayer, IntegerNetwork, Layer, Requantize } from './network.js';

const MAGIC = 'SYSNET1\n';
const LENGTH_AT = MAGIC.length + 64;
const HEADER_AT = LENGTH_AT + 4;

type StoredConv = Omit<ConvLayer, 'weights' | 'requantize'> & {
  readonly weightCount: number;
  readonly requantize: (Omit<Requantize, 'b'> & { readonly b: readonly string[] }) | null;
};
type StoredLayer = Exclude<Layer, ConvLayer> | StoredConv;
type StoredNetwork = Omit<IntegerNetwork, 'layers'> & { readonly layers: readonly StoredLayer[] };

export function networkToBytes(network: IntegerNetwork): Uint8Array {
  const stored: StoredNetwork = { ...network, layers: network.layers.map(storeLayer) };
  const header = new TextEncoder().encode(canonicalJson(stored));
  const weights = network.layers.flatMap((layer) => (layer.kind === 'conv' ? [layer.weights] : []));
  const total = weights.reduce((sum, w) => sum + w.length, 0);
  const bytes = new Uint8Array(HEADER_AT + header.length + total);
  new DataView(bytes.buffer).setUint32(LENGTH_AT, header.length, true);
  bytes.set(header, HEADER_AT);
  let at = HEADER_AT + header.length;
  for (const w of weights) {
    bytes.set(new Uint8Array(w.buffer, w.byteOffset, w.length), at);
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
    const network = { ...stored, layers: loadLayers(stored.layers, bytes.subarray(HEADER_AT + length)) };
    checkNetwork(network);
    return network;
  } catch {
    throw damaged();
  }
}

function storeLayer(layer: Layer): StoredLayer {
  if (layer.kind !== 'conv') return layer;
  const { weights, requantize, ...rest } = layer;
  return {
    ...rest,
    weightCount: weights.length,
    requantize: requantize === null ? null : { ...requantize, b: requantize.b.map(String) },
  };
}

function loadLayers(stored: readonly StoredLayer[], weights: Uint8Array): Layer[] {
  let at = 0;
  const layers = stored.map((layer): Layer => {
    if (layer.kind !== 'conv') return layer;
    const { weightCount, requantize, ...rest } = layer;
    const codes = Int8Array.from(weights.subarray(at, at + weightCount), (w) => (w << 24) >> 24);
    at += weightCount;
    return {
      ...rest,
      weights: codes,
      requantize: requantize === null ? null : { ...requantize, b: requantize.b.map(BigInt) },
    };
  });
  if (at !== weights.length) throw new RangeError('weights do not match the header');
  return layers;
}
