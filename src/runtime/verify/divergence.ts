/** The first place, in the order of the layers, where a level differs from the golden model. */
import type { PlannedTensor } from '../../arch/plan/plan.js';
import type { PlanLayout } from '../../arch/plan/plan-layout.js';
import { elementAt } from '../../arch/plan/read-tensor.js';
import { elementsOf } from '../../quant/frame.js';
import type { WrittenTensor } from './written-tensors.js';

/** null where it does not apply: a machine that stops has no place, a code that was never written no value. */
export interface Place {
  readonly layer: string | null;
  readonly tensor: string | null;
  readonly y: number | null;
  readonly x: number | null;
  readonly channel: number | null;
  readonly expected: number | null;
  readonly got: number | null;
  /** Of the write, counted from the start of the simulator's process: the waveform's time is twice this. */
  readonly cycle: number | null;
  /** What no code says: an error of the machine, a write outside its tensor. */
  readonly note: string | null;
}

/** What one level computed for a frame. */
export interface Observed {
  /** By layer, null for the one that streams; null where only the output was looked at. */
  readonly tensors: readonly (WrittenTensor | null)[] | null;
  /** NHWC; shorter than the tensor when elements are missing. */
  readonly output: Int32Array;
}

const NOWHERE: Place = {
  layer: null,
  tensor: null,
  y: null,
  x: null,
  channel: null,
  expected: null,
  got: null,
  cycle: null,
  note: null,
};

/** A divergence without a place. */
export const placeless = (note: string): Place => ({ ...NOWHERE, note });

/**
 * @param golden every tensor of the integer network by name, NHWC (runGolden)
 * @returns null when every code of every layer and of the output is the golden one, and nothing else was written
 */
export function firstPlace(
  layout: PlanLayout,
  golden: ReadonlyMap<string, Int32Array>,
  { tensors, output }: Observed,
): Place | null {
  const expected = goldenOf(layout, golden);
  let streamed = 0;
  for (const [i, layer] of layout.layers.entries()) {
    const streams = layout.tensors[layer.output]?.place === null;
    const start = streamed;
    if (streams) streamed += elementsOf(layout.tensors[layer.output]!);
    // What the depthwise unit writes shows in what is made of it.
    if ((tensors === null || layer.unit === 'depthwise') && !streams) continue;
    const written = tensors?.[i] ?? null;
    const wanted = expected(layer.output);
    if (wanted === null) continue;
    const found = written?.codes ?? output.subarray(start, streams ? streamed : undefined);
    const index = firstDifference(wanted, found);
    if (index >= 0)
      return { ...NOWHERE, layer: layer.name, ...locate(layout, layer.output, index, wanted, written, found) };
    if (written && written.strays > 0) {
      const note = `${written.strays} digits were written outside the tensor, or twice`;
      return { ...NOWHERE, layer: layer.name, tensor: layer.output, note };
    }
  }
  return null;
}

function locate(
  layout: PlanLayout,
  tensor: string,
  index: number,
  wanted: Int32Array,
  written: WrittenTensor | null,
  output: Int32Array,
) {
  const { width, channels } = layout.tensors[tensor]!;
  const pixel = Math.floor(index / channels);
  const got = written ? written.codes[index]! : output[index];
  const missing = written ? got === -1 : got === undefined;
  return {
    tensor,
    y: Math.floor(pixel / width),
    x: pixel % width,
    channel: index % channels,
    expected: wanted[index] ?? null,
    got: missing ? null : got!,
    cycle: written && !missing && written.cycles[index]! > 0 ? written.cycles[index]! : null,
  };
}

/**
 * A copy that the planner added holds what its source holds, and a part of a tensor what lies there. null for what only the
 * planner knows: channels on their way to their order.
 */
function goldenOf(layout: PlanLayout, golden: ReadonlyMap<string, Int32Array>) {
  const maker = new Map(layout.layers.map((layer) => [layer.output, layer]));
  const find = (name: string): Int32Array | null => {
    const known = golden.get(name);
    if (known !== undefined) return known;
    const tensor = layout.tensors[name];
    const inside = tensor?.place?.inside ?? null;
    if (tensor !== undefined && inside !== null) return partOf(tensor, layout.tensors[inside]!, find(inside));
    const copy = maker.get(name);
    return copy === undefined || copy.sources.length > 0 ? null : find(copy.input);
  };
  return find;
}

/** The elements of a tensor that lies inside another one. */
function partOf(part: PlannedTensor, whole: PlannedTensor, golden: Int32Array | null): Int32Array | null {
  const [inner, outer] = [part.place!, whole.place!];
  if (golden === null) return null;
  const { width, channels } = part;
  return Int32Array.from({ length: elementsOf(part) }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const row = Math.floor(pixel / width) * inner.rowPitch + (pixel % width) * inner.pixelPitch + (i % channels);
    const at = elementAt(inner.base - outer.base + row, whole, outer);
    return golden[at]!;
  });
}

function firstDifference(expected: Int32Array, found: Int32Array): number {
  const length = Math.max(expected.length, found.length);
  for (let i = 0; i < length; i++) if (expected[i] !== found[i]) return i;
  return -1;
}
