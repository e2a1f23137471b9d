/**
 * The validity rule of graphs, run after import and after every pass. What it says, later stages may take for granted:
 *  1 nodes have names of their own; every tensor is made once, and before it is used; none is made in vain;
 *  2 every tensor named has a shape, [1, C, H, W] or [1, C], all dimensions whole and positive;
 *  3 shapes agree along every node (check-shapes.ts), windows fit their input;
 *  4 constants have as many values as their shape says, all finite; the lower end of a clamp is not above the upper;
 *  5 codes of weights are in the range of their bits, quantizers rise;
 *  6 the host's steps lead from the outputs to the model's, each value made once (check-epilogue.ts).
 */
import { SystoleError } from '../base/error.js';
import { checkEpilogue } from './check-epilogue.js';
import { checkShapes } from './check-shapes.js';
import { firstNotFinite } from './finite.js';
import type { Clamp, Constant, Graph, GraphNode, Quantizer, WeightCodes } from './graph.js';
import { hasClamp, operandsOf } from './graph-nodes.js';

/** @param after which step made the graph, for the message @throws SystoleError graph-invalid, weights-not-finite */
export function checkGraph(graph: Graph, after: string): void {
  const fail = (rule: string, where: string): never => {
    throw new SystoleError('graph-invalid', `the graph breaks a rule after ${after}: ${rule}`, { where });
  };
  checkOrder(graph, fail);
  for (const [name, tensor] of graph.tensors) {
    if (tensor.name !== name) fail('a tensor is listed under another name', name);
    checkShape(tensor.shape, name, fail);
  }
  for (const { name, shape } of graph.inputs) checkShape(shape, name, fail);
  for (const node of graph.nodes) {
    checkConstants(node, fail);
    checkShapes(graph, node, fail);
  }
  checkEpilogue(graph, fail);
}

export type Fail = (rule: string, where: string) => never;

function checkOrder(graph: Graph, fail: Fail): void {
  const names = new Set<string>();
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const made = new Set(inputs);
  const used = new Set(graph.outputs.map(({ name }) => name));
  if (made.size === 0 || made.size < graph.inputs.length) fail('inputs have no names of their own', graph.name);
  if (used.size === 0 || used.size < graph.outputs.length) fail('an output leaves twice, or none does', graph.name);
  if (graph.nodes.length === 0) fail('it has no nodes', graph.name);
  for (const node of graph.nodes) {
    if (names.has(node.name)) fail('two nodes have one name', node.name);
    names.add(node.name);
    for (const name of operandsOf(node)) {
      if (!made.has(name)) fail(`its input ${name} is not made before it`, node.name);
      used.add(name);
    }
    if (made.has(node.output)) fail(`the tensor ${node.output} is made twice`, node.name);
    made.add(node.output);
    if (!graph.tensors.has(node.output)) fail(`the tensor ${node.output} has no shape`, node.name);
  }
  for (const name of inputs) if (!graph.tensors.has(name)) fail('the input has no shape', name);
  for (const node of graph.nodes) if (!used.has(node.output)) fail('its output is not used', node.name);
  for (const { name } of graph.outputs) {
    if (inputs.has(name) || !made.has(name)) fail('no node makes the output', name);
  }
}

function checkShape(shape: readonly number[], where: string, fail: Fail): void {
  if ((shape.length !== 2 && shape.length !== 4) || shape[0] !== 1)
    fail(`the shape ${shape.join('x')} is none of a map`, where);
  if (shape.some((n) => !Number.isInteger(n) || n < 1)) fail(`the shape ${shape.join('x')} is impossible`, where);
}

