import { SystoleError } from '../../base/error.js';
import type { TensorFile } from '../data/tensor-file.js';

export interface LabelForm {
  /** Images, the first ones of the file. */
  readonly count: number;
  /** There may be labels for more images than that. */
  readonly longer: boolean;
  /** Labels are below; null: unknown. */
  readonly classes: number | null;
}

/**
 * The first `count` labels of [N], or of a column [N, 1].
 * @throws SystoleError data-shape, data-type
 */
export function labelsOf({ where, array }: TensorFile, { count, longer, classes }: LabelForm): number[] {
  const { shape, data } = array;
  const column = shape.slice(1).every((size) => size === 1);
  if (shape.length === 0 || !column || shape[0]! < count || (shape[0]! > count && !longer)) {
    throw new SystoleError('data-shape', 'there must be one label for each image', {
      where,
      expected: longer ? `[N], N at least ${count}` : `[${count}]`,
      actual: `[${shape.join(', ')}]`,
    });
  }
  const labels = Array.from(data.subarray(0, count) as ArrayLike<number | bigint>, Number);
  const top = classes === null ? Number.POSITIVE_INFINITY : classes - 1;
  const bad = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label > top);
  if (bad < 0) return labels;
  throw new SystoleError('data-type', 'a label is no class of the model', {
    where: `${where}, element ${bad}`,
    expected: classes === null ? 'whole numbers from 0 up' : `whole numbers from 0 to ${top}`,
    actual: String(labels[bad]),
  });
}
