/** Quantizers as elementary ONNX operators: every scale, zero, range and rounding, in float32 as quantizer.ts computes them. */
import type { Quantizer, Rounding, Shape, ThresholdQuantizer, UniformQuantizer } from './graph.js';

export interface OperatorSink {
  emit(operator: string, inputs: readonly string[], output: string): void;
  /** The name of a constant. */
  floats(wanted: string, shape: Shape, data: Float32Array): string;
  unused(wanted: string): string;
}

/** @param rank of the tensor, channels on axis 1 */
export function writeQuantizer(sink: OperatorSink, quantizer: Quantizer, from: string, to: string, rank: number): void {
  const write = new QuantizerWriter(sink, to);
  if (quantizer.kind === 'bipolar') write.bipolar(from, quantizer.scale);
  else if (quantizer.kind === 'thresholds') write.thresholds(from, quantizer, rank);
  else write.uniform(from, quantizer, rank);
}

class QuantizerWriter {
  constructor(
    private readonly sink: OperatorSink,
    private readonly output: string,
  ) {}

  bipolar(from: string, scale: number): void {
    const isPositive = this.apply('GreaterOrEqual', from, this.scalar(0));
    this.sink.emit('Where', [isPositive, this.scalar(scale), this.scalar(-scale)], this.output);
  }

  uniform(from: string, quantizer: UniformQuantizer, rank: number): void {
    const scale = this.channelwise(quantizer.scale, rank);
    const zero = this.channelwise(quantizer.zero, rank);
    const steps = this.apply('Div', from, scale);
    const code = quantizer.zeroInside
      ? this.rounded(quantizer.round, this.apply('Add', steps, zero))
      : this.apply('Add', this.rounded(quantizer.round, steps), zero);
    const clamped = this.apply('Clip', code, this.scalar(quantizer.lo), this.scalar(quantizer.hi));
    this.sink.emit('Mul', [this.apply('Sub', clamped, zero), scale], this.output);
  }

  /** One comparison for each threshold: all at once would take as many copies of the map. */
  thresholds(from: string, quantizer: ThresholdQuantizer, rank: number): void {
    const { thresholds: rows, scale, bias } = quantizer;
    const [one, none] = [this.scalar(1), this.scalar(0)];
    let passed: string | null = null;
    for (const i of rows[0]!.keys()) {
      const threshold = this.channelwise(
        Float32Array.from(rows, (row) => row[i]!),
        rank,
      );
      const passes = this.apply('Where', this.apply('GreaterOrEqual', from, threshold), one, none);
      passed = passed === null ? passes : this.apply('Add', passed, passes);
    }
    this.sink.emit('Add', [this.apply('Mul', passed!, this.scalar(scale)), this.scalar(bias)], this.output);
  }

  /** One for each channel, or one for all. */
  private channelwise(data: Float32Array, rank: number): string {
    const shape = data.length === 1 ? [] : [1, data.length, ...new Array<number>(rank - 2).fill(1)];
    return this.sink.floats(`${this.output}.constant`, shape, data);
  }

  private rounded(round: Rounding, x: string): string {
    switch (round) {
      case 'half-even':
        return this.apply('Round', x);
      case 'floor':
        return this.apply('Floor', x);
      case 'ceil':
        return this.apply('Ceil', x);
      case 'half-up':
        return this.halfUp(x);
      case 'half-down':
        return this.halfDown(x);
      case 'to-zero':
        return this.bySize(x, (size) => this.apply('Floor', size));
      case 'away':
        return this.bySize(x, (size) => this.apply('Ceil', size));
      case 'half-away':
        return this.bySize(x, (size) => this.halfUp(size));
      case 'half-to-zero':
        return this.bySize(x, (size) => this.halfDown(size));
    }
  }

  /** floor + 1 where the rest is a half or more: x + 0.5 itself would be rounded. */
  private halfUp(x: string): string {
    const floor = this.apply('Floor', x);
    const goesUp = this.apply('GreaterOrEqual', this.apply('Sub', x, floor), this.scalar(0.5));
    return this.apply('Where', goesUp, this.apply('Add', floor, this.scalar(1)), floor);
  }

  private halfDown(x: string): string {
    const ceil = this.apply('Ceil', x);
    const goesDown = this.apply('GreaterOrEqual', this.apply('Sub', ceil, x), this.scalar(0.5));
    return this.apply('Where', goesDown, this.apply('Sub', ceil, this.scalar(1)), ceil);
  }

  private bySize(x: string, round: (size: string) => string): string {
    return this.apply('Mul', this.apply('Sign', x), round(this.apply('Abs', x)));
  }

  private apply(operator: string, ...inputs: readonly string[]): string {
    const output = this.sink.unused(`${this.output}.${operator.toLowerCase()}`);
    this.sink.emit(operator, inputs, output);
    return output;
  }

  private scalar(value: number): string {
    return this.sink.floats(`${this.output}.constant`, [], Float32Array.of(value));
  }
}
