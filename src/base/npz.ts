/** NumPy archives: zip files of .npy members. */
import { unzipSync } from 'fflate';
import { SystoleError } from './error.js';
import { type NumericArray, readNpy } from './npy.js';

/** The largest array that is unpacked, bytes: an archive that claims more is refused before it is. */
const MOST_BYTES = 2 ** 31;

/**
 * Reads one array of an archive: `key`, else `inputs`, else the only one.
 * @throws SystoleError data-file for a damaged archive, a missing key (naming those there are), or none chosen of several.
 */
export function readNpz(bytes: Uint8Array, key: string | undefined, where: string): NumericArray {
  const names = npzKeys(bytes, where);
  const chosen = key ?? (names.includes('inputs') ? 'inputs' : names.length === 1 ? names[0] : undefined);
  if (chosen === undefined || !names.includes(chosen)) {
    throw new SystoleError(
      'data-file',
      chosen === undefined ? 'the archive holds several arrays' : `the archive has no array ${chosen}`,
      {
        where,
        expected: key ?? 'one array, or one called inputs',
        actual: names.join(', '),
        hint: `name one: FILE.npz:${names[0] ?? 'key'}`,
      },
    );
  }
  const member = unzip(bytes, where, (name) => name === `${chosen}.npy`)[`${chosen}.npy`];
  if (member === undefined) throw new SystoleError('data-file', 'the archive is damaged', { where });
  return readNpy(member, `${where}:${chosen}`);
}

/** The names of the arrays in an archive, in its order. */
export function npzKeys(bytes: Uint8Array, where: string): string[] {
  const names: string[] = [];
  unzip(bytes, where, (name) => {
    if (name.endsWith('.npy')) names.push(name.slice(0, -4));
    return false;
  });
  return names;
}

function unzip(bytes: Uint8Array, where: string, wanted: (name: string) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter: (file) => wanted(file.name) && file.originalSize <= MOST_BYTES });
  } catch {
    throw new SystoleError('data-file', 'the file is not a NumPy archive, or is damaged', {
      where,
      expected: '.npz (numpy.savez)',
    });
  }
}
