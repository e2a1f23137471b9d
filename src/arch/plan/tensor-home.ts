import type { PlannedTensor } from './plan.js';

/** The tensor whose place a tensor lies in; itself where it has its own. */
export function homeOf(name: string, tensors: Readonly<Record<string, PlannedTensor>>): string {
  const inside = tensors[name]?.place?.inside ?? null;
  return inside === null ? name : homeOf(inside, tensors);
}
