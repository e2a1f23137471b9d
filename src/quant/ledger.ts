import type { Agreement } from './differences.js';
import type { CertificateCheck, Exactness } from './network.js';

/** What a layer's entry in the ledger is. */
export function layerExactness(channels: readonly Agreement[], checked: CertificateCheck): Exactness {
  const wrong = channels.filter((e) => e.kind === 'approximate');
  if (wrong.length === 0) return { kind: checked.wholeChannels === channels.length ? 'exact' : 'exact-in-range' };
  return {
    kind: 'approximate',
    differing: wrong.reduce((sum, e) => sum + e.differing, 0),
    maxCodes: wrong.reduce((most, e) => Math.max(most, e.maxCodes), 0),
  };
}
