/** One form for every command: what it is called, what it takes, an example, and a function to an outcome. */
import { type Command, Option } from 'commander';
import type { Outcome } from './outcome.js';
import { openProgress, type Progress } from './progress.js';
import type { Terminal } from './terminal.js';

export interface Context {
  readonly terminal: Terminal;
  readonly progress: Progress;
}

export interface CommandSpec<O> {
  /** Commander's form: `compile <MODEL>`. */
  readonly usage: string;
  readonly summary: string;
  /** Below the options in --help: what the summary does not say. */
  readonly notes?: readonly string[];
  readonly examples: readonly string[];
  readonly options: readonly Option[];
  readonly run: (args: readonly string[], options: O, context: Context) => Promise<Outcome>;
}

/** The program's commands leave their outcome here. */
export interface Session {
  readonly terminal: Terminal;
  outcome: Outcome | null;
}

export function addCommand<O>(program: Command, session: Session, spec: CommandSpec<O>): void {
  const command = program.command(spec.usage).summary(spec.summary).description(`${spec.summary}.`);
  for (const option of spec.options) command.addOption(option);
  command.option('--json', 'print one JSON object instead of text');
  command.addHelpText('after', () => helpTail(spec));
  command.action(async (...given: unknown[]) => {
    const args = given.slice(0, command.registeredArguments.length) as string[];
    const progress = openProgress(session.terminal);
    try {
      session.outcome = await spec.run(args, command.opts() as O, { terminal: session.terminal, progress });
    } finally {
      progress.stop();
    }
  });
}

function helpTail({ notes, examples }: CommandSpec<never>): string {
  const lines = examples.map((example) => `  $ ${example}`);
  const head = notes ? ['', ...notes] : [];
  return [...head, '', lines.length > 1 ? 'Examples:' : 'Example:', ...lines].join('\n');
}

/** An option with its value's parser. */
export function option<T>(flags: string, description: string, parse?: (text: string) => T, byDefault?: T): Option {
  const made = new Option(flags, description);
  if (parse) made.argParser(parse);
  if (byDefault !== undefined) made.default(byDefault);
  return made;
}

export function required(made: Option): Option {
  return made.makeOptionMandatory();
}
