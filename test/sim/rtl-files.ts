/** The hand-written Verilog and a fixture, as buildSimulator takes them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const projectRoot = join(import.meta.dirname, '../..');
export const testCache = join(projectRoot, '.cache');

/** Named files of templates/rtl (all headers too) and, by path below test/, other files. */
export async function verilogFiles(
  modules: readonly string[],
  others: readonly string[] = [],
): Promise<Map<string, string>> {
  const rtl = join(projectRoot, 'templates/rtl');
  const headers = (await readdir(rtl)).filter((file) => file.endsWith('.vh'));
  const files = new Map<string, string>();
  for (const file of [...headers, ...modules]) files.set(file, await readFile(join(rtl, file), 'utf8'));
  for (const file of others)
    files.set(file.split('/').at(-1)!, await readFile(join(projectRoot, 'test', file), 'utf8'));
  return files;
}

/** Every hand-written module and header. */
export async function allVerilog(): Promise<Map<string, string>> {
  const names = await readdir(join(projectRoot, 'templates/rtl'));
  return verilogFiles(names.filter((name) => name.endsWith('.v')));
}
