/** What the command prints. */
import { table } from '../../src/cli/frame/table.js';
import type { TestResult } from './result.js';

export interface Summary {
  readonly tests: number;
  /** Tests whose operators are all those of a CNN's body. */
  readonly body: Counts;
  /** Tests with operators of the host. */
  readonly host: Counts;
  /** Forms of either that are beyond what is meant to work. */
  readonly beyond: Counts;
  readonly notRelevant: number;
}
export interface Counts {
  readonly tests: number;
  readonly passed: number;
  /** Of those that passed: the array has no part in them. */
  readonly byHost: number;
  readonly refused: number;
  readonly failed: number;
}

export function summaryOf(results: readonly TestResult[]): Summary {
  const of = (relevance: TestResult['relevance']) =>
    results.filter((result) => result.relevance === relevance && result.beyond === null);
  return {
    tests: results.length,
    body: countsOf(of('body')),
    host: countsOf(of('host')),
    beyond: countsOf(results.filter(({ beyond }) => beyond !== null)),
    notRelevant: of('none').length,
  };
}

function countsOf(results: readonly TestResult[]): Counts {
  const outcomes = results.map(({ outcome }) => outcome);
  const count = (status: string) => outcomes.filter((outcome) => outcome.status === status).length;
  return {
    tests: results.length,
    passed: count('passed'),
    byHost: outcomes.filter((outcome) => outcome.status === 'passed' && outcome.by === 'host').length,
    refused: count('refused'),
    failed: count('failed'),
  };
}

/** By operator, in the order of the names; then what was refused and what failed, one a line. */
export function reportText(results: readonly TestResult[]): string {
  const relevant = results.filter(({ relevance }) => relevance !== 'none');
  const groups = grouped(relevant, ({ operators }) => operators.join(' + '));
  const rows = groups.map(([operators, tests]) => {
    const { passed, byHost, refused, failed } = countsOf(tests);
    return [operators, tests.length, passed, byHost, refused, failed];
  });
  const columns = [
    { title: 'operators' },
    ...['tests', 'passed', 'by the host alone', 'refused', 'failed'].map((title) => ({ title, right: true })),
  ];
  const summary = summaryOf(results);
  const others = grouped(
    results.filter(({ relevance }) => relevance === 'none'),
    ({ operators }) => operators.join(' + '),
  );
  return [
    table(columns, rows),
    ...section('refused', relevant, (r) =>
      r.outcome.status === 'refused' ? `[${r.outcome.code}] ${r.outcome.message}` : null,
    ),
    ...section('failed', relevant, (r) => (r.outcome.status === 'failed' ? r.outcome.message : null)),
    ...(others.length === 0
      ? []
      : [`\nnot relevant: ${others.map(([names, tests]) => `${names} (${tests.length})`).join(', ')}`]),
    '',
    ...line("of a CNN's body", summary.body),
    ...line('with operators of the host', summary.host),
    ...line(`in forms beyond both (${beyondText(results)})`, summary.beyond),
    ...(summary.notRelevant === 0 ? [] : [`${summary.notRelevant} not relevant`]),
  ].join('\n');
}

function beyondText(results: readonly TestResult[]): string {
  const groups = grouped(
    results.filter(({ beyond }) => beyond !== null),
    ({ beyond }) => beyond!,
  );
  return groups.map(([why, tests]) => `${why} ${tests.length}`).join(', ');
}

function line(what: string, { tests, passed, byHost, refused, failed }: Counts): string[] {
  if (tests === 0) return [];
  const host = byHost === 0 ? '' : ` (${byHost} by the host alone)`;
  return [`${tests} ${what}: ${passed} passed${host}, ${refused} refused, ${failed} failed`];
}

function section(title: string, results: readonly TestResult[], text: (result: TestResult) => string | null): string[] {
  const lines = results.flatMap((result) => {
    const words = text(result);
    return words === null ? [] : [`  ${result.name}: ${words}`];
  });
  return lines.length === 0 ? [] : [`\n${title}:`, ...lines];
}

function grouped<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
