/** Tensors and layers of an integer network in the making. */
import { SystoleError } from '../../base/error.js';
import type { Graph, MapGrid } from '../../frontend/graph.js';
import type { RequantizeWidths } from '../certificate.js';
import type { MapShape } from '../float-network.js';
import type { ArrangeLayer, CodeTensor, InputQuantizer, Layer } from '../network.js';
import { type Dyadic, toNumber } from '../rational.js';
import { bareConv, bareLayer, type LayerSetting } from './bare-layer.js';
import { identityPending } from './layer-base.js';
import type { Rectangle } from './pool-regions.js';
import type { Coded, Pending, PoolStep } from './values.js';

/** Of accumulators that leave as they are: nothing reads it. */
const RAW = { bits: 8, scale: 1, zero: 0 };
const MOST_BITS = 16;
const ORIGIN: MapGrid = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };

export interface NetworkOptions {
  readonly widths: RequantizeWidths;
  readonly tableBits: number;
}

/** What codes of a tensor are worth. */
export interface Worth {
  readonly scales: readonly Dyadic[];
  readonly zero: number;
  readonly most: number;
  /** Absent: as few as hold codes and zero. */
  readonly bits?: number;
}

export class NetworkParts {
  readonly tensors = new Map<string, CodeTensor>();
  readonly layers: Layer[] = [];
  /** By the input's own name. */
  readonly inputs = new Map<string, { readonly tensor: string; readonly quantizer: InputQuantizer | null }>();
  readonly #names = new Set<string>();

  constructor(
    private readonly graph: Graph,
    readonly options: NetworkOptions,
  ) {}

  /** @throws SystoleError network-unsupported for codes of more than 16 bits */
  addCodes(name: string, shape: MapShape, { scales, zero, most, ...given }: Worth): Coded {
    const bits = given.bits ?? bitsOf(Math.max(most, Math.ceil(zero)));
    if (bits > MOST_BITS) {
      throw new SystoleError('network-unsupported', 'a tensor has codes of too many bits', {
        where: name,
        expected: `at most ${MOST_BITS}`,
        actual: `${bits}`,
      });
    }
    this.tensors.set(name, { name, ...shape, bits, scale: toNumber(scales[0]!), zero });
    return { kind: 'coded', tensor: name, scales, zero, most };
  }

  /** Under its own name, or the next that is free. */
  add(layer: Layer): void {
    this.layers.push({ ...layer, name: this.#unusedName(layer.name) });
  }

  /** Accumulators that leave the machine. */
  leaveRaw(pending: Pending, output: string): void {
    this.tensors.set(output, { name: output, ...pending.shape, ...RAW });
    this.add(bareLayer(pending, this.setting(pending, output, [])) as Layer);
  }

  /** The pools in turn; the last of them makes `output`. */
  pooled(pools: readonly PoolStep[], from: Coded, output: string): Coded {
    return pools.reduce(
      (codes, pool, i) => this.pool(pool, codes, i === pools.length - 1 ? output : pool.output),
      from,
    );
  }

  pool(
    { name, sources, kernel, strides, dilations, pads, shape, ...node }: PoolStep,
    input: Coded,
    output = node.output,
  ): Coded {
    const { bits, scale, zero } = this.tensors.get(input.tensor)!;
    const tensor = this.unusedTensor(output);
    this.tensors.set(tensor, { name: tensor, ...shape, bits, scale, zero });
    const shared = { kind: 'maxpool', input: input.tensor, output: tensor, exactness: { kind: 'exact' } } as const;
    this.add({ ...shared, name, sources, kernel, strides, dilations, pads });
    return { ...input, tensor };
  }

  /** code*m + b, by channel: the same values on another grid. */
  moved(
    from: Coded,
    by: { readonly m: readonly number[]; readonly b: readonly number[] },
    to: Worth,
    output: string,
    least = 0,
  ): Coded {
    const shape = this.tensors.get(from.tensor)!;
    const pending = identityPending({ name: output, output, sources: [] }, from, shape);
    const layer = bareConv(pending.base as never, pending, this.setting(pending, output, []));
    const made = this.addCodes(output, mapOf(shape), to);
    const constants = { m: by.m, b: by.b.map(BigInt), n: by.m.map(() => 0) };
    this.layers.push({
      ...layer,
      requantize: { ...constants, round: 'floor', lo: least, hi: to.most, residual: null },
    });
    return made;
  }

  arrange(layer: Omit<ArrangeLayer, 'kind' | 'exactness'>): void {
    this.add({ ...layer, kind: 'arrange', exactness: { kind: 'exact' } });
  }

  /** A rectangle of it. */
  sliced(from: Coded, { y, x, height, width }: Rectangle, output: string): Coded {
    const { channels, ...own } = this.tensors.get(from.tensor)!;
    this.tensors.set(output, { ...own, name: output, height, width, channels });
    const [here, there] = [{ ...ORIGIN, y, x }, ORIGIN];
    const part = { input: from.tensor, from: here, to: there, size: [height, width, channels] as const };
    this.arrange({ name: output, sources: [], parts: [part], fill: 0, output });
    return { ...from, tensor: output };
  }

  setting(pending: Pending, output: string, sources: readonly string[]): LayerSetting {
    return {
      name: pending.base.name,
      sources: [...pending.sources, ...sources],
      output,
      widths: this.options.widths,
      tensors: this.tensors,
    };
  }

  #unusedName(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#names.has(name); i++) name = `${wanted}#${i}`;
    this.#names.add(name);
    return name;
  }

  unusedTensor(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.tensors.has(name) || (i > 2 && this.graph.tensors.has(name)); i++) name = `${wanted}#${i}`;
    return name;
  }
}

export function mapOf({ height, width, channels }: MapShape): MapShape {
  return { height, width, channels };
}

export function bitsOf(most: number): number {
  return Math.max(1, Math.ceil(Math.log2(most + 1)));
}
