/** What the C templates of a network print: sizes, the description of both ends, the memories. */
import { machineIdentity } from '../arch/identity.js';
import type { Plan } from '../arch/plan/plan.js';
import { frameCodes, frameElements, outputBytes } from '../arch/plan/stream-frames.js';
import { MEMORIES } from '../base/project-layout.js';
import type { InputQuantizer } from '../quant/network.js';
import { commentText, floatConstant, stringText } from './c-text.js';
import { doublesText, quantizerView, stepQuantizer } from './host-quantizer.js';
import { orderOf, type ValueOrder, valueSteps } from './host-steps.js';
import type { View } from './render.js';

/** The view of systole_network.h.hbs and systole_network.c.hbs. */
export function networkView(plan: Plan, planCycles: number): View {
  const { network, machine, images } = plan;
  const identity = machineIdentity(machine).toString(16).padStart(16, '0');
  const modelShape = network.modelOutputs[0]!.shape;
  return {
    title: commentText(JSON.stringify(network.name)),
    name: stringText(network.name),
    planCycles,
    inputValues: frameCodes(plan.inputs),
    outputBytes: outputBytes(plan.outputs),
    outputValues: frameElements(plan.outputs),
    resultValues: modelShape.reduce((product, n) => product * n, 1),
    resultShape: (modelShape[0] === 1 ? modelShape.slice(1) : modelShape).join(', '),
    memories: MEMORIES.map((name) => ({
      name,
      pieces: images[name].length,
      words: Math.max(1, images[name].length),
    })),
    identityLow: identity.slice(8),
    identityHigh: identity.slice(0, 8),
    ...inputView(plan),
    ...outputView(plan),
    ...orderViews(plan),
  };
}

function inputView({ network }: Plan): View {
  const { height, width, channels, bits, zero, scale } = network.tensors[network.inputs[0]!.tensor]!;
  return {
    inputPixels: height * width,
    inputChannels: channels,
    inputBits: bits,
    inputZero: Math.floor(zero),
    inputScale: floatConstant(scale),
  };
}

function outputView({ network, outputs }: Plan): View {
  const output = outputs[0]!;
  const { height, width, channels, zero } = network.tensors[output.tensor]!;
  const { form, scale, bias, offset } = network.outputs[0]!;
  return {
    outputPixels: height * width,
    outputChannels: channels,
    elementBytes: output.elementBytes,
    outputZero: floatConstant(zero),
    outputOffset: offset ? doublesText(offset) : 'NULL',
    form: form === 'codes' ? 'SYSTOLE_CODES' : 'SYSTOLE_ACCUMULATORS',
    scales: scale.map((value) => ({ value: floatConstant(value) })),
    hasBiases: form === 'accumulators',
    biases: form === 'accumulators' ? bias.map((value) => ({ value: floatConstant(value) })) : [],
  };
}

const KINDS = {
  softmax: 'SYSTOLE_SOFTMAX',
  argmax: 'SYSTOLE_ARGMAX',
  transpose: 'SYSTOLE_TRANSPOSE',
  sigmoid: 'SYSTOLE_SIGMOID',
  quantize: 'SYSTOLE_QUANTIZE',
} as const;

/** The host's steps, and every other order of values and every quantizer that they and the input use. */
function orderViews({ network }: Plan): View {
  const orders: ValueOrder[] = [];
  const pointer = (order: ValueOrder | null) => (order ? `&orders[${orders.push(order) - 1}]` : 'NULL');
  const quantizers: View[] = [];
  const quantizerPointer = (q: InputQuantizer | null | undefined) =>
    q ? `&quantizers[${quantizers.push(quantizerView(q)) - 1}]` : 'NULL';
  const { layout } = network.inputs[0]!;
  const inputQuantizer = quantizerPointer(network.inputs[0]!.quantizer);
  const inputOrder = pointer(layout ? orderOf(layout.split, layout.permutation) : null);
  const steps = valueSteps(network.outputs[0]!.shape, network.host).map((step) => {
    const { kind, outer, length, inner, order, quantizer } = step;
    const own = quantizerPointer(quantizer && stepQuantizer(quantizer));
    return { kind: KINDS[kind], outer, length, inner, order: pointer(order), quantizer: own };
  });
  const list = (values: readonly number[]) => values.map((value) => `${value}u`).join(', ');
  return {
    inputOrder,
    inputQuantizer,
    hasQuantizers: quantizers.length > 0,
    quantizers,
    hasOrders: orders.length > 0,
    orders: orders.map(({ size, stride }) => ({ axes: size.length, size: list(size), stride: list(stride) })),
    hasSteps: steps.length > 0,
    steps,
    stepCount: steps.length,
  };
}
