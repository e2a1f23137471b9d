/** Seeded values, scaled so that activations neither vanish nor grow from layer to layer. */
import type { RandomSource } from '../../src/base/random.js';

/** `count` values uniform in low..high. */
export function uniform(random: RandomSource, count: number, low: number, high: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = low + (high - low) * random.uniform();
  return values;
}

/**
 * Weights of variance gain / fanIn: gain 2 keeps the mean square behind a ReLU (He, Zhang, Ren and Sun, "Delving deep
 * into rectifiers", ICCV 2015), gain 1 behind a layer without one.
 */
export function scaledWeights(random: RandomSource, count: number, fanIn: number, gain: number): Float32Array {
  const most = Math.sqrt((3 * gain) / fanIn);
  return uniform(random, count, -most, most);
}
