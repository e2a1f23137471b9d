/** What a plan costs, in the numbers that compile and verify share. */
import type { Machine } from '../arch/machine.js';
import { utilization } from '../arch/machine-cost.js';
import type { Plan } from '../arch/plan/plan.js';
import type { PlanLayout } from '../arch/plan/plan-layout.js';
import type { CycleCount } from '../arch/timing/count-cycles.js';
import type { Waterfall } from '../arch/timing/waterfall.js';
import type { ExactnessWord, ManifestLayer } from '../base/manifest.js';
import { hostPrice, type PricedStep } from './host-price.js';

export interface LayerSummary {
  readonly name: string;
  readonly passes: number;
  readonly macs: number;
  /** Output pixels of one tile: columns x lines. */
  readonly tile: string;
  /** Records it is computed by: 1, or more where layers take turns by rows. */
  readonly turns: number;
  readonly fromDram: boolean;
  /** In which the array works on the layer, or waits for it. */
  readonly cycles: number;
  readonly utilization: number;
  readonly exactness: ExactnessWord;
  /** Accumulator values whose code differs from the real-valued quantizer's, and by how many codes at most. */
  readonly differing: number;
  readonly maxCodes: number;
  /** How far both quantizers were run against each other; null where there is nothing to requantize. */
  readonly checked: LayerCheck | null;
}

export interface LayerCheck {
  /** Pairs of accumulator and residual code, all channels together. */
  readonly values: number;
  readonly channels: number;
  /** Channels of which nothing reachable was left out. */
  readonly wholeChannels: number;
}

export interface MemoryUse {
  readonly memory: string;
  readonly used: number;
  readonly of: number;
}

export interface ActivationPeak {
  readonly bytes: number;
  /** Were every layer computed whole, one after the other. */
  readonly bytesWhole: number;
}

export interface PlanSummary {
  readonly machine: MachineSummary;
  readonly planCycles: number;
  /** From frame to frame, where the next one always waits. */
  readonly planInterval: number;
  readonly usefulDigitMacs: number;
  readonly utilization: number;
  readonly waterfall: Waterfall;
  readonly layers: readonly LayerSummary[];
  readonly memories: readonly MemoryUse[];
  /** Bytes of the feature maps alive at once, at the most. */
  readonly featureMaps: ActivationPeak;
  /** What the host does for an image: the ends, then the steps behind the network. */
  readonly host: readonly PricedStep[];
}

export type MachineSummary = Pick<Machine, 'name' | 'rows' | 'cols' | 'lanes' | 'activationDigit' | 'weightDigit'>;

export interface SummarySource {
  readonly plan: Plan;
  readonly cycles: CycleCount;
  readonly interval: number;
  /** One entry for each layer of the plan. */
  readonly ledger: readonly ManifestLayer[];
}

export function planSummary({ plan, cycles, interval, ledger }: SummarySource): PlanSummary {
  const { machine, usefulDigitMacs } = plan;
  return {
    machine: machineSummary(machine),
    planCycles: cycles.cycles,
    planInterval: interval,
    usefulDigitMacs,
    utilization: utilization(usefulDigitMacs, cycles.cycles, machine),
    waterfall: cycles.waterfall,
    layers: ledger.map(({ name, planCycles, usefulDigitMacs: digitMacs, exactness, differing, maxCodes }, i) => ({
      ...{ name, passes: plan.layers[i]!.passes, macs: plan.layers[i]!.usefulMacs, cycles: planCycles },
      ...layerPlace(plan, i),
      ...{ utilization: utilization(digitMacs, planCycles, machine), exactness, differing, maxCodes },
      checked: checkOf(plan, plan.layers[i]!),
    })),
    memories: memoryUse(plan, machine),
    featureMaps: { bytes: plan.used.activationBytes, bytesWhole: plan.used.activationBytesWhole },
    host: hostPrice(plan.network),
  };
}

function layerPlace({ layers, turns }: Plan, i: number): Pick<LayerSummary, 'tile' | 'turns' | 'fromDram'> {
  const { tile, fromDram } = layers[i]!;
  return {
    tile: `${tile.columns}x${tile.lines}`,
    turns: turns.reduce((count, layer) => (layer === i ? count + 1 : count), 0),
    fromDram,
  };
}

function checkOf({ network }: Plan, { sources }: Plan['layers'][number]): LayerCheck | null {
  const checks = network.layers.flatMap((layer) => {
    if (!('checked' in layer) || layer.checked === undefined || !sources.includes(layer.name)) return [];
    return [{ ...layer.checked, channels: network.tensors[layer.output]!.channels }];
  });
  if (checks.length === 0) return null;
  const sum = (field: keyof LayerCheck) => checks.reduce((total, check) => total + check[field], 0);
  return { values: sum('values'), channels: sum('channels'), wholeChannels: sum('wholeChannels') };
}

export function machineSummary({ name, rows, cols, lanes, activationDigit, weightDigit }: Machine): MachineSummary {
  return { name, rows, cols, lanes, activationDigit, weightDigit };
}

/** Used and available words of each memory; activations: of the fullest group. */
function memoryUse({ used }: Pick<PlanLayout, 'used'>, { memory, counters }: Machine): MemoryUse[] {
  return [
    { memory: 'activations', used: used.activationWords, of: memory.activationWords },
    { memory: 'weights', used: used.weightWords, of: memory.weightWords },
    { memory: 'parameters', used: used.parameterWords, of: memory.parameterWords },
    { memory: 'program', used: used.programWords, of: memory.programWords },
    { memory: 'passes', used: used.passEntries, of: memory.passEntries },
    ...(memory.tableEntries > 0 ? [{ memory: 'tables', used: used.tableEntries, of: memory.tableEntries }] : []),
    { memory: 'counters', used: used.counters, of: counters },
  ];
}
