/** Constants that C structures point to: each is listed once, and named by its place in the list. */
import type { InputQuantizer } from '../quant/network.js';
import { floatConstant } from './c-text.js';
import { quantizerView } from './host-quantizer.js';
import type { ValueOrder, Walk } from './host-walk.js';
import type { View } from './render.js';

export class HostTables {
  readonly orders: View[] = [];
  readonly walks: View[] = [];
  readonly quantizers: View[] = [];
  readonly floats: View[] = [];
  readonly indices: View[] = [];

  order(order: ValueOrder | null): string {
    if (order === null) return 'NULL';
    const { size, stride } = order;
    return this.#pointer('orders', this.orders, { axes: size.length, size: unsigned(size), stride: unsigned(stride) });
  }

  walk(walk: Walk | undefined): string {
    if (walk === undefined) return 'NULL';
    const { size, a, b, aStart, bStart } = walk;
    const view = { axes: size.length, size: unsigned(size), aStart, bStart, a: a.join(', '), b: b.join(', ') };
    return this.#pointer('walks', this.walks, view);
  }

  quantizer(quantizer: InputQuantizer | null | undefined): string {
    return quantizer ? this.#pointer('quantizers', this.quantizers, quantizerView(quantizer)) : 'NULL';
  }

  /** An array of floats of its own. */
  floatsOf(values: ArrayLike<number>): string {
    const name = `floats_${this.floats.length}`;
    this.floats.push({ name, text: lines(Array.from(values, anyFloat)) });
    return name;
  }

  indicesOf(values: readonly number[] | undefined): string {
    if (values === undefined) return 'NULL';
    const name = `indices_${this.indices.length}`;
    this.indices.push({ name, text: lines(values.map((value) => `${value}u`)) });
    return name;
  }

  #pointer(name: string, list: View[], view: View): string {
    return `&${name}[${list.push(view) - 1}]`;
  }
}

/** Infinity and NaN are macros of C's. */
export function anyFloat(value: number): string {
  if (Number.isNaN(value)) return 'NAN';
  if (Number.isFinite(value)) return floatConstant(value);
  return value < 0 ? '-INFINITY' : 'INFINITY';
}

const PER_LINE = 8;

function lines(texts: readonly string[]): string {
  const rows: string[] = [];
  for (let at = 0; at < texts.length; at += PER_LINE) rows.push(`    ${texts.slice(at, at + PER_LINE).join(', ')},`);
  return rows.join('\n');
}

function unsigned(values: readonly number[]): string {
  return values.map((value) => `${value}u`).join(', ');
}
