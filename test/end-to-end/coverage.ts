/** What a run of random cases has covered, read off networks and plans: only what reaches the output counts. */
import type { Plan, PlannedLayer } from '../../src/arch/plan/plan.js';
import type {
  ArrangeLayer,
  CodeTensor,
  ConvLayer,
  IntegerNetwork,
  Layer,
  MaxPoolLayer,
  MulLayer,
} from '../../src/quant/network.js';
import type { RandomCase } from './random-case.js';

/** Feature -> its values, each of which a run must show. */
export const DECLARED: Readonly<Record<string, readonly (string | number)[]>> = {
  operator: [
    ...[
      'conv',
      'depthwise',
      'dense',
      'average pool',
      'residual',
      'residual of one pixel',
      'fused max pool',
      'max pool',
    ],
    ...['product', 'product by one pixel', 'arrangement'],
  ],
  table: ['behind a convolution', 'behind a product'],
  'arranged by': ['reading in place', 'writing in place', 'copies', 'copies behind a fill', 'gathering'],
  'arranged maps': ['one', 'several'],
  'steps read': ['rows', 'columns', 'channels'],
  'steps written': ['rows', 'columns', 'channels'],
  'kernel height': [1, 2, 3, 4, 5],
  'kernel width': [1, 2, 3, 4, 5],
  'unequal kernel sides': ['yes'],
  'vertical stride': [1, 2, 3, 4],
  'horizontal stride': [1, 2, 3, 4],
  'unequal strides': ['yes'],
  'vertical dilation': [1, 2, 3],
  'horizontal dilation': [1, 2, 3],
  padding: ['none', 'symmetric', 'asymmetric'],
  'weight bits': [1, 2, 3, 4, 8],
  'activation bits': [1, 2, 3, 4, 5, 6, 7, 8],
  'wide activations': ['9 to 16'],
  rounding: ['floor', 'nearest-even'],
  limits: ['whole range', 'inside'],
  inputs: [1, 2, 3],
  input: ['codes of 1 bits', 'codes of 2 bits', 'codes of 4 bits', 'codes of 8 bits', 'codes of 16 bits'],
  outputs: [1, 2, 3],
  output: ['accumulators', 'codes of 1 byte', 'codes of 2 bytes'],
  'first layer': ['plain', 'folded'],
  'input channels': ['below the lanes', 'a multiple of the lanes', 'beyond, no multiple'],
  'output channels': ['below the columns', 'a multiple of the columns', 'beyond, no multiple'],
  'layers on the array': [1, 2, 3, 4, 5],
  'copy of an operand': ['yes'],
  'digit passes': [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64],
  'input stalls': [0, 1, 5, 9],
  'output stalls': [0, 1, 5, 9],
  frames: ['one by one', 'pipelined'],
  'next frame': ['loaded meanwhile', 'loaded afterwards'],
};

export interface Coverage {
  add(random: RandomCase, plan: Plan): void;
  readonly cases: () => number;
  /** Times that a value was seen: cases that hold it. */
  seen(feature: string, value: string | number): number;
}

