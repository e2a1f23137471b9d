/** What lowering gathers beside the layers: tensors of the planner's own, and where tensors lie inside others. */
import { SystoleError } from '../../base/error.js';
import type { CodeTensor } from '../../quant/network.js';
import type { TensorView } from './views.js';

export interface Draft {
  readonly tensors: Record<string, CodeTensor>;
  readonly views: Map<string, TensorView>;
  readonly components: Map<string, readonly string[]>;
  readonly inputs: readonly string[];
  /** False: nothing is written straight into another tensor's place. */
  readonly inPlace: boolean;
}

/** A tensor under the wanted name, or one like it that is free. */
export function addTensor(draft: Draft, wanted: string, shape: Omit<CodeTensor, 'name'>): CodeTensor {
  let name = wanted;
  while (draft.tensors[name] !== undefined) name += "'";
  const tensor = { ...shape, name };
  draft.tensors[name] = tensor;
  return tensor;
}

export function tensorOf(tensors: Readonly<Record<string, CodeTensor>>, name: string): CodeTensor {
  const tensor = tensors[name];
  if (tensor === undefined) {
    throw new SystoleError('network-unsupported', `the integer network has no tensor ${name}`, { where: name });
  }
  return tensor;
}
