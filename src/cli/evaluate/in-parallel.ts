/** Predictions over many images in several threads. */
import { Worker } from 'node:worker_threads';
import { type ErrorCode, SystoleError } from '../../base/error.js';
import { type PredictJob, predict } from './predict.js';
import type { WorkerMessage } from './worker.js';

/** One class for each image of the job, in its order. One thread is this one. */
export async function predictInParallel(
  job: PredictJob,
  jobs: number,
  onDone: (images: number) => void,
): Promise<number[]> {
  let done = 0;
  const onImage = () => onDone(++done);
  const threads = Math.min(jobs, job.images.length);
  if (threads <= 1) return predict(job, onImage);
  const size = Math.ceil(job.images.length / threads);
  const parts = Array.from({ length: threads }, (_, i) => job.images.slice(i * size, (i + 1) * size));
  const results = await Promise.all(
    parts.filter(({ length }) => length > 0).map((images) => inThread({ ...job, images }, onImage)),
  );
  return results.flat();
}

function inThread(job: PredictJob, onImage: () => void): Promise<readonly number[]> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: job });
  return new Promise<readonly number[]>((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'image') onImage();
      else if (message.kind === 'classes') resolve(message.classes);
      else reject(errorOf(message));
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('a thread ended without a result')));
  }).finally(() => worker.terminate());
}

function errorOf({ code, message, where }: Extract<WorkerMessage, { kind: 'error' }>): SystoleError {
  return new SystoleError(code as ErrorCode, message, where === undefined ? {} : { where });
}
