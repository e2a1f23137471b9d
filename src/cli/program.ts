import { Command } from 'commander';
import { addCompile } from './commands/compile.js';
import { addDoctor } from './commands/doctor.js';
import { addEvaluate } from './commands/evaluate.js';
import { addInspect } from './commands/inspect.js';
import { addMachines } from './commands/machines.js';
import { addRegress } from './commands/regress.js';
import { addRun } from './commands/run.js';
import { addSynth } from './commands/synth.js';
import { addVerify } from './commands/verify.js';
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
  for (const add of [
    addDoctor,
    addInspect,
    addCompile,
    addRun,
    addVerify,
    addEvaluate,
    addRegress,
    addSynth,
    addMachines,
  ])
    add(program, session);
  return program;
}
