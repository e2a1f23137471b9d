/** All cases of a suite (or of a shard): what is known already, what time is left for, what is missing. */
import type { Machine } from '../../arch/machine.js';
import { overrideMachine } from '../../arch/machine-override.js';
import { canonicalJson } from '../../base/canonical-json.js';
import { sha256 } from '../../base/sha256.js';
import { loadTemplates } from '../../hdlgen/templates.js';
import { asSystoleError, errorText } from '../frame/errors.js';
import { findMachine } from '../machines.js';
import { cacheFolder } from '../package.js';
import { type Case, caseTitle } from './cases.js';
import { inOrder } from './in-order.js';
import { missingFile, modelPaths } from './model-paths.js';
import { type ModelSource, openModelSource } from './model-source.js';
import { openRandomSource } from './random-source.js';
import { replayCommand } from './replay.js';
import { type CaseResult, isLasting } from './result.js';
import { runCase } from './run-case.js';
import { appendState, readState } from './state.js';
import type { Suite } from './suite.js';
import { toolHash } from './tool-hash.js';

export interface SuiteJob {
  readonly suite: Suite;
  /** Of the suite's file: its paths are relative to it. */
  readonly path: string;
  readonly cases: readonly Case[];
  /** File of results, and whether those in it count. */
  readonly state: string;
  readonly resume: boolean;
  /** Seconds after which no case is begun. */
  readonly budget: number | undefined;
  readonly jobs: number;
  readonly onCase: (done: number) => void;
}

export interface FinishedCase {
  readonly case: Case;
  readonly title: string;
  readonly result: CaseResult;
  /** It was known from before. */
  readonly resumed: boolean;
  /** The commands that do a failed case alone. */
  readonly replay: string | null;
}

export async function runSuite(job: SuiteJob): Promise<FinishedCase[]> {
  const known = job.resume ? await readState(job.state) : new Map<string, CaseResult>();
  const context = { job, known, tool: await toolHash(), templates: await loadTemplates(), sources: new Map() };
  const start = performance.now();
  const timeLeft = () => job.budget === undefined || (performance.now() - start) / 1000 < job.budget;
  let done = 0;
  return inOrder(job.cases, job.jobs, async (entry) => {
    const made = timeLeft() ? await finish(entry, context) : finished(entry, NOT_RUN);
    job.onCase(++done);
    return made;
  });
}

const NOT_RUN: CaseResult = { status: 'not-run', message: 'the time was over: --resume goes on' };

const finished = (entry: Case, result: CaseResult): FinishedCase => ({
  case: entry,
  title: caseTitle(entry),
  result,
  resumed: false,
  replay: null,
});

interface Context {
  readonly job: SuiteJob;
  readonly known: ReadonlyMap<string, CaseResult>;
  readonly tool: string;
  readonly templates: Awaited<ReturnType<typeof loadTemplates>>;
  readonly sources: Map<string, Promise<ModelSource>>;
}

async function finish(entry: Case, context: Context): Promise<FinishedCase> {
  const { job } = context;
  const model = entry.random === null ? job.suite.models[entry.model]! : null;
  const missing = model?.optional ? missingFile(modelPaths(model, job.path)) : undefined;
  if (missing !== undefined) return finished(entry, { status: 'skipped', message: `${missing} is not here` });
  try {
    const source = await sourceOf(entry, context);
    const { result, resumed } = await resultOf(entry, source, context);
    const failed = result.status === 'mismatch' || result.status === 'error';
    const replay = failed ? await replayOf(entry, source, context) : null;
    return { ...finished(entry, result), resumed, replay };
  } catch (error) {
    // The model or the machine itself cannot be had.
    const found = asSystoleError(error);
    const message = `${found.message} [${found.code}]`;
    return finished(entry, { status: 'error', message, detail: errorText(found), seconds: 0 });
  }
}

async function replayOf(entry: Case, source: ModelSource, { job: { suite } }: Context): Promise<string> {
  const model = suite.models[entry.model] ?? {};
  return replayCommand({ paths: await source.paths(), model, seed: suite.seed }, entry);
}

/** From the state where it is known there, else by doing it. */
async function resultOf(entry: Case, source: ModelSource, { job, known, tool, templates }: Context) {
  const machine = await machineOf(entry);
  const { precision, stalls, images } = entry;
  const { seed } = job.suite;
  const key = sha256(canonicalJson({ tool, machine, precision, stalls, images, seed, ...source.content }));
  const before = known.get(key);
  if (before !== undefined) return { result: before, resumed: true };
  const result = await runCase({ case: entry, machine, source, seed, cacheDir: cacheFolder(), templates });
  if (isLasting(result)) await appendState(job.state, key, result);
  return { result, resumed: false };
}

/** The promise is kept, so that cases side by side read and calibrate once. */
function sourceOf({ model: name, random }: Case, { job, sources }: Context): Promise<ModelSource> {
  const known = sources.get(name);
  if (known !== undefined) return known;
  const model = job.suite.models[name]!;
  const source =
    random === null ? openModelSource(model, modelPaths(model, job.path)) : Promise.resolve(openRandomSource(random));
  sources.set(name, source);
  return source;
}

async function machineOf({ machine, digits }: Case): Promise<Machine> {
  const base = await findMachine(machine, 'machines');
  if (digits === null) return base;
  const [activationDigit, weightDigit] = digits;
  return overrideMachine(base, { activationDigit, weightDigit });
}
