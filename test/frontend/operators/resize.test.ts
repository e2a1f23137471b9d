import { describe, expect, it } from 'vitest';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import { type BuiltAttribute, floats, ints, node } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const relu = node('Relu', 'x', 'r');
const pool = node('MaxPool', 'a', 'y', { kernel_shape: [1, 1] });
const shape = [1, 3, 5, 4];
const scales = (...values: number[]) => floats([values.length], values);
const sizes = (...values: number[]) => ints([values.length], values);
const COORDINATES = [
  ...[
    'half_pixel',
    'pytorch_half_pixel',
    'align_corners',
    'asymmetric',
    'tf_half_pixel_for_nn',
    'half_pixel_symmetric',
  ],
];

describe('Resize', () => {
  it.each(COORDINATES)('by nearest neighbours, %s, computes what ONNX Runtime computes', async (coordinates) => {
    const attributes = { mode: 'nearest', coordinate_transformation_mode: coordinates };
    const whole = coordinates === 'half_pixel_symmetric';
    for (const nearest of ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']) {
      const resize = (inputs: string) => node('Resize', inputs, 'a', { ...attributes, nearest_mode: nearest });
      const scaled = { opset: 19, shape, nodes: [relu, resize('r _ s'), pool] };
      const sized = { opset: 19, shape, nodes: [relu, resize('r _ _ s'), pool] };
      await sameAsRuntime({ ...scaled, initializers: { s: scales(1, 1, 3, 2) } });
      await sameAsRuntime({ ...sized, initializers: { s: sizes(1, 3, 10, 8) } });
      if (whole) continue;
      await sameAsRuntime({ ...scaled, initializers: { s: scales(1, 1, 0.5, 2.5) } });
      await sameAsRuntime({ ...sized, initializers: { s: sizes(1, 3, 3, 7) } });
    }
  });

  it('by two is four parts that are two apart', async () => {
    const nodes = [
      relu,
      node('Resize', 'r _ s', 'a', { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
      pool,
    ];
    const graph = await sameAsRuntime({ shape, nodes, initializers: { s: scales(1, 1, 2, 2) } });
    const [, arrange] = graph.nodes;
    expect(
      arrange?.kind === 'arrange' && arrange.parts.map(({ to, size }) => [to.y, to.x, to.yStep, to.xStep, size]),
    ).toEqual([
      [0, 0, 2, 2, [5, 4, 3]],
      [0, 1, 2, 2, [5, 4, 3]],
      [1, 0, 2, 2, [5, 4, 3]],
      [1, 1, 2, 2, [5, 4, 3]],
    ]);
  });

  it('of named axes, and with one factor for all', async () => {
    const named = { opset: 18, shape, initializers: { s: sizes(10, 7) } };
    for (const policy of ['stretch', 'not_larger', 'not_smaller']) {
      const attributes = { axes: [2, 3], keep_aspect_ratio_policy: policy };
      await sameAsRuntime({ ...named, nodes: [relu, node('Resize', 'r _ _ s', 'a', attributes), pool] });
    }
  });

  it('of operator set 10, and Upsample before it, multiply whole pixels', async () => {
    const initializers = { s: scales(1, 1, 2, 3) };
    await sameAsRuntime({ opset: 10, shape, nodes: [relu, node('Resize', 'r s', 'a'), pool], initializers });
    await sameAsRuntime({ opset: 9, shape, nodes: [relu, node('Upsample', 'r s', 'a'), pool], initializers });
    const sequence = { opset: 10, shape: [1, 3, 7], initializers: { s: scales(1, 1, 2) } };
    const last = node('MaxPool', 'a', 'y', { kernel_shape: [1] });
    await sameAsRuntime({ ...sequence, nodes: [relu, node('Resize', 'r s', 'a'), last] });
  });

  it('by one is nothing, in any mode', async () => {
    const nodes = [relu, node('Resize', 'r _ s', 'a', { mode: 'linear' }), pool];
    const graph = await sameAsRuntime({ shape, nodes, initializers: { s: scales(1, 1, 1, 1) } });
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['affine', 'maxpool']);
  });

  it('between pixels is refused, with the rewrite', () => {
    const nodes = [relu, node('Resize', 'r _ s', 'a', { mode: 'linear' }), pool];
    const error = refusalOf({ shape, nodes, initializers: { s: scales(1, 1, 2, 2) } });
    expect([error.code, error.where, error.actual]).toEqual(['operator-limit', 'node a (Resize)', 'mode = linear']);
    expect(error.hint).toContain("mode='nearest'");
  });

  it.each<[string, Record<string, BuiltAttribute>, ReturnType<typeof scales>, string]>([
    ['by nothing', {}, scales(1, 1, 0, 2), 'operator-limit'],
    ['down to nothing', {}, scales(1, 1, 0.1, 1), 'operator-limit'],
    ['by too few factors', {}, scales(1, 2), 'shape-mismatch'],
    ['of the batch', {}, scales(2, 1, 1, 1), 'operator-limit'],
    ['of a region', { coordinate_transformation_mode: 'tf_crop_and_resize' }, scales(1, 1, 2, 2), 'operator-limit'],
    [
      'half_pixel_symmetric by a part',
      { coordinate_transformation_mode: 'half_pixel_symmetric' },
      scales(1, 1, 1.5, 2),
      'operator-limit',
    ],
    ['with antialias', { antialias: 1 }, scales(1, 1, 2, 2), 'operator-limit'],
  ])('%s is refused', (_, attributes, s, code) => {
    const nodes = [relu, node('Resize', 'r _ s', 'a', attributes), pool];
    expect(codeAndPlace({ opset: 19, shape, nodes, initializers: { s } })).toEqual([code, 'node a (Resize)']);
  });
});
