export function npy(
  type: '<f4' | '|u1' | '<i8',
  shape: readonly number[],
  data: Uint8Array | Float32Array | BigInt64Array,
): Uint8Array;
export function npz(arrays: Readonly<Record<string, Uint8Array>>): Uint8Array;
export function npyFloats(path: string): Float32Array;
