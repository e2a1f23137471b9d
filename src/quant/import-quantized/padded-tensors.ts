import type { Graph } from '../../frontend/graph.js';

/** Tensors that some convolution or average pool pads, and those whose codes they may be. */
export function paddedTensors(graph: Graph): ReadonlySet<string> {
  const padded = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    if (node.kind === 'add' || node.kind === 'mul' || node.kind === 'arrange') continue;
    const pads = node.kind === 'conv' || node.kind === 'averagepool' ? node.pads : [];
    const passes = node.kind === 'maxpool' || node.kind === 'affine' || node.kind === 'quant';
    if (pads.some((pad) => pad > 0) || (passes && padded.has(node.output))) padded.add(node.input);
  }
  return padded;
}
