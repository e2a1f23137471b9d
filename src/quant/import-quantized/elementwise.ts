/** Nodes of one operand, value by value: on what is pending, on codes, on the parts of a map. */
import { SystoleError } from '../../base/error.js';
import type { AffineNode, BatchNorm, Clamp, PointwiseNode } from '../../frontend/graph.js';
import { isOpen, isPureClamp } from '../../frontend/graph-nodes.js';
import { dyadic, isMultiple, multiply } from '../rational.js';
import { affineChannel, clampChannel, normChannel } from './channel.js';
import { ofChannel } from './grid.js';
import { affineInput } from './input.js';
import { identityPending } from './layer-base.js';
import { mapOf } from './network-parts.js';
import type { NormConstants } from './real-form.js';
import { splitCodes } from './split-codes.js';
import { affineStep, clampStep, clampSteps, pointwiseStep } from './steps.js';
import type { Arranged, ArrangedPart, Coded, Pending } from './values.js';
import { unquantized, type Walk } from './walk.js';

type Elementwise = AffineNode | PointwiseNode;

export function elementwiseValue<V extends ArrangedPart['value']>(
  walk: Walk,
  node: Elementwise,
  value: V,
): ArrangedPart['value'] {
  if (value.kind === 'pending') return throughPending(node, value);
  if (value.kind === 'coded') return throughCodes(walk, node, value);
  if (node.kind === 'pointwise') throw unquantized(node.name);
  return affineInput(value, node);
}

/** Each part by the constants of the channels where it comes to lie. */
export function elementwiseParts(walk: Walk, node: Elementwise, arranged: Arranged): Arranged {
  const made = new Map<ArrangedPart['value'], Map<string, ArrangedPart['value']>>();
  const through = ({ place, value }: ArrangedPart): ArrangedPart => {
    const channels = placeChannels(place, channelsOf(walk, value));
    const own = made.get(value) ?? new Map<string, ArrangedPart['value']>();
    made.set(value, own);
    const moved = forChannels(node, channels);
    const key = JSON.stringify(
      moved.kind === 'affine' ? [moved.scale, moved.shift, moved.norm, moved.divisor] : [moved.slopes],
    );
    const result = own.get(key) ?? elementwiseValue(walk, moved, value);
    own.set(key, result);
    return { place, value: result };
  };
  const steps = node.kind === 'affine' ? [affineStep(node), clampStep(node.clamp)] : [pointwiseStep(node)];
  const perChannel = steps.some((step) => step.perChannel);
  const fillOf = (x: number, c: number): number => steps.reduce((value, step) => step.apply(value, c), x);
  const { fill, shape } = arranged;
  const filled =
    fill && Array.from({ length: perChannel ? shape.channels : fill.length }, (_, c) => fillOf(ofChannel(fill, c), c));
  return {
    ...arranged,
    node: { ...arranged.node, output: node.output },
    parts: arranged.parts.map(through),
    fill: filled,
  };
}

export function channelsOf({ parts }: Walk, value: ArrangedPart['value']): number {
  if (value.kind === 'pending') return value.channels.length;
  if (value.kind === 'coded') return parts.tensors.get(value.tensor)!.channels;
  return value.shape.channels;
}

/** For each channel of a part's operand, the one where the part puts it; any other where it is not read. */
export function placeChannels({ from, to, size }: ArrangedPart['place'], channels: number): readonly number[] {
  const target = new Array<number>(channels).fill(to.c);
  for (let k = 0; k < size[2]; k++) target[from.c + k * from.cStep] = to.c + k * to.cStep;
  return target;
}

function forChannels(node: Elementwise, channels: readonly number[]): Elementwise {
  const pick = (values: Float32Array): Float32Array => Float32Array.from(channels, (c) => values[c]!);
  if (node.kind === 'pointwise') return node.slopes === undefined ? node : { ...node, slopes: pick(node.slopes) };
  const { norm, divisor } = node;
  const own = norm && {
    ...{ gain: pick(norm.gain), bias: pick(norm.bias), mean: pick(norm.mean), variance: pick(norm.variance) },
    epsilon: norm.epsilon,
  };
  return {
    ...node,
    scale: pick(node.scale),
    shift: pick(node.shift),
    ...(own ? { norm: own } : {}),
    ...(divisor ? { divisor: pick(divisor) } : {}),
  };
}

