/** From writes to activation memory back to feature maps, so that every layer can be compared, not only the output. */
import { circularRows } from '../../arch/plan/circular-buffer.js';
import type { PlannedTensor, TensorPlace } from '../../arch/plan/plan.js';
import type { PlanLayout } from '../../arch/plan/plan-layout.js';
import type { ActivationWrite } from '../../arch/simulator/run-program.js';

export interface WrittenTensor {
  /** NHWC codes; -1 where not every digit was written. */
  readonly codes: Int32Array;
  /** Cycle of the last write of each code; 0 where writes have none. */
  readonly cycles: Float64Array;
  /** Digits written outside the tensor, or a second time. */
  readonly strays: number;
}

export type CountedWrite = ActivationWrite & { readonly cycle?: number };

export interface TensorCollector {
  take(write: CountedWrite): void;
  /** What each layer of the plan wrote so far; null for one whose output leaves through the stream or is the depthwise unit's. */
  result(): readonly (WrittenTensor | null)[];
}

/** Takes the writes of one frame one by one and keeps none of them: a large network makes millions. */
export function tensorCollector(layout: PlanLayout, activationDigit: number): TensorCollector {
  const layers = layout.layers.map(({ output, unit }) => {
    const tensor = layout.tensors[output];
    return tensor?.place && unit !== 'depthwise' ? collector(tensor, tensor.place, activationDigit) : null;
  });
  return {
    take: (write) => layers[layout.turns[write.layer] ?? -1]?.take(write),
    result: () => layers.map((layer) => layer?.result() ?? null),
  };
}

function collector(shape: PlannedTensor, place: TensorPlace, activationDigit: number) {
  const size = shape.height * shape.width * shape.channels;
  const codes = new Int32Array(size);
  const cycles = new Float64Array(size);
  const planesWritten = new Uint16Array(size);
  const rows = circularRows(place);
  let strays = 0;
  return {
    take({ plane, group, addr, digits, cycle }: CountedWrite): void {
      const mine = group === place.group && plane < place.planes;
      const first = rows(addr - place.base - plane * place.planeStride);
      for (let i = 0; i < digits.length; i++) {
        const index = mine ? elementIndex(first + i, shape, place) : -1;
        if (index < 0 || planesWritten[index]! & (1 << plane)) {
          strays += 1;
          if (index < 0) continue;
        }
        const digit = plane * activationDigit;
        codes[index] = (codes[index]! & ~((2 ** activationDigit - 1) << digit)) | (digits[i]! << digit);
        planesWritten[index]! |= 1 << plane;
        cycles[index] = cycle ?? 0;
      }
    },
    result(): WrittenTensor {
      const whole = 2 ** place.planes - 1;
      return { codes: codes.map((code, i) => (planesWritten[i] === whole ? code : -1)), cycles, strays };
    },
  };
}

/** NHWC index of the element at this distance from the plane's start; -1 outside the tensor. */
function elementIndex(at: number, { height, width, channels }: PlannedTensor, place: TensorPlace): number {
  if (at < 0) return -1;
  const y = Math.floor(at / place.rowPitch);
  const inRow = at - y * place.rowPitch;
  const x = Math.floor(inRow / place.pixelPitch);
  const channel = inRow - x * place.pixelPitch;
  return y < height && x < width && channel < channels ? (y * width + x) * channels + channel : -1;
}
