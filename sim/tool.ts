/** Runs an external tool; what goes wrong becomes one of our errors. */
import { access } from 'node:fs/promises';
import { execa } from 'execa';
import { SystoleError } from '../src/base/error.js';

const INSTALL: Readonly<Record<string, string>> = {
  verilator: 'sudo apt-get install verilator   (Debian, Ubuntu; macOS: brew install verilator)',
  'g++': 'sudo apt-get install g++   (Debian, Ubuntu; macOS: xcode-select --install)',
};

export const pathExists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Errors: tool-missing with the install command; tool-failed with the first line that names an error. */
export async function runTool(
  tool: string,
  args: readonly string[],
  options: { cwd?: string },
): Promise<{ stdout: string; stderr: string }> {
  const result = await execa(tool, args, { ...options, reject: false, stdin: 'ignore' });
  if (result.code === 'ENOENT') {
    throw new SystoleError('tool-missing', `${tool} is not installed`, {
      hint: INSTALL[tool] ?? `install ${tool} and put it on PATH`,
    });
  }
  if (result.exitCode !== 0) {
    const output = `${result.stderr}\n${result.stdout}`.trim();
    const line = output.split('\n').find((text) => /error/i.test(text)) ?? output.split('\n')[0] ?? '';
    throw new SystoleError('tool-failed', `${tool} failed: ${line.trim()}`, {
      where: [tool, ...args].join(' ').slice(0, 300),
      actual: output.slice(0, 4000),
    });
  }
  return { stdout: result.stdout, stderr: result.stderr };
}
