/** Register WAITING in words: which unit waits for which counter. */
import { fieldOf } from './register-fields.js';

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
