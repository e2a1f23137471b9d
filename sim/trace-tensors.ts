/** From the writes of the trace back to feature maps, so that every layer can be compared, not only the output. */
import type { TraceWrite } from './run.js';

/** Where a tensor lies: element (plane, y, x, c) at base + plane*planeStride + y*rowPitch + x*pixelPitch + c. */
export interface TracedPlace {
  readonly group: number;
  readonly base: number;
  readonly planes: number;
  readonly planeStride: number;
  readonly rowPitch: number;
  readonly pixelPitch: number;
}

export interface TracedShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface TracedTensor {
  /** NHWC codes; -1 where not every plane was written. */
  readonly codes: Int32Array;
  /** Cycle of the last write of each code. */
  readonly cycles: Float64Array;
  /** Digits that were written outside the tensor, or to another group. */
  readonly strays: number;
}

/** The tensor that layer number `layer` (in POST order) wrote, digits of `digitBits` bits. */
export function tensorFromTrace(
  trace: readonly TraceWrite[],
  layer: number,
  place: TracedPlace,
  shape: TracedShape,
  digitBits: number,
): TracedTensor {
  const size = shape.height * shape.width * shape.channels;
  const codes = new Int32Array(size);
  const cycles = new Float64Array(size);
  const planesWritten = new Uint16Array(size);
  let strays = 0;
  for (const write of trace) {
    if (write.layer !== layer) continue;
    for (let lane = 0; lane < write.count; lane += 1) {
      const at = write.address + lane - place.base - write.plane * place.planeStride;
      const index = write.group === place.group ? elementIndex(at, place, shape) : -1;
      if (index < 0 || write.plane >= place.planes) {
        strays += 1;
        continue;
      }
      const digit = digitAt(write.data, lane, digitBits);
      codes[index] =
        (codes[index]! & ~((2 ** digitBits - 1) << (write.plane * digitBits))) | (digit << (write.plane * digitBits));
      planesWritten[index] = planesWritten[index]! | (1 << write.plane);
      cycles[index] = write.cycle;
    }
  }
  const whole = 2 ** place.planes - 1;
  for (let i = 0; i < size; i += 1) if (planesWritten[i] !== whole) codes[i] = -1;
  return { codes, cycles, strays };
}

/** NHWC index of the element at this distance from the plane's start; -1 outside the tensor. */
function elementIndex(at: number, place: TracedPlace, { height, width, channels }: TracedShape): number {
  const y = Math.floor(at / place.rowPitch);
  const x = Math.floor((at - y * place.rowPitch) / place.pixelPitch);
  const channel = at - y * place.rowPitch - x * place.pixelPitch;
  if (at < 0 || y >= height || x >= width || channel >= channels) return -1;
  return (y * width + x) * channels + channel;
}

/** Digits of 1, 2, 4 or 8 bits never cross a byte. */
function digitAt(data: Uint8Array, lane: number, bits: number): number {
  const bit = lane * bits;
  return ((data[bit >> 3] ?? 0) >> (bit & 7)) & (2 ** bits - 1);
}
