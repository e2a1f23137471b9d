import { Command } from 'commander';
import { addDoctor } from './commands/doctor.js';
import { addMachines } from './commands/machines.js';
import type { Session } from './frame/define.js';
import { packageVersion } from './package.js';

/** All commands, their outcomes left in the session. `help` takes what commander would print where no command is named. */
export function buildProgram(session: Session, help: (text: string) => void): Command {
  const program = new Command('systole');
  program
    .description('ONNX CNN -> low-precision systolic array in Verilog, proven bit-exact.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: session.terminal.out, writeErr: help, outputError: () => {} })
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError();
  addDoctor(program, session);
  addMachines(program, session);
  return program;
}
