/** OnnxModel -> graph as it stands in the file, node by node, and every obstacle on the way. */
import { SystoleError } from '../../base/error.js';
import type { Graph } from '../graph.js';
import type { ModelOutput } from '../host-step.js';
import type { OnnxModel, OnnxValueInfo } from '../onnx/model.js';
import { elementTypeName } from '../onnx/tensor.js';
import { arrayFollows } from './array-follows.js';
import { buildGraph } from './build-graph.js';
import { checkNode } from './check-node.js';
import { evaluate, type Step } from './evaluate.js';
import { inputGrid } from './grid.js';
import { hostStep, hostValue, madeType } from './host.js';
import { hostCodes } from './host-codes.js';
import type { PinnedInput } from './input-layout.js';
import { fixedBatch, inputShape } from './input-shape.js';
import { orderNodes } from './order.js';
import { findInputLayout } from './probe.js';
import { limit } from './refuse.js';
import { type ImportState, newState, unusedName } from './state.js';
import { type ConstantValue, type HostValue, type MapValue, UNKNOWN, type Value } from './value.js';

export interface Imported {
  /** null where there are obstacles. */
  readonly graph: Graph | null;
  /** In the order of the nodes. */
  readonly obstacles: readonly SystoleError[];
  /** All nodes that could be imported, whatever the obstacles. */
  readonly state: ImportState;
  /** Of each of the model's inputs that is used, by name; those that are not known are left out. */
  readonly inputShapes: ReadonlyMap<string, readonly number[]>;
  /** The model's outputs to which the way is free. */
  readonly outputs: readonly ModelOutput[];
}

/** Never throws for a model that is not supported: it names every obstacle. */
export function importModel(model: OnnxModel, givenShape?: readonly number[]): Imported {
  const obstacles: SystoleError[] = [];
  const attempt = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SystoleError)) throw error;
      obstacles.push(error);
      return otherwise;
    }
  };
  const ordered = orderNodes(model);
  obstacles.push(...ordered.faults);
  const checked = ordered.nodes.map((node) => ({ node, check: checkNode(model, node) }));
  const steps = checked.flatMap(({ node, check }): Step[] => (check.fault === null ? [{ node, ...check }] : []));
  const used = new Set([...ordered.nodes.flatMap((node) => node.inputs), ...model.outputs.map(({ name }) => name)]);
  const inputs = model.inputs.filter((input) => used.has(input.name));
  obstacles.push(...formFaults(model, inputs.length));

  const constants = new Map<string, Value>();
  for (const [name, tensor] of model.initializers) constants.set(name, { kind: 'constant', name, tensor });
  const given = inputs.length === 1 ? givenShape : undefined;
  if (inputs.length > 1 && givenShape !== undefined) obstacles.push(shapeOfMany(inputs));
  const pinned: PinnedInput[] = [];
  const batch = Math.max(1, ...inputs.map(fixedBatch));
  for (const input of inputs) {
    const shape = attempt(() => inputShape(input, given), null);
    if (shape !== null) pinned.push(findInputLayout(input, shape, batch, steps, constants, inputs.length === 1));
  }
  const state = newState(null, batch, namesOf(model), arrayFollows(ordered.nodes));
  const values = new Map(constants);
  for (const { tensor, atoms, layout } of pinned) {
    const type = inputs.find(({ name }) => name === tensor.name)?.elementType ?? 0;
    values.set(tensor.name, { kind: 'map', shape: layout.modelShape, tensor, atoms, ...inputGrid(type) });
  }
  for (const { node, check } of checked) {
    if (check.fault !== null) obstacles.push(check.fault);
    const step = check.fault === null ? { node, ...check } : null;
    const outputs = step === null ? [] : attempt(() => onlyUsed(step, evaluate(step, values, state), used), []);
    for (const [i, name] of node.outputs.entries()) values.set(name, outputs[i] ?? UNKNOWN);
  }
  const outputs = model.outputs.flatMap((info) => attempt(() => modelOutput(model, info, values, state), []));
  const complete = obstacles.length === 0 && pinned.length === inputs.length && outputs.length === model.outputs.length;
  const graph = complete ? attempt(() => buildGraph(model, pinned, state, outputs), null) : null;
  const inputShapes = new Map(pinned.map(({ tensor, layout }) => [tensor.name, layout.modelShape]));
  return { graph, obstacles, state, inputShapes, outputs };
}

