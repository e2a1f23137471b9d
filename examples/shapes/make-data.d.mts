import type { SeedRange } from './render.mjs';
export function renderedSet(seeds: SeedRange, bytes?: boolean): Uint8Array;
