/** Every layer waits for the record that writes last of what it reads, and for no more rows than that one counts. */
import type { FeedRecord, LoadRecord, PostRecord } from '../program/program.js';
import type { Plan } from './plan.js';
import { require } from './plan-rule.js';

interface Records {
  readonly loads: readonly LoadRecord[];
  readonly posts: readonly PostRecord[];
}

/** @param feeds and posts one of each for each layer */
export function checkWaits(plan: Plan, feeds: readonly FeedRecord[], posts: readonly PostRecord[]): void {
  const loads = plan.program.filter((record): record is LoadRecord => record.opcode === 'load');
  plan.layers.forEach((layer, i) => {
    const { inCounter, inRows, resEnable, resCounter, resRows } = feeds[i]!.fields;
    const records = { loads, posts };
    require(inRows >= 1, layer.name, 'FEED waits for no row at all');
    checkWait(plan, i, layer.input, { counter: inCounter, rows: inRows }, records);
    if (layer.residual !== null) checkWait(plan, i, layer.residual, { counter: resCounter, rows: resRows }, records);
    else if (resEnable === 1) checkDrain(layer.name, i, { counter: resCounter, rows: resRows }, posts);
  });
}

interface AwaitedRows {
  readonly counter: number;
  readonly rows: number;
}

function checkWait(plan: Plan, reader: number, tensor: string, { counter, rows }: AwaitedRows, records: Records): void {
  const where = plan.layers[reader]!.name;
  const writer = lastWriter(plan, reader, tensor);
  const counting = lastCounting(records.posts, counter, reader);
  require(counting === writer, where, `it reads ${tensor} and waits for another tensor's rows`);
  const input = plan.inputs.findIndex((one) => one.tensor === sourceOf(plan, tensor));
  const most = writer < 0 ? records.loads[input]! : records.posts[writer]!;
  if (most.opcode === 'load') {
    require(most.fields.counter === counter, where, `it reads ${tensor} and waits for another input's rows`);
    return;
  }
  const counted = countedRows(most);
  require(rows <= counted, where, `it waits for ${rows} rows of ${counted}`);
}

/** A layer that waits until the one before it has left POST waits for all its rows. */
function checkDrain(where: string, reader: number, { counter, rows }: AwaitedRows, posts: readonly PostRecord[]): void {
  const before = lastCounting(posts, counter, reader);
  const post = posts[before];
  const forAll = post !== undefined && rows <= countedRows(post) && rows > countedRows(post) - post.fields.countStep;
  require(before === reader - 1 && forAll, where, 'it does not wait for the layer before it');
}

/** What a record's counter comes to: whole tiles, so that it may pass the map's rows with the last. */
function countedRows({ fields }: PostRecord): number {
  return fields.nOy * fields.countStep;
}

/** Index of the layer before `reader` whose record counted last on a counter; -1 where none did. */
function lastCounting(posts: readonly PostRecord[], counter: number, reader: number): number {
  return posts.findLastIndex(({ fields }, i) => i < reader && fields.count === 1 && fields.outCounter === counter);
}

/** Index of the layer that writes last of what a tensor is made of; -1 where LOAD does. */
function lastWriter(plan: Plan, reader: number, tensor: string): number {
  const source = sourceOf(plan, tensor);
  const writer = plan.layers.findLastIndex(({ output }) => chain(plan, output).includes(source));
  require(writer < reader, plan.layers[reader]!.name, `it reads ${tensor} before it is made`);
  return writer;
}

/** The tensor itself where something is written of it, else the one it is a slice of. */
function sourceOf(plan: Plan, tensor: string): string {
  const isWritten = (name: string) => plan.layers.some(({ output }) => chain(plan, output).includes(name));
  return chain(plan, tensor).find(isWritten) ?? chain(plan, tensor).at(-1)!;
}

/** A tensor, the one it lies in, the one that lies in, ... */
function chain({ tensors }: Pick<Plan, 'tensors'>, name: string): readonly string[] {
  const inside = tensors[name]?.place?.inside ?? null;
  return inside === null ? [name] : [name, ...chain({ tensors }, inside)];
}
