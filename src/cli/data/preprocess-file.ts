import { basename } from 'node:path';
import { SystoleError } from '../../base/error.js';
import { type PreprocessSteps, parsePreprocessFile } from '../../base/preprocess/steps.js';
import { sha256 } from '../../base/sha256.js';
import { readBytes } from '../files.js';

export interface PreprocessFile {
  readonly steps: PreprocessSteps;
  readonly where: string;
  readonly name: string;
  readonly sha256: string;
}

/** @throws SystoleError file-not-found, preprocess-invalid */
export async function readPreprocess(path: string): Promise<PreprocessFile> {
  const bytes = await readBytes(path);
  return {
    steps: parsePreprocessFile(fromJson(bytes, path), path),
    where: path,
    name: basename(path),
    sha256: sha256(bytes),
  };
}

function fromJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new SystoleError('preprocess-invalid', 'the preprocess file is not JSON', {
      where,
      actual: (error as Error).message,
    });
  }
}
