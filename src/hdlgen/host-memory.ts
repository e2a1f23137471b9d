/** Where the host's values lie in the work memory of the C driver: a place is used again when its value is read no more. */
import type { HostStep, HostTensor } from '../frontend/host-step.js';
import type { IntegerNetwork } from '../quant/network.js';

export interface WorkMemory {
  readonly size: number;
  /** In floats, of every value that is no constant. */
  readonly places: ReadonlyMap<string, number>;
}

/** @param steps as the C driver runs them: a reshape moves nothing, its result lies where its operand does */
export function workMemory({ outputs, modelOutputs }: Ends, steps: readonly HostStep[]): WorkMemory {
  const owners = new Map<string, string>();
  const ownerOf = (name: string): string => owners.get(name) ?? name;
  for (const step of steps) {
    const [from] = step.inputs;
    if (step.op.kind === 'reshape' && typeof from === 'string') owners.set(step.outputs[0]!.name, ownerOf(from));
  }
  const last = new Map<string, number>();
  for (const [i, step] of steps.entries()) {
    for (const input of step.inputs) if (typeof input === 'string') last.set(ownerOf(input), i);
  }
  for (const { value } of modelOutputs) last.set(ownerOf(value), steps.length);
  const pool = new Pool();
  const places = new Map<string, number>();
  const put = ({ name, shape }: HostTensor, now: number): void => {
    places.set(
      name,
      pool.take(
        shape.reduce((a, b) => a * b, 1),
        now,
        last.get(name) ?? now,
      ),
    );
  };
  for (const output of outputs) put(output, -1);
  for (const [i, { outputs: made }] of steps.entries()) {
    for (const tensor of made) {
      const owner = owners.get(tensor.name);
      if (owner === undefined) put(tensor, i);
      else places.set(tensor.name, places.get(owner)!);
    }
  }
  return { size: Math.max(1, pool.size), places };
}

type Ends = Pick<IntegerNetwork, 'outputs' | 'modelOutputs'>;

class Pool {
  size = 0;
  private taken: { readonly from: number; readonly to: number; readonly until: number }[] = [];

  /** The first gap that is large enough. @param until the last step that reads it */
  take(length: number, now: number, until: number): number {
    this.taken = this.taken.filter((place) => place.until >= now).sort((a, b) => a.from - b.from);
    let from = 0;
    for (const place of this.taken) {
      if (from + length <= place.from) break;
      from = Math.max(from, place.to);
    }
    this.taken.push({ from, to: from + length, until });
    this.size = Math.max(this.size, from + length);
    return from;
  }
}
