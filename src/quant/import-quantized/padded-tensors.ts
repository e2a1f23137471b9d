import type { Graph } from '../../frontend/graph.js';
import { operandsOf } from '../../frontend/graph-nodes.js';

/** Tensors that some convolution or average pool pads, or that are multiplied, and those whose codes they may be. */
export function paddedTensors(graph: Graph): ReadonlySet<string> {
  const padded = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    if (node.kind === 'add' || node.kind === 'pointwise') continue;
    const counts = node.kind === 'conv' || (node.kind === 'averagepool' && node.border === undefined);
    const pads = counts ? node.pads : [];
    const passes = node.kind !== 'conv' && node.kind !== 'dense' && node.kind !== 'averagepool';
    const needed = node.kind === 'mul' || pads.some((pad) => pad > 0) || (passes && padded.has(node.output));
    if (needed) for (const name of operandsOf(node)) padded.add(name);
  }
  return padded;
}
