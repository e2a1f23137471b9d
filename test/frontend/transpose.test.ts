import { describe, expect, it } from 'vitest';
import { transpose } from '../../src/base/transpose.js';
import { toGraphInput } from '../../src/frontend/transpose.js';

const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);

describe('transpose', () => {
  it('turns a matrix', () => {
    expect([...transpose(numbers(6), [2, 3], [1, 0])]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('puts every value where its permuted index says', () => {
    const shape = [2, 3, 4];
    for (const permutation of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const made = transpose(numbers(24), shape, permutation);
      const to = permutation.map((axis) => shape[axis]!);
      for (let i = 0; i < 24; i++) {
        const index = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
        const [a, b, c] = permutation.map((axis) => index[axis]!) as [number, number, number];
        expect(made[(a * to[1]! + b) * to[2]! + c]).toBe(i);
      }
    }
  });
});

describe('the graph input of a model', () => {
  it('with its channels last is reordered, and any other is taken as it is', () => {
    const layout = { modelShape: [1, 2, 2, 3], split: [2, 2, 3], permutation: [2, 0, 1] };
    expect([...toGraphInput(layout, numbers(12))]).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    const data = numbers(3);
    expect(toGraphInput(undefined, data)).toBe(data);
  });
});
