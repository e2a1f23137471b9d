/** A network and its case in words, for people who look at a failure. */
import type { MapGrid } from '../../src/frontend/graph.js';
import type { CodeTensor, IntegerNetwork, Layer, Requantize } from '../../src/quant/network.js';

/** A line for the input, one for each layer, one for the output. */
export function describeNetwork(network: IntegerNetwork): string {
  const tensor = (name: string) => network.tensors[name]!;
  const lines = [
    `input ${shapeOf(tensor(network.inputs[0]!.tensor))}`,
    ...network.layers.map((layer) => `${layer.name}: ${layerText(layer)} -> ${shapeOf(tensor(layer.output))}`),
    `output ${network.outputs[0]!.tensor} as ${network.outputs[0]!.form}`,
  ];
  return lines.join('\n');
}

function shapeOf({ height, width, channels, bits, zero }: CodeTensor): string {
  return `${height}x${width}x${channels}, ${bits} bits${zero === 0 ? '' : `, zero ${zero}`}`;
}

function layerText(layer: Layer): string {
  if (layer.kind === 'mul') return `${layer.inputs.join(' times ')}, ${requantizeText(layer.requantize)}`;
  if (layer.kind === 'arrange') {
    const parts = layer.parts.map(
      ({ input, from, to, size }) => `${size.join('x')} of ${input} ${gridText(from)} to ${gridText(to)}`,
    );
    return `arrange, fill ${layer.fill}: ${parts.join('; ')}`;
  }
  const { kernel, strides, dilations, pads } = layer;
  const window = [
    `${kernel.join('x')}`,
    ...(Math.max(...strides) > 1 ? [`stride ${strides.join('x')}`] : []),
    ...(Math.max(...dilations) > 1 ? [`dilation ${dilations.join('x')}`] : []),
    ...(Math.max(...pads) > 0 ? [`pads ${pads.join(',')}`] : []),
  ].join(' ');
  if (layer.kind === 'maxpool') return `max pool ${window} of ${layer.input}`;
  const { requantize } = layer;
  const how = requantize === null ? 'raw' : requantizeText(requantize);
  const residual = requantize?.residual ? ` plus ${requantize.residual.tensor}` : '';
  const groups = layer.groups > 1 ? 'depthwise ' : '';
  return `${groups}conv ${window} of ${layer.input}, weights of ${layer.weightFormat.bits} bits, ${how}${residual}`;
}

function requantizeText({ round, lo, hi, table }: Requantize): string {
  return `${round} ${lo}..${hi}${table ? ', table' : ''}`;
}

function gridText({ y, x, c, yStep, xStep, cStep }: MapGrid): string {
  return `${y},${x},${c} by ${yStep},${xStep},${cStep}`;
}