export function coverage(): Coverage {
  const counts = new Map<string, number>();
  let cases = 0;
  return {
    add: (random, plan) => {
      cases += 1;
      for (const key of new Set(featuresOf(random, plan))) counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    cases: () => cases,
    seen: (feature, value) => counts.get(keyOf(feature, value)) ?? 0,
  };
}

/** Declared values seen fewer than `least` times. */
export function missing(found: Coverage, least: number): readonly string[] {
  return Object.entries(DECLARED).flatMap(([feature, values]) =>
    values
      .filter((value) => found.seen(feature, value) < least)
      .map((value) => `${feature} ${value}: seen ${found.seen(feature, value)} times`),
  );
}

/** A line for each feature: value and, in brackets, how many cases hold it. */
export function coverageTable(found: Coverage): string {
  const width = Math.max(...Object.keys(DECLARED).map((feature) => feature.length));
  const lines = Object.entries(DECLARED).map(([feature, values]) => {
    const cells = values.map((value) => `${value} (${found.seen(feature, value)})`);
    return `${feature.padEnd(width)}  ${cells.join('  ')}`;
  });
  return lines.join('\n');
}

const keyOf = (feature: string, value: string | number) => `${feature}\n${value}`;

function featuresOf(random: RandomCase, plan: Plan): readonly string[] {
  const { network } = plan;
  const byName = new Map(network.layers.map((layer) => [layer.name, layer]));
  const live = plan.layers.flatMap((planned) => planned.sources.map((name) => byName.get(name)!));
  const loads = plan.program.filter((record) => record.opcode === 'load');
  const feeds = plan.program.filter((record) => record.opcode === 'feed');
  const first = plan.layers[0]!;
  return [
    ...live.flatMap((layer) =>
      layer.kind === 'conv' || layer.kind === 'maxpool' ? windowFeatures(layer, network) : [],
    ),
    ...live.flatMap((layer) => (layer.kind === 'conv' ? convFeatures(layer, plan) : [])),
    ...plan.layers.flatMap((planned) => plannedFeatures(planned, byName)),
    ...arrangementsOf(plan).flatMap((layer) => arrangeFeatures(layer, plan)),
    ...live.flatMap((layer) => (layer.kind === 'mul' ? mulFeatures(layer, network) : [])),
    ...plan.inputs.map(({ codeBits }) => keyOf('input', `codes of ${codeBits} bits`)),
    ...plan.outputs.map((_, i) => keyOf('output', outputForm(plan, i))),
    keyOf('inputs', plan.inputs.length),
    keyOf('outputs', plan.outputs.length),
    ...(first.sources.length > 0 ? [keyOf('first layer', feeds[0]!.fields.fold === 1 ? 'folded' : 'plain')] : []),
    keyOf('layers on the array', plan.layers.length),
    keyOf('input stalls', random.stallInput),
    keyOf('output stalls', random.stallOutput),
    keyOf('next frame', loads.length > 1 ? 'loaded meanwhile' : 'loaded afterwards'),
    keyOf('frames', random.pipelined ? 'pipelined' : 'one by one'),
  ];
}

/** Those that reach an output: a slice that is read in place is no layer of the plan. */
function arrangementsOf({ network, tensors }: Plan): readonly ArrangeLayer[] {
  return network.layers.filter(
    (layer): layer is ArrangeLayer => layer.kind === 'arrange' && Boolean(tensors[layer.output]),
  );
}

function arrangeFeatures({ name, output, parts }: ArrangeLayer, { layers, tensors, network }: Plan): readonly string[] {
  const copies = layers.filter(({ sources }) => sources.includes(name));
  const inside = network.layers.filter((layer) => tensors[layer.output]?.place?.inside === output);
  const gathered = Object.values(tensors).some((tensor) => tensor.name.startsWith(`${output}.gathered`));
  const steps = (side: 'from' | 'to', text: string) =>
    (
      [
        ['rows', 'yStep'],
        ['columns', 'xStep'],
        ['channels', 'cStep'],
      ] as const
    ).flatMap(([what, step], axis) =>
      parts.some((part) => part[side][step] > 1 && part.size[axis]! > 1) ? [keyOf(text, what)] : [],
    );
  const filled = copies.some((layer) => layer.output.startsWith(`${output}.fill`));
  return [
    keyOf('operator', 'arrangement'),
    keyOf('arranged maps', new Set(parts.map(({ input }) => input)).size > 1 ? 'several' : 'one'),
    ...(copies.length === 0 && inside.length === 0 ? [keyOf('arranged by', 'reading in place')] : []),
    ...(inside.length > 0 ? [keyOf('arranged by', 'writing in place')] : []),
    ...(copies.length > 0 ? [keyOf('arranged by', filled ? 'copies behind a fill' : 'copies')] : []),
    ...(gathered ? [keyOf('arranged by', 'gathering')] : []),
    ...steps('from', 'steps read'),
    ...steps('to', 'steps written'),
  ];
}

function mulFeatures({ inputs, requantize }: MulLayer, network: IntegerNetwork): readonly string[] {
  const [a, b] = inputs.map((name) => network.tensors[name]!) as [CodeTensor, CodeTensor];
  const pixel = a.height * a.width > b.height * b.width;
  return [
    keyOf('operator', pixel ? 'product by one pixel' : 'product'),
    ...(requantize.table ? [keyOf('table', 'behind a product')] : []),
  ];
}

function outputForm({ outputs, network }: Plan, index: number): string {
  const output = outputs[index]!;
  if (network.outputs[index]!.form === 'accumulators') return 'accumulators';
  return output.elementBytes === 1 ? 'codes of 1 byte' : 'codes of 2 bytes';
}

/** A stride over one output, or a dilation of one tap, does nothing and does not count. */
function windowFeatures(layer: ConvLayer | MaxPoolLayer, network: IntegerNetwork): readonly string[] {
  const to = network.tensors[layer.output]!;
  const [top, left, bottom, right] = layer.pads;
  const padding =
    Math.max(...layer.pads) === 0 ? 'none' : top === bottom && left === right ? 'symmetric' : 'asymmetric';
  const axes = [
    { name: 'vertical', size: 'height', outputs: to.height },
    { name: 'horizontal', size: 'width', outputs: to.width },
  ] as const;
  return [
    ...axes.flatMap(({ name, size, outputs }, i) => [
      keyOf(`kernel ${size}`, layer.kernel[i]!),
      ...(outputs > 1 ? [keyOf(`${name} stride`, layer.strides[i]!)] : []),
      ...(layer.kernel[i]! > 1 ? [keyOf(`${name} dilation`, layer.dilations[i]!)] : []),
    ]),
    ...(to.height > 1 && to.width > 1 && layer.strides[0] !== layer.strides[1]
      ? [keyOf('unequal strides', 'yes')]
      : []),
    ...(layer.kernel[0] === layer.kernel[1] ? [] : [keyOf('unequal kernel sides', 'yes')]),
    keyOf('padding', padding),
  ];
}

function convFeatures(layer: ConvLayer, { network, machine }: Plan): readonly string[] {
  const from = network.tensors[layer.input]!;
  const to = network.tensors[layer.output]!;
  const { requantize } = layer;
  const whole = requantize !== null && requantize.lo === 0 && requantize.hi === 2 ** to.bits - 1;
  return [
    ...operatorsOf(layer, network).map((name) => keyOf('operator', name)),
    ...(requantize?.table ? [keyOf('table', 'behind a convolution')] : []),
    keyOf('weight bits', layer.weightFormat.bits),
    from.bits > 8 ? keyOf('wide activations', '9 to 16') : keyOf('activation bits', from.bits),
    ...(requantize === null
      ? []
      : [keyOf('rounding', requantize.round), keyOf('limits', whole ? 'whole range' : 'inside')]),
    keyOf('input channels', against(from.channels, machine.lanes, 'lanes')),
    keyOf('output channels', against(to.channels, machine.cols, 'columns')),
  ];
}

function operatorsOf(layer: ConvLayer, { tensors }: IntegerNetwork): readonly string[] {
  const from = tensors[layer.input]!;
  const to = tensors[layer.output]!;
  const whole = layer.kernel[0] === from.height && layer.kernel[1] === from.width;
  const kind = !layer.useful ? 'average pool' : layer.groups > 1 ? 'depthwise' : whole ? 'dense' : 'conv';
  const residual = layer.requantize?.residual ? tensors[layer.requantize.residual.tensor]! : null;
  if (residual === null) return [kind];
  return [kind, residual.height * residual.width < to.height * to.width ? 'residual of one pixel' : 'residual'];
}

function against(channels: number, size: number, name: string): string {
  if (channels < size) return `below the ${name}`;
  return channels % size === 0 ? `a multiple of the ${name}` : 'beyond, no multiple';
}

function plannedFeatures(planned: PlannedLayer, byName: ReadonlyMap<string, Layer>): readonly string[] {
  if (planned.sources.length === 0) return [keyOf('copy of an operand', 'yes')];
  const pooled = planned.sources.some((name) => byName.get(name)!.kind === 'maxpool');
  const pool = planned.sources.length > 1 ? 'fused max pool' : 'max pool';
  return [keyOf('digit passes', planned.passes), ...(pooled ? [keyOf('operator', pool)] : [])];
}
