/** From addresses back to tensors: what a write to activation memory means. */
import type { ActivationWrite } from '../simulator/run-program.js';
import type { Plan } from './plan.js';

/** What of a plan tells where a write goes; PlanLayout and a machine are enough. */
type ReadablePlan = Pick<Plan, 'tensors' | 'layers' | 'machine'>;

/** First digit of a write, in the user's terms. */
export interface WritePosition {
  readonly layer: string;
  readonly tensor: string;
  readonly y: number;
  readonly x: number;
  readonly channel: number;
}

/** Where in its tensor a write of the writer unit goes; undefined for an address outside it. */
export function locateWrite(plan: ReadablePlan, write: Omit<ActivationWrite, 'digits'>): WritePosition | undefined {
  const layer = plan.layers[write.layer];
  const tensor = layer && plan.tensors[layer.output];
  if (!layer || !tensor?.place) return undefined;
  const { place, height, width, channels } = tensor;
  const offset = write.addr - place.base - write.plane * place.planeStride;
  const y = Math.floor(offset / place.rowPitch);
  const x = Math.floor((offset % place.rowPitch) / place.pixelPitch);
  const channel = offset % place.pixelPitch;
  const inside = write.group === place.group && write.plane < place.planes && offset >= 0;
  if (!inside || y >= height || x >= width || channel >= channels) return undefined;
  return { layer: layer.name, tensor: tensor.name, y, x, channel };
}

/**
 * A tensor's codes, NHWC, put together from the writes of one frame.
 * @returns undefined for a tensor that POST does not write: the input, the output, one inside a fused pool.
 * An element nobody wrote is -1.
 */
export function readTensor(
  plan: ReadablePlan,
  writes: Iterable<ActivationWrite>,
  name: string,
): Int32Array | undefined {
  const tensor = plan.tensors[name];
  const maker = plan.layers.findIndex((layer) => layer.output === name);
  if (!tensor?.place || maker < 0) return undefined;
  const { place, height, width, channels } = tensor;
  const codes = new Int32Array(height * width * channels);
  const planesWritten = new Uint8Array(codes.length);
  for (const write of writes) {
    if (write.layer !== maker) continue;
    const offset = write.addr - place.base - write.plane * place.planeStride;
    for (let i = 0; i < write.digits.length; i++) {
      const at = offset + i;
      if (at < 0 || at >= codes.length || write.plane >= place.planes) continue;
      codes[at]! += write.digits[i]! * 2 ** (write.plane * plan.machine.activationDigit);
      planesWritten[at]! += 1;
    }
  }
  return codes.map((code, i) => (planesWritten[i] === place.planes ? code : -1));
}
