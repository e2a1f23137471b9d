export const SIZE: 32;
export const CLASSES: readonly string[];
export interface SeedRange {
  readonly first: number;
  readonly count: number;
}
export const SEEDS: Readonly<Record<'unseen' | 'calibration' | 'validation' | 'training', SeedRange>>;
/** pixels: RGB bytes, planes first. */
export function renderShape(seed: number): { label: number; name: string; pixels: Uint8Array };
