/** What calibration keeps of the values of one tensor. */

export interface TensorStatistics {
  readonly min: number;
  readonly max: number;
  /** Every value seen is an integer. */
  readonly integers: boolean;
  /** A fixed selection of the values seen. */
  readonly values: Float32Array;
}

/** Values kept of one tensor, over all samples. */
const KEPT = 2 ** 15;

export class Collector {
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private integers = true;
  private kept = 0;
  private skip = 0;
  private readonly values: Float32Array;
  private readonly stride: number;

  constructor(size: number, samples: number) {
    this.stride = strideFor(size, samples);
    this.values = new Float32Array(Math.ceil((size * samples) / this.stride));
  }

  /** False for values that are not finite. */
  add(data: Float32Array): boolean {
    let { min, max, integers } = this;
    for (let i = 0; i < data.length; i++) {
      const x = data[i]!;
      if (x < min) min = x;
      if (x > max) max = x;
      if (integers && !Number.isInteger(x)) integers = false;
      if (!Number.isFinite(x)) return false;
    }
    Object.assign(this, { min, max, integers });
    let at = this.skip;
    for (; at < data.length; at += this.stride) this.values[this.kept++] = data[at]!;
    this.skip = at - data.length;
    return true;
  }

  result(): TensorStatistics {
    return {
      min: this.min,
      max: this.max,
      integers: this.integers,
      values: this.values.subarray(0, this.kept),
    };
  }
}

/** Every how many-th value is kept: a prime that does not divide the size, so that it meets all rows, columns and channels alike. */
function strideFor(size: number, samples: number): number {
  let stride = Math.ceil((size * samples) / KEPT);
  while (stride > 1 && (!isPrime(stride) || size % stride === 0)) stride++;
  return stride;
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}
