/** Tensors that lie inside others: slices read in place, parts of an arranged tensor written in place. */
import type { CodeTensor } from '../../quant/network.js';
import { denseLayout, type Layouts } from './stored-layout.js';

/** Element (i, j, k) of the view is the other tensor's (y + i*yStep, x + j*xStep, c + k). */
export interface ViewGrid {
  readonly y: number;
  readonly x: number;
  readonly c: number;
  readonly yStep: number;
  readonly xStep: number;
}

/** slice: whoever makes the other tensor makes it; part: it is made by itself, and the other one of it. */
export interface TensorView {
  readonly kind: 'slice' | 'part';
  readonly of: string;
  readonly grid: ViewGrid;
}

/** By name of the tensor inside. */
export type Views = ReadonlyMap<string, TensorView>;

/** The tensor whose place in memory holds this one; itself where it has a place of its own. */
export function rootOf(name: string, views: Views): string {
  const view = views.get(name);
  return view === undefined ? name : rootOf(view.of, views);
}

/** How a tensor lies in its root's place, in codes. */
export interface Pitches {
  /** Of its first element from the root's first. */
  readonly offset: number;
  readonly rowPitch: number;
  readonly pixelPitch: number;
}

/** Of a tensor in its root's place. */
export function pitchesOf(
  name: string,
  tensors: Readonly<Record<string, CodeTensor>>,
  views: Views,
  layouts: Layouts,
): Pitches {
  const view = views.get(name);
  if (view === undefined) {
    const { rowPitch } = layouts.get(name) ?? denseLayout(tensors[name]!);
    return { offset: 0, rowPitch, pixelPitch: tensors[name]!.channels };
  }
  const { offset, rowPitch, pixelPitch } = pitchesOf(view.of, tensors, views, layouts);
  const { y, x, c, yStep, xStep } = view.grid;
  return {
    offset: offset + y * rowPitch + x * pixelPitch + c,
    rowPitch: yStep * rowPitch,
    pixelPitch: xStep * pixelPitch,
  };
}
