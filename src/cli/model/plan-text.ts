/** A plan as a person reads it. */

import type { Waterfall } from '../../arch/timing/waterfall.js';
import { type ExactnessWord, exactnessText } from '../../base/manifest.js';
import type { PricedStep } from '../../report/host-price.js';
import type { LayerSummary, MachineSummary, PlanSummary } from '../../report/plan-summary.js';
import { cyclesText, percent, rateText } from '../frame/numbers.js';
import { facts, shortNames, table } from '../frame/table.js';

interface PlanPage {
  readonly output: string;
  readonly network: string;
  /** As words. */
  readonly precision: string;
  readonly calibrationSamples: number;
  readonly clock: number;
  readonly summary: PlanSummary;
}

export function planText({ output, network, precision, calibrationSamples, clock, summary }: PlanPage): string {
  const { machine, planCycles, layers, memories } = summary;
  const ready = [
    ['network', network],
    ['precision', precision],
    ['calibrated on', calibrationSamples === 0 ? 'nothing: no calibration needed' : `${calibrationSamples} samples`],
    ['machine', machineText(machine)],
    ['cycles', `${cyclesText(planCycles, clock)}, one image`],
    ['steady rate', rateText(summary.planInterval, clock)],
    ['utilization', `${percent(summary.utilization)} of the multipliers at batch 1`],
    ['cycles go to', waterfallText(summary.waterfall)],
    ['feature maps', activationText(summary)],
    ...weightText(layers),
    ['exactness', ledgerText(layers)],
    ['host', hostText(summary.host)],
  ] as readonly (readonly [string, string])[];
  const memoryColumns = [{ title: 'memory' }, ...['used', 'of', ''].map((title) => ({ title, right: true }))];
  const memoryRows = memories.map(({ memory, used, of }) => [memory, used, of, percent(used / of)]);
  return [facts(ready), layerTable(layers), table(memoryColumns, memoryRows), `written to ${output}`].join('\n\n');
}

/** What FEED does in a frame's cycles. */
function waterfallText(waterfall: Waterfall): string {
  const total = Object.values(waterfall).reduce((sum, cycles) => sum + cycles, 0);
  const parts = Object.entries(waterfall).filter(([, cycles]) => cycles > 0);
  return parts.map(([what, cycles]) => `${what} ${cycles} (${percent(cycles / total)})`).join(', ');
}

function activationText({ featureMaps, layers }: PlanSummary): string {
  const { bytes, bytesWhole } = featureMaps;
  const turns = layers.filter((layer) => layer.turns > 1).length;
  const whole = turns === 0 ? '' : `; ${bytesWhole} bytes if ${turns} layers did not take turns by rows`;
  return `${bytes} bytes on chip at once at the most${whole}`;
}

function weightText(layers: readonly LayerSummary[]): readonly (readonly [string, string])[] {
  const streamed = layers.filter(({ fromDram }) => fromDram);
  if (streamed.length === 0) return [];
  return [['weights', `of ${streamed.length} of ${layers.length} layers from DRAM, the others on chip`]];
}

/** The ends, and the steps behind the network. */
function hostText(host: readonly PricedStep[]): string {
  const sum = (of: (step: PricedStep) => number): number => host.reduce((total, step) => total + of(step), 0);
  const steps = host.filter(({ kind }) => kind !== 'quantize' && kind !== 'scale' && kind !== 'reshape');
  const kinds = [...new Set(steps.map(({ kind }) => kind))];
  const behind = steps.length === 0 ? '' : `; ${steps.length} steps behind the array: ${kinds.join(', ')}`;
  return `${sum(({ operations }) => operations)} operations, ${sum(({ bytes }) => bytes)} bytes${behind}`;
}

export function machineText({ name, rows, cols, lanes, activationDigit, weightDigit }: MachineSummary): string {
  const array = `${rows} x ${cols} x ${lanes} (pixels x channels x inputs)`;
  return `${name}: ${array}, digits of ${activationDigit} x ${weightDigit} bits`;
}

export function layerTable(layers: readonly LayerSummary[]): string {
  const columns = [
    { title: 'layer' },
    ...['passes', 'MACs', 'tile', 'turns', 'cycles', 'utilization'].map((title) => ({ title, right: true })),
    { title: 'integers against reals' },
    { title: 'checked on' },
  ];
  const names = shortNames(layers.map(({ name }) => name));
  const rows = layers.map((layer, i) => [
    ...[
      names[i]!,
      layer.passes,
      layer.macs,
      layer.tile,
      layer.turns,
      layer.cycles,
      percent(layer.utilization),
      ledgerEntry(layer),
      checkText(layer),
    ],
  ]);
  return table(columns, rows);
}

function ledgerEntry(layer: LayerSummary): string {
  const differing = layer.differing === 0 ? '' : `: ${layer.differing} accumulator values differ`;
  return `${exactnessText(layer)}${differing}`;
}

/** Every accumulator: each was tried, or both ends of every run of one code. */
function checkText({ checked }: LayerSummary): string {
  if (checked === null) return 'nothing to requantize';
  const { values, channels, wholeChannels } = checked;
  const whole = wholeChannels === channels ? '' : ` of ${wholeChannels} of ${channels} channels, some of the others`;
  return `every accumulator${whole} (${values} values)`;
}

function ledgerText(layers: readonly LayerSummary[]): string {
  const count = (word: ExactnessWord) => layers.filter(({ exactness }) => exactness === word).length;
  const [exact, inRange] = [count('exact'), count('exact-in-range')];
  const also = inRange === 0 ? '' : `, ${inRange} in the proven range`;
  return `${exact} of ${layers.length} layers exact${also}: the integer requantizer steps where the real-valued one does`;
}
