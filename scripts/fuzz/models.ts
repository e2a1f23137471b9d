import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FuzzModel } from './case.js';

/** The ONNX files of a folder, smallest first; none where it is absent. */
export function modelsIn(folder: string): FuzzModel[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
  return names.map((name) => readModel(join(folder, name))).sort((a, b) => a.bytes.length - b.bytes.length);
}

export function readModel(path: string): FuzzModel {
  return { name: basename(path), bytes: readFileSync(path) };
}
