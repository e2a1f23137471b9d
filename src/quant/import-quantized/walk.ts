/** What each node of a quantized graph makes of its operands. */
import { SystoleError } from '../../base/error.js';
import type {
  AddNode,
  AffineNode,
  BatchNorm,
  Clamp,
  Graph,
  GraphNode,
  MaxPoolNode,
  QuantNode,
} from '../../frontend/graph.js';
import { isOpen, isPureClamp } from '../../frontend/graph-nodes.js';
import { mapShape } from '../lower.js';
import { dyadic, isMultiple, multiply, toNumber } from '../rational.js';
import { type CodeGrid, codeGrid, ofChannel } from './grid.js';
import { affineInput, inputGrid, type RealInput } from './input.js';
import { averagePending, convPending, densePending, identityPending } from './layer-base.js';
import type { NetworkParts } from './network-parts.js';
import type { NormConstants } from './real-form.js';
import {
  affineChannel,
  type Channel,
  type Coded,
  clampChannel,
  normChannel,
  type Pending,
  residualChannel,
} from './values.js';

export type Value = Coded | Pending | RealInput;

export interface Walk {
  readonly graph: Graph;
  readonly parts: NetworkParts;
  /** Tensors that a layer pads. */
  readonly padded: ReadonlySet<string>;
  readonly values: Map<string, Value>;
}

/** @throws SystoleError network-unsupported */
export function nodeValue(walk: Walk, node: GraphNode): Value {
  switch (node.kind) {
    case 'quant':
      return quantValue(walk, node);
    case 'conv':
      return clamped(convPending(node, codesOf(walk, node.input, node)), node.clamp);
    case 'dense': {
      const input = codesOf(walk, node.input, node);
      return clamped(densePending(node, input, mapShape(walk.graph, node.input)), node.clamp);
    }
    case 'averagepool': {
      const input = codesOf(walk, node.input, node);
      return clamped(averagePending(node, input, mapShape(walk.graph, node.output).channels), node.clamp);
    }
    case 'add':
      return clamped(addValue(walk, node), node.clamp);
    case 'affine':
      return affineValue(walk, node);
    case 'maxpool':
      return poolValue(walk, node);
    case 'pointwise':
    case 'mul':
    case 'arrange':
      throw new SystoleError('network-unsupported', `${node.kind} nodes of a quantized model are not taken`, {
        where: node.name,
      });
  }
}

/** A tensor that is real where codes are needed. */
export function unquantized(where: string): SystoleError {
  return new SystoleError('network-unsupported', 'a tensor in front of the array has no quantizer', {
    where,
    expected: 'a quantizer behind every layer (QuantizeLinear and DequantizeLinear, Quant, BipolarQuant)',
    hint: 'quantize this tensor in the model as well, or compile the float model',
  });
}

/** Codes that a layer reads. */
export function codesOf({ values, parts }: Walk, name: string, reader: { readonly name: string }): Coded {
  const value = values.get(name)!;
  if (value.kind === 'coded') return value;
  if (value.kind !== 'pending' || !value.onInputGrid) throw unquantized(reader.name);
  const made = parts.quantize(value, ownGrid(value.input), value.output, []);
  values.set(name, made);
  return made;
}

/** The grid on which a tensor's codes already are. */
function ownGrid({ scales, zero, most }: Coded): CodeGrid {
  const limits = { lo: 0, hi: most, base: 0, step: 1 };
  return { divisors: scales, added: zero, inside: true, round: 'half-even', zero, scales, ...limits };
}

function quantValue(walk: Walk, node: QuantNode): Coded {
  const { values, padded, parts } = walk;
  const value = values.get(node.input)!;
  const isPadded = padded.has(node.output);
  if (value.kind === 'input') return quantInput(walk, value, node, isPadded);
  const grid = codeGrid(node.quantizer, isPadded, node.name);
  if (value.kind === 'coded' && sameGrid(value, grid)) return value;
  const pending = value.kind === 'pending' ? value : identityOf(walk, node, value);
  return parts.quantize(pending, grid, node.output, node.sources);
}

function quantInput({ parts }: Walk, value: RealInput, node: QuantNode, isPadded: boolean): Coded {
  if (parts.input !== null) {
    throw new SystoleError('network-unsupported', 'the input is quantized in two ways', {
      where: node.name,
      expected: 'one quantizer for the input',
    });
  }
  const { grid, bits, quantizer } = inputGrid(value, node, isPadded);
  const [scale, zero] = [toNumber(grid.scales[0]!), grid.zero];
  parts.addTensor(node.output, node.output, { bits, scale, zero });
  parts.input = { tensor: node.output, quantizer };
  return { kind: 'coded', tensor: node.output, scales: grid.scales, zero, most: grid.hi };
}

/** All codes of the one are codes of the other for the same values. */
function sameGrid(codes: Coded, grid: CodeGrid): boolean {
  const scales = codes.scales.length === grid.scales.length;
  const alike = scales && codes.scales.every((s, c) => toNumber(s) === toNumber(grid.scales[c]!));
  return alike && codes.zero === grid.zero && grid.step === 1 && grid.lo === 0 && grid.hi >= codes.most;
}

