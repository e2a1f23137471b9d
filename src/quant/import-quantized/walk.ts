/** What each node of a quantized graph makes of its operands. */
import { SystoleError } from '../../base/error.js';
import type { Graph, GraphNode, MaxPoolNode, MulNode } from '../../frontend/graph.js';
import { mapShape } from '../map-shape.js';
import { addValue } from './add-value.js';
import { arrangedCodes, arrangeValue } from './arrange-value.js';
import { averageValue } from './average-value.js';
import { clamped, elementwiseParts, elementwiseValue } from './elementwise.js';
import { ownGrid } from './grid.js';
import { convPending, densePending, productPending } from './layer-base.js';
import type { NetworkParts } from './network-parts.js';
import { quantValue } from './quant-value.js';
import { quantized } from './quantize-pending.js';
import type { Coded, PoolStep, Value } from './values.js';
import { wholeZero } from './whole-zero.js';

export interface Walk {
  readonly graph: Graph;
  readonly parts: NetworkParts;
  /** Tensors that a layer pads or multiplies. */
  readonly padded: ReadonlySet<string>;
  readonly values: Map<string, Value>;
}

/** @throws SystoleError network-unsupported */
export function nodeValue(walk: Walk, node: GraphNode): Value {
  switch (node.kind) {
    case 'quant':
      return quantValue(walk, node);
    case 'conv': {
      const input = codesOf(walk, node.input, node);
      const whole = node.pads.some((pad) => pad > 0) ? wholeZero(walk.parts, input) : input;
      return clamped(convPending(node, whole, mapShape(walk.graph, node.output)), node.clamp);
    }
    case 'dense': {
      const input = codesOf(walk, node.input, node);
      return clamped(densePending(node, input, mapShape(walk.graph, node.input)), node.clamp);
    }
    case 'averagepool':
      return averageValue(walk, node);
    case 'add':
      return clamped(addValue(walk, node), node.clamp);
    case 'mul':
      return mulValue(walk, node);
    case 'affine':
    case 'pointwise': {
      const value = walk.values.get(node.input)!;
      return value.kind === 'arranged' ? elementwiseParts(walk, node, value) : elementwiseValue(walk, node, value);
    }
    case 'maxpool':
      return poolValue(walk, node);
    case 'arrange':
      return arrangeValue(walk, node);
  }
}

/** A tensor that is real where codes are needed. */
export function unquantized(where: string): SystoleError {
  return new SystoleError('network-unsupported', 'a tensor in front of the array has no quantizer', {
    where,
    expected: 'a quantizer behind every layer (QuantizeLinear and DequantizeLinear, Quant, BipolarQuant)',
    hint: 'give sample inputs (--calibration) to choose one, quantize this tensor in the model as well, or compile the float model',
  });
}

/** Codes that a layer reads. */
export function codesOf(walk: Walk, name: string, reader: { readonly name: string }): Coded {
  const made = settled(walk, walk.values.get(name)!, name, reader);
  walk.values.set(name, made);
  return made;
}

/** Codes of a value that nothing is pending on, but what leaves it on its own grid. */
function settled(walk: Walk, value: Value, name: string, reader: { readonly name: string }): Coded {
  if (value.kind === 'coded') return value;
  if (value.kind === 'arranged') {
    return arrangedCodes(walk, value, name, (part, i) => settled(walk, part, `${name}.part${i}`, reader));
  }
  if (value.kind !== 'pending' || !value.onInputGrid) throw unquantized(reader.name);
  return quantized(walk.parts, value, ownGrid(value.input), walk.parts.unusedTensor(name), []);
}

function mulValue(walk: Walk, node: MulNode): Value {
  const shape = mapShape(walk.graph, node.output);
  const [a, b] = node.inputs.map((name) => wholeZero(walk.parts, codesOf(walk, name, node))) as [Coded, Coded];
  const isPixel = ({ tensor }: Coded): boolean => {
    const { height, width } = walk.parts.tensors.get(tensor)!;
    return height * width < shape.height * shape.width;
  };
  const ordered = isPixel(a) ? ([b, a] as const) : ([a, b] as const);
  return clamped(productPending(node, ...ordered, shape), node.clamp);
}

function poolValue(walk: Walk, node: MaxPoolNode): Value {
  const { values, parts, graph } = walk;
  const pool: PoolStep = { ...node, shape: mapShape(graph, node.output) };
  const value = values.get(node.input)!;
  if (value.kind === 'pending') {
    const { curve, steps, falls } = value;
    const rises = curve === null || steps.slice(curve).every((step) => step.rises);
    // What falls behind one pool does not change places with the next.
    if (rises && !falls.includes(true)) return { ...value, pools: [...value.pools, pool], onInputGrid: false };
  }
  return parts.pool(pool, codesOf(walk, node.input, node));
}
