/** The built command as a process of its own, for what cannot be seen from inside: signals, pipes, exit codes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  /** code: the exit code, or null where a signal ended it. */
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

export function startSystole(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  if (!existsSync(`${ROOT}dist/src/cli/main.js`)) throw new Error('these tests run the built command: npm run build');
  const child = spawn(process.execPath, [`${ROOT}bin/systole.js`, ...args], { env: { ...process.env, ...env } });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text.out += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part) => {
    text.err += part;
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...text }));
  });
  return { child, ended };
}
