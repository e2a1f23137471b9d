/**
 * The values in the order of their permuted axes: axis i of the result is axis permutation[i].
 * @param shape before the permutation; data are row major
 */
export function transpose<T extends Float32Array | Float64Array | Int32Array | Int16Array>(
  data: T,
  shape: readonly number[],
  permutation: readonly number[],
): T {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const result = data.slice() as T;
  const counter = permutation.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from]!;
    for (let i = permutation.length - 1; i >= 0; i--) {
      const axis = permutation[i]!;
      counter[i]! += 1;
      from += strides[axis]!;
      if (counter[i]! < shape[axis]!) break;
      from -= counter[i]! * strides[axis]!;
      counter[i] = 0;
    }
  }
  return result;
}
