/** DepthToSpace and SpaceToDepth. */
import { imageValue } from '../import/emit.js';
import { imageOf } from '../import/image.js';
import { anyMapOperand } from '../import/operands.js';
import { permuted } from '../import/permute.js';
import { mismatch } from '../import/refuse.js';
import { emitRelaid } from '../import/relaid.js';
import { naturalValue } from '../import/state.js';
import type { Value } from '../import/value.js';
import { type ImportCall, onnxOperator } from './operator.js';

export const DEPTH_TO_SPACE = onnxOperator('DepthToSpace', {
  inputs: [1, 1],
  attributes: {
    blocksize: { type: 'int', required: true },
    mode: { type: 'string', default: 'DCR', only: ['DCR', 'CRD'] },
  },
  import: (call) => {
    const { channels, height, width } = imageOf(call, anyMapOperand(call, 0));
    const block = blockSize(call);
    const depth = channels / (block * block);
    if (!Number.isInteger(depth)) throw uneven(call, `${channels} channels`);
    return call.attributes.string('mode') === 'DCR'
      ? moved(call, [1, block, block, depth, height, width], [0, 3, 4, 1, 5, 2])
      : moved(call, [1, depth, block, block, height, width], [0, 1, 4, 2, 5, 3]);
  },
});

export const SPACE_TO_DEPTH = onnxOperator('SpaceToDepth', {
  inputs: [1, 1],
  attributes: { blocksize: { type: 'int', required: true } },
  import: (call) => {
    const { channels, height, width } = imageOf(call, anyMapOperand(call, 0));
    const block = blockSize(call);
    if (height % block !== 0 || width % block !== 0) throw uneven(call, `${height}x${width} pixels`);
    return moved(call, [1, channels, height / block, block, width / block, block], [0, 3, 5, 1, 2, 4], true);
  },
});

/** The map cut into axes, which are put in another order; two or three of them make one of the result. */
function moved(call: ImportCall, cut: readonly number[], permutation: readonly number[], deep = false): Value[] {
  const value = anyMapOperand(call, 0);
  const tensor = imageOf(call, value);
  const view = permuted(call, naturalValue(tensor, cut), permutation);
  const roles = deep ? { c: [1, 2, 3], h: [4], w: [5] } : { c: [1], h: [2, 3], w: [4, 5] };
  const made = imageValue(emitRelaid(call, view, roles), value.shape.length);
  return [value.grid === undefined ? made : { ...made, grid: value.grid }];
}

function blockSize(call: ImportCall): number {
  const block = call.attributes.int('blocksize');
  if (Number.isInteger(block) && block >= 1) return block;
  throw mismatch(call, 'the block is impossible', { actual: `${block}` });
}

function uneven(call: ImportCall, actual: string): Error {
  return mismatch(call, 'the map does not go into blocks', { expected: `blocks of ${blockSize(call)}`, actual });
}
