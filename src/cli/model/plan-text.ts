/** A plan as a person reads it. */

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
    ['exactness', ledgerText(layers)],
    ['host', hostText(summary.host)],
  ] as const;
  const memoryColumns = [{ title: 'memory' }, ...['used', 'of', ''].map((title) => ({ title, right: true }))];
  const memoryRows = memories.map(({ memory, used, of }) => [memory, used, of, percent(used / of)]);
  return [facts(ready), layerTable(layers), table(memoryColumns, memoryRows), `written to ${output}`].join('\n\n');
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
    ...['passes', 'MACs', 'cycles', 'utilization'].map((title) => ({ title, right: true })),
    { title: 'integers against reals' },
    { title: 'checked on' },
  ];
  const names = shortNames(layers.map(({ name }) => name));
  const rows = layers.map((layer, i) => [
    ...[
      names[i]!,
      layer.passes,
      layer.macs,
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
