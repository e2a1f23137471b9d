/** Which layers' weights stay beside their columns, and which come from DRAM through the ring. */
import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import { stepsPerPass } from './conv-map.js';
import type { LayerGeometry } from './geometry.js';
import type { FramePlacement } from './place-frame.js';
import { columnTileOuter } from './tiling.js';
import { blockWords } from './weight-words.js';

interface Candidate {
  readonly geometry: LayerGeometry;
  readonly words: number;
  /** Words of one column tile. */
  readonly tileWords: number;
  /** Array steps for each word: the time in which DRAM brings the next one. */
  readonly stepsPerWord: number;
}

/**
 * The layers with their loop order: those whose weights come through the ring run column tile outer. Where all weights fit,
 * all stay. Layers that take turns by rows need theirs in every turn. Else those stay that wait longest for each word they would take: the ones with the fewest steps a word.
 * @throws SystoleError memory-too-small
 */
export function chooseResidency(
  { geometries, segments }: Pick<FramePlacement, 'geometries' | 'segments'>,
  machine: Machine,
): readonly LayerGeometry[] {
  const { weightWords, ringWords } = machine.memory;
  const candidates = geometries.map((geometry) => candidateOf(geometry, machine));
  const total = sumOfWords(candidates);
  if (total <= weightWords) return geometries;
  if (ringWords === 0) throw tooSmall(total, machine);
  const inTurns = (i: number) => segments.some(({ first, last }) => first <= i && i <= last);
  const fixed = candidates.filter((one, i) => inTurns(i) || !mayStream(one, machine));
  const left = weightWords - sumOfWords(fixed);
  if (left < 0) throw cannotStream(fixed, machine);
  const resident = new Set(fixed.map(({ geometry }) => geometry));
  fillUp(
    candidates.filter(({ geometry }) => !resident.has(geometry)),
    left,
    resident,
  );
  return geometries.map((geometry) => (resident.has(geometry) ? geometry : throughRing(geometry, machine)));
}

/** Fewest steps a word first; one that no longer fits is passed over. */
function fillUp(candidates: readonly Candidate[], words: number, resident: Set<LayerGeometry>): void {
  let left = words;
  for (const one of [...candidates].sort((a, b) => a.stepsPerWord - b.stepsPerWord || b.words - a.words)) {
    if (one.words > left) continue;
    left -= one.words;
    resident.add(one.geometry);
  }
}

function candidateOf(geometry: LayerGeometry, machine: Machine): Candidate {
  const { map, weightDigits, steps } = geometry;
  const words = geometry.unit === null ? blockWords(map, weightDigits, machine) : 0;
  return {
    geometry,
    words,
    tileWords: weightDigits.planes * stepsPerPass(map, machine),
    stepsPerWord: words === 0 ? 0 : steps / words,
  };
}

/** A layer whose column tiles may be outer, and one of them in the ring while another is on its way. */
function mayStream({ geometry, tileWords }: Candidate, { memory }: Machine): boolean {
  const { layer, map, tiling } = geometry;
  const onePixel = tiling.nOy === 1 && tiling.nOx === 1 && tiling.pixels === 1;
  const inOrder = !layer.toStream || tiling.nCt === 1 || onePixel;
  return !map.depthwise && geometry.unit === null && inOrder && tileWords <= memory.ringWords;
}

function throughRing(geometry: LayerGeometry, machine: Machine): LayerGeometry {
  const tileWords = geometry.weightDigits.planes * stepsPerPass(geometry.map, machine);
  return { ...geometry, tiling: columnTileOuter(geometry.tiling), ringTileWords: tileWords };
}

function sumOfWords(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { words }) => sum + words, 0);
}

function tooSmall(needed: number, { memory }: Machine): SystoleError {
  return new SystoleError('memory-too-small', 'the network does not fit the weight memory', {
    where: 'memory.weightWords',
    expected: `${needed} words`,
    actual: `${memory.weightWords} words, ${needed - memory.weightWords} too few`,
    hint: 'use a machine with more weight memory, or one with DRAM and memory.ringWords',
  });
}

/** Layers that the ring cannot serve, and that do not fit either. */
function cannotStream(fixed: readonly Candidate[], { memory }: Machine): SystoleError {
  const words = sumOfWords(fixed);
  const wide = fixed.filter(({ tileWords }) => tileWords > memory.ringWords);
  const largest = wide.reduce<Candidate | undefined>((a, b) => (a && a.tileWords >= b.tileWords ? a : b), undefined);
  const ring = largest && `, or a ring of ${largest.tileWords} words (${largest.geometry.layer.name})`;
  return new SystoleError('memory-too-small', 'layers that cannot take their weights from DRAM do not fit the memory', {
    where: 'memory.weightWords',
    expected: `${words} words for ${fixed.map(({ geometry }) => geometry.layer.name).join(', ')}${ring ?? ''}`,
    actual: `${memory.weightWords} words, ${words - memory.weightWords} too few; a ring of ${memory.ringWords} words`,
    hint: 'use a machine with more weight memory or a larger ring',
  });
}
