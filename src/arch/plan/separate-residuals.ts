import type { ArrayLayer } from './array-layer.js';
import { addTensor, type Draft, tensorOf } from './draft.js';
import { identityLayer } from './identity-layer.js';
import { rootOf } from './views.js';

/**
 * One read port a group: a layer's residual must lie elsewhere than its input. One that lies with its input gets a copy
 * of that, and so does an input that lies with the residual of the layer before, where the layer cannot wait for that one too.
 */
export function separateResiduals(layers: readonly ArrayLayer[], draft: Draft): readonly ArrayLayer[] {
  const place = (name: string) => rootOf(name, draft.views);
  return layers.flatMap((layer, i) => {
    const residual = layer.requantize?.residual;
    const before = layers[i - 1]?.requantize?.residual;
    if (!residual) return [layer];
    const shared = [residual, ...(before ? [before] : [])].some(({ tensor }) => place(tensor) === place(layer.input));
    if (!shared) return [layer];
    const input = tensorOf(draft.tensors, layer.input);
    const copy = addTensor(draft, `${layer.name}.copy`, input).name;
    const made = { name: copy, sources: [], output: copy, pool: null, toStream: false };
    return [identityLayer(input, made), { ...layer, input: copy }];
  });
}
