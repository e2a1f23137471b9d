/** Operators that move values. */
import { CONCAT } from './concat.js';
import { CONV_TRANSPOSE } from './conv-transpose.js';
import { DEPTH_TO_SPACE, SPACE_TO_DEPTH } from './depth-space.js';
import type { Operator } from './operator.js';
import { PAD } from './pad.js';
import { GATHER, SLICE, SPLIT } from './pieces.js';
import { EXPAND, TILE } from './repeat.js';
import { RESIZE, UPSAMPLE } from './resize.js';

export const STRUCTURE: readonly Operator[] = [
  CONCAT,
  CONV_TRANSPOSE,
  DEPTH_TO_SPACE,
  EXPAND,
  GATHER,
  PAD,
  RESIZE,
  SLICE,
  SPACE_TO_DEPTH,
  SPLIT,
  TILE,
  UPSAMPLE,
];
