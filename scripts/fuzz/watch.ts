/** A worker under watch: a case that takes too long, or memory beyond the bound, ends it; the next one goes on behind the case. */
import { Worker } from 'node:worker_threads';
import type { FuzzModel } from './case.js';
import type { WorkerJob, WorkerMessage } from './worker.js';

export interface FuzzJob {
  readonly models: readonly FuzzModel[];
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** No further case is begun after so long. */
  readonly seconds: number;
  /** Longest time of a case. */
  readonly caseSeconds: number;
  /** Most memory of the process, bytes. */
  readonly memory: number;
  readonly onProgress: (done: number) => void;
}
export interface Finding {
  readonly index: number;
  readonly what: 'crash' | 'hang' | 'memory' | 'death';
  readonly text: string;
}
export interface FuzzResult {
  readonly done: number;
  readonly findings: readonly Finding[];
  readonly answers: Readonly<Record<string, number>>;
  /** Most memory that the process had at any look, bytes. */
  readonly peak: number;
}

const LOOK_MS = 100;

export async function fuzz(job: FuzzJob): Promise<FuzzResult> {
  const end = Date.now() + 1000 * job.seconds;
  const state = { findings: [] as Finding[], answers: {} as Record<string, number>, peak: 0 };
  let next = job.first;
  while (next < job.first + job.count && Date.now() < end) next = await runWorker(job, next, end, state);
  return { done: next - job.first, ...state };
}

interface State {
  readonly findings: Finding[];
  readonly answers: Record<string, number>;
  peak: number;
}

/** @returns the number of the case to go on with */
function runWorker(job: FuzzJob, first: number, end: number, state: State): Promise<number> {
  const shared = new SharedArrayBuffer(8);
  const now = new Int32Array(shared);
  Atomics.store(now, 0, first);
  const count = job.first + job.count - first;
  const workerData: WorkerJob = { models: job.models, seed: job.seed, first, count, shared };
  const worker = new Worker(new URL('worker.js', import.meta.url), { workerData });
  let [seen, since] = [first, Date.now()];
  return new Promise((resolve) => {
    const stop = (next: number, finding?: Omit<Finding, 'index'>) => {
      clearInterval(timer);
      if (finding !== undefined) state.findings.push({ index: next - 1, ...finding });
      worker.removeAllListeners();
      void worker.terminate().then(() => resolve(next));
    };
    const timer = setInterval(() => {
      const index = Atomics.load(now, 0);
      if (index !== seen) [seen, since] = [index, Date.now()];
      const { rss } = process.memoryUsage();
      state.peak = Math.max(state.peak, rss);
      job.onProgress(index - job.first);
      if (rss > job.memory) stop(index + 1, { what: 'memory', text: `${Math.round(rss / 2 ** 20)} MiB` });
      else if (Date.now() - since > 1000 * job.caseSeconds)
        stop(index + 1, { what: 'hang', text: `${job.caseSeconds} s` });
      else if (Date.now() > end) stop(index);
    }, LOOK_MS);
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'crash') state.findings.push({ index: message.index, what: 'crash', text: message.text });
      else
        for (const [answer, n] of Object.entries(message.answers))
          state.answers[answer] = (state.answers[answer] ?? 0) + n;
    });
    worker.on('error', (error) => stop(Atomics.load(now, 0) + 1, { what: 'death', text: String(error) }));
    worker.on('exit', () => stop(first + count));
  });
}
