/** ERROR and WAITING in words: which unit waits for which counter. */

import { REGISTERS } from '../arch/registers.js';
import { type ErrorCode, SystoleError } from '../base/error.js';
import { fieldOf } from './registers.js';

const UNIT_STATES = {
  load: ['', '', 'LOAD waits for input'],
  feed: [
    '',
    '',
    'FEED waits for rows of its input',
    'FEED waits for rows of the residual',
    'FEED waits for the output FIFO',
  ],
  post: ['', '', 'POST waits for tiles'],
  out: ['', '', 'the output waits for its stream to be taken'],
} as const;

/** One sentence part per unit that waits, from register WAITING; `no unit waits` when all are idle or working. */
export function explainWaiting(waiting: number): string {
  const parts = Object.entries(UNIT_STATES).flatMap(([unit, states]) => {
    const state = fieldOf('WAITING', unit, waiting);
    const text = states[state];
    if (!text) return [];
    const counted = unit === 'feed' && (state === 2 || state === 3);
    const counter = fieldOf('WAITING', 'counter', waiting);
    const need = fieldOf('WAITING', 'need', waiting);
    return [counted ? `${text}: counter ${counter} has not reached ${need}` : text];
  });
  return parts.length > 0 ? parts.join('; ') : 'no unit waits';
}

/** The error that a non-zero ERROR register stands for. */
export function acceleratorError(error: number, waiting: number): SystoleError {
  const [code, message] = describe(error);
  return new SystoleError(code, message, {
    where: 'the accelerator',
    expected: 'ERROR = 0',
    actual: `ERROR = ${errorNames(error).join(' + ')}; ${explainWaiting(waiting)}`,
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
