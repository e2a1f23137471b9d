/**
 * Random quantized graphs of every node kind and quantizer. Scales are small odd multiples of powers of two, batch norms have
 * roots that are powers of two: float32 sums are exact, so that ONNX Runtime and exact arithmetic have the same codes, ties included.
 */
import { type RandomSource, randomSource } from '../../../src/base/random.js';
import type {
  ArrangePart,
  Graph,
  MapGrid,
  PointwiseFunction,
  Quantizer,
  Rounding,
  Shape,
} from '../../../src/frontend/graph.js';
import { GraphBuilder, RELU, uniform } from '../../support/graph-builder.js';

const ROUNDINGS: readonly Rounding[] = [
  'half-even',
  'half-up',
  'half-down',
  'half-away',
  'half-to-zero',
  'floor',
  'ceil',
];
/** ONNX Runtime's exponentials are its own: a code beside a tie may be the other one. */
export const SMOOTH: readonly PointwiseFunction[] = [
  ...(['sigmoid', 'tanh', 'hardswish', 'silu', 'gelu', 'mish', 'elu', 'softplus'] as const),
];
const FUNCTIONS: readonly PointwiseFunction[] = [
  ...(['leakyrelu', 'leakyrelu', 'prelu', 'prelu', 'abs', 'sign', 'hardsigmoid'] as const),
  ...SMOOTH,
];
const BLOCKS = ['conv', 'conv', 'average', 'add', 'mul', 'arrange', 'function', 'max', 'regrid'] as const;
const OPEN = { min: null, max: null };
const ORIGIN: MapGrid = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };

export function randomQuantized(seed: number): Graph {
  const random = randomSource(seed);
  const shape = [1, random.integer(1, 4), random.integer(3, 6), random.integer(3, 6)];
  const builder = new GraphBuilder(shape, seed + 1);
  const maker = new Maker(random, builder);
  builder.quant(maker.uniform());
  maker.keep();
  for (let i = random.integer(1, 4); i > 0; i--) maker.block(BLOCKS[random.integer(0, BLOCKS.length - 1)]!);
  if (random.integer(0, 1) === 1) builder.dense({ channels: random.integer(1, 5), codes: maker.codes() }, maker.newest);
  return onlyUsed(builder.build());
}

class Maker {
  /** Tensors behind quantizers. */
  private readonly coded: string[] = [];

  constructor(
    private readonly random: RandomSource,
    private readonly b: GraphBuilder,
  ) {}

  get newest(): string {
    return this.coded.at(-1)!;
  }

  keep(): void {
    this.coded.push(this.b.last);
  }

  block(kind: (typeof BLOCKS)[number]): void {
    this.make(kind);
    if (this.b.last === this.newest) return;
    this.b.quant(this.quantizer(this.shape(this.b.last)[1]!));
    this.keep();
  }

  private make(kind: (typeof BLOCKS)[number]): void {
    const { random, b } = this;
    const [, channels = 1, height = 1, width = 1] = this.shape(this.newest);
    switch (kind) {
      case 'conv':
        this.conv();
        return;
      case 'average':
        this.average();
        return;
      case 'add':
      case 'mul':
        this.pair(kind);
        return;
      case 'arrange':
        this.arrange();
        return;
      case 'function':
        this.pointwise(this.newest, channels);
        return;
      case 'max':
        b.pool(
          'maxpool',
          { kernel: [Math.min(2, height), Math.min(2, width)], strides: [1, random.integer(1, 2)] },
          this.newest,
        );
        return;
      case 'regrid':
        b.quant(this.quantizer(channels), this.newest);
        this.keep();
    }
  }

  private conv(): void {
    const { random, b } = this;
    const [, channels = 1] = this.shape(this.newest);
    const depthwise = random.integer(0, 3) === 0;
    const outputs = depthwise ? channels : random.integer(1, 4);
    const point = random.integer(0, 2) === 0;
    const window = point ? ({ kernel: [1, 1] } as const) : ({ kernel: [3, 3], pads: [1, 1, 1, 1] } as const);
    const clamp = random.integer(0, 2) === 0 ? RELU : OPEN;
    b.conv({ ...window, channels: outputs, groups: depthwise ? channels : 1, codes: this.codes(), clamp }, this.newest);
    if (random.integer(0, 3) === 0) b.norm(Array.from({ length: outputs }, () => this.norm()));
    if (random.integer(0, 3) === 0) this.pool();
    if (random.integer(0, 4) === 0) b.affine(this.line(outputs));
    if (random.integer(0, 4) === 0) this.pointwise(b.last, outputs);
  }

  private pool(): void {
    const [, , height = 1, width = 1] = this.shape(this.b.last);
    this.b.pool('maxpool', { kernel: [Math.min(2, height), Math.min(2, width)] });
  }

  private average(): void {
    const { random, b } = this;
    const input = this.newest;
    const [, channels = 1, height = 1, width = 1] = this.shape(input);
    const excluded = random.integer(0, 1) === 1;
    const pad = Math.min(height, width) < 2 ? 0 : random.integer(0, 1);
    const kernel = [Math.min(2, height), Math.min(2, width)] as const;
    const pads = [pad, 0, 0, pad] as const;
    const window = { kernel, strides: [1, 1], dilations: [1, 1], pads } as const;
    const shape = [1, channels, height + pad - kernel[0] + 1, width + pad - kernel[1] + 1];
    const border = excluded ? ({ border: 'excluded' } as const) : {};
    b.node({ kind: 'averagepool', input, ...window, ...border, clamp: OPEN }, shape);
  }

