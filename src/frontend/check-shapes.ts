/** Shapes along each kind of node. */
import { checkArrange } from './check-arrange.js';
import type { Fail } from './check-graph.js';
import type { ConvNode, DenseNode, Graph, GraphNode, QuantNode, Shape, Window2d } from './graph.js';
import { emptyWindow } from './window-taps.js';

export interface Map2d {
  readonly rank: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export function checkShapes(graph: Graph, node: GraphNode, fail: Fail): void {
  const at = (name: string): Map2d => mapOf(graph.tensors.get(name)!.shape);
  const output = at(node.output);
  switch (node.kind) {
    case 'conv':
      checkConv(node, at(node.input), output, fail);
      return;
    case 'dense':
      checkDense(node, at(node.input), output, fail);
      return;
    case 'add':
    case 'mul': {
      const [first, second] = [at(node.inputs[0]), at(node.inputs[1])];
      if (!same(first, output)) fail('its first input has another shape than its output', node.name);
      if (!same(second, output) && !same(second, { ...output, height: 1, width: 1 })) {
        fail('its second input is neither a map like its output nor one of one pixel', node.name);
      }
      return;
    }
    case 'pointwise':
      if (!same(at(node.input), output)) fail('its input has another shape than its output', node.name);
      if (node.slopes !== undefined && node.slopes.length !== output.channels) {
        fail('there is not one slope for each channel', node.name);
      }
      return;
    case 'arrange':
      checkArrange(node, at, output, fail);
      return;
    case 'affine':
      if (!same(at(node.input), output)) fail('its input has another shape than its output', node.name);
      if ([node.scale, node.shift, node.divisor ?? node.scale].some(({ length }) => length !== output.channels)) {
        fail('there is not one scale and shift for each channel', node.name);
      }
      return;
    case 'quant':
      if (!same(at(node.input), output)) fail('its input has another shape than its output', node.name);
      checkChannels(node, output.channels, fail);
      return;
    case 'maxpool':
    case 'averagepool':
      checkWindow(node, node.name, at(node.input), output, fail);
      if (at(node.input).channels !== output.channels) fail('a pool changes the channels', node.name);
      if (node.kind === 'averagepool' && node.border === 'excluded' && emptyWindow(node, at(node.input), output)) {
        fail('a window lies in the padding alone', node.name);
      }
  }
}

function mapOf(shape: Shape): Map2d {
  return { rank: shape.length, channels: shape[1]!, height: shape[2] ?? 1, width: shape[3] ?? 1 };
}

function same(a: Map2d, b: Map2d): boolean {
  return a.rank === b.rank && a.channels === b.channels && a.height === b.height && a.width === b.width;
}

function checkChannels({ quantizer, name }: QuantNode, channels: number, fail: Fail): void {
  if (quantizer.kind === 'bipolar') return;
  if (quantizer.kind === 'thresholds') {
    const { length } = quantizer.thresholds;
    if (length !== 1 && length !== channels) fail('there is not one row of thresholds for each channel', name);
    return;
  }
  for (const { length } of [quantizer.scale, quantizer.zero]) {
    if (length !== 1 && length !== channels) fail('there is not one scale and zero for each channel', name);
  }
}

function checkConv(node: ConvNode, input: Map2d, output: Map2d, fail: Fail): void {
  const { groups } = node;
  const [outputs, perGroup, kh, kw] = node.weights.shape;
  if (node.weights.shape.length !== 4 || kh !== node.kernel[0] || kw !== node.kernel[1]) {
    fail('the weights have another kernel', node.name);
  }
  if (!Number.isInteger(groups) || groups < 1 || outputs! % groups !== 0 || perGroup! * groups !== input.channels) {
    fail('groups, weights and input channels do not go together', node.name);
  }
  if (outputs !== output.channels) fail('the weights have another number of outputs', node.name);
  if (node.bias.data.length !== outputs) fail('there is not one bias for each output', node.name);
  checkWindow(node, node.name, input, output, fail);
}

function checkDense(node: DenseNode, input: Map2d, output: Map2d, fail: Fail): void {
  const [outputs, inputs] = node.weights.shape;
  if (node.weights.shape.length !== 2 || inputs !== input.channels * input.height * input.width) {
    fail('the weights have another number of inputs', node.name);
  }
  if (outputs !== output.channels || output.height !== 1 || output.width !== 1) {
    fail('the weights have another number of outputs', node.name);
  }
  if (node.bias.data.length !== outputs) fail('there is not one bias for each output', node.name);
}

function checkWindow(window: Window2d, where: string, input: Map2d, output: Map2d, fail: Fail): void {
  if (input.rank !== 4 || output.rank !== 4) fail('a window slides over a vector', where);
  const positive = [...window.kernel, ...window.strides, ...window.dilations];
  if (positive.some((n) => !Number.isInteger(n) || n < 1) || window.pads.some((n) => !Number.isInteger(n) || n < 0)) {
    fail('the window is impossible', where);
  }
  for (const [axis, size, made] of [
    [0, input.height, output.height],
    [1, input.width, output.width],
  ] as const) {
    const reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    const room = size + window.pads[axis] + window.pads[axis + 2]! - reach;
    if (room < 0) fail('the window does not fit its input', where);
    if (Math.floor(room / window.strides[axis]) + 1 !== made) fail('the window makes another size', where);
  }
}
