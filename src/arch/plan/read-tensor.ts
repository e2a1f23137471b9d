/** From addresses back to tensors: what a write to activation memory means. */
import type { ActivationWrite } from '../simulator/run-program.js';
import { circularRows } from './circular-buffer.js';
import type { Plan, PlannedTensor, TensorPlace } from './plan.js';
import { homeOf } from './tensor-home.js';

/** What of a plan tells where a write goes; PlanLayout and a machine are enough. */
type ReadablePlan = Pick<Plan, 'tensors' | 'layers' | 'turns' | 'machine'>;

/**
 * A tensor's codes, NHWC, put together from the writes of one frame; a code written twice is what it was last.
 * @returns undefined for a tensor that POST does not write: an input or a slice of one, an output, one inside a fused pool.
 * An element nobody wrote is -1.
 */
export function readTensor(
  plan: ReadablePlan,
  writes: Iterable<ActivationWrite>,
  name: string,
): Int32Array | undefined {
  const tensor = plan.tensors[name];
  if (!tensor?.place) return undefined;
  const home = homeOf(name, plan.tensors);
  const makers = new Set(plan.layers.flatMap(({ output }, i) => (homeOf(output, plan.tensors) === home ? [i] : [])));
  if (![...makers].some((maker) => plan.turns.includes(maker))) return undefined;
  const { place, height, width, channels } = tensor;
  const digits = new Int16Array(height * width * channels * place.planes).fill(-1);
  const rows = circularRows(place);
  for (const write of writes) {
    if (!makers.has(plan.turns[write.layer] ?? -1)) continue;
    const offset = rows(write.addr - place.base - write.plane * place.planeStride);
    for (let i = 0; i < write.digits.length; i++) {
      const at = elementAt(offset + i, tensor, place);
      if (at >= 0 && write.plane < place.planes) digits[at * place.planes + write.plane] = write.digits[i]!;
    }
  }
  return Int32Array.from({ length: height * width * channels }, (_, at) => {
    const own = digits.subarray(at * place.planes, (at + 1) * place.planes);
    if (own.includes(-1)) return -1;
    return own.reduceRight((code, digit) => code * 2 ** plan.machine.activationDigit + digit, 0);
  });
}

/** NHWC index of what lies `offset` codes behind the tensor's first code; -1 outside it. */
export function elementAt(offset: number, { height, width, channels }: PlannedTensor, place: TensorPlace): number {
  if (offset < 0) return -1;
  const y = Math.floor(offset / place.rowPitch);
  const inRow = offset - y * place.rowPitch;
  const x = Math.floor(inRow / place.pixelPitch);
  const channel = inRow - x * place.pixelPitch;
  return y < height && x < width && channel < channels ? (y * width + x) * channels + channel : -1;
}
