/**
 * Graph nodes -> float layers in the integer network's own form (NHWC, one kind for everything that sums up), sums fused with
 * what stands behind them. No numbers are quantized here.
 */
import { SystoleError } from '../base/error.js';
import type { AddNode, Graph, GraphNode, MulNode, PointwiseNode } from '../frontend/graph.js';
import { type FloatConv, type FloatLayer, type FloatMul, type FloatNetwork, floatOperands } from './float-network.js';
import { type Fusion, planFusion, sameShape } from './fusion.js';
import { averageRegions, lowerRegions } from './lower-average.js';
import { hasOwnSlopes, slopesOf, squareFunction, tableFunction } from './lower-function.js';
import {
  type AddParts,
  common,
  fuseAdd,
  lowerAdd,
  lowerAffine,
  lowerAverage,
  lowerConv,
  lowerDense,
  lowerDouble,
  lowerSlopes,
  NO_CLAMP,
  ones,
  POINT,
  scaledSum,
  windowOf,
} from './lower-sum.js';
import { mapShape } from './map-shape.js';

interface Lowering {
  readonly graph: Graph;
  readonly fusion: Fusion;
  readonly tables: boolean;
  readonly layers: FloatLayer[];
  readonly shapes: Map<string, ReturnType<typeof mapShape>>;
  readonly seenAs: Map<string, string>;
  readonly follows: Map<string, string>;
  readonly fine: Set<string>;
}

/**
 * @param tables whether layers may have tables
 * @throws SystoleError network-unsupported for what no layer does
 */
export function lowerGraph(graph: Graph, tables: boolean): FloatNetwork {
  const fusion = planFusion(graph, (node) => !needsSlopes(node, tables));
  const made = { seenAs: new Map(), follows: new Map(), fine: new Set<string>() };
  const lowering: Lowering = { graph, fusion, tables, layers: [], shapes: new Map(), ...made };
  for (const node of graph.nodes) if (!fusion.absorbed.has(node.output)) lowerNode(lowering, node);
  for (const layer of lowering.layers) {
    for (const name of [...floatOperands(layer), layer.output]) {
      if (!lowering.shapes.has(name)) lowering.shapes.set(name, mapShape(graph, name));
    }
  }
  return lowering;
}

function lowerNode(lowering: Lowering, node: GraphNode): void {
  const { graph, layers } = lowering;
  switch (node.kind) {
    case 'maxpool':
      layers.push({ kind: 'maxpool', ...common(node), ...windowOf(node), input: node.input });
      return;
    case 'arrange':
      layers.push({ kind: 'arrange', ...common(node), parts: node.parts, fill: node.fill });
      return;
    case 'pointwise':
      lowerPointwise(lowering, node);
      return;
    case 'averagepool': {
      const regions = averageRegions(graph, node);
      if (regions.length === 1) break;
      for (const { layer, shape, seenAs } of lowerRegions(graph, node, regions)) {
        layers.push(layer);
        lowering.shapes.set(layer.output, shape);
        if (layer.output !== node.output) lowering.seenAs.set(layer.output, seenAs);
      }
      return;
    }
  }
  layers.push(lowerSum(lowering, node));
}

/** The layer of a node that sums or multiplies. */
function lowerSum({ graph, fusion, tables }: Lowering, node: GraphNode): FloatConv | FloatMul {
  const { channels } = mapShape(graph, node.output);
  switch (node.kind) {
    case 'conv':
      return lowerConv(node);
    case 'dense':
      return lowerDense(node, mapShape(graph, node.input));
    case 'affine':
      return lowerAffine(node, channels);
    case 'averagepool': {
      const [region] = averageRegions(graph, node);
      return lowerAverage(node, node.input, channels, region!.rows.taps * region!.columns.taps);
    }
    case 'mul':
      if (tables && node.inputs[0] === node.inputs[1]) return lowerSquare(node, channels);
      return { kind: 'mul', ...common(node), inputs: node.inputs, clamp: node.clamp, function: null };
    case 'add': {
      if (node.inputs[0] === node.inputs[1]) return lowerDouble(node, channels);
      const host = fusion.hosts.get(node.output);
      if (host === undefined) return lowerAdd(node, channels, addParts(graph, node, null));
      const conv = host.kind === 'conv' ? lowerConv(host) : lowerDense(host, mapShape(graph, host.input));
      return fuseAdd(node, conv, addParts(graph, node, host.output));
    }
    default:
      throw new SystoleError('network-unsupported', 'a model that arrives quantized is not quantized again', {
        where: node.name,
      });
  }
}

/** A tensor times itself is looked up. */
function lowerSquare(node: MulNode, channels: number): FloatConv {
  return { ...ones(node, node.inputs[0], channels, POINT), function: squareFunction(node) };
}

/** The host first, else the operand of the sum's own shape. */
function addParts(graph: Graph, node: AddNode, host: string | null): AddParts {
  const [a, b] = node.inputs;
  const sign = node.sign ?? 1;
  const swapped = host === null ? !sameShape(graph, a, node.output) : host === b;
  return swapped
    ? { input: b, sign, residual: a, residualSign: 1 }
    : { input: a, sign: 1, residual: b, residualSign: sign };
}

/** The exact way of two layers: without tables, and where one table does not serve all channels. */
function needsSlopes(node: PointwiseNode, tables: boolean): boolean {
  return hasOwnSlopes(node) || (!tables && (node.fn === 'leakyrelu' || node.fn === 'prelu'));
}

function lowerPointwise(lowering: Lowering, node: PointwiseNode): void {
  const { graph, fusion, layers, tables } = lowering;
  const { channels } = mapShape(graph, node.output);
  if (needsSlopes(node, tables)) {
    lowerWithSlopes(lowering, node, slopesOf(node, channels)!);
    return;
  }
  const argument = fusion.arguments.get(node.output);
  const base = argument === undefined ? ones(node, node.input, channels, POINT) : lowerSum(lowering, argument);
  const sources = argument === undefined ? node.sources : [...base.sources, ...node.sources];
  const sum = { ...base, sources, output: node.output };
  if (node.fn === 'hardsigmoid' && sum.kind === 'conv') {
    layers.push({ ...scaledSum(sum, node.alpha, node.beta), clamp: { min: 0, max: 1 } });
  } else if (node.fn === 'sign') layers.push({ ...sum, function: { kind: 'sign' } });
  else if (tables) layers.push({ ...sum, function: tableFunction(node) });
  else {
    throw new SystoleError('network-unsupported', `${node.fn} needs a table of its values`, {
      where: node.name,
      hint: 'choose a machine with a table memory (memory.tableEntries)',
    });
  }
}

/** r = relu(u) on the grid of u, then u*s + r*(1 - s): one rounding behind that of u itself. */
function lowerWithSlopes(lowering: Lowering, node: PointwiseNode, slopes: Float32Array): void {
  const { graph, layers } = lowering;
  const relu = `${node.name}.relu`;
  const base = ones({ ...node, name: relu, output: relu }, node.input, slopes.length, POINT);
  layers.push({ ...base, clamp: { ...NO_CLAMP, min: 0 } }, lowerSlopes(node, node.input, relu, slopes));
  lowering.shapes.set(relu, mapShape(graph, node.output));
  lowering.seenAs.set(relu, node.input);
  lowering.follows.set(relu, node.input);
  lowering.fine.add(node.input);
}
