import { expect, it } from 'vitest';
import { exactnessText } from '../../src/base/manifest.js';

it.each([
  ['exact', 0, 'exact'],
  ['exact-in-range', 0, 'exact in the proven range'],
  ['approximate', 1, 'approximate, at most 1 code'],
  ['approximate', 2, 'approximate, at most 2 codes'],
] as const)('the ledger writes %s of %d codes as "%s"', (exactness, maxCodes, text) => {
  expect(exactnessText({ exactness, maxCodes })).toBe(text);
});
