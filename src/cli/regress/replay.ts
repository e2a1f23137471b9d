import { shellCommand } from '../frame/shell.js';
import type { Case } from './cases.js';
import { fileText, type ModelPaths } from './model-paths.js';
import type { SuiteModel, SuitePrecision } from './suite.js';

export interface ReplaySource {
  readonly paths: ModelPaths;
  readonly model: Pick<SuiteModel, 'calibrationLimit' | 'inputShape'>;
  readonly seed: number;
}

/** The commands that do a case alone: compile, then verify. */
export function replayCommand(
  { paths, model: { calibrationLimit, inputShape }, seed }: ReplaySource,
  { machine, digits, precision, stalls, images }: Case,
): string {
  const compile = [
    ...['systole', 'compile', paths.model, '-o', 'replay', '--force'],
    ...precisionOptions(precision),
    ...(paths.calibration ?? []).flatMap((file) => ['--calibration', fileText(file)]),
    ...(paths.calibration === null || calibrationLimit === undefined ? [] : ['--limit', `${calibrationLimit}`]),
    ...(paths.preprocess === null ? [] : ['--preprocess', paths.preprocess]),
    ...(inputShape === undefined ? [] : ['--input-shape', inputShape.join(',')]),
    ...['--machine', machine],
    ...(digits === null ? [] : ['--activation-digit', `${digits[0]}`, '--weight-digit', `${digits[1]}`]),
  ];
  const verify = [
    ...[
      'systole',
      'verify',
      'replay',
      ...paths.inputs.flatMap((file) => ['--input', fileText(file)]),
      '--limit',
      `${images}`,
    ],
    ...['--seed', `${seed}`, '--jobs', '1', ...(stalls ? ['--stalls'] : [])],
  ];
  return `${shellCommand(compile)} && ${shellCommand(verify)}`;
}

function precisionOptions(precision: SuitePrecision): string[] {
  if (precision === 'own') return [];
  const { weights, activations, ends } = precision;
  return ['--weights', `${weights}`, '--activations', `${activations}`, '--ends', `${ends}`];
}
