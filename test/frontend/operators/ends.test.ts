import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { runSteps } from '../../../src/quant/host/run-steps.js';
import { kindsOf } from '../../support/host-chain.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import { buildOnnx, floats, ints, type ModelRecipe, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const dense = node('Gemm', 'x w', 'scores');
const initializers = { w: randomFloats([6, 4], 1), s: ints([2], [2, 2]) };
const scored = (...nodes: ModelRecipe['nodes']): ModelRecipe => ({
  shape: [1, 6],
  nodes: [dense, ...nodes],
  initializers,
});
const onMap = (opset: number, ...nodes: ModelRecipe['nodes']): ModelRecipe => ({
  opset,
  shape: [1, 3, 4, 2],
  nodes: [node('MaxPool', 'x', 'a', { kernel_shape: [1, 1] }), ...nodes],
});

describe('Softmax and ArgMax', () => {
  it('at the end are steps of the host', async () => {
    const softmax = await sameAsRuntime(scored(node('Softmax', 'scores', 'y')));
    expect(softmax.outputs[0]).toEqual({ name: 'scores', shape: [1, 4] });
    expect(softmax.host).toEqual([
      { op: { kind: 'softmax', axis: 1 }, inputs: ['scores'], outputs: [{ name: 'y', shape: [1, 4] }], source: 'y' },
    ]);
    expect(softmax.modelOutputs).toEqual([{ name: 'y', value: 'y', shape: [1, 4], type: 'float32' }]);
    const argmax = await sameAsRuntime(scored(node('ArgMax', 'scores', 'y', { axis: -1, keepdims: 0 })));
    expect(argmax.host).toEqual([
      { op: { kind: 'argmax', axis: 1 }, inputs: ['scores'], outputs: [{ name: 'y', shape: [1] }], source: 'y' },
    ]);
    expect(argmax.modelOutputs).toEqual([{ name: 'y', value: 'y', shape: [1], type: 'int64' }]);
  });

  it('compute what ONNX Runtime computes along every axis of a map', async () => {
    for (const axis of [0, 1, 2, 3, -1, -3]) {
      await sameAsRuntime(onMap(13, node('Softmax', 'a', 'y', { axis })));
      await sameAsRuntime(onMap(13, node('ArgMax', 'a', 'y', { axis, keepdims: axis < 0 ? 1 : 0 })));
    }
    await sameAsRuntime(onMap(13, node('Softmax', 'a', 'y')));
    await sameAsRuntime(onMap(13, node('ArgMax', 'a', 'y')));
  });

  it('take the axes from the given one on together in old operator sets', async () => {
    for (const axis of [1, 2, 3]) {
      await sameAsRuntime(onMap(11, node('Softmax', 'a', 'y', { axis })));
      await sameAsRuntime(onMap(11, node('LogSoftmax', 'a', 'y', { axis })));
    }
    const graph = await sameAsRuntime(onMap(11, node('Softmax', 'a', 'y')));
    expect(kindsOf(graph)).toEqual(['reshape', 'softmax', 'reshape']);
    expect(graph.host.map(({ outputs }) => outputs[0]!.shape)).toEqual([
      [1, 24],
      [1, 24],
      [1, 3, 4, 2],
    ]);
  });

  it('see a channels-last view as it is', async () => {
    const last = node('Transpose', 'a', 't', { perm: [0, 2, 3, 1] });
    const graph = await sameAsRuntime(onMap(13, last, node('Softmax', 't', 'y')));
    expect(kindsOf(graph)).toEqual(['reshape', 'transpose', 'reshape', 'softmax']);
  });

  it('may be followed by what the host does too', async () => {
    const nodes = [
      node('Softmax', 'scores', 'p'),
      node('Identity', 'p', 'i'),
      node('Reshape', 'i s', 'r'),
      node('Transpose', 'r', 't'),
      node('ArgMax', 't', 'y', { axis: 1 }),
    ];
    const graph = await sameAsRuntime(scored(...nodes));
    expect(kindsOf(graph)).toEqual(['softmax', 'reshape', 'transpose', 'argmax']);
  });

  it('are refused in the middle, naming both nodes', () => {
    const recipe = scored(node('Softmax', 'scores', 'p'), node('MatMul', 'p square', 'y'));
    const error = refusalOf({ ...recipe, initializers: { ...initializers, square: randomFloats([4, 4], 2) } });
    expect([error.code, error.where]).toEqual(['operator-limit', 'node y (MatMul)']);
    expect(error.actual).toBe('MatMul after p');
    expect(error.hint).toContain('cut it before');
  });

  it('may take the last of equal values: the first from the end', async () => {
    // Scores below zero are equal behind the clamp, where most of them lie.
    const equal = [
      node('Clip', 'scores _ top', 'same'),
      node('ArgMax', 'same', 'y', { axis: 1, select_last_index: 1 }),
    ];
    const low = { ...initializers, top: floats([], [-5]) };
    const graph = await sameAsRuntime({ ...scored(...equal), initializers: low });
    expect(kindsOf(graph)).toEqual(['slice', 'argmax', 'sub']);
    expect(graph.modelOutputs).toMatchObject([{ name: 'y', shape: [1, 1], type: 'int64' }]);
    const values = new Map(
      graph.outputs.map(({ name, shape }) => [name, { shape, data: new Float32Array(4).fill(-5) }]),
    );
    runSteps(graph.host, values);
    expect(values.get('y')!.data).toEqual(Float32Array.of(3));
  });

  it('are refused along an axis that is not there, or of nothing computed', () => {
    expect(codeAndPlace(scored(node('Softmax', 'scores', 'y', { axis: 2 })))).toEqual([
      'graph-invalid',
      'node y (Softmax)',
    ]);
    const constant = [node('Softmax', 'w', 'p'), node('Add', 'x p', 'y')];
    expect(codeAndPlace({ nodes: constant, initializers })).toEqual(['operator-limit', 'node p (Softmax)']);
  });

  it('alone are nothing for the array', () => {
    expect(codeAndPlace({ nodes: [node('Softmax', 'x', 'y')] })).toEqual(['graph-limit', 'test']);
    expect(codeAndPlace({ nodes: [node('Flatten', 'x', 'y')] })).toEqual(['graph-limit', 'test']);
  });
});

it('the result of the array keeps a name of its own where the host reshapes it', () => {
  const nodes = [node('Gemm', 'x w', 'y')];
  const graph = importOnnx(
    buildOnnx({ shape: [1, 6, 2], nodes: [node('MatMul', 'w x', 'y')], initializers: { w: randomFloats([4, 6], 1) } }),
  );
  expect(graph.outputs[0]!.name).toBe('y.map');
  expect(graph.modelOutputs).toEqual([{ name: 'y', value: 'y.host', shape: [1, 4, 2], type: 'float32' }]);
  expect(importOnnx(buildOnnx({ shape: [1, 6], nodes, initializers })).outputs[0]!.name).toBe('y');
});
