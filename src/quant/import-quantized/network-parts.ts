/** Tensors and layers of an integer network in the making. */
import type { Graph, MaxPoolNode } from '../../frontend/graph.js';
import type { RequantizeWidths } from '../certificate.js';
import { mapShape } from '../lower.js';
import type { CodeTensor, InputQuantizer, Layer } from '../network.js';
import { toNumber } from '../rational.js';
import type { CodeGrid } from './grid.js';
import { type LayerSetting, type MadeLayer, quantizedLayer, rawLayer } from './make-layer.js';
import type { Coded, Pending } from './values.js';

/** Of accumulators that leave as they are: nothing reads it. */
const RAW = { bits: 8, scale: 1, zero: 0 };

export class NetworkParts {
  readonly tensors = new Map<string, CodeTensor>();
  readonly layers: Layer[] = [];
  input: { readonly tensor: string; readonly quantizer: InputQuantizer | null } | null = null;
  readonly #names = new Set<string>();

  constructor(
    private readonly graph: Graph,
    private readonly widths: RequantizeWidths,
  ) {}

  addTensor(name: string, shapeOf: string, codes: Pick<CodeTensor, 'bits' | 'scale' | 'zero'>): void {
    this.tensors.set(name, { name, ...mapShape(this.graph, shapeOf), ...codes });
  }

  /** Accumulators onto a grid, then the max pools that stood before it. */
  quantize(pending: Pending, wished: CodeGrid, output: string, sources: readonly string[]): Coded {
    const { pools } = pending;
    const name = pools.length === 0 ? output : this.#unusedTensor(pending.output);
    const { grid, layer, most } = exactLayer(pending, wished, this.#setting(pending, name, sources));
    const bits = bitsOf(Math.max(most, Math.ceil(grid.zero)));
    this.addTensor(name, pending.output, { bits, scale: toNumber(grid.scales[0]!), zero: grid.zero });
    this.layers.push(layer);
    const made: Coded = { kind: 'coded', tensor: name, scales: grid.scales, zero: grid.zero, most };
    return pools.reduce(
      (codes, pool, i) => this.pool(pool, codes, i === pools.length - 1 ? output : pool.output),
      made,
    );
  }

  /** Accumulators that leave the machine. */
  leaveRaw(pending: Pending, output: string): void {
    this.addTensor(output, pending.output, RAW);
    this.layers.push(rawLayer(pending, this.#setting(pending, output, [])));
  }

  pool(node: MaxPoolNode, input: Coded, output = node.output): Coded {
    const from = this.tensors.get(input.tensor)!;
    const tensor = this.tensors.has(output) ? this.#unusedTensor(output) : output;
    const { bits, scale, zero } = from;
    this.addTensor(tensor, node.output, { bits, scale, zero });
    const { kernel, strides, dilations, pads, sources } = node;
    const window = { kernel, strides, dilations, pads };
    const name = this.#unusedName(node.name);
    const shared = { kind: 'maxpool', input: input.tensor, output: tensor, exactness: { kind: 'exact' } } as const;
    this.layers.push({ ...shared, name, sources, ...window });
    return { ...input, tensor };
  }

  #setting(pending: Pending, output: string, sources: readonly string[]): LayerSetting {
    const { channels } = mapShape(this.graph, pending.output);
    return {
      name: this.#unusedName(pending.base.name),
      sources: [...pending.sources, ...sources],
      input: this.tensors.get(pending.input.tensor)!,
      output,
      outputChannels: channels,
      widths: this.widths,
    };
  }

  #unusedName(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#names.has(name); i++) name = `${wanted}#${i}`;
    this.#names.add(name);
    return name;
  }

  #unusedTensor(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.tensors.has(name) || (i > 2 && this.graph.tensors.has(name)); i++) name = `${wanted}#${i}`;
    return name;
  }
}

/** The requantizer's ties go to even codes. Where the model's go to odd ones, codes move up by one. */
function exactLayer(pending: Pending, grid: CodeGrid, setting: LayerSetting): MadeLayer & { readonly grid: CodeGrid } {
  const made = { ...quantizedLayer(pending, grid, setting), grid };
  if (made.layer.exactness.kind === 'exact' || grid.round !== 'half-even' || grid.step !== 1) return made;
  const { base, lo, hi, zero } = grid;
  const moved = { ...grid, base: base - 1, lo: lo + 1, hi: hi + 1, zero: zero + 1 };
  const again = { ...quantizedLayer(pending, moved, setting), grid: moved };
  return again.layer.exactness.kind === 'exact' ? again : made;
}

export function bitsOf(most: number): number {
  return Math.max(1, Math.ceil(Math.log2(most + 1)));
}
