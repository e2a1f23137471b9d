/** Runs a tool of synthesis; what goes wrong becomes one of our errors. */
import { execa } from 'execa';
import { SystoleError } from '../../base/error.js';
import { installSystem } from '../system.js';
import { TOOLS } from '../tools.js';

export interface ToolOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws SystoleError tool-missing with the install command; tool-failed with the first line that names an error */
export async function runTool(command: string, args: readonly string[], cwd: string): Promise<ToolOutput> {
  const result = await execa(command, args, { cwd, reject: false, stdin: 'ignore', maxBuffer: 2 ** 30 });
  if (result.code === 'ENOENT') {
    const tool = TOOLS.find((known) => known.command === command);
    throw new SystoleError('tool-missing', `${tool?.name ?? command} is not installed`, {
      hint: tool?.install[installSystem()] ?? `install ${command} and put it on PATH`,
    });
  }
  const { stdout, stderr } = result;
  if (result.exitCode === 0) return { stdout, stderr };
  const output = `${stderr}\n${stdout}`.trim();
  const line = output.split('\n').find((text) => /error/i.test(text)) ?? output.split('\n')[0] ?? '';
  throw new SystoleError('tool-failed', `${command} failed: ${line.trim()}`, {
    where: [command, ...args].join(' ').slice(0, 300),
    actual: output.slice(-4000),
  });
}
