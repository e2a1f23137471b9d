/** What the C templates of a network print: sizes, the description of both ends, the memories. */
import { machineIdentity } from '../arch/identity.js';
import type { Plan } from '../arch/plan/plan.js';
import { frameCodes, inputLength, outputBytes } from '../arch/plan/stream-frames.js';
import { MEMORIES } from '../base/project-layout.js';
import type { Shape } from '../frontend/graph.js';
import type { HostOperand } from '../frontend/host-step.js';
import { commentText, floatConstant, stringText } from './c-text.js';
import { type WorkMemory, workMemory } from './host-memory.js';
import { doublesText, stepQuantizer } from './host-quantizer.js';
import { type DriverStep, driverSteps, withPlainSums } from './host-steps.js';
import { anyFloat, HostTables } from './host-tables.js';
import { orderOf } from './host-walk.js';
import type { View } from './render.js';

/** The view of systole_network.h.hbs and systole_network.c.hbs. */
export function networkView(plan: Plan, planCycles: number): View {
  const { network, machine, images } = plan;
  const identity = machineIdentity(machine).toString(16).padStart(16, '0');
  const tables = new HostTables();
  const { memory, steps } = hostView(plan, tables);
  const results = resultViews(plan, memory);
  const inputs = inputViews(plan, tables);
  return {
    title: commentText(JSON.stringify(network.name)),
    name: stringText(network.name),
    planCycles,
    inputValues: frameCodes(plan.inputs),
    inputBytes: inputLength(plan.inputs),
    outputBytes: outputBytes(plan.outputs),
    workValues: memory.size,
    ...{ inputCount: inputs.length, outputCount: plan.outputs.length, stepCount: steps.length },
    resultCount: results.length,
    memories: MEMORIES.map((name) => ({
      name,
      pieces: images[name].length,
      words: Math.max(1, images[name].length),
    })),
    ...dramView(plan),
    identityLow: identity.slice(8),
    identityHigh: identity.slice(0, 8),
    inputs,
    outputs: outputViews(plan, tables, memory),
    steps,
    hasSteps: steps.length > 0,
    results,
    ...tablesView(tables),
  };
}

function dramView({ images, machine }: Plan): View {
  return {
    ...{ hasDram: images.dram.length > 0, dramPieces: images.dram.length },
    ...{ dramLatency: machine.dram?.model.latency ?? 1, dramEfficiency: machine.dram?.model.efficiency ?? 100 },
    ...{ dramOutstanding: machine.dram?.outstanding ?? 1, dramBurst: machine.dram?.burst ?? 1 },
  };
}

function tablesView({ orders, walks, quantizers, floats, indices }: HostTables): View {
  return {
    ...{ orders, hasOrders: orders.length > 0, walks, hasWalks: walks.length > 0 },
    ...{ quantizers, hasQuantizers: quantizers.length > 0, floats, indices },
  };
}

function inputViews({ network, inputs }: Plan, tables: HostTables): View[] {
  return network.inputs.map(({ tensor, modelName, layout, quantizer }, i) => {
    const { height, width, channels, bits, zero, scale } = network.tensors[tensor]!;
    const { codeBits, firstByte } = inputs[i]!;
    return {
      ...{ name: stringText(modelName), pixels: height * width, channels, bits, zero: Math.floor(zero) },
      ...{ codeBits, firstByte, scale: floatConstant(scale) },
      order: tables.order(layout ? orderOf(layout.split, layout.permutation) : null),
      quantizer: tables.quantizer(quantizer),
    };
  });
}

function outputViews({ network, outputs }: Plan, tables: HostTables, memory: WorkMemory): View[] {
  return network.outputs.map(({ tensor, form, scale, bias, offset, name }, i) => {
    const { height, width, channels, zero } = network.tensors[tensor]!;
    const { elementBytes, firstByte } = outputs[i]!;
    return {
      ...{ pixels: height * width, channels, elementBytes, firstByte, zero: floatConstant(zero) },
      form: form === 'codes' ? 'SYSTOLE_CODES' : 'SYSTOLE_ACCUMULATORS',
      scale: tables.floatsOf(scale),
      bias: form === 'accumulators' ? tables.floatsOf(bias) : 'NULL',
      offset: offset ? doublesText(offset) : 'NULL',
      at: memory.places.get(name)!,
    };
  });
}

interface ResultView extends View {
  readonly values: number;
}

function resultViews({ network }: Plan, { places }: WorkMemory): ResultView[] {
  return network.modelOutputs.map(({ name, value, shape }) => ({
    name: stringText(name),
    values: shape.reduce((a, b) => a * b, 1),
    at: places.get(value)!,
    shape: (shape[0] === 1 ? shape.slice(1) : shape).join(', '),
  }));
}

function hostView({ network }: Plan, tables: HostTables): { readonly memory: WorkMemory; readonly steps: View[] } {
  const shapes = new Map<string, Shape>(network.outputs.map(({ name, shape }) => [name, shape]));
  const shapeOf = (input: HostOperand): Shape =>
    typeof input === 'string' ? shapes.get(input)! : input.constant.shape;
  for (const { outputs } of network.host) for (const { name, shape } of outputs) shapes.set(name, shape);
  const host = withPlainSums(network.host, shapeOf);
  for (const { outputs } of host) for (const { name, shape } of outputs) shapes.set(name, shape);
  const memory = workMemory(network, host);
  const steps = host.flatMap((step) => driverSteps(step, shapeOf));
  return { memory, steps: steps.map((step) => stepView(step, tables, memory)) };
}

function stepView(step: DriverStep, tables: HostTables, { places }: WorkMemory): View {
  const { kind, fn, inputs, outputs, lines, quantizer } = step;
  const operand = (input: HostOperand | undefined): string => {
    if (input === undefined) return '{ NULL, 0u }';
    return typeof input === 'string'
      ? `{ NULL, ${places.get(input)}u }`
      : `{ ${tables.floatsOf(input.constant.data)}, 0u }`;
  };
  return {
    ...{ kind, fn, a: operand(inputs[0]), b: operand(inputs[1]) },
    out: places.get(outputs[0]!)!,
    second: places.get(outputs[1] ?? '') ?? 0,
    ...lines,
    count: step.count ?? 0,
    low: anyFloat(step.low ?? Number.NEGATIVE_INFINITY),
    high: anyFloat(step.high ?? Number.POSITIVE_INFINITY),
    flag: step.flag ? 1 : 0,
    walk: tables.walk(step.walk),
    quantizer: tables.quantizer(quantizer && stepQuantizer(quantizer)),
    indices: tables.indicesOf(step.indices),
  };
}
