/** A model that is put together step by step, in float32 or as an exporter writes it quantized (QuantizeLinear, DequantizeLinear). */
import { type RandomSource, randomSource } from '../../../src/base/random.js';
import {
  type BuiltAttribute,
  type BuiltNode,
  type BuiltTensor,
  codes,
  floats,
  ints,
  type ModelRecipe,
  node,
  randomValues,
} from '../onnx-builder.js';

/** Largest magnitudes of all tensors that are quantized, in their order: what an exporter finds by running the float model. */
export type Magnitudes = readonly number[];

/** to be quantized: float, without what a quantized model has not. */
export type Form = 'float' | 'to be quantized' | Magnitudes;

export interface Now {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Bits of codes of weights and activations, sign included. */
const CODE_BITS = 8;
/** The last one where ReduceMean has its axes as an attribute. */
const OPSET = 17;

export class ModelBuilder {
  readonly nodes: BuiltNode[] = [];
  readonly initializers: Record<string, BuiltTensor> = {};
  readonly inputs: { name: string; shape: readonly number[] }[] = [];
  /** Names of tensors that quantized models quantize. */
  readonly quantizedTensors: string[] = [];
  readonly operators = new Set<string>();
  /** An operator of which ONNX Runtime and we may round another bit. */
  transcendental = false;
  private count = 0;

  constructor(
    readonly random: RandomSource,
    private readonly form: Form,
  ) {}

  /** The model has only what exporters quantize. */
  get plain(): boolean {
    return this.form !== 'float';
  }

  name(prefix: string): string {
    return `${prefix}${this.count++}`;
  }

  emit(operator: string, inputs: string, attributes: Record<string, BuiltAttribute> = {}, outputs = 1): string {
    this.operators.add(operator);
    const made = Array.from({ length: outputs }, () => this.name('t')).join(' ');
    this.nodes.push(node(operator, inputs, made, attributes));
    return made;
  }

  input(shape: readonly number[]): string {
    const name = this.name('x');
    this.inputs.push({ name, shape });
    return this.requantized(name);
  }

  floats(shape: readonly number[], low = -1, high = 1): string {
    const size = shape.reduce((a, b) => a * b, 1);
    return this.constant(floats(shape, randomValues(size, this.random, low, high)));
  }

  ints(values: readonly number[]): string {
    return this.constant(ints([values.length], values));
  }

  constant(tensor: BuiltTensor): string {
    const name = this.name('c');
    this.initializers[name] = tensor;
    return name;
  }

  /** Weights in about -1..1, in a quantized model as codes. */
  weights(shape: readonly number[]): { readonly name: string; readonly scale: number } {
    const size = shape.reduce((a, b) => a * b, 1);
    const scale = 2 ** -(CODE_BITS - 1 + Math.ceil(Math.log2(Math.sqrt(Math.max(1, size / shape[0]!)))));
    const values = Array.from({ length: size }, () => this.random.integer(-127, 127));
    if (typeof this.form === 'string')
      return {
        name: this.constant(
          floats(
            shape,
            values.map((code) => code * scale),
          ),
        ),
        scale,
      };
    return { name: this.dequantized(codes('int8', shape, values), scale, 'int8'), scale };
  }

  /** Of a layer over `input`: in a quantized model in steps of its accumulator. */
  bias(channels: number, input: string, weightScale: number): string {
    const values = randomValues(channels, this.random);
    const from = this.scaleOf(input);
    if (from === null) return this.constant(floats([channels], values));
    const step = from * weightScale;
    const steps = Array.from(values, (x) => Math.round(x / step));
    return this.dequantized(codes('int32', [channels], steps), step, 'int32');
  }

  private readonly scales = new Map<string, number>();

  private scaleOf(name: string): number | null {
    return this.scales.get(name) ?? null;
  }

  /** The tensor keeps the grid of another one: its values were only moved. */
  sameGrid(from: string, to: string): string {
    const scale = this.scales.get(from);
    if (scale !== undefined) this.scales.set(to, scale);
    return to;
  }

  private dequantized(tensor: BuiltTensor, scale: number, type: 'int8' | 'int32'): string {
    const parts = [this.constant(tensor), this.constant(floats([], [scale])), this.constant(codes(type, [], [0]))];
    return this.emit('DequantizeLinear', parts.join(' '));
  }

  /** Where exporters put a QuantizeLinear and a DequantizeLinear: in steps of a power of two, so that float32 sums are exact. */
  requantized(name: string): string {
    this.quantizedTensors.push(name);
    if (typeof this.form === 'string') return name;
    const index = this.quantizedTensors.length - 1;
    const magnitude = Math.max(1e-3, this.form[index]!);
    const scale = 2 ** Math.ceil(Math.log2(magnitude / (2 ** (CODE_BITS - 1) - 1)));
    const grid = `${this.constant(floats([], [scale]))} ${this.constant(codes('int8', [], [(index % 17) - 8]))}`;
    const made = this.emit('DequantizeLinear', `${this.emit('QuantizeLinear', `${name} ${grid}`)} ${grid}`);
    this.scales.set(made, scale);
    return made;
  }

  recipe(outputs: readonly string[]): ModelRecipe {
    const { nodes, initializers, inputs } = this;
    return { nodes, initializers, inputs, outputs, opset: OPSET };
  }
}

export function builder(seed: number, form: Form): ModelBuilder {
  return new ModelBuilder(randomSource(seed), form);
}