  /** Of the newest tensor and one of its shape, itself if there is no other, or its pixel. */
  private pair(kind: 'add' | 'mul'): void {
    const { random, b } = this;
    const first = this.newest;
    const shape = this.shape(first);
    const alike = this.coded.filter((name) => this.shape(name).join() === shape.join());
    let second = alike[random.integer(0, alike.length - 1)]!;
    if (random.integer(0, 3) === 0 && shape.length === 4) {
      b.pool('averagepool', { kernel: [shape[2]!, shape[3]!] }, first).quant(this.uniform());
      second = b.last;
    }
    const clamp = random.integer(0, 1) === 0 ? RELU : OPEN;
    if (kind === 'mul') b.node({ kind, inputs: [first, second], clamp }, shape);
    else b.node({ kind, inputs: [first, second], sign: random.integer(0, 1) === 0 ? 1 : -1, clamp }, shape);
  }

  private arrange(): void {
    const { random, b } = this;
    const first = this.newest;
    const [, channels = 1, height = 1, width = 1] = this.shape(first);
    const size = [height, width, channels] as const;
    const beside = this.coded.filter((name) => {
      const [, , rows = 1, columns = 1] = this.shape(name);
      return rows === height && columns === width;
    });
    const second = beside[random.integer(0, beside.length - 1)]!;
    const more = this.shape(second)[1]!;
    const choice = random.integer(0, 2);
    if (choice === 0) {
      const parts = [at(first, {}, size), at(second, { c: channels }, [height, width, more])];
      b.node({ kind: 'arrange', parts, fill: 0 }, [1, channels + more, height, width]);
    } else if (choice === 1) {
      const parts = [at(first, { y: 1, x: 0 }, size)];
      b.node({ kind: 'arrange', parts, fill: random.integer(0, 1) }, [1, channels, height + 1, width + 1]);
    } else {
      const parts = [0, 1].map((x) => at(first, { x, xStep: 2 }, size));
      b.node({ kind: 'arrange', parts, fill: 0 }, [1, channels, height, 2 * width]);
    }
  }

  private pointwise(input: string, channels: number): void {
    const fn = FUNCTIONS[this.random.integer(0, FUNCTIONS.length - 1)]!;
    const slopes = fn === 'prelu' ? { slopes: Float32Array.from({ length: channels }, () => this.scale()) } : {};
    const alpha = fn === 'gelu' ? 0 : fn === 'elu' || fn === 'silu' ? 1 : 0.25;
    this.b.node({ kind: 'pointwise', input, fn, alpha, beta: 0.5, ...slopes }, this.shape(input));
  }

  codes(): { readonly bits: number; readonly scale: readonly number[] } {
    return { bits: this.random.integer(1, 5), scale: [this.scale()] };
  }

  private line(channels: number): { readonly scale: number[]; readonly shift: number[] } {
    const signed = (): number => (this.random.integer(0, 1) === 0 ? 1 : -1) * this.scale();
    return {
      scale: Array.from({ length: channels }, signed),
      shift: Array.from({ length: channels }, () => this.eighth()),
    };
  }

  private norm(): readonly [number, number, number, number] {
    return [this.random.integer(-3, 3), this.eighth(), this.eighth(), 4 ** this.random.integer(-1, 1)];
  }

  private eighth(): number {
    return this.random.integer(-16, 16) / 8;
  }

  private scale(): number {
    return [1, 3, 5][this.random.integer(0, 2)]! * 2 ** -this.random.integer(1, 4);
  }

  private quantizer(channels: number): Quantizer {
    const choice = this.random.integer(0, 9);
    if (choice === 0) return { kind: 'bipolar', scale: this.scale() };
    if (choice > 2) return this.uniform();
    const row = (): Float32Array => Float32Array.from({ length: 4 }, () => this.random.integer(-40, 40) / 8).sort();
    const rows = choice === 1 ? [row()] : Array.from({ length: channels }, row);
    return { kind: 'thresholds', thresholds: rows, scale: this.scale(), bias: 0 };
  }

  uniform(): ReturnType<typeof uniform> {
    const { random } = this;
    const bits = random.integer(2, 8);
    const half = 2 ** (bits - 1);
    const zero = random.integer(-half, half - 1);
    const round = ROUNDINGS[random.integer(0, ROUNDINGS.length - 1)]!;
    return uniform({ scale: this.scale(), zero, lo: -half, hi: half - 1, round });
  }

  private shape(name: string): Shape {
    return this.b.tensors.get(name)!.shape;
  }
}

function at(input: string, to: Partial<MapGrid>, size: ArrangePart['size']): ArrangePart {
  return { input, from: ORIGIN, to: { ...ORIGIN, ...to }, size };
}

/** Without nodes that nothing leads from to the output. */
function onlyUsed(graph: Graph): Graph {
  const used = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!used.has(node.output)) return false;
    const operands =
      node.kind === 'arrange'
        ? node.parts.map((part) => part.input)
        : node.kind === 'add' || node.kind === 'mul'
          ? node.inputs
          : [node.input];
    for (const name of operands) used.add(name);
    return true;
  });
  return {
    ...graph,
    nodes: nodes.toReversed(),
    tensors: new Map([...graph.tensors].filter(([name]) => used.has(name))),
  };
}
