/**
 * Which layout the model's input has. The model is followed from its input through operators that only change the
 * layout or treat all values alike, until one says which axes it takes for channels, rows and columns.
 */
import { SystoleError } from '../../base/error.js';
import type { OnnxValueInfo } from '../onnx/model.js';
import { evaluate, type Step } from './evaluate.js';
import { inputGrid } from './grid.js';
import { layoutsOf } from './image.js';
import { type PinnedInput, pinInput, vectorInput } from './input-layout.js';
import { type ImportState, newState } from './state.js';
import type { Value } from './value.js';

class Found {
  constructor(readonly pinned: PinnedInput) {}
}

/** A vector where no operator says anything; beside other inputs a map, channels first: it may meet one of them. */
export function findInputLayout(
  { name, elementType }: OnnxValueInfo,
  shape: readonly number[],
  batch: number,
  steps: readonly Step[],
  constants: ReadonlyMap<string, Value>,
  isAlone: boolean,
): PinnedInput {
  const vector = vectorInput(name, shape);
  const input = vector.tensor;
  const found = (pinned: PinnedInput): never => {
    throw new Found(pinned);
  };
  const state = newState({ input, shape, found }, batch);
  const values = new Map(constants);
  values.set(name, { kind: 'map', shape, tensor: input, atoms: vector.atoms, ...inputGrid(elementType) });
  try {
    for (const step of steps) follow(step, values, state);
  } catch (stop) {
    if (stop instanceof Found) return stop.pinned;
    throw stop;
  }
  const roles = layoutsOf(shape.length)[0];
  if (isAlone || roles === undefined || shape[0] !== 1) return vector;
  return pinInput(name, shape, { kind: 'map', shape, tensor: input, atoms: vector.atoms }, roles) ?? vector;
}

/** Only views of the input and constants are of interest; what cannot be imported is told later, not here. */
function follow(step: Step, values: Map<string, Value>, state: ImportState): void {
  const inputs = step.node.inputs.map((name) => values.get(name));
  const matters = (value: Value | undefined): boolean =>
    value?.kind === 'constant' || (value?.kind === 'map' && value.tensor === state.probe?.input);
  if (!step.node.inputs.every((name, i) => name === '' || matters(inputs[i]))) return;
  try {
    const outputs = evaluate(step, values, state);
    for (const [i, output] of step.node.outputs.entries()) if (outputs[i] !== undefined) values.set(output, outputs[i]);
  } catch (error) {
    if (!(error instanceof SystoleError)) throw error;
  }
}
