import { shellCommand } from '../frame/shell.js';
import type { Case } from './cases.js';
import { modelPaths } from './model-source.js';
import type { Suite } from './suite.js';

/** The commands that do a case alone: compile, then verify. */
export function replayCommand(
  suite: Suite,
  path: string,
  { model, machine, digits, precision, stalls, images }: Case,
): string {
  const entry = suite.models[model]!;
  const paths = modelPaths(entry, path);
  const { weights, activations, ends } = precision;
  const compile = [
    ...['systole', 'compile', paths.model, '-o', 'replay', '--force'],
    ...['--weights', `${weights}`, '--activations', `${activations}`, '--ends', `${ends}`],
    ...['--calibration', paths.calibration],
    ...(entry.calibrationLimit === undefined ? [] : ['--limit', `${entry.calibrationLimit}`]),
    ...(paths.preprocess === null ? [] : ['--preprocess', paths.preprocess]),
    ...(entry.inputShape === undefined ? [] : ['--input-shape', entry.inputShape.join(',')]),
    ...['--machine', machine],
    ...(digits === null ? [] : ['--activation-digit', `${digits[0]}`, '--weight-digit', `${digits[1]}`]),
  ];
  const verify = [
    ...['systole', 'verify', 'replay', '--input', paths.inputs, '--limit', `${images}`],
    ...['--seed', `${suite.seed}`, '--jobs', '1', ...(stalls ? ['--stalls'] : [])],
  ];
  return `${shellCommand(compile)} && ${shellCommand(verify)}`;
}
