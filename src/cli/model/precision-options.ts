/** How many bits the integer network has. */
import type { Option } from 'commander';
import { SystoleError } from '../../base/error.js';
import { option } from '../frame/define.js';
import { oneOf, whole } from '../frame/values.js';

export interface PrecisionOptions {
  readonly weights: 1 | 2 | 3 | 4 | 8;
  readonly activations: number;
  readonly ends: 8 | 'same';
}

export const PRECISION_OPTIONS: readonly Option[] = [
  option('--weights <bits>', 'bits of the weights, 1 = binary {-1, +1}', oneOf(1, 2, 3, 4, 8), 8),
  option('--activations <bits>', 'bits of the activations', whole(1, 8), 8),
  option('--ends <bits>', 'bits of first and last layer: 8, or same as all others', ends, 8),
];

function ends(text: string): 8 | 'same' {
  if (text === 'same') return text;
  return oneOf(8)(text) as 8;
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
