/** FILE.npy, FILE.npz or FILE.npz:key, as an array. */
import { basename } from 'node:path';
import { type NumericArray, readNpy } from '../../base/npy.js';
import { readNpz } from '../../base/npz.js';
import { sha256 } from '../../base/sha256.js';
import { readBytes } from '../files.js';

export interface TensorFile {
  /** As the user named it, with the key. */
  readonly where: string;
  readonly array: NumericArray;
  /** Of the file, for manifests. */
  readonly name: string;
  readonly sha256: string;
}

/**
 * An archive without a key: `inputs`, else the only array.
 * @throws SystoleError file-not-found, data-file, data-type
 */
export async function readTensorFile(argument: string): Promise<TensorFile> {
  const { path, key } = splitKey(argument);
  const bytes = await readBytes(path);
  const isArchive = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const array = isArchive ? readNpz(bytes, key, path) : readNpy(bytes, argument);
  return { where: argument, array, name: basename(path), sha256: sha256(bytes) };
}

/** The key follows the last colon behind .npz. */
export function splitKey(argument: string): { readonly path: string; readonly key: string | undefined } {
  const found = /^(.*\.npz):([^:]*)$/s.exec(argument);
  return found ? { path: found[1]!, key: found[2]! } : { path: argument, key: undefined };
}
