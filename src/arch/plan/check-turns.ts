/**
 * Layers that take turns: each begins once and makes all its rows, no other layer's state lies in its context meanwhile, and no
 * row of a circular buffer is overwritten that somebody has still to read.
 */
import type { RecordPair } from './pairs.js';
import type { Plan } from './plan.js';
import { require } from './plan-rule.js';

/** @param pairs the program's, in order */
export function checkTurns(plan: Plan, pairs: readonly RecordPair[]): void {
  const { layers, turns } = plan;
  const done = layers.map(() => 0);
  const contexts = new Map<number, number>();
  pairs.forEach(({ feed, post }, i) => {
    const at = turns[i]!;
    const layer = layers[at]!;
    const { resume, context, nOy } = feed.fields;
    require((resume === 1) === done[at]! > 0, layer.name, 'it begins more than once, or goes on before it begins');
    require(resume === 0 || contexts.get(context) === at, layer.name, "it goes on in another layer's state");
    contexts.set(context, at);
    done[at]! += nOy;
    checkOverwriting(plan, pairs, i, done);
    require(post.fields.dBufferSize === 0 ||
      post.fields.countStep === 1, layer.name, 'its tiles are higher than a row');
  });
  layers.forEach((layer, i) => {
    const rows = plan.tensors[layer.output]!.height;
    const made = done[i]! * pairs[turns.indexOf(i)]!.post.fields.countStep;
    require(made >= rows, layer.name, `${made} of its ${rows} rows are made`);
  });
}

/** Turn i writes rows up to done[its layer]: what lay in their places must have been read. */
function checkOverwriting(plan: Plan, pairs: readonly RecordPair[], i: number, done: readonly number[]): void {
  const { layers, turns, tensors } = plan;
  const maker = turns[i]!;
  const { output, name } = layers[maker]!;
  const rows = tensors[output]?.place?.bufferRows ?? 0;
  if (rows === 0) return;
  const overwritten = done[maker]! - rows;
  layers.forEach((reader, j) => {
    if (reader.input !== output) return;
    const dead = firstAlive(pairs[turns.indexOf(j)]!, done[j]!, tensors[reader.output]!.height);
    require(overwritten <= dead, name, `it writes over row ${dead}, which ${reader.name} has not read`);
  });
  require(!layers.some(({ residual }) => residual === output), name, 'a residual is read from a circular buffer');
}

/** The first row of its input that a layer reads from output row `done` on. */
function firstAlive({ feed }: RecordPair, done: number, height: number): number {
  return done >= height ? Number.POSITIVE_INFINITY : Math.max(0, feed.fields.yBase + done * feed.fields.yOy);
}
