/** The ERROR register as an error. */

import { fieldOf } from '../arch/register-values.js';
import { REGISTERS } from '../arch/registers.js';
import { type ErrorCode, SystoleError } from '../base/error.js';

/** The error that a non-zero ERROR register stands for. @param waiting explainWaiting */
export function acceleratorError(error: number, waiting: string): SystoleError {
  const [code, message] = describe(error);
  return new SystoleError(code, message, {
    where: 'the accelerator',
    expected: 'ERROR = 0',
    actual: `ERROR = ${errorNames(error).join(' + ')}; ${waiting}`,
    hint: 'the accelerator was soft reset; the next frame may be sent',
  });
}

function describe(error: number): [ErrorCode, string] {
  if (fieldOf('ERROR', 'frame_short', error)) return ['frame-short', 'the input frame ended before it was full'];
  if (fieldOf('ERROR', 'frame_long', error)) return ['frame-long', 'the input frame is longer than the network takes'];
  const names = errorNames(error).join(', ');
  return ['accelerator-error', `the accelerator reported ${names}`];
}

/** Names of the fields of ERROR that are set. */
export function errorNames(error: number): string[] {
  const fields = REGISTERS.find((entry) => entry.name === 'ERROR')?.fields ?? [];
  return fields.filter(({ name }) => fieldOf('ERROR', name, error)).map(({ name }) => name);
}
