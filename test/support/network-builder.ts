/** Builds integer networks layer by layer: shapes, ranges and requantizers follow from what a test asks for. */
import { type RandomSource, randomSource } from '../../src/base/random.js';
import type { ArrangePart } from '../../src/frontend/graph.js';
import { productRange } from '../../src/quant/acc-range.js';
import type { CodeTensor, ConvLayer, IntegerNetwork, Layer, Requantize } from '../../src/quant/network.js';

export interface WindowRecipe {
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads?: readonly [number, number, number, number];
}

export interface ConvRecipe extends WindowRecipe {
  readonly input?: string;
  readonly channels: number;
  readonly depthwise?: boolean;
  readonly weightBits?: number;
  /** [Cout][kh][kw][Cin]; where absent, `fill` says which: random (any), all the least, all the largest. */
  readonly weights?: readonly number[];
  readonly fill?: 'any' | 'least' | 'largest';
  /** Bits of the output codes; null: raw accumulators. */
  readonly bits?: number | null;
  readonly zero?: number;
  readonly residual?: string;
  readonly round?: Requantize['round'];
  readonly requantize?: Partial<Requantize>;
  readonly useful?: boolean;
  /** Codes of a random table behind the clamp; absent: none. */
  readonly table?: number;
  /** Of this layer's random numbers; absent: they go on where the last layer's ended. */
  readonly seed?: number;
}

export type MulRecipe = Pick<ConvRecipe, 'bits' | 'zero' | 'round' | 'requantize' | 'table' | 'seed'> & {
  readonly inputs: readonly [string, string];
};

export interface ArrangeRecipe {
  readonly parts: readonly ArrangePart[];
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly fill?: number;
}

export interface InputRecipe {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bits?: number;
  readonly zero?: number;
}

export class NetworkBuilder {
  readonly tensors: Record<string, CodeTensor> = {};
  readonly layers: Layer[] = [];
  readonly inputs: string[] = [];
  #random: RandomSource;
  readonly #widths: { readonly mBits: number; readonly bBits: number };
  #last = 'input';

  constructor(
    input: InputRecipe,
    seed = 1,
    widths: { readonly mBits: number; readonly bBits: number } = { mBits: 34, bBits: 64 },
  ) {
    this.#random = randomSource(seed);
    this.#widths = widths;
    this.input(input);
  }

  /** One more input; the first is called input, the others input1, input2, ... */
  input(shape: InputRecipe): this {
    const name = this.inputs.length === 0 ? 'input' : `input${this.inputs.length}`;
    this.inputs.push(name);
    return this.#output(name, { bits: 8, zero: 0, ...shape });
  }

