/** A quantized graph in doubles, node by node: exact where its constants have few bits, which is where tests use it. */
import type { BatchNorm, Clamp, Graph, GraphNode, Quantizer, Shape, Window2d } from '../../src/frontend/graph.js';
import { rounded } from '../../src/frontend/quantizer.js';

/** Every tensor, NCHW. @param input values of the graph's input */
export function evaluateGraph(graph: Graph, input: readonly number[]): Map<string, readonly number[]> {
  const values = new Map<string, readonly number[]>([[graph.input.name, input]]);
  for (const node of graph.nodes) values.set(node.output, evaluate(graph, node, values));
  return values;
}

function evaluate(graph: Graph, node: GraphNode, values: ReadonlyMap<string, readonly number[]>): number[] {
  const of = (name: string): readonly number[] => values.get(name)!;
  const shape = graph.tensors.get(node.output)!.shape;
  const pixels = (shape[2] ?? 1) * (shape[3] ?? 1);
  const channel = (i: number): number => Math.floor(i / pixels);
  switch (node.kind) {
    case 'quant':
      return of(node.input).map((x, i) => onGrid(node.quantizer, channel(i), x));
    case 'affine':
      return of(node.input).map((x, i) => {
        const c = channel(i);
        return clamp(node.norm ? normed(node.norm, c, x) : x * node.scale[c]! + node.shift[c]!, node.clamp);
      });
    case 'add':
      return of(node.inputs[0]).map((x, i) => clamp(x + of(node.inputs[1])[i]!, node.clamp));
    case 'dense': {
      const x = of(node.input);
      const rows = node.weights.shape[0]!;
      return Array.from({ length: rows }, (_, co) => {
        const sum = x.reduce((a, v, i) => a + v * node.weights.data[co * x.length + i]!, node.bias.data[co]!);
        return clamp(sum, node.clamp);
      });
    }
    case 'conv':
    case 'maxpool':
    case 'averagepool':
      return windows(graph.tensors.get(node.input)!.shape, shape, node, of(node.input));
  }
}

type Windowed = Extract<GraphNode, Window2d>;

function windows(from: Shape, to: Shape, node: Windowed, x: readonly number[]): number[] {
  const [, inputs = 1, height = 1, width = 1] = from;
  const [, outputs = 1, rows = 1, columns = 1] = to;
  const [kh, kw] = node.kernel;
  const groups = node.kind === 'conv' ? node.groups : inputs;
  const perGroup = inputs / groups;
  const out: number[] = [];
  for (let co = 0; co < outputs; co++) {
    const first = Math.floor(co / (outputs / groups)) * perGroup;
    for (let y = 0; y < rows * columns; y++) {
      const taps: number[] = [];
      let sum = 0;
      for (let k = 0; k < perGroup * kh * kw; k++) {
        const ky = Math.floor(k / kw) % kh;
        const iy = Math.floor(y / columns) * node.strides[0] + ky * node.dilations[0] - node.pads[0];
        const ix = (y % columns) * node.strides[1] + (k % kw) * node.dilations[1] - node.pads[1];
        if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
        const value = x[((first + Math.floor(k / (kh * kw))) * height + iy) * width + ix]!;
        taps.push(value);
        if (node.kind === 'conv') sum += value * node.weights.data[co * perGroup * kh * kw + k]!;
      }
      if (node.kind === 'maxpool') out.push(Math.max(...taps));
      else if (node.kind === 'conv') out.push(clamp(sum + node.bias.data[co]!, node.clamp));
      else out.push(clamp(taps.reduce((a, b) => a + b, 0) / (kh * kw), node.clamp));
    }
  }
  return out;
}

function onGrid(quantizer: Quantizer, c: number, x: number): number {
  if (quantizer.kind === 'bipolar') return x >= 0 ? quantizer.scale : -quantizer.scale;
  const { lo, hi, round, zeroInside } = quantizer;
  const scale = quantizer.scale[quantizer.scale.length === 1 ? 0 : c]!;
  const zero = quantizer.zero[quantizer.zero.length === 1 ? 0 : c]!;
  const code = zeroInside ? rounded(round, x / scale + zero) : rounded(round, x / scale) + zero;
  return scale * (Math.min(hi, Math.max(lo, code)) - zero);
}

function normed({ gain, bias, mean, variance, epsilon }: BatchNorm, c: number, x: number): number {
  return ((x - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * gain[c]! + bias[c]!;
}

function clamp(x: number, { min, max }: Clamp): number {
  return Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, x));
}
