import { SystoleError } from '../../base/error.js';
import type { TensorFile } from '../data/tensor-file.js';

/**
 * The first `count` labels of [N], or of a column [N, 1].
 * @throws SystoleError data-shape, data-type
 */
export function labelsOf({ where, array }: TensorFile, count: number): number[] {
  const { shape, data } = array;
  const column = shape.slice(1).every((size) => size === 1);
  if (shape.length === 0 || !column || shape[0]! < count) {
    throw new SystoleError('data-shape', 'there must be one label for each image', {
      where,
      expected: `[N], N at least ${count}`,
      actual: `[${shape.join(', ')}]`,
    });
  }
  const labels = Array.from(data.subarray(0, count) as ArrayLike<number | bigint>, Number);
  const bad = labels.findIndex((label) => !Number.isInteger(label) || label < 0);
  if (bad < 0) return labels;
  throw new SystoleError('data-type', 'a label is no class', {
    where: `${where}, element ${bad}`,
    expected: 'whole numbers from 0 up',
    actual: String(labels[bad]),
  });
}
