/**
 * The rows of the table of utilization: each a network of scripts/bench-networks on a machine of machines/bench, what is asked of it
 * (a share of the multipliers in use, or cycles) and the best figure of the peers at batch 1.
 */

export interface BenchRow {
  readonly network: string;
  /** Of weights and activations; of the ends where they differ. */
  readonly precision: string;
  /** For `systole compile`; empty where the network says itself how it is quantized. */
  readonly options: readonly string[];
  /** Name of a file of machines/bench. */
  readonly machine: string;
  /** What is asked of it: a least share of the multipliers in use, or most cycles. */
  readonly utilization?: number;
  readonly cycles?: number;
  readonly peer: string;
}

const W3A8 = { precision: 'w3a8, ends w8', options: ['--weights', '3', '--activations', '8', '--ends', '8'] };
const W8A8 = { precision: 'w8a8', options: ['--weights', '8', '--activations', '8', '--ends', '8'] };
const W1A1 = { precision: 'w1a1', options: [] };

/** Peers: DPU is AMD's B4096 on a ZCU102, fpgaConvNet on the board named, FINN on a ZC706. */
export const ROWS: readonly BenchRow[] = [
  { network: 'resnet-18', ...W3A8, machine: 'resnet-18-1x32x32', utilization: 0.97, peer: '64.7 % DPU' },
  { network: 'resnet-18', ...W3A8, machine: 'resnet-18-4x64x32', utilization: 0.9, peer: '64.7 % DPU' },
  { network: 'resnet-50', ...W3A8, machine: 'resnet-50-1x32x32', utilization: 0.95, peer: '58.9 % DPU' },
  { network: 'yolov3-tiny', ...W3A8, machine: 'yolov3-tiny-1x32x32', utilization: 0.88, peer: '82.5 % on Nexys A7' },
  { network: 'mobilenet-v1', ...W8A8, machine: 'mobilenet-v1-1x32x32', utilization: 0.85, peer: '32.4 % DPU' },
  { network: 'mobilenet-v2', ...W8A8, machine: 'mobilenet-v2-1x32x32', utilization: 0.7, peer: '14.0 % DPU' },
  {
    network: 'resnet-8',
    ...W8A8,
    machine: 'resnet-8-1x16x16',
    utilization: 0.97,
    peer: '54.9 % fpgaConvNet, ZedBoard',
  },
  { network: 'resnet-8', ...W8A8, machine: 'resnet-8-4x16x16', utilization: 0.9, peer: '42.8 % fpgaConvNet, ZC706' },
  { network: 'ds-cnn', ...W8A8, machine: 'ds-cnn-1x16x16', utilization: 0.8, peer: '25.1 % fpgaConvNet, ZedBoard' },
  {
    ...{ network: 'visual-wake-words', ...W8A8, machine: 'visual-wake-words-1x16x16' },
    ...{ utilization: 0.7, peer: '10.3 % fpgaConvNet, ZC706' },
  },
  { network: 'cnv-w1a1', ...W1A1, machine: 'cnv-w1a1-1x32x32', utilization: 0.95, peer: '16.6 % FINN' },
  { network: 'cnv-w1a1', ...W1A1, machine: 'cnv-w1a1-8x32x32', cycles: 12300, peer: '16.6 % FINN' },
  { network: 'tfc-w1a1', ...W1A1, machine: 'tfc-w1a1-1x64x64', cycles: 120, peer: '0.31 us FINN' },
];

/** Rows in which the simulator's own speed is measured, and the least MACs of the array a second; the machines are in machines/bench too. */
export const SPEED_ROWS = [
  { network: 'resnet-18', ...W3A8, machine: 'resnet-18-1x32x32', images: 2, macsPerSecond: 150e6 },
  { network: 'cnv-w1a1', ...W1A1, machine: 'cnv-w1a1-4x64x32', images: 41, macsPerSecond: 800e6 },
];

/** Small networks: minutes less. */
const QUICK = ['resnet-8', 'ds-cnn', 'tfc-w1a1'];

/** `only`: the rows whose machine's name holds it. */
export function rowsOf({ quick, only }: { readonly quick: boolean; readonly only?: string }): readonly BenchRow[] {
  if (only !== undefined) return ROWS.filter(({ machine }) => machine.includes(only));
  return quick ? ROWS.filter(({ network }) => QUICK.includes(network)) : ROWS;
}
