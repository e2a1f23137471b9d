/** Runs one PredictJob in a thread: a number for every image done, then the classes. */
import { parentPort, workerData } from 'node:worker_threads';
import { asSystoleError } from '../frame/errors.js';
import { type PredictJob, predict } from './predict.js';

export type WorkerMessage =
  | { readonly kind: 'image' }
  | { readonly kind: 'classes'; readonly classes: readonly number[] }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly where: string | undefined };

const say = (message: WorkerMessage) => parentPort!.postMessage(message);

try {
  say({ kind: 'classes', classes: await predict(workerData as PredictJob, () => say({ kind: 'image' })) });
} catch (error) {
  const { code, message, where } = asSystoleError(error);
  say({ kind: 'error', code, message, where });
}
