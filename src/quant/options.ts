import { SystoleError } from '../base/error.js';
import type { RequantizeWidths } from './certificate.js';

export interface QuantizeOptions {
  /** 1 = bipolar; else two's complement. */
  readonly weights: 1 | 2 | 3 | 4 | 8;
  /** 1..8 */
  readonly activations: number;
  /** 8: first and last layer keep 8-bit weights and inputs; 'same': as all others. */
  readonly ends: 8 | 'same';
  readonly widths: RequantizeWidths;
  /** On unless false. */
  readonly biasCorrection?: boolean;
}

export const END_BITS = 8;

/** @throws SystoleError option-invalid for impossible widths */
export function checkOptions(options: QuantizeOptions): void {
  const refuse = (where: string, expected: string, actual: unknown): never => {
    throw new SystoleError('option-invalid', 'an option has an impossible value', {
      where,
      expected,
      actual: `${actual}`,
    });
  };
  const { activations, weights, ends } = options;
  if (!Number.isInteger(activations) || activations < 1 || activations > 8) {
    refuse('--activations', '1 to 8 bits', activations);
  }
  if (![1, 2, 3, 4, 8].includes(weights)) refuse('--weights', '1, 2, 3, 4 or 8 bits', weights);
  if (ends !== END_BITS && ends !== 'same') refuse('--ends', '8 or same', ends);
}
