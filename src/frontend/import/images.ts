/** In a model that is fixed to several images one of them is left: what mixes them, or tells them apart, has no meaning for it. */
import { sliceRanges } from '../fold/slice.js';
import type { Shape } from '../graph.js';
import type { ImportCall } from '../operators/operator.js';
import { limit } from './refuse.js';

/** @throws SystoleError operator-limit where one of the axes is that of the images */
export function keepImages(call: ImportCall, shape: Shape, axes: readonly number[]): void {
  const { batch } = call.state;
  if (batch === 1 || shape[0] !== 1 || !axes.includes(0)) return;
  throw limit(call, 'images of a batch are not mixed or taken apart', {
    expected: 'axes of the image',
    actual: `axis 0 of a batch of ${batch}`,
    hint: 'export the model with a batch of 1',
  });
}

/** The same for a Slice, which may take them all. @param read as sliceRanges has it */
export function keepSlicedImages(
  call: ImportCall,
  shape: Shape,
  read: (index: number) => readonly number[] | null,
): void {
  const { batch } = call.state;
  if (batch === 1 || shape[0] !== 1) return;
  const [images] = sliceRanges(call, shape.with(0, batch), read);
  if (images?.count !== batch) keepImages(call, shape, [0]);
}
