/** The files of a suite's model. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { splitKey } from '../data/tensor-file.js';
import type { SuiteFiles, SuiteModel } from './suite.js';

/** As the commands take them: FILE, or NAME=FILE for each where a model has several inputs. */
export interface InputFile {
  readonly name: string | null;
  /** With a key, where it is an archive. */
  readonly file: string;
}

export interface ModelPaths {
  readonly model: string;
  /** null: the model is quantized, and its input too. */
  readonly calibration: readonly InputFile[] | null;
  readonly inputs: readonly InputFile[];
  readonly preprocess: string | null;
}

/** Paths of a suite are relative to its file. */
export function modelPaths({ file, calibration, inputs, preprocess }: SuiteModel, suite: string): ModelPaths {
  const from = (path: string) => join(dirname(suite), path);
  const named = (files: SuiteFiles): InputFile[] =>
    typeof files === 'string'
      ? [{ name: null, file: from(files) }]
      : Object.entries(files).map(([name, path]) => ({ name, file: from(path) }));
  return {
    model: from(file),
    calibration: calibration === undefined ? null : named(calibration),
    inputs: named((inputs ?? calibration)!),
    preprocess: preprocess === undefined ? null : from(preprocess),
  };
}

export function fileText({ name, file }: InputFile): string {
  return name === null ? file : `${name}=${file}`;
}

/** The first of the files that is missing; undefined when all are there. */
export function missingFile({ model, calibration, inputs, preprocess }: ModelPaths): string | undefined {
  const data = [...(calibration ?? []), ...inputs].map(({ file }) => splitKey(file).path);
  return [model, ...data, ...(preprocess === null ? [] : [preprocess])].find((path) => !existsSync(path));
}
