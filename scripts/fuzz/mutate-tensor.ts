/** Constants: another shape, another type, fewer or more bytes, extreme values. */
import type proto from 'onnx-proto';
import type { RandomSource } from '../../src/base/random.js';

const SIZES = [0, 1, 2, 3, 5, 64, 2 ** 16, 2 ** 31 - 1, 2 ** 53, -1];
/** Float32 NaN, infinity, the largest, the smallest, one, and minus one. */
const PATTERNS = [0x7fc00000, 0x7f800000, 0x7f7fffff, 0x00000001, 0x3f800000, 0xbf800000];

export function mutateTensor(tensor: proto.onnx.ITensorProto | undefined, random: RandomSource): void {
  if (tensor === undefined) return;
  const kind = random.integer(0, 5);
  if (kind === 0) tensor.dataType = random.integer(0, 30);
  else if (kind === 1) mutateBytesOf(tensor, random);
  else if (kind === 2) tensor.dataLocation = random.integer(0, 2);
  else if (kind === 3) tensor.dims = [...(tensor.dims ?? [])].reverse();
  else if (kind === 4) mutateValue(tensor, random);
  else {
    const dims = [...(tensor.dims ?? [])];
    const size = SIZES[random.integer(0, SIZES.length - 1)]!;
    dims.splice(random.integer(0, dims.length), random.integer(0, 1), size);
    tensor.dims = dims;
  }
}

function mutateBytesOf(tensor: proto.onnx.ITensorProto, random: RandomSource): void {
  const raw = tensor.rawData ?? new Uint8Array(0);
  const length = random.integer(0, 1) === 0 ? random.integer(0, raw.length) : raw.length + random.integer(1, 16);
  const changed = new Uint8Array(length);
  changed.set(raw.subarray(0, length));
  tensor.rawData = changed;
}

/** Of a copy: the tensor's bytes are the file's. */
function mutateValue(tensor: proto.onnx.ITensorProto, random: RandomSource): void {
  const raw = Uint8Array.from(tensor.rawData ?? []);
  if (raw.length < 4) return;
  const view = new DataView(raw.buffer);
  const at = random.integer(0, Math.floor(raw.length / 4) - 1);
  view.setUint32(4 * at, PATTERNS[random.integer(0, PATTERNS.length - 1)]!, true);
  tensor.rawData = raw;
}
