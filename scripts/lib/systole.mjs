/** Runs the built `systole` command the way a user does, and reads its --json. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = fileURLToPath(new URL('../../bin/systole.js', import.meta.url));

/**
 * @param {readonly string[]} args arguments without --json
 * @returns {Promise<{ code: number, seconds: number, result: any }>} code 0, or 3 where a check found a mismatch
 * @throws {Error & { refusal: any }} with the command's own text for any other exit code; `refusal`: its error as JSON, or null
 */
export async function systole(args) {
  const start = process.hrtime.bigint();
  const { code, stdout, stderr } = await capture(process.execPath, [BIN, ...args, '--json']);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (code !== 0 && code !== 3) {
    const text = `systole ${args.join(' ')}\nended with exit code ${code}\n${stderr.trim()}\n${stdout.trim()}`.trim();
    throw Object.assign(new Error(text), { refusal: refusalOf(stdout) });
  }
  return { code, seconds, result: JSON.parse(stdout) };
}

function refusalOf(stdout) {
  try {
    return JSON.parse(stdout).error ?? null;
  } catch {
    return null;
  }
}

/** Output of a program; code -1 where it could not be started. */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const text = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text.stdout += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part) => {
      text.stderr += part;
    });
    child.on('error', (error) => resolve({ code: -1, stdout: '', stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? -1, ...text }));
  });
}
