import type { Graph } from '../frontend/graph.js';
import type { MapShape } from './float-network.js';

/** Height, width, channels of a tensor; a vector is a map of one pixel. */
export function mapShape(graph: Graph, name: string): MapShape {
  const shape = graph.tensors.get(name)?.shape ?? [];
  return { channels: shape[1] ?? 1, height: shape[2] ?? 1, width: shape[3] ?? 1 };
}
