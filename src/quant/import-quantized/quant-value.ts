/** Values onto a model's quantizer. */
import { SystoleError } from '../../base/error.js';
import type { QuantNode } from '../../frontend/graph.js';
import { toNumber } from '../rational.js';
import { quantizedParts } from './arrange-value.js';
import { codeGrid } from './grid.js';
import { inputGrid, type RealInput } from './input.js';
import { identityPending } from './layer-base.js';
import { mapOf } from './network-parts.js';
import { quantized, sameGrid } from './quantize-pending.js';
import type { Coded } from './values.js';
import type { Walk } from './walk.js';
import { commonZero } from './whole-zero.js';

export function quantValue(walk: Walk, node: QuantNode): Coded {
  const { values, padded, parts } = walk;
  const value = values.get(node.input)!;
  const isPadded = padded.has(node.output);
  if (value.kind === 'input') return quantInput(walk, value, node, isPadded);
  const grid = codeGrid(node.quantizer, isPadded, node.name);
  if (value.kind === 'arranged') return quantizedParts(walk, value, node, grid);
  if (value.kind === 'coded' && sameGrid(value, grid)) return value;
  const pending = value.kind === 'pending' ? value : identityOf(walk, node, value);
  return quantized(parts, pending, grid, node.output, node.sources);
}

export function identityOf({ parts }: Walk, node: { readonly name: string; readonly output: string }, codes: Coded) {
  const { name, output } = node;
  return identityPending({ name, output, sources: [] }, codes, mapOf(parts.tensors.get(codes.tensor)!));
}

export function quantInput({ parts }: Walk, value: RealInput, node: QuantNode, isPadded: boolean): Coded {
  if (parts.inputs.has(value.name)) {
    throw new SystoleError('network-unsupported', 'the input is quantized in two ways', {
      where: node.name,
      expected: 'one quantizer for the input',
    });
  }
  const { grid, bits, quantizer } = inputGrid(value, node, isPadded);
  const own = grid.zeros.length > 1;
  const [scale, zero] = [toNumber(grid.scales[0]!), own ? 0 : grid.zeros[0]!];
  const tensor = own ? parts.unusedTensor(`${node.output}.own`) : node.output;
  parts.tensors.set(tensor, { name: tensor, ...value.shape, bits, scale, zero });
  parts.inputs.set(value.name, { tensor, quantizer });
  const made: Coded = { kind: 'coded', tensor, scales: grid.scales, zero, most: grid.hi };
  return own ? commonZero(parts, made, grid.zeros, node.output) : made;
}
