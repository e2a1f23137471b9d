/** Builds float graphs node by node: names and shapes follow; constants are random where a test gives none. */
import { type RandomSource, randomSource } from '../../src/base/random.js';
import type {
  ArrangePart,
  BatchNorm,
  Clamp,
  Constant,
  Graph,
  GraphNode,
  GraphTensor,
  MapGrid,
  PointwiseFunction,
  Quantizer,
  Shape,
  UniformQuantizer,
  WeightCodes,
  Window2d,
} from '../../src/frontend/graph.js';
import { type ChainOp, hostChain } from './host-chain.js';

export interface WindowChoice {
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
}

export interface ConvChoice extends WindowChoice {
  readonly channels: number;
  readonly groups?: number;
  readonly weights?: readonly number[];
  readonly bias?: readonly number[];
  readonly clamp?: Clamp;
  /** Weights that the model carries as codes: as many random ones as needed, or those given. */
  readonly codes?: { readonly bits: number; readonly scale?: readonly number[]; readonly values?: readonly number[] };
}

/** A node without what the builder gives it. */
type Unnamed = GraphNode extends infer N
  ? N extends GraphNode
    ? Omit<N, 'name' | 'sources' | 'output'>
    : never
  : never;

export const RELU: Clamp = { min: 0, max: null };
const OPEN: Clamp = { min: null, max: null };
export const ORIGIN: MapGrid = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };

