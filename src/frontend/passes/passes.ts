/** Every pass, in order. A pass keeps what the graph computes, and is named as its file. */
import type { Graph } from '../graph.js';
import { absorbAffine } from './absorb-affine.js';
import { absorbShuffle } from './absorb-shuffle.js';
import { affineBeforeArrange } from './affine-before-arrange.js';
import { clampBeforeMaxpool } from './clamp-before-maxpool.js';
import { fuseAffine } from './fuse-affine.js';
import { integerWeights } from './integer-weights.js';
import { mergeArranges } from './merge-arranges.js';
import { mergePointwise } from './merge-pointwise.js';
import { mergeQuantizers } from './merge-quantizers.js';
import { removeIdentity } from './remove-identity.js';
import { spreadPixels } from './spread-pixels.js';

export interface Pass {
  readonly name: string;
  readonly run: (graph: Graph) => Graph;
}

export const PASSES: readonly Pass[] = [
  { name: 'remove-identity', run: removeIdentity },
  { name: 'spread-pixels', run: spreadPixels },
  { name: 'merge-arranges', run: mergeArranges },
  { name: 'absorb-shuffle', run: absorbShuffle },
  { name: 'integer-weights', run: integerWeights },
  { name: 'merge-quantizers', run: mergeQuantizers },
  { name: 'clamp-before-maxpool', run: clampBeforeMaxpool },
  { name: 'affine-before-arrange', run: affineBeforeArrange },
  { name: 'fuse-affine', run: fuseAffine },
  { name: 'merge-pointwise', run: mergePointwise },
  { name: 'absorb-affine', run: absorbAffine },
];
