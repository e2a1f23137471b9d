/** Clamps of single channels: the requantizer's limits are one pair for all, so codes are moved until the clamps meet. */
import { channelQuantizer } from './channel-quantizer.js';
import type { CodeGrid } from './grid.js';
import type { NetworkParts, Worth } from './network-parts.js';
import type { Coded, Pending } from './values.js';

/** Codes that each channel reaches at least and at most. */
export interface ChannelLimits {
  readonly least: readonly number[];
  readonly most: readonly number[];
}

/** null where all channels have the same. */
export function channelLimits({ channels }: Pending, grid: CodeGrid): ChannelLimits | null {
  const limits = channels.map((channel, c) => channelQuantizer(grid, channel, c));
  const [least, most] = [limits.map((f) => f.least), limits.map((f) => f.most)];
  return isAlike(least) && isAlike(most) ? null : { least, most };
}

/** @param limits as if the zero were `zero` */
export function clampedByChannel(
  parts: NetworkParts,
  codes: Coded,
  limits: ChannelLimits,
  zero: number,
  output: string,
): Coded {
  const up = codes.zero - zero;
  const [least, most] = [limits.least.map((code) => code + up), limits.most.map((code) => code + up)];
  const top = Math.max(...most);
  let moved: readonly number[] = least.map(() => 0);
  let now = codes;
  const move = (offsets: readonly number[], to: Omit<Worth, 'scales'>, name: string): void => {
    const by = { m: offsets.map(() => 1), b: offsets.map((offset, c) => offset - moved[c]!) };
    now = parts.moved(now, by, { ...to, scales: codes.scales }, name);
    moved = offsets;
  };
  if (!isAlike(least) || least[0] !== 0) {
    const below = least.map((code) => -code);
    const reach = Math.max(...below.map((offset) => codes.most + offset));
    move(below, { zero: 0, most: reach }, parts.unusedTensor(`${output}.low`));
  }
  if (!isAlike(most)) {
    const above = most.map((code) => top - code);
    move(above, { zero: 0, most: top }, parts.unusedTensor(`${output}.high`));
  }
  move(
    least.map(() => 0),
    { zero: codes.zero, most: top },
    output,
  );
  return now;
}

function isAlike(values: readonly number[]): boolean {
  return values.every((x) => x === values[0]);
}