export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly tensors = new Map<string, GraphTensor>();
  readonly #random: RandomSource;
  readonly #inputs = ['input'];
  #last = 'input';

  constructor(shape: Shape, seed = 1) {
    this.#random = randomSource(seed);
    this.tensors.set('input', { name: 'input', shape });
  }

  /** The name of the newest tensor. */
  get last(): string {
    return this.#last;
  }

  conv(choice: ConvChoice, input = this.#last): this {
    const [, cin = 1, height = 1, width = 1] = this.#shape(input);
    const window = whole(choice);
    const groups = choice.groups ?? 1;
    const shape = [choice.channels, cin / groups, ...window.kernel];
    const size = (i: 0 | 1, length: number) => extent(length, window, i);
    const coded = choice.codes && this.#codes(shape, choice.codes);
    return this.#add(
      {
        ...this.#base('conv'),
        kind: 'conv',
        input,
        ...window,
        groups,
        ...(coded ?? { weights: this.#constant(shape, choice.weights) }),
        bias: this.#constant([choice.channels], choice.bias ?? (coded && this.#eighths(choice.channels))),
        clamp: choice.clamp ?? OPEN,
      },
      [1, choice.channels, size(0, height), size(1, width)],
    );
  }

  dense(choice: Omit<ConvChoice, 'kernel'>, input = this.#last): this {
    const features = this.#shape(input).reduce((a, b) => a * b, 1);
    const coded = choice.codes && this.#codes([choice.channels, features], choice.codes);
    return this.#add(
      {
        ...this.#base('dense'),
        kind: 'dense',
        input,
        ...(coded ?? { weights: this.#constant([choice.channels, features], choice.weights) }),
        bias: this.#constant([choice.channels], choice.bias ?? (coded && this.#eighths(choice.channels))),
        clamp: choice.clamp ?? OPEN,
      },
      [1, choice.channels],
    );
  }

  /** Another input of the model; the last tensor stays what it was. */
  input(name: string, shape: Shape): this {
    this.tensors.set(name, { name, shape });
    this.#inputs.push(name);
    return this;
  }

  add(a: string, b = this.#last, clamp: Clamp = OPEN, sign?: -1): this {
    const node = { ...this.#base('add'), kind: 'add', inputs: [a, b], clamp } as const;
    return this.#add(sign === undefined ? node : { ...node, sign }, this.#larger(a, b));
  }

  mul(a: string, b = this.#last, clamp: Clamp = OPEN): this {
    return this.#add({ ...this.#base('mul'), kind: 'mul', inputs: [a, b], clamp }, this.#shape(a));
  }

  pointwise(
    fn: PointwiseFunction,
    choice: { alpha?: number; beta?: number; slopes?: readonly number[] } = {},
    input = this.#last,
  ): this {
    const { alpha = 0, beta = 0, slopes } = choice;
    const node = { ...this.#base(fn), kind: 'pointwise', input, fn, alpha, beta } as const;
    return this.#add(slopes ? { ...node, slopes: Float32Array.from(slopes) } : node, this.#shape(input));
  }

  arrange(parts: readonly ArrangePart[], shape: Shape, fill = 0): this {
    return this.#add({ ...this.#base('arrange'), kind: 'arrange', parts, fill }, shape);
  }

  /** Maps of one size side by side, by channels. */
  concat(...inputs: readonly string[]): this {
    let c = 0;
    const [, , height = 1, width = 1] = this.#shape(inputs[0]!);
    const parts = inputs.map((input): ArrangePart => {
      const channels = this.#shape(input)[1]!;
      c += channels;
      return { input, from: ORIGIN, to: { ...ORIGIN, c: c - channels }, size: [height, width, channels] };
    });
    return this.arrange(parts, [1, c, ...this.#shape(inputs[0]!).slice(2)]);
  }

  quant(quantizer: Quantizer, input = this.#last): this {
    return this.#add({ ...this.#base('quant'), kind: 'quant', input, quantizer }, this.#shape(input));
  }

  /** gain, bias, mean and variance of every channel in turn. */
  norm(channels: readonly (readonly [number, number, number, number])[], epsilon = 0): this {
    const part = (i: number) => Float32Array.from(channels, (channel) => channel[i]!);
    const norm: BatchNorm = { gain: part(0), bias: part(1), mean: part(2), variance: part(3), epsilon };
    const scale = norm.gain.map((g, c) => g / Math.sqrt(norm.variance[c]! + epsilon));
    const shift = norm.bias.map((b, c) => b - norm.mean[c]! * scale[c]!);
    const input = this.#last;
    const node = { ...this.#base('norm'), kind: 'affine', input, scale, shift, norm, clamp: OPEN } as const;
    return this.#add(node, this.#shape(input));
  }

  affine(choice: { scale?: readonly number[]; shift?: readonly number[]; clamp?: Clamp } = {}): this {
    const input = this.#last;
    const channels = [this.#shape(input)[1] ?? 1];
    const scale = this.#constant(channels, choice.scale).data;
    const shift = this.#constant(channels, choice.shift).data;
    return this.#add(
      { ...this.#base('affine'), kind: 'affine', input, scale, shift, clamp: choice.clamp ?? OPEN },
      this.#shape(input),
    );
  }

  pool(
    kind: 'maxpool' | 'averagepool',
    choice: WindowChoice & { readonly border?: 'excluded' },
    input = this.#last,
  ): this {
    const [, channels = 1, height = 1, width = 1] = this.#shape(input);
    const window = whole(choice);
    const shape = [1, channels, extent(height, window, 0), extent(width, window, 1)];
    const base = { ...this.#base(kind), input, ...window };
    const border = choice.border === undefined ? {} : { border: choice.border };
    return this.#add(kind === 'maxpool' ? { ...base, kind } : { ...base, kind, ...border, clamp: OPEN }, shape);
  }

  /** A node of any kind, whose output has this shape: the newest tensor's if absent. */
  node(node: Unnamed, shape: Shape = this.#shape(this.#last)): this {
    return this.#add({ ...this.#base(node.kind), ...node } as GraphNode, shape);
  }

  /** @param ops the host's steps behind the last tensor */
  build(ops: readonly ChainOp[] = []): Graph {
    const output = this.tensors.get(this.#last)!;
    const { host, value, shape } = hostChain(output, ops);
    return {
      name: 'built',
      inputs: this.#inputs.map((name) => this.tensors.get(name)!),
      outputs: [output],
      host,
      modelOutputs: [{ name: value, value, shape, type: 'float32' }],
      nodes: this.nodes,
      tensors: this.tensors,
    };
  }

  /** Several tensors leave, in this order, with nothing for the host to do. */
  leaving(...names: readonly string[]): Graph {
    const outputs = names.map((name) => this.tensors.get(name)!);
    const modelOutputs = outputs.map(({ name, shape }) => ({ name, value: name, shape, type: 'float32' }));
    return { ...this.build(), outputs, modelOutputs };
  }

  #larger(a: string, b: string): Shape {
    const size = (name: string) => this.#shape(name).reduce((product, n) => product * n, 1);
    return this.#shape(size(a) >= size(b) ? a : b);
  }

  #add(node: GraphNode, shape: Shape): this {
    this.nodes.push(node);
    this.tensors.set(node.output, { name: node.output, shape });
    this.#last = node.output;
    return this;
  }

  #base(kind: string): { name: string; sources: readonly string[]; output: string } {
    const name = `${kind}${this.nodes.length}`;
    return { name, sources: [name], output: `${name}.out` };
  }

  #shape(name: string): Shape {
    return this.tensors.get(name)!.shape;
  }

  /** Biases whose sums with a few codes are exact. */
  #eighths(count: number): readonly number[] {
    return Array.from({ length: count }, () => this.#random.integer(-32, 32) / 8);
  }

  #codes(shape: Shape, choice: NonNullable<ConvChoice['codes']>): { weights: Constant; codes: WeightCodes } {
    const { bits } = choice;
    const count = shape.reduce((a, b) => a * b, 1);
    const half = 2 ** (bits - 1);
    const draw = () => (bits === 1 ? 2 * this.#random.integer(0, 1) - 1 : this.#random.integer(-half, half - 1));
    const values = Int16Array.from(choice.values ?? Array.from({ length: count }, draw));
    const scale = Float32Array.from(choice.scale ?? [1]);
    const perChannel = count / shape[0]!;
    const worth = (i: number) => scale[scale.length === 1 ? 0 : Math.floor(i / perChannel)]!;
    const data = Float32Array.from(values, (code, i) => code * worth(i));
    return { weights: { shape, data }, codes: { values, scale, bits, bipolar: bits === 1 } };
  }

  #constant(shape: Shape, values?: readonly number[]): Constant {
    const length = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from(values ?? Array.from({ length }, () => this.#random.uniform() * 2 - 1));
    return { shape, data };
  }
}

export function uniform(
  changes: Partial<Omit<UniformQuantizer, 'scale' | 'zero'>> & {
    scale?: number | readonly number[];
    zero?: number;
  } = {},
): UniformQuantizer {
  const { scale = 1, zero = 0, ...rest } = changes;
  const constants = { scale: Float32Array.from([scale].flat()), zero: Float32Array.of(zero) };
  return { kind: 'uniform', lo: -128, hi: 127, round: 'half-even', zeroInside: false, ...rest, ...constants };
}

/** Samples for a graph's input, uniform in lo..hi. */
export function randomSamples(graph: Graph, count: number, lo: number, hi: number, seed = 1): Float32Array[] {
  const random = randomSource(seed);
  const size = graph.inputs[0]!.shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: size }, () => lo + (hi - lo) * random.uniform()),
  );
}

function whole(choice: WindowChoice): Window2d {
  const { kernel, strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0] } = choice;
  return { kernel, strides, dilations, pads };
}

function extent(length: number, window: Window2d, axis: 0 | 1): number {
  const span = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
  return Math.floor((length + window.pads[axis]! + window.pads[axis + 2]! - span) / window.strides[axis]) + 1;
}
