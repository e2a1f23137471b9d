/** Results so far, one JSON line each: a killed regression loses at most the case it was at. */
import { appendFile, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeFolder } from '../../runtime/project.js';
import type { CaseResult } from './result.js';

/** By key: the content hash of all that decides a result. A line cut short by a kill is passed over. */
export async function readState(path: string): Promise<Map<string, CaseResult>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const results = new Map<string, CaseResult>();
  for (const line of text.split('\n').filter((entry) => entry !== '')) {
    const entry = parseLine(line);
    if (entry) results.set(entry.key, entry.result);
  }
  return results;
}

/** One write of one line to the end of the file: lines of several processes never mix. */
export async function appendState(path: string, key: string, result: CaseResult): Promise<void> {
  await makeFolder(dirname(resolve(path)));
  // The newline in front ends a line that a kill cut short.
  await appendFile(path, `\n${JSON.stringify({ key, result })}\n`);
}

function parseLine(line: string): { key: string; result: CaseResult } | null {
  try {
    return JSON.parse(line) as { key: string; result: CaseResult };
  } catch {
    return null;
  }
}
