/** NonMaxSuppression of one image: as many rows as there could be, those that are not used hold -1. */
import { hostResult } from '../import/host.js';
import { limit, mismatch } from '../import/refuse.js';
import type { HostImporter } from './elementwise.js';
import { computedInput, oneNumber } from './operand.js';

export const nonMaxSuppression: HostImporter = (call) => {
  const boxes = computedInput(call, 0);
  const scores = computedInput(call, 1);
  const [images, count, corners] = boxes.shape;
  if (boxes.shape.length !== 3 || corners !== 4 || scores.shape.length !== 3 || scores.shape[2] !== count) {
    throw mismatch(call, 'boxes and scores do not go together', {
      expected: '[1, N, 4] and [1, classes, N]',
      actual: `${boxes.shape.join('x')} and ${scores.shape.join('x')}`,
    });
  }
  if (images !== 1 || scores.shape[0] !== 1) throw limit(call, 'only one image at a time');
  const perClass = Math.min(count!, oneNumber(call, 2, 'the number of boxes', 0));
  if (!(perClass >= 1)) throw limit(call, 'it selects no box', { hint: 'give max_output_boxes_per_class' });
  const iou = oneNumber(call, 3, 'the IoU threshold', 0);
  const score = oneNumber(call, 4, 'the score threshold', Number.NEGATIVE_INFINITY);
  if (!(iou >= 0 && iou <= 1)) throw limit(call, 'the IoU threshold is none', { expected: '0..1', actual: `${iou}` });
  const centre = call.attributes.int('center_point_box') === 1;
  const op = { kind: 'nms', centre, perClass, iou, score: Math.fround(score) } as const;
  return [hostResult(call, op, [boxes, scores], [scores.shape[1]! * perClass, 3])];
};
