import type { Command } from 'commander';
import { addCommand, type Session } from '../frame/define.js';
import type { Outcome } from '../frame/outcome.js';
import { table } from '../frame/table.js';
import { cacheFolder } from '../package.js';
import { installSystem } from '../system.js';
import { atLeast, findTool, TOOLS } from '../tools.js';

const NODE_MINIMUM = '20.19';

interface Finding {
  readonly name: string;
  readonly needed: boolean;
  readonly status: 'ok' | 'old' | 'missing';
  readonly version: string | null;
  readonly minimum: string;
  readonly path: string | null;
  readonly purpose: string;
  /** null where nothing is to be done. */
  readonly install: string | null;
}

export function addDoctor(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'doctor',
    summary: 'What is installed, what is missing, and the command that installs it',
    notes: ['Exit code 1 where something is missing that compile and verify need.'],
    examples: ['systole doctor'],
    options: [],
    run: doctor,
  });
}

async function doctor(): Promise<Outcome> {
  const system = installSystem();
  const tools = await Promise.all(
    TOOLS.map(async (tool): Promise<Finding> => {
      const { name, needed, minimum, purpose } = tool;
      const found = await findTool(tool);
      const status = found === null ? 'missing' : atLeast(found.version, minimum) ? 'ok' : 'old';
      const place = { version: found?.version ?? null, path: found?.path ?? null };
      return {
        name,
        needed,
        status,
        minimum,
        purpose,
        ...place,
        install: status === 'ok' ? null : tool.install[system],
      };
    }),
  );
  const findings = [nodeFinding(), ...tools];
  const ready = findings.every(({ needed, status }) => !needed || status !== 'missing');
  return {
    json: { ready, cache: cacheFolder(), tools: findings },
    text: page(findings, ready),
    exitCode: ready ? 0 : 1,
  };
}

function nodeFinding(): Finding {
  const version = process.versions.node;
  const status = atLeast(version, NODE_MINIMUM) ? 'ok' : 'old';
  const install = status === 'ok' ? null : 'install Node.js 20.19 or newer from nodejs.org';
  const purpose = 'runs Systole';
  return {
    name: 'Node.js',
    needed: true,
    status,
    version,
    minimum: NODE_MINIMUM,
    path: process.execPath,
    purpose,
    install,
  };
}

function page(findings: readonly Finding[], ready: boolean): string {
  const columns = ['tool', 'status', 'version', 'at least', 'needed', 'for', 'path'].map((title) => ({ title }));
  const rows = findings.map(({ name, status, version, minimum, needed, purpose, path }) => [
    ...[name, status, version ?? '-', minimum, needed ? 'yes' : 'no', purpose, path ?? '-'],
  ]);
  const remedies = findings.flatMap(({ name, status, install }) =>
    install ? [`${name} is ${status}: ${install}`] : [],
  );
  const verdict = ready
    ? 'ready: compile, run and verify have all they need'
    : 'not ready: verify needs what is missing above; compile and run --on program work without it';
  return [table(columns, rows), '', ...remedies, verdict, `simulators are kept in ${cacheFolder()}`].join('\n');
}
