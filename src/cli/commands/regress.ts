import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { SystoleError } from '../../base/error.js';
import { type JunitCase, junitXml } from '../../report/junit.js';
import { readTextFile } from '../files.js';
import { addCommand, type Context, option, type Session } from '../frame/define.js';
import { percent } from '../frame/numbers.js';
import type { Outcome } from '../frame/outcome.js';
import { table } from '../frame/table.js';
import { duration, type Shard, shard, whole } from '../frame/values.js';
import { cacheFolder, packageRoot } from '../package.js';
import { casesOfShard, suiteCases } from '../regress/cases.js';
import type { CaseResult, CaseStatus } from '../regress/result.js';
import { type FinishedCase, runSuite } from '../regress/run-suite.js';
import { parseSuite, type Suite } from '../regress/suite.js';
import { writeWhole } from '../write-file.js';

interface Options {
  readonly budget?: number;
  readonly resume?: true;
  readonly shard?: Shard;
  readonly junit?: string;
  readonly state?: string;
  readonly jobs: number;
}

export function addRegress(program: Command, session: Session): void {
  addCommand<Options>(program, session, {
    usage: 'regress [SUITE.json]',
    summary: 'Verifies models x machines x precisions x stalls, and random networks, as a suite file lists them',
    notes: [
      'Without SUITE.json the short suite of the package, suites/sample.json. Each case is compiled, run in Verilator and',
      "compared bit for bit, and its cycles with the plan's. Exit code 3 where something differs. Results are kept as they",
      "come, under a hash of all that decides them, Systole's own code included: --resume repeats only what has changed.",
    ],
    examples: [
      'systole regress',
      'systole regress suites/machines.json --budget 2h --resume --junit results.xml',
      'systole regress suites/machines.json --shard 2/4',
    ],
    options: [
      option('--budget <time>', 'begin no case after this time: 90s, 30m, 2h', duration),
      option('--resume', 'take over results of earlier runs where nothing has changed'),
      option('--shard <i/n>', 'only the i-th of n parts', shard),
      option('--junit <FILE.xml>', 'write the results as JUnit XML'),
      option('--state <FILE>', 'where results are kept (default: in the cache folder, by the name of the suite)'),
      option('--jobs <n>', 'cases at once', whole(1, 256), availableParallelism()),
    ],
    run: ([path], options, context) => regress(path ?? join(packageRoot(), 'suites/sample.json'), options, context),
  });
}

async function regress(path: string, options: Options, { progress }: Context): Promise<Outcome> {
  const suite = parseSuite(await readTextFile(path), path);
  const all = suiteCases(suite);
  const cases = options.shard ? casesOfShard(all, options.shard) : all;
  if (cases.length === 0) throw emptyShard(all.length, options.shard!);
  const finished = await runSuite({
    ...{ suite, path, cases, resume: options.resume ?? false, budget: options.budget, jobs: options.jobs },
    state: options.state ?? join(cacheFolder(), 'regress', `${suite.name}.jsonl`),
    onCase: (done) => progress.count(suite.name, done, cases.length),
  });
  if (options.junit !== undefined) await writeWhole(options.junit, junitXml(suite.name, finished.map(junitCase)));
  return outcome(suite, options, finished);
}

function emptyShard(cases: number, { index, of }: Shard): SystoleError {
  return new SystoleError('option-invalid', `part ${index} of ${of} holds no case`, {
    where: '--shard',
    expected: `at most ${cases} parts: the suite has ${cases} cases`,
    actual: `${index}/${of}`,
  });
}

type Totals = Readonly<Record<CaseStatus, number>>;

function outcome(suite: Suite, options: Options, finished: readonly FinishedCase[]): Outcome {
  const count = (status: CaseStatus) => finished.filter(({ result }) => result.status === status).length;
  const totals = {
    ...{ passed: count('passed'), mismatch: count('mismatch'), error: count('error') },
    ...{ skipped: count('skipped'), 'not-run': count('not-run') },
  };
  const resumed = finished.filter((entry) => entry.resumed).length;
  return {
    json: {
      ...{ suite: suite.name, cases: finished.length, passed: totals.passed, mismatches: totals.mismatch },
      ...{ errors: totals.error, skipped: totals.skipped, notRun: totals['not-run'], resumed },
      junit: options.junit ?? null,
      results: finished.map((entry) => ({
        ...{ title: entry.title, ...entry.case, ...entry.result, resumed: entry.resumed },
        replay: entry.replay,
      })),
    },
    text: page(finished, totals, resumed),
    exitCode: totals.mismatch > 0 ? 3 : totals.error > 0 ? 1 : 0,
  };
}

function page(finished: readonly FinishedCase[], totals: Totals, resumed: number): string {
  const columns = [
    { title: 'case' },
    { title: 'result' },
    ...['cycles', 'utilization', 'seconds'].map((title) => ({ title, right: true })),
  ];
  const rows = finished.map(({ title, result }) => [title, ...resultCells(result)]);
  const failures = finished.filter(({ replay }) => replay !== null).map(failureText);
  const counts = Object.entries(totals).filter(([, n]) => n > 0);
  const sum = counts.map(([status, n]) => `${n} ${status}`).join(', ');
  return [table(columns, rows), ...failures, `${sum}${resumed > 0 ? ` (${resumed} of them from before)` : ''}`].join(
    '\n\n',
  );
}

function resultCells(result: CaseResult): (string | number)[] {
  switch (result.status) {
    case 'passed':
      return ['bit-exact', result.cycles, percent(result.utilization), result.seconds.toFixed(1)];
    case 'mismatch':
    case 'error':
      return [`${result.status}: ${result.message}`, '', '', result.seconds.toFixed(1)];
    default:
      return [`${result.status}: ${result.message}`, '', '', ''];
  }
}

function failureText({ title, result, replay }: FinishedCase): string {
  const detail = 'detail' in result && result.detail !== '' ? [result.detail] : [];
  return [title, ...detail, `replay it with\n  ${replay}`].join('\n');
}

function junitCase({ case: { model }, title, result }: FinishedCase): JunitCase {
  const seconds = 'seconds' in result ? result.seconds : 0;
  return { group: model, name: title, seconds, result: junitResult(result) };
}

function junitResult(result: CaseResult): JunitCase['result'] {
  switch (result.status) {
    case 'passed':
      return { kind: 'passed' };
    case 'mismatch':
      return { kind: 'failure', message: result.message, detail: result.detail };
    case 'error':
      return { kind: 'error', message: result.message, detail: result.detail };
    default:
      return { kind: 'skipped', message: result.message };
  }
}
