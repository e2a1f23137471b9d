/** Loads the package's own template files; the only part of hdlgen that touches the disk. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystoleError } from '../base/error.js';

/** Path below templates/ (rtl/systole_core.v), or below the package for the harness (sim/harness.cpp) -> text. */
export type TemplateSource = ReadonlyMap<string, string>;

const FOLDERS = ['', 'rtl', 'host', 'tb'] as const;
const HARNESS = ['sim/harness.cpp', 'sim/protocol.md'] as const;

/** Every hand-written Verilog file and every template. Errors: project-invalid when the package itself is incomplete. */
export async function loadTemplates(): Promise<TemplateSource> {
  const root = await packageRoot();
  const found = new Map<string, string>();
  for (const folder of FOLDERS) {
    const entries = await readdir(join(root, 'templates', folder), { withFileTypes: true });
    for (const name of entries.filter((entry) => entry.isFile()).map((entry) => entry.name)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      found.set(path, await readFile(join(root, 'templates', path), 'utf8'));
    }
  }
  for (const path of HARNESS) found.set(path, await readFile(join(root, path), 'utf8'));
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The nearest folder above this file with templates/rtl: the sources' root, and the root above dist/ once compiled. */
async function packageRoot(): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const here = folder;
    const holds = await readdir(join(here, 'templates', 'rtl')).then(
      () => true,
      () => false,
    );
    if (holds) return here;
    folder = dirname(here);
    if (folder === here) {
      throw new SystoleError('project-invalid', 'the templates of Systole are missing', { hint: 'reinstall Systole' });
    }
  }
}

/** The text of one template. Errors: project-invalid when the package lacks it. */
export function templateText(templates: TemplateSource, path: string): string {
  const text = templates.get(path);
  if (text === undefined) {
    throw new SystoleError('project-invalid', `the template ${path} is missing`, { hint: 'reinstall Systole' });
  }
  return text;
}