function namesOf(model: OnnxModel): Set<string> {
  const ends = [...model.inputs, ...model.outputs].map(({ name }) => name);
  return new Set([
    ...ends,
    ...model.initializers.keys(),
    ...model.nodes.flatMap(({ name, outputs }) => [name, ...outputs]),
  ]);
}

function formFaults(model: OnnxModel, inputs: number): SystoleError[] {
  const fault = (message: string, expected: string, hint: string): SystoleError =>
    new SystoleError('graph-limit', message, { where: model.name || 'the graph', expected, actual: 'none', hint });
  return [
    ...(inputs > 0
      ? []
      : [fault('the model has no input', 'an input that is no constant', 'the outputs do not depend on an input')]),
    ...(model.outputs.length > 0 ? [] : [fault('the model has no output', 'an output', 'declare one')]),
    ...(model.outputs.every(({ name }) => name !== '')
      ? []
      : [fault('an output has no name', 'a name', 'give the output the name of a tensor')]),
    ...(['inputs', 'outputs'] as const).flatMap((ends) =>
      repeatedNames(model[ends]).map(
        (name) => new SystoleError('graph-invalid', `two ${ends} of the model have one name`, { where: name }),
      ),
    ),
  ];
}

function repeatedNames(list: readonly { readonly name: string }[]): string[] {
  const seen = new Set<string>();
  const twice = list.filter(({ name }) => seen.size === seen.add(name).size);
  return [...new Set(twice.map(({ name }) => name))];
}

/** An importer gives the outputs it knows; a further one that something uses is an obstacle. */
function onlyUsed(step: Step, made: readonly Value[], used: ReadonlySet<string>): readonly Value[] {
  const further = step.node.outputs.findIndex((name, i) => i >= made.length && name !== '' && used.has(name));
  if (further < 0) return made;
  throw limit(step, `output ${further} of ${step.node.operator} is not supported`, {
    actual: step.node.outputs[further]!,
  });
}

function shapeOfMany(inputs: readonly OnnxValueInfo[]): SystoleError {
  return new SystoleError('option-invalid', 'one input shape is given for several inputs', {
    where: '--input-shape',
    expected: 'a model of one input',
    actual: inputs.map(({ name }) => name).join(', '),
    hint: 'fix the dimensions in the model: onnxruntime.tools.make_dynamic_shape_fixed',
  });
}

/** The host gives it out as it is; null for one that float32 does not hold. */
function constantStep(state: ImportState, name: string, { tensor }: ConstantValue): HostValue | null {
  if (tensor.type === 'other' || tensor.data.length === 0) return null;
  const data = Float32Array.from(tensor.data);
  if (data.some((x, i) => x !== tensor.data[i])) return null;
  const { shape } = tensor;
  const made = { name: unusedName(state, `${name}.constant`), source: name };
  return hostStep(state, { kind: 'reshape' }, [{ kind: 'constant', shape, data }], shape, made);
}

const typeName = (elementType: number): string => (elementType === 0 ? 'float32' : elementTypeName(elementType));

function isInput({ inputs, outputs }: OnnxModel, { tensor }: MapValue): boolean {
  return outputs.length > 1 && inputs.some(({ name }) => name === tensor.name);
}

/** Empty where the way to it is not free. */
function modelOutput(
  model: OnnxModel,
  { name, elementType }: OnnxValueInfo,
  values: ReadonlyMap<string, Value>,
  state: ImportState,
): ModelOutput[] {
  const value = values.get(name);
  if (value === undefined || value.kind === 'unknown') return [];
  if (value.kind === 'map' && isInput(model, value)) {
    throw new SystoleError('graph-limit', 'the output is not computed by the network', {
      where: `output ${name}`,
      actual: `the input ${value.tensor.name}, if in another layout`,
    });
  }
  const constant = value.kind === 'constant' ? constantStep(state, name, value) : null;
  if (constant !== null) return [{ name, value: constant.name, shape: constant.shape, type: typeName(elementType) }];
  if (value.kind === 'constant' || value.kind === 'patches') {
    throw new SystoleError('graph-limit', 'the output is not computed by the network', {
      where: `output ${name}`,
      actual: value.kind === 'constant' ? 'a constant' : 'the patches of Im2Col',
    });
  }
  const maker = model.nodes.find((node) => node.outputs.includes(name));
  const source = maker?.name ?? name;
  const made = hostCodes(state, value.kind === 'host' ? value : hostValue(state, value, source), source);
  const declared = elementType === 0 ? value.grid?.elementType : elementType;
  const type = declared === undefined ? madeType(state, made) : elementTypeName(declared);
  return [{ name, value: made.name, shape: made.shape, type }];
}
