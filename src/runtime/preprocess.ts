/** The preprocess steps that a project keeps: the same for calibration, inference and evaluation. */
import { join } from 'node:path';
import { type PreprocessSteps, parsePreprocessFile } from '../base/preprocess/steps.js';
import { PROJECT_PATHS } from '../base/project-layout.js';
import type { CompiledModel } from './model.js';

export interface KeptPreprocess {
  readonly steps: PreprocessSteps;
  /** For messages. */
  readonly where: string;
}

/**
 * null where the project was compiled without; preprocessFor (base) gives an input's steps, applyPreprocess applies them to a
 * raw sample, and Session.infer takes what comes out. Errors: preprocess-invalid.
 */
export function preprocessOf({ project }: Pick<CompiledModel, 'project'>): KeptPreprocess | null {
  const bytes = project.files.get(PROJECT_PATHS.preprocess);
  if (bytes === undefined) return null;
  const where = join(project.folder, PROJECT_PATHS.preprocess);
  return { steps: parsePreprocessFile(JSON.parse(new TextDecoder().decode(bytes)), where), where };
}
