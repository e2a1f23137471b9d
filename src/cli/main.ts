/** The systole command: parses, runs, prints, and chooses the exit code. */
import { type Command, CommanderError } from 'commander';
import type { Session } from './frame/define.js';
import { asSystoleError, errorJson, errorText, exitCodeOf } from './frame/errors.js';
import { jsonText } from './frame/outcome.js';
import { exitOnSignals } from './frame/signals.js';
import { processTerminal, type Terminal } from './frame/terminal.js';
import { buildProgram } from './program.js';

/** Runs one command line (without `node` and script); the exit code: 0, 1 failure, 2 wrong usage, 3 mismatch. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const json = args.includes('--json');
  const session: Session = { terminal, outcome: null };
  const help: string[] = [];
  const program = buildProgram(session, (text) => help.push(text));
  try {
    await program.parseAsync([...args], { from: 'user' });
    const { outcome } = session;
    if (outcome === null) return 0;
    terminal.out(json ? jsonText(outcome.json) : `${outcome.text}\n`);
    return outcome.exitCode ?? 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === 'commander.help' && !json) {
      terminal.err(help.join(''));
      return 2;
    }
    const refused = asSystoleError(error, helpOf(program, args[0]));
    if (json) terminal.out(jsonText(errorJson(refused)));
    else terminal.err(`${errorText(refused)}\n`);
    if (process.env.SYSTOLE_DEBUG && error instanceof Error) terminal.err(`${error.stack}\n`);
    return exitCodeOf(refused);
  }
}

function helpOf(program: Command, word: string | undefined): string {
  return program.commands.some((command) => command.name() === word) ? `systole ${word}` : 'systole';
}

/** For bin/systole.js. */
export async function main(): Promise<void> {
  exitOnSignals();
  // A reader that closes the pipe early (head, less) has what it wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`${errorText(asSystoleError(error))}\n`);
    process.exit(1);
  });
  process.exitCode = await runCli(process.argv.slice(2), processTerminal());
}
