/** A quantized graph in doubles, node by node: exact where its constants have few bits, which is where tests use it. */
import type {
  ArrangeNode,
  BatchNorm,
  Clamp,
  Graph,
  GraphNode,
  MapGrid,
  Quantizer,
  Shape,
  Window2d,
} from '../../src/frontend/graph.js';
import { evaluatePointwise } from '../../src/frontend/pointwise.js';
import { rounded } from '../../src/frontend/quantizer.js';

/** Every tensor, NCHW. @param input values of the graph's input */
export function evaluateGraph(graph: Graph, input: readonly number[]): Map<string, readonly number[]> {
  const values = new Map<string, readonly number[]>([[graph.inputs[0]!.name, input]]);
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
        return clamp(
          node.norm
            ? normed(node.norm, c, x)
            : (node.divisor ? x / node.divisor[c]! : x * node.scale[c]!) + node.shift[c]!,
          node.clamp,
        );
      });
    case 'add':
    case 'mul': {
      const [a, b] = node.inputs.map(of) as [readonly number[], readonly number[]];
      const other = (i: number): number => b[b.length === a.length ? i : channel(i)]!;
      if (node.kind === 'mul') return a.map((x, i) => clamp(x * other(i), node.clamp));
      return a.map((x, i) => clamp(x + (node.sign ?? 1) * other(i), node.clamp));
    }
    case 'pointwise':
      return of(node.input).map((x, i) => evaluatePointwise(node, channel(i), x));
    case 'arrange':
      return arranged(graph, node, shape, of);
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
      else {
        const count = node.border === 'excluded' ? taps.length : kh * kw;
        out.push(clamp(taps.reduce((a, b) => a + b, 0) / count, node.clamp));
      }
    }
  }
  return out;
}

function arranged(graph: Graph, node: ArrangeNode, shape: Shape, of: (name: string) => readonly number[]): number[] {
  const [, , height = 1, width = 1] = shape;
  const out = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(node.fill);
  for (const { input, from, to, size } of node.parts) {
    const [, , rows = 1, columns = 1] = graph.tensors.get(input)!.shape;
    for (let n = 0; n < size[0] * size[1] * size[2]; n++) {
      const [i, j, k] = [Math.floor(n / size[1]) % size[0], n % size[1], Math.floor(n / (size[0] * size[1]))];
      const at = (grid: MapGrid, h: number, w: number): number =>
        ((grid.c + k * grid.cStep) * h + grid.y + i * grid.yStep) * w + grid.x + j * grid.xStep;
      out[at(to, height, width)] = of(input)[at(from, rows, columns)]!;
    }
  }
  return out;
}

function onGrid(quantizer: Quantizer, c: number, x: number): number {
  if (quantizer.kind === 'bipolar') return x >= 0 ? quantizer.scale : -quantizer.scale;
  if (quantizer.kind === 'thresholds') {
    const row = quantizer.thresholds[quantizer.thresholds.length === 1 ? 0 : c]!;
    return quantizer.scale * row.filter((t) => x >= t).length + quantizer.bias;
  }
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
