/** Sums and what becomes of them -> a requantizer for every channel, with its certificate. */
import { type ChannelConstants, constantsOfScale, constantsOnGrid, type RequantizeWidths } from './certificate.js';
import { type ChannelCheck, checkCertificate } from './check-certificate.js';
import type { RealRange } from './index-grid.js';
import { layerExactness } from './ledger.js';
import type { CertificateCheck, Exactness, Requantize } from './network.js';
import { type QuantizerConstants, type RealQuantizer, realQuantizer, signQuantizer } from './quantizer.js';
import { type Dyadic, dyadic, multiply, toNumber } from './rational.js';
import type { Reach } from './steps.js';
import { type TableGrid, tableExactness } from './table.js';

/** One channel: real = step/divisor*(acc - accZero) + bias + residual. */
export interface SumChannel extends Pick<QuantizerConstants, 'step' | 'divisor' | 'accZero' | 'bias' | 'residual'> {
  /** Systole chose the step, and may move it a little. */
  readonly ownStep: boolean;
  readonly reach: Reach;
}

/** What the requantizer makes: codes lo .. hi of a grid. */
export interface SumGrid {
  readonly scale: number;
  readonly zero: number;
  readonly lo: number;
  readonly hi: number;
  /** Signs of the values instead of the values. */
  readonly sign: boolean;
  /** Its codes are indices of a table. */
  readonly table: TableGrid | null;
}

export interface MadeRequantizer {
  readonly requantize: Omit<Requantize, 'residual'>;
  /** Multipliers of the residual. */
  readonly residual: readonly number[];
  readonly exactness: Exactness;
  readonly checked: CertificateCheck;
}

export function requantizeSums(
  sums: readonly SumChannel[],
  grid: SumGrid,
  widths: RequantizeWidths,
  layer: string,
): MadeRequantizer {
  // Channels alike have one set of constants and one certificate.
  const known = new Map<string, { readonly constants: ChannelConstants; readonly check: ChannelCheck }>();
  const made = sums.map((sum, c) => {
    const key = JSON.stringify(sum, (_, value: unknown) => (typeof value === 'bigint' ? value.toString(36) : value));
    const before = known.get(key);
    if (before !== undefined) return before;
    const constants = channelConstants(sum, grid, widths);
    const found = { constants, check: checkCertificate(constants, sum.reach, `${layer}, channel ${c}`) };
    known.set(key, found);
    return found;
  });
  const channels = made.map(({ constants }) => constants);
  const checked = {
    values: made.reduce((sum, { check }) => sum + check.values, 0),
    wholeChannels: made.filter(({ check }) => check.whole).length,
  };
  const reaches = sums.map(({ reach }) => reach);
  const { lo, hi, table } = grid;
  return {
    requantize: { ...constantLists(channels), round: 'floor', lo, hi, ...(table && { table: table.codes }) },
    residual: channels.map((c) => c.r),
    exactness: table
      ? tableExactness(channels, reaches, table, checked)
      : layerExactness(
          channels.map((c) => c.exactness),
          checked,
        ),
    checked,
  };
}

/** Real values that the channels' sums can have. */
export function realReach(sums: readonly SumChannel[]): RealRange {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { step, divisor, accZero, bias, residual, reach } of sums) {
    const { factor = dyadic(1), scale, zero } = residual ?? { scale: 0, zero: 0 };
    const worth = scale * toNumber(factor);
    for (const acc of [reach.range.min, reach.range.max]) {
      for (const res of [0, reach.residualCodes - 1]) {
        const end = (toNumber(step) * (acc - accZero)) / divisor + bias + worth * (res - zero);
        min = Math.min(min, end);
        max = Math.max(max, end);
      }
    }
  }
  return { min, max };
}

export function constantLists(channels: readonly ChannelConstants[]): Pick<Requantize, 'm' | 'b' | 'n'> {
  return { m: channels.map((c) => c.m), b: channels.map((c) => c.b), n: channels.map((c) => c.n) };
}

function channelConstants(sum: SumChannel, grid: SumGrid, widths: RequantizeWidths): ChannelConstants {
  const { accZero, bias, residual, reach } = sum;
  const quantizerOf = (step: Dyadic, divisor: number): RealQuantizer =>
    realQuantizer({
      ...{ step, divisor, accZero, bias, residual },
      ...{ outputScale: grid.scale, outputZero: grid.zero, lo: grid.lo, hi: grid.hi },
    });
  if (grid.sign) return constantsOfScale(signQuantizer(quantizerOf(sum.step, sum.divisor)), reach, widths);
  if (!sum.ownStep) return constantsOfScale(quantizerOf(sum.step, sum.divisor), reach, widths);
  const onGrid = (codesPerUnit: Dyadic): RealQuantizer => quantizerOf(multiply(codesPerUnit, dyadic(grid.scale)), 1);
  return constantsOnGrid(onGrid, toNumber(sum.step) / grid.scale, reach, widths);
}
