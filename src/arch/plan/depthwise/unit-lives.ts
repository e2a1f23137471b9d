/**
 * How long tensors and counters are in use where the depthwise unit runs beside the array. Time is the index of the layer
 * that FEED is at. The unit takes its layers in order; it begins with one when POST is at the array's last layer before it,
 * and is known to be through with it at the end of the first array layer that waits for all rows of it or of a later one.
 */
import type { LoweredNetwork } from '../array-layer.js';
import type { LayerGeometry } from '../geometry.js';
import { type Lifetime, readsOf } from '../lifetimes.js';
import type { Apart } from '../memory.js';
import { rootOf } from '../views.js';

type Geometries = readonly Pick<LayerGeometry, 'layer' | 'unit' | 'inputWait' | 'residualWait'>[];

/** The array's layer at which the unit may begin with layer k: the `back`-th before it, -1 where there is none. */
export function unitBegins(geometries: Geometries, k: number, back = 1): number {
  let left = back;
  for (let i = k - 1; i >= 0; i--) if (geometries[i]!.unit === null && --left === 0) return i;
  return -1;
}

/** The array's layer behind which the unit is through with layer k; the last one where nobody waits for all of it. */
export function unitEnds(geometries: Geometries, k: number): number {
  const made = new Map(geometries.map(({ layer }, i) => [layer.output, i]));
  const end = geometries.findIndex(({ unit, inputWait, residualWait }, j) => {
    const waits = [inputWait, ...(residualWait ? [residualWait] : [])];
    const after = ({ counter, forAll }: (typeof waits)[number]) => {
      const maker = made.get(counter) ?? -1;
      return forAll && maker >= k && geometries[maker]!.unit !== null;
    };
    return j > k && unit === null && waits.some(after);
  });
  return end < 0 ? geometries.length - 1 : end;
}

/** @param back array layers before a unit's layer from which on what it makes is in use */
function unitLives(
  lives: readonly Lifetime[],
  geometries: Geometries,
  root: (name: string) => string,
  back: number,
): readonly Lifetime[] {
  const changed = new Map(lives.map((life) => [life.name, life]));
  geometries.forEach(({ layer, unit }, k) => {
    if (unit === null) return;
    const end = unitEnds(geometries, k);
    for (const name of [...readsOf(layer), layer.output].map(root)) {
      const life = changed.get(name);
      if (life !== undefined) changed.set(name, { ...life, lastRead: Math.max(life.lastRead, end) });
    }
    const made = changed.get(root(layer.output));
    if (made !== undefined && made.made === k) {
      changed.set(made.name, { ...made, made: unitBegins(geometries, k, back) });
    }
  });
  return [...changed.values()];
}

/** Of tensors. */
export function livesBesideUnit(
  lives: readonly Lifetime[],
  geometries: Geometries,
  { views }: LoweredNetwork,
): readonly Lifetime[] {
  return unitLives(lives, geometries, (name) => rootOf(name, views), 1);
}

/** Of counters, by the tensor they count: a record in the unit's shadow clears its own, when FEED may be two layers before. */
export function countersBesideUnit(
  lives: readonly Lifetime[],
  geometries: Geometries,
  counterOf: (name: string) => string,
): readonly Lifetime[] {
  return [...unitLives(lives, geometries, counterOf, 2)].sort((a, b) => a.made - b.made);
}

/** Tensors that should lie in different groups: read at once, or written at once, by the unit and the array. */
export function unitClashes(geometries: Geometries, { views }: LoweredNetwork): readonly Apart[] {
  const root = (name: string) => rootOf(name, views);
  return geometries.flatMap(({ layer: own, unit }, k) => {
    if (unit === null) return [];
    const beside = geometries.slice(Math.max(0, unitBegins(geometries, k)), unitEnds(geometries, k) + 1);
    return beside.flatMap(({ layer, unit: other }): readonly Apart[] => {
      if (other !== null) return [];
      const reads = readsOf(layer).map((name) => ({ a: root(own.input), b: root(name), hard: false }));
      return layer.toStream ? reads : [...reads, { a: root(own.output), b: root(layer.output), hard: false }];
    });
  });
}
