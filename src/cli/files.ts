/** Reading the user's files. */
import { readFile } from 'node:fs/promises';
import { SystoleError } from '../base/error.js';

/** @throws SystoleError file-not-found when it is missing, a directory, or may not be read */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'no such file',
      ENOTDIR: 'no such file',
      EISDIR: 'it is a directory',
      EACCES: 'permission denied',
    };
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new SystoleError('file-not-found', `${path} cannot be read: ${reasons[code] ?? code}`, { where: path });
  }
}

export async function readTextFile(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

/** What is refused while reading a file has the file in front of its place. */
export function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SystoleError)) throw error;
    throw inFileError(path, error);
  }
}

/** The same error with the file in front of its place, and a hint where it has none. */
export function inFileError(path: string, error: SystoleError, otherHint?: string): SystoleError {
  const { code, message, where, expected, actual } = error;
  const hint = error.hint ?? otherHint;
  return new SystoleError(code, message, {
    where: where ? `${path}: ${where}` : path,
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
    ...(hint !== undefined && { hint }),
  });
}