  get last(): CodeTensor {
    return this.tensors[this.#last]!;
  }

  conv(recipe: ConvRecipe): this {
    if (recipe.seed !== undefined) this.#random = randomSource(recipe.seed);
    const input = this.tensors[recipe.input ?? this.#last]!;
    const window = fullWindow(recipe);
    const [height, width] = outputSize(input, window);
    const depthwise = recipe.depthwise ?? false;
    const channels = depthwise ? input.channels : recipe.channels;
    const bits = recipe.bits === undefined ? 8 : recipe.bits;
    const name = `conv${this.layers.length}`;
    const groups = depthwise ? channels : 1;
    const taps = window.kernel[0] * window.kernel[1] * (input.channels / groups);
    const weightBits = recipe.weightBits ?? 8;
    const weights = Int8Array.from(recipe.weights ?? this.#weights(channels * taps, weightBits, recipe.fill ?? 'any'));
    const accRange = rangeOf(weights, taps, input.bits);
    this.layers.push({
      kind: 'conv',
      name,
      sources: [name],
      input: input.name,
      output: `${name}.out`,
      ...window,
      groups,
      weights,
      weightFormat: { bits: weightBits },
      useful: recipe.useful ?? true,
      requantize: bits === null ? null : this.#requantize(recipe, channels, bits, accRange),
      accRange,
      exactness: { kind: 'exact' },
    });
    // Raw accumulators have no code of zero.
    const zero = bits === null ? 0 : (recipe.zero ?? 0);
    return this.#output(`${name}.out`, { height, width, channels, bits: bits ?? 8, zero });
  }

  maxpool(recipe: WindowRecipe & { readonly input?: string }): this {
    const input = this.tensors[recipe.input ?? this.#last]!;
    const window = fullWindow(recipe);
    const [height, width] = outputSize(input, window);
    const name = `pool${this.layers.length}`;
    const exactness = { kind: 'exact' } as const;
    this.layers.push({
      kind: 'maxpool',
      name,
      sources: [name],
      input: input.name,
      output: `${name}.out`,
      ...window,
      exactness,
    });
    const { channels, bits, zero } = input;
    return this.#output(`${name}.out`, { height, width, channels, bits, zero });
  }

  /** The second operand may be one pixel. */
  mul(recipe: MulRecipe): this {
    if (recipe.seed !== undefined) this.#random = randomSource(recipe.seed);
    const [a, b] = recipe.inputs.map((name) => this.tensors[name]!) as [CodeTensor, CodeTensor];
    const bits = recipe.bits ?? 8;
    const name = `mul${this.layers.length}`;
    const accRange = productRange(a, b);
    this.layers.push({
      kind: 'mul',
      name,
      sources: [name],
      inputs: recipe.inputs,
      output: `${name}.out`,
      requantize: this.#requantize(recipe, a.channels, bits, accRange),
      accRange,
      exactness: { kind: 'exact' },
    });
    const { height, width, channels } = a;
    return this.#output(`${name}.out`, { height, width, channels, bits, zero: recipe.zero ?? 0 });
  }

  /** Its codes are of the kind of the first part's. */
  arrange({ parts, height, width, channels, fill = 0 }: ArrangeRecipe): this {
    const name = `arrange${this.layers.length}`;
    const { bits, zero } = this.tensors[parts[0]!.input]!;
    const exactness = { kind: 'exact' } as const;
    this.layers.push({ kind: 'arrange', name, sources: [name], parts, fill, output: `${name}.out`, exactness });
    return this.#output(`${name}.out`, { height, width, channels, bits, zero });
  }

  /** @param outputs in the order in which their layers come */
  build(...outputs: readonly string[]): IntegerNetwork {
    const names = outputs.length === 0 ? [this.#last] : outputs;
    const nchw = ({ height, width, channels }: CodeTensor) => [1, channels, height, width];
    return {
      name: 'random',
      inputs: this.inputs.map((name) => ({ tensor: name, modelName: name, shape: nchw(this.tensors[name]!) })),
      outputs: names.map((name) => {
        const maker = this.layers.find((layer) => layer.output === name);
        const raw = maker?.kind === 'conv' && maker.requantize === null;
        const { channels } = this.tensors[name]!;
        return {
          tensor: name,
          form: raw ? ('accumulators' as const) : ('codes' as const),
          scale: raw ? Array.from({ length: channels }, () => 1) : [1],
          bias: raw ? Array.from({ length: channels }, () => 0) : [],
          name,
          shape: nchw(this.tensors[name]!),
        };
      }),
      host: [],
      modelOutputs: names.map((value, i) => ({
        name: i === 0 ? 'output' : `output${i}`,
        value,
        shape: nchw(this.tensors[value]!),
        type: 'float32' as const,
      })),
      tensors: this.tensors,
      layers: this.layers,
    };
  }

  #weights(count: number, bits: number, fill: 'any' | 'least' | 'largest'): number[] {
    const [low, high] = bits === 1 ? [0, 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
    const value = () => (fill === 'least' ? low : fill === 'largest' ? high : this.#random.integer(low, high));
    return Array.from({ length: count }, () => (bits === 1 ? value() * 2 - 1 : value()));
  }

  /** Constants that spread the reachable accumulators over the codes and a little beyond. */
  #requantize(
    recipe: Pick<ConvRecipe, 'residual' | 'round' | 'requantize' | 'table'>,
    channels: number,
    bits: number,
    range: ConvLayer['accRange'],
  ): Requantize {
    const random = this.#random;
    const span = Math.max(1, range.max - range.min);
    const top = recipe.table === undefined ? 2 ** bits - 1 : recipe.table - 1;
    const table = Uint16Array.from({ length: recipe.table ?? 0 }, () => random.integer(0, 2 ** bits - 1));
    const rows = Array.from({ length: channels }, () => {
      const gain = (0.5 + 3 * random.uniform()) * (random.integer(0, 3) === 0 ? -1 : 1);
      const [offset, weight] = [random.uniform(), random.uniform() - 0.3];
      for (let n = random.integer(0, 30); ; n--) {
        // No difference between 0 and -0.
        const m = Math.round(((2 ** n * (top + 1)) / span) * gain) + 0;
        const middle = BigInt(m) * BigInt(Math.round((range.max + range.min) / 2));
        const b = BigInt(Math.round(2 ** n * (top / 2 + offset))) - middle;
        const r = Math.round(2 ** n * weight) + 0;
        if (n === 0 || this.#fits(m, b, r)) return { m, b, n, r };
      }
    });
    return {
      m: rows.map(({ m }) => m),
      b: rows.map(({ b }) => b),
      n: rows.map(({ n }) => n),
      round: recipe.round ?? 'floor',
      lo: 0,
      hi: top,
      residual: recipe.residual === undefined ? null : { tensor: recipe.residual, m: rows.map(({ r }) => r) },
      ...recipe.requantize,
      ...(recipe.table !== undefined && { table }),
    };
  }

  #fits(m: number, b: bigint, r: number): boolean {
    const most = 2 ** (this.#widths.mBits - 1);
    return Math.abs(m) < most && Math.abs(r) < most && BigInt.asIntN(this.#widths.bBits, b) === b;
  }

  #tensor(shape: Omit<CodeTensor, 'scale'>): void {
    this.tensors[shape.name] = { ...shape, scale: 1 };
  }

  #output(name: string, shape: Omit<CodeTensor, 'scale' | 'name'>): this {
    this.#tensor({ name, ...shape });
    this.#last = name;
    return this;
  }
}

/** Codes of one frame, all inputs one after the other, all values of the tensors' bits. */
export function randomCodes(network: IntegerNetwork, seed: number): Uint16Array {
  const random = randomSource(seed);
  const codes = network.inputs.flatMap(({ tensor }) => {
    const { height, width, channels, bits } = network.tensors[tensor]!;
    return Array.from({ length: height * width * channels }, () => random.integer(0, 2 ** bits - 1));
  });
  return Uint16Array.from(codes);
}

/** The same as bytes, for a network with one input of at most 8 bits. */
export function randomFrame(network: IntegerNetwork, seed: number): Uint8Array {
  const [only, ...others] = network.inputs;
  if (others.length > 0 || network.tensors[only!.tensor]!.bits > 8) throw new RangeError('more than a byte a code');
  return Uint8Array.from(randomCodes(network, seed));
}

function fullWindow(recipe: WindowRecipe): Required<WindowRecipe> {
  return {
    kernel: recipe.kernel,
    strides: recipe.strides ?? [1, 1],
    dilations: recipe.dilations ?? [1, 1],
    pads: recipe.pads ?? [0, 0, 0, 0],
  };
}

function outputSize(input: CodeTensor, window: Required<WindowRecipe>): readonly [number, number] {
  const { kernel, strides, dilations, pads } = window;
  const size = (i: 0 | 1, length: number) =>
    Math.floor((length + pads[i]! + pads[i + 2]! - (kernel[i] - 1) * dilations[i] - 1) / strides[i]) + 1;
  return [size(0, input.height), size(1, input.width)];
}

/** Reachable accumulators: codes 0..2^bits-1, every tap free. */
function rangeOf(weights: Int8Array, taps: number, bits: number): ConvLayer['accRange'] {
  const top = 2 ** bits - 1;
  let min = 0;
  let max = 0;
  for (let at = 0; at < weights.length; at += taps) {
    const channel = weights.subarray(at, at + taps);
    min = Math.min(
      min,
      channel.reduce((sum, w) => sum + Math.min(0, w) * top, 0),
    );
    max = Math.max(
      max,
      channel.reduce((sum, w) => sum + Math.max(0, w) * top, 0),
    );
  }
  return { min, max };
}
