/** Numbers for people. */
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Cycles and what they are at a clock in MHz. */
export function cyclesText(cycles: number, megahertz: number): string {
  return `${cycles}, ${duration(cycles, megahertz)} at ${megahertz} MHz`;
}

function duration(cycles: number, megahertz: number): string {
  const microseconds = cycles / megahertz;
  return microseconds < 1000 ? `${microseconds.toFixed(1)} us` : `${(microseconds / 1000).toFixed(3)} ms`;
}

/** Frames a second where one follows the other without a gap. */
export function rateText(interval: number, megahertz: number): string {
  return `an image every ${interval} cycles, ${Math.floor((1e6 * megahertz) / interval)} a second`;
}
