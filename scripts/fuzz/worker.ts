/** Runs cases one after the other; tells before each which one it is, so that its parent knows what hangs. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FuzzModel, fuzzCase, verdictOn } from './case.js';

export interface WorkerJob {
  readonly models: readonly FuzzModel[];
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** Two 32-bit numbers: the case at work, and how many are done. */
  readonly shared: SharedArrayBuffer;
}
export type WorkerMessage =
  | { readonly kind: 'crash'; readonly index: number; readonly text: string }
  /** How often each answer was given since the last such message. */
  | { readonly kind: 'answers'; readonly answers: Readonly<Record<string, number>> };

const EVERY = 200;

function run({ models, seed, first, count, shared }: WorkerJob): void {
  const state = new Int32Array(shared);
  let answers: Record<string, number> = {};
  const post = (message: WorkerMessage) => parentPort!.postMessage(message);
  for (let index = first; index < first + count; index++) {
    Atomics.store(state, 0, index);
    const verdict = verdictOn(fuzzCase(models, seed, index));
    const answer = 'crash' in verdict ? 'crash' : verdict.answer;
    answers[answer] = (answers[answer] ?? 0) + 1;
    if ('crash' in verdict) post({ kind: 'crash', index, text: verdict.crash });
    Atomics.add(state, 1, 1);
    if (index % EVERY === 0) {
      post({ kind: 'answers', answers });
      answers = {};
    }
  }
  post({ kind: 'answers', answers });
}

run(workerData as WorkerJob);
