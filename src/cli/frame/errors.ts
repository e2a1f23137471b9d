/** Every failure as a person and as a program reads it. */
import { CommanderError } from 'commander';
import { SystoleError } from '../../base/error.js';

/** Codes that say the command line itself is wrong: exit 2. */
const USAGE: readonly string[] = ['usage-invalid', 'option-invalid', 'machine-unknown'];

export function exitCodeOf(error: SystoleError): 1 | 2 {
  return USAGE.includes(error.code) ? 2 : 1;
}

export function errorText(error: SystoleError): string {
  const details = [
    ['where', error.where],
    ['expected', error.expected],
    ['actual', error.actual],
    ['hint', error.hint],
  ] as const;
  const lines = details.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(9)} ${indent(value)}`],
  );
  return [`error: ${error.message} [${error.code}]`, ...lines].join('\n');
}

export function errorJson({ code, message, where, expected, actual, hint }: SystoleError): object {
  const orNull = (value: string | undefined) => value ?? null;
  const details = { where: orNull(where), expected: orNull(expected), actual: orNull(actual), hint: orNull(hint) };
  return { error: { code, message, ...details } };
}

/**
 * What went wrong, whatever was thrown; a defect of ours as such, in one line.
 * @param help the command whose --help tells more
 */
export function asSystoleError(error: unknown, help = 'systole'): SystoleError {
  if (error instanceof SystoleError) return error;
  if (error instanceof CommanderError) return usageError(error, help);
  if (isFileError(error)) return fileError(error);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SystoleError('internal', `internal error: ${text.split('\n')[0]}`, {
    hint: 'this is a defect of Systole: please report it with the command and the files; SYSTOLE_DEBUG=1 shows where it happened',
  });
}

function usageError(error: CommanderError, help: string): SystoleError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest.join(' ').replace(/^\((.*)\)$/, '$1');
  const code = error.code === 'commander.invalidArgument' ? 'option-invalid' : 'usage-invalid';
  return new SystoleError(code, first, { hint: suggestion || `${help} --help shows what there is, with an example` });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  EXDEV: 'it is on another file system',
};

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

function fileError(error: NodeJS.ErrnoException): SystoleError {
  const reason = REASONS[error.code ?? ''] ?? error.code ?? 'unknown reason';
  const place = error.path === undefined ? {} : { where: error.path };
  return new SystoleError('file-access', `a file operation failed (${error.syscall}): ${reason}`, place);
}

/** Further lines under the first. */
const indent = (text: string) => text.split('\n').join(`\n${' '.repeat(12)}`);