function checkConstants(node: GraphNode, fail: Fail): void {
  if (node.kind === 'conv' || node.kind === 'dense') {
    checkConstant(node.weights, 'weights', node.name, fail);
    checkConstant(node.bias, 'biases', node.name, fail);
    if (node.codes !== undefined)
      checkCodes(node.codes, node.weights, node.bias.data.length, (rule) => fail(rule, node.name));
  }
  if (node.kind === 'affine') {
    checkFinite(node.scale, 'scales', node.name);
    checkFinite(node.shift, 'shifts', node.name);
    if (node.divisor?.includes(0)) fail('it divides by zero', node.name);
  }
  if (node.kind === 'pointwise') {
    checkFinite(node.slopes ?? Float32Array.of(node.alpha, node.beta), 'slopes', node.name);
    if ((node.fn === 'prelu') !== (node.slopes !== undefined))
      fail('slopes belong to prelu, and to it alone', node.name);
  }
  if (node.kind === 'arrange' && !Number.isFinite(node.fill)) fail('it is filled with no number', node.name);
  if (node.kind === 'quant') checkQuantizer(node.quantizer, (rule) => fail(rule, node.name));
  if (hasClamp(node)) checkClamp(node.clamp, node.name, fail);
}

function checkCodes(codes: WeightCodes, weights: Constant, outputs: number, fail: (rule: string) => never): void {
  const { values, scale, bits, bipolar } = codes;
  if (values.length !== weights.data.length) fail('there is not one code for each weight');
  if (scale.length !== 1 && scale.length !== outputs) fail('there is not one scale of codes for each output');
  const [lo, hi] = bipolar ? [-1, 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  if (values.some((code) => code < lo || code > hi || (bipolar && code === 0))) fail('a code is out of its range');
}

/** Scales are positive, so that a quantizer rises; zeros are integers where they are added behind the rounding. */
function checkQuantizer(quantizer: Quantizer, fail: (rule: string) => never): void {
  const { scale } = quantizer;
  const scales = typeof scale === 'number' ? [scale] : scale;
  if (scales.some((s: number) => !(s > 0 && Number.isFinite(s)))) fail('a scale is not positive');
  if (quantizer.kind === 'bipolar') return;
  if (quantizer.kind === 'thresholds') {
    checkThresholds(quantizer.thresholds, fail);
    return;
  }
  const { zero, lo, hi, zeroInside } = quantizer;
  if (!Number.isInteger(lo) || !Number.isInteger(hi) || lo > hi) fail(`codes from ${lo} to ${hi}`);
  if (zero.some((z) => !Number.isFinite(z) || (!zeroInside && !Number.isInteger(z)))) fail('a zero is no code');
}

function checkThresholds(rows: readonly Float32Array[], fail: (rule: string) => never): void {
  const count = rows[0]?.length ?? 0;
  if (count < 1) fail('there are no thresholds');
  if (rows.some((row) => row.length !== count)) fail('rows of thresholds are not of one length');
  if (rows.some((row) => row.some((t, i) => Number.isNaN(t) || t < (row[i - 1] ?? t))))
    fail('thresholds do not ascend');
}

function checkConstant(constant: Constant, what: string, where: string, fail: Fail): void {
  if (constant.shape.reduce((a, b) => a * b, 1) !== constant.data.length) {
    fail(`${constant.data.length} ${what} do not fill ${constant.shape.join('x')}`, where);
  }
  checkFinite(constant.data, what, where);
}

function checkFinite(data: Float32Array, what: string, where: string): void {
  const bad = firstNotFinite(data);
  if (bad < 0) return;
  throw new SystoleError('weights-not-finite', `${what} are no longer finite`, {
    where: `node ${where}, ${what}[${bad}]`,
    actual: `${data[bad]}`,
    hint: 'a scale times a weight, or a variance below zero, exceeds float32: the training diverged',
  });
}

function checkClamp({ min, max }: Clamp, where: string, fail: Fail): void {
  const bad = (x: number | null): boolean => x !== null && !Number.isFinite(x);
  if (bad(min) || bad(max)) fail('a clamp is not finite', where);
  if (min !== null && max !== null && min > max) fail(`the clamp ${min}..${max} is empty`, where);
}