function identityOf({ graph }: Walk, node: { readonly name: string; readonly output: string }, input: Coded): Pending {
  const { channels } = mapShape(graph, node.output);
  return identityPending({ name: node.name, output: node.output, sources: [] }, input, channels);
}

function clamped(pending: Pending, clamp: Clamp): Pending {
  if (isOpen(clamp)) return pending;
  const scale = pending.input.scales.length === 1 ? pending.input.scales[0]! : null;
  const isCode = (end: number | null): boolean => end === null || (scale !== null && isMultiple(dyadic(end), scale));
  const onInputGrid =
    pending.onInputGrid && Number.isInteger(pending.input.zero) && isCode(clamp.min) && isCode(clamp.max);
  return { ...pending, channels: pending.channels.map((channel) => clampChannel(channel, clamp)), onInputGrid };
}

function affineValue(walk: Walk, node: AffineNode): Value {
  const value = walk.values.get(node.input)!;
  if (value.kind === 'input') return affineInput(value, node);
  const { scale, shift, norm, clamp } = node;
  if (value.kind === 'coded') {
    const moves = norm !== undefined || !shift.every((x) => x === 0) || !scale.every((s) => s > 0);
    if (!moves && isOpen(clamp)) return rescaled(value, scale);
    const identity = { ...identityOf(walk, node, value), sources: node.sources };
    if (isPureClamp(node)) return clamped({ ...identity, onInputGrid: true }, clamp);
    return clamped(onChannels(identity, node), clamp);
  }
  return clamped({ ...onChannels(value, node), sources: [...value.sources, ...node.sources] }, clamp);
}

/** The same codes, worth more or less. */
function rescaled(value: Coded, by: Float32Array): Coded {
  const alike = value.scales.length === 1 && by.every((s) => s === by[0]);
  const factors = alike ? by.subarray(0, 1) : by;
  return { ...value, scales: Array.from(factors, (s, c) => multiply(ofChannel(value.scales, c), dyadic(s))) };
}

function onChannels(pending: Pending, { name, scale, shift, norm, output }: AffineNode): Pending {
  const falls = (norm?.gain ?? scale).some((s) => s < 0);
  if (falls && pending.pools.length > 0) {
    throw new SystoleError('network-unsupported', 'a negative scale between a max pool and its quantizer', {
      where: name,
      hint: 'quantize in front of the max pool',
    });
  }
  const channels = pending.channels.map((channel, c) =>
    norm === undefined ? affineChannel(channel, scale[c]!, shift[c]!) : throughNorm(channel, normOf(norm, c), name),
  );
  return { ...pending, channels, onInputGrid: false, output: pending.pools.length > 0 ? pending.output : output };
}

function throughNorm(channel: Channel, norm: NormConstants, where: string): Channel {
  const made = normChannel(channel, norm);
  if (made !== null) return made;
  throw new SystoleError('network-unsupported', 'two batch norms in front of one quantizer', {
    where,
    hint: 'fold them into one',
  });
}

function normOf({ gain, bias, mean, variance, epsilon }: BatchNorm, c: number): NormConstants {
  return { gain: gain[c]!, bias: bias[c]!, mean: mean[c]!, variance: variance[c]!, epsilon };
}

function addValue(walk: Walk, node: AddNode): Pending {
  const [a, b] = node.inputs;
  const { values, graph } = walk;
  const { channels } = mapShape(graph, node.output);
  if (a === b) return identityPending(node, codesOf(walk, a, node), channels, 2);
  const host = node.inputs.find((name) => takesResidual(values.get(name)!));
  if (host === undefined) {
    const [input, residual] = [codesOf(walk, a, node), codesOf(walk, b, node)];
    return withResidual(identityPending(node, input, channels), residual, node);
  }
  const pending = values.get(host) as Pending;
  const residual = codesOf(walk, host === a ? b : a, node);
  return withResidual({ ...pending, sources: [...pending.sources, ...node.sources] }, residual, node);
}

/** A sum of products that nothing has clamped or pooled. */
function takesResidual(value: Value): boolean {
  if (value.kind !== 'pending' || value.onInputGrid || value.residual !== null || value.pools.length > 0) return false;
  return value.channels.every(({ bounds }) => bounds.length === 0);
}

function withResidual(pending: Pending, residual: Coded, { output }: AddNode): Pending {
  const channels = pending.channels.map((channel, c) =>
    residualChannel(channel, ofChannel(residual.scales, c), residual.zero),
  );
  return { ...pending, channels, residual, output };
}

function poolValue({ values, parts }: Walk, node: MaxPoolNode): Value {
  const value = values.get(node.input)!;
  if (value.kind === 'coded') return parts.pool(node, value);
  if (value.kind === 'input') throw unquantized(node.name);
  return { ...value, pools: [...value.pools, node], onInputGrid: false };
}
