/** Equivalence of a hardware module and a reference with the same ports, proven or refuted by Yosys' SAT solver. */
import { join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../sim/rtl-files.js';

export interface Equivalence {
  /** Modules of templates/rtl, the first one compared unless `gate` names another. */
  readonly modules: readonly string[];
  readonly gate?: string;
  /** Module and file of test/rtl/formal, without .v. */
  readonly reference: string;
  readonly parameters: Readonly<Record<string, number>>;
  /** How the reference is wrong on purpose; absent: not at all. */
  readonly wrong?: number;
  /** Combinational where absent; `induct`: for all time, from any equal outputs; `steps`: the first cycles after zeros. */
  readonly cycles?: { readonly induct: number } | { readonly steps: number };
}

export type Verdict = 'proven' | 'refuted';

/** @throws where Yosys neither proves nor refutes: a bad script, or out of time */
export async function equivalence(question: Equivalence): Promise<Verdict> {
  const gate = question.gate ?? question.modules[0]!;
  const sources = [
    ...question.modules.map((name) => join('templates/rtl', `${name}.v`)),
    join('test/rtl/formal', `${question.reference}.v`),
  ];
  const read = `read_verilog -I templates/rtl ${sources.join(' ')}`;
  const parameters = Object.entries(question.parameters).map(([name, value]) => `-set ${name} ${value}`);
  const side = (module: string, name: string, wrong: string) => [
    read,
    `chparam ${parameters.join(' ')} ${wrong} ${module}`,
    `hierarchy -check -top ${module}`,
    `rename ${module} ${name}`,
    ...['proc', 'flatten', `design -stash ${name}`],
  ];
  const script = [
    ...side(gate, 'gate', ''),
    ...side(question.reference, 'gold', `-set WRONG ${question.wrong ?? 0}`),
    'design -copy-from gate gate',
    'design -copy-from gold gold',
    'miter -equiv -flatten -make_outputs -make_assert gold gate miter',
    ...['hierarchy -top miter', 'memory', 'opt -full'],
    `sat -timeout 300 ${mode(question.cycles)} -prove-asserts -set-def-inputs miter`,
  ];
  const { stdout, stderr } = await execa('yosys', ['-p', script.join('; ')], { cwd: projectRoot, reject: false });
  if (/SAT proof finished - no model found: SUCCESS!|Induction step proven: SUCCESS!/.test(stdout)) return 'proven';
  if (/model found(?: for base case)?: FAIL!/.test(stdout)) return 'refuted';
  throw new Error(`Yosys gives no verdict:\n${stderr || stdout.slice(-2000)}`);
}

function mode(cycles: Equivalence['cycles']): string {
  if (cycles === undefined) return '';
  if ('induct' in cycles) return `-tempinduct -maxsteps ${cycles.induct} -set-init-zero`;
  return `-seq ${cycles.steps} -set-init-zero`;
}
