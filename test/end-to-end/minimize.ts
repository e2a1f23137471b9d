/**
 * The last steps to a small failing case. fast-check shrinks field by field and does not come back to what it could
 * not take away early; this tries to drop or simplify every part again until nothing more can go.
 */
import type { LayerRecipe } from '../support/recipe.js';
import type { RandomCase } from './random-case.js';

type Json = number | boolean | string | null | readonly Json[] | { readonly [key: string]: Json };

const PLAIN_LAYER: LayerRecipe = {
  kind: 'conv',
  kernel: [1, 1],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [0, 0, 0, 0],
  channels: 1,
  weightBits: 1,
  weights: 'any',
  bits: 1,
  zero: 0,
  nearestEven: false,
  clip: false,
  inputBack: 0,
  residualBack: 0,
  table: 0,
  pool: null,
  seed: 0,
};

/** @param fails true while the case still shows a failure */
export async function minimize(
  start: RandomCase,
  fails: (random: RandomCase) => Promise<boolean>,
): Promise<RandomCase> {
  let smallest = start;
  for (;;) {
    const smaller = await firstFailing(candidates(smallest), fails);
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
}

async function firstFailing(
  cases: Iterable<RandomCase>,
  fails: (random: RandomCase) => Promise<boolean>,
): Promise<RandomCase | undefined> {
  for (const random of cases) if (await fails(random)) return random;
  return undefined;
}

/** Simpler cases, the boldest steps first. */
function* candidates(random: RandomCase): Generator<RandomCase> {
  const { recipe } = random;
  const withLayers = (layers: readonly LayerRecipe[]) => ({ ...random, recipe: { ...recipe, layers } });
  if (recipe.layers.length > 1) {
    for (const i of recipe.layers.keys()) yield withLayers(recipe.layers.filter((_, at) => at !== i));
  }
  for (const [i, layer] of recipe.layers.entries()) {
    for (const simpler of simplerFields(layer, PLAIN_LAYER)) yield withLayers(recipe.layers.with(i, simpler));
  }
  const plain = {
    height: 1,
    width: 1,
    channels: 1,
    bits: 1,
    zero: 0,
    raw: false,
    outputBack: 0,
    inputs: [],
    moreOutputs: [],
  };
  for (const simpler of simplerFields(recipe, plain)) yield { ...random, recipe: simpler };
  yield* simplerFields(random, { stallInput: 0, stallOutput: 0, pipelined: false });
  for (const frames of simplerFields(random.frames, { seed: 0, values: 'any' })) yield { ...random, frames };
}

/** The value with one field, or one place of a list in it, set to the plain one, or halfway or one step towards it. */
function* simplerFields<T extends object>(value: T, plain: Partial<T>): Generator<T> {
  for (const [key, goal] of Object.entries(plain)) {
    const now = (value as Record<string, Json>)[key]!;
    for (const simpler of towards(now, goal as Json)) yield { ...value, [key]: simpler };
  }
}

function* towards(now: Json, goal: Json): Generator<Json> {
  if (JSON.stringify(now) === JSON.stringify(goal)) return;
  yield goal;
  if (Array.isArray(now) && Array.isArray(goal)) {
    for (const [i, item] of now.entries()) {
      if (now.length > goal.length) yield now.toSpliced(i, 1);
      else for (const simpler of towards(item, goal[i]!)) yield now.with(i, simpler);
    }
  }
  if (typeof now !== 'number' || typeof goal !== 'number') return;
  const half = goal + Math.floor((now - goal) / 2);
  if (half !== goal) yield half;
  if (now - 1 > half) yield now - 1;
}