function throughCodes({ parts }: Walk, node: Elementwise, codes: Coded): ArrangedPart['value'] {
  const shape = mapOf(parts.tensors.get(codes.tensor)!);
  const identity = identityPending(node, codes, shape);
  if (node.kind === 'pointwise') return splitCodes(parts, node, codes) ?? throughPending(node, identity);
  const { scale, shift, norm, divisor, clamp } = node;
  const moves =
    norm !== undefined || divisor !== undefined || !shift.every((x) => x === 0) || !scale.every((s) => s > 0);
  if (!moves && isOpen(clamp)) return rescaled(codes, scale);
  if (isPureClamp(node)) return clamped({ ...identity, onInputGrid: true }, clamp);
  return throughPending(node, { ...identity, sources: [] });
}

/** The same codes, worth more or less. */
function rescaled(value: Coded, by: Float32Array): Coded {
  const alike = value.scales.length === 1 && by.every((s) => s === by[0]);
  const factors = alike ? by.subarray(0, 1) : by;
  return { ...value, scales: Array.from(factors, (s, c) => multiply(ofChannel(value.scales, c), dyadic(s))) };
}

function throughPending(node: Elementwise, pending: Pending): Pending {
  const sources = pending.sources === node.sources ? node.sources : [...pending.sources, ...node.sources];
  const output = pending.pools.length > 0 ? pending.output : node.output;
  const onward = { ...pending, sources, output, onInputGrid: false };
  if (node.kind === 'pointwise') {
    return { ...onward, steps: [...pending.steps, pointwiseStep(node)], curve: pending.curve ?? pending.steps.length };
  }
  return clamped(throughAffine(node, onward), node.clamp);
}

function throughAffine(node: AffineNode, pending: Pending): Pending {
  const { scale, shift, norm, divisor } = node;
  const steps = [...pending.steps, affineStep(node)];
  if (pending.curve !== null) return { ...pending, steps };
  const signs = norm?.gain ?? scale;
  const falls = pending.pools.length === 0 ? pending.falls : pending.falls.map((f, c) => (signs[c]! < 0 ? !f : f));
  const channels = pending.channels.map((channel, c) =>
    norm === undefined
      ? affineChannel(channel, scale[c]!, shift[c]!, divisor?.[c])
      : normChannel(channel, normOf(norm, c)),
  );
  return { ...pending, channels, falls, steps };
}

function normOf({ gain, bias, mean, variance, epsilon }: BatchNorm, c: number): NormConstants {
  return { gain: gain[c]!, bias: bias[c]!, mean: mean[c]!, variance: variance[c]!, epsilon };
}

export function clamped(pending: Pending, clamp: Clamp): Pending {
  if (isOpen(clamp)) return pending;
  const scale = pending.input.scales.length === 1 ? pending.input.scales[0]! : null;
  const isCode = (end: number | null): boolean => end === null || (scale !== null && isMultiple(dyadic(end), scale));
  const onInputGrid =
    pending.onInputGrid && Number.isInteger(pending.input.zero) && isCode(clamp.min) && isCode(clamp.max);
  const steps = [...pending.steps, ...clampSteps(clamp)];
  if (pending.curve !== null) return { ...pending, steps };
  return { ...pending, channels: pending.channels.map((channel) => clampChannel(channel, clamp)), steps, onInputGrid };
}

/** @throws SystoleError network-unsupported for a channel of what is filled in that no code stands for */
export function oneFill(codes: readonly number[], where: string): number {
  if (codes.every((code) => code === codes[0])) return codes[0]!;
  throw new SystoleError('network-unsupported', 'what fills a map is another code in each channel', {
    where,
    hint: 'quantize in front of what is done to the channels',
  });
}
