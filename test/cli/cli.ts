/** The command line in this process, its words caught: as a user would type it, without starting Node again. */
import { runCli } from '../../src/cli/main.js';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function cli(...args: string[]): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    interactive: false,
  };
  const code = await runCli(args, terminal);
  return { code, out: out.join(''), err: err.join('') };
}

/** With --json: the object, and the proof that there is nothing else on stdout. */
// biome-ignore lint/suspicious/noExplicitAny: tests read fields of many shapes
export async function cliJson(...args: string[]): Promise<{ code: number; json: any }> {
  const { code, out } = await cli(...args, '--json');
  return { code, json: JSON.parse(out) };
}
