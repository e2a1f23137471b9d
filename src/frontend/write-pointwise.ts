import type { PointwiseNode } from './graph.js';
import { type Attribute, float, type OnnxSink } from './onnx-sink.js';
import { channelShape } from './write-parts.js';

/** Operators that came after the operator set that is written are put together from older ones. @param rank of the tensor */
export function writePointwise(sink: OnnxSink, node: PointwiseNode, rank: number): void {
  new PointwiseWriter(sink, node, rank).write();
}

class PointwiseWriter {
  constructor(
    private readonly sink: OnnxSink,
    private readonly node: PointwiseNode,
    private readonly rank: number,
  ) {}

  write(): void {
    const { input, alpha, beta } = this.node;
    switch (this.node.fn) {
      case 'leakyrelu':
        this.last('LeakyRelu', [input], [float('alpha', alpha)]);
        return;
      case 'prelu':
        this.prelu(this.node.slopes!);
        return;
      case 'sigmoid':
        this.last('Sigmoid', [input]);
        return;
      case 'hardsigmoid':
        this.last('HardSigmoid', [input], [float('alpha', alpha), float('beta', beta)]);
        return;
      case 'hardswish': {
        const gate = this.apply('HardSigmoid', [input], [float('alpha', 1 / 6), float('beta', 1 / 2)]);
        this.last('Mul', [input, gate]);
        return;
      }
      case 'tanh':
        this.last('Tanh', [input]);
        return;
      case 'elu':
        this.last('Elu', [input], [float('alpha', alpha)]);
        return;
      case 'selu':
        this.last('Selu', [input], [float('alpha', alpha), float('gamma', beta)]);
        return;
      case 'celu':
        this.last('Celu', [input], [float('alpha', alpha)]);
        return;
      case 'softplus':
        this.last('Softplus', [input]);
        return;
      case 'softsign':
        this.last('Softsign', [input]);
        return;
      case 'silu': {
        const inner = alpha === 1 ? input : this.apply('Mul', [input, this.scalar(alpha)]);
        this.last('Mul', [input, this.apply('Sigmoid', [inner])]);
        return;
      }
      case 'gelu':
        if (alpha === 1) this.geluByTanh();
        else this.gelu();
        return;
      case 'mish':
        this.last('Mul', [input, this.apply('Tanh', [this.apply('Softplus', [input])])]);
        return;
      case 'sign':
        this.last('Sign', [input]);
        return;
      case 'abs':
        this.last('Abs', [input]);
        return;
    }
  }

  private prelu(slopes: Float32Array): void {
    const shape = channelShape(slopes.length, this.rank).slice(1);
    this.last('PRelu', [this.node.input, this.sink.floats(`${this.node.name}.slopes`, shape, slopes)]);
  }

  /** x/2 * (1 + erf(x / sqrt 2)) */
  private gelu(): void {
    const steep = this.apply('Mul', [this.node.input, this.scalar(Math.SQRT1_2)]);
    this.half(this.apply('Erf', [steep]));
  }

  /** x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) */
  private geluByTanh(): void {
    const { input } = this.node;
    const cube = this.apply('Mul', [this.apply('Mul', [input, input]), input]);
    const inner = this.apply('Add', [input, this.apply('Mul', [cube, this.scalar(0.044715)])]);
    this.half(this.apply('Tanh', [this.apply('Mul', [inner, this.scalar(Math.sqrt(2 / Math.PI))])]));
  }

  /** x/2 * (1 + y) */
  private half(y: string): void {
    const x = this.apply('Mul', [this.node.input, this.scalar(0.5)]);
    this.last('Mul', [x, this.apply('Add', [y, this.scalar(1)])]);
  }

  private last(operator: string, inputs: readonly string[], attributes: readonly Attribute[] = []): void {
    this.sink.emit(operator, inputs, this.node.output, attributes);
  }

  private apply(operator: string, inputs: readonly string[], attributes: readonly Attribute[] = []): string {
    return this.sink.apply(operator, inputs, `${this.node.output}.${operator.toLowerCase()}`, attributes);
  }

  private scalar(value: number): string {
    return this.sink.scalar(`${this.node.output}.constant`, value);
  }
}
