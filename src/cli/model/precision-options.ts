/** How many bits the integer network has. */
import { InvalidArgumentError, type Option } from 'commander';
import { SystoleError } from '../../base/error.js';
import { option } from '../frame/define.js';
import { oneOf, whole } from '../frame/values.js';

export interface PrecisionOptions {
  readonly weights?: 1 | 2 | 3 | 4 | 8;
  readonly activations?: number;
  readonly ends?: 8 | 'same';
}

export const PRECISION_OPTIONS: readonly Option[] = [
  option('--weights <bits>', 'bits of the weights, 1 = binary {-1, +1} (default: 8)', oneOf(1, 2, 3, 4, 8)),
  option('--activations <bits>', 'bits of the activations (default: 8)', whole(1, 8)),
  option('--ends <bits>', 'bits of first and last layer: 8, or same as all others (default: 8)', ends),
];

/** Defaults filled in. */
export function precisionOf({
  weights = 8,
  activations = 8,
  ends: bits = 8,
}: PrecisionOptions): Required<PrecisionOptions> {
  return { weights, activations, ends: bits };
}

/** @throws SystoleError option-invalid where a precision is asked of a model that has its own */
export function refusePrecision(options: PrecisionOptions, model: string): void {
  const asked = (['weights', 'activations', 'ends'] as const).find((name) => options[name] !== undefined);
  if (asked === undefined) return;
  throw new SystoleError('option-invalid', 'the model carries its own precision', {
    where: `--${asked}`,
    expected: `no --weights, --activations or --ends for ${model}`,
    actual: `${options[asked]}`,
  });
}

function ends(text: string): 8 | 'same' {
  if (text === 'same') return text;
  if (text === '8') return 8;
  throw new InvalidArgumentError('It must be 8 or same.');
}

/** @throws SystoleError calibration-needed */
export function calibrationNeeded(model: string): SystoleError {
  return new SystoleError(
    'calibration-needed',
    'the model is not quantized: sample inputs are needed to choose its scales',
    {
      where: model,
      expected: '--calibration FILE.npz[:key]',
      hint: 'give some real inputs, 32 to 500 of them, in the shape of the model\'s input, batch first: numpy.savez("calibration.npz", inputs=x)',
    },
  );
}

/** Of a model that is quantized but for its input. @throws SystoleError calibration-needed */
export function inputNeeded(model: string): SystoleError {
  return new SystoleError('calibration-needed', 'the model does not say how its input is quantized', {
    where: model,
    expected: '--preprocess FILE.json with one scale for all channels, or --calibration FILE.npz[:key]',
    hint: 'a scale step, [{"step": "std", "values": 255}] say, makes the bytes of images its input codes',
  });
}
