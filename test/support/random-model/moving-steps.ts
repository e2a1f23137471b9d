/** Steps of a random model that move values, and compute nothing. */
import { floats } from '../onnx-builder.js';
import { LARGEST, like, type Step } from './computing-steps.js';

const split: Step = (b, now, r) => {
  if (now.channels < 2) return now;
  const first = r.integer(1, now.channels - 1);
  const [a, c] = b.emit('Split', `${now.name} ${b.ints([first, now.channels - first])}`, { axis: 1 }, 2).split(' ');
  return like(now, b.sameGrid(now.name, b.emit('Concat', `${c} ${a}`, { axis: 1 })));
};

const sliced: Step = (b, now, r) => {
  const sizes = [now.channels, now.height, now.width];
  const parts = sizes.map((size) => {
    const from = r.integer(0, Math.min(1, size - 1));
    const [to, step] = [r.integer(from + 1, size), r.integer(1, 2)];
    return { from, to, step, size: Math.ceil((to - from) / step) };
  });
  const list = (f: (part: (typeof parts)[number]) => number) => b.ints(parts.map(f));
  const inputs = `${now.name} ${list((p) => p.from)} ${list((p) => p.to)} ${b.ints([1, 2, 3])} ${list((p) => p.step)}`;
  const [channels, height, width] = parts.map(({ size }) => size) as [number, number, number];
  return { name: b.sameGrid(now.name, b.emit('Slice', inputs)), channels, height, width };
};

const padded: Step = (b, now, r) => {
  const mode = (['constant', 'reflect', 'edge'] as const)[r.integer(0, 2)]!;
  const most = (size: number) => (mode === 'reflect' ? Math.min(2, size - 1) : 2);
  const [top, left] = [r.integer(0, most(now.height)), r.integer(0, most(now.width))];
  const [bottom, right] = [r.integer(0, most(now.height)), r.integer(0, most(now.width))];
  const made = b.emit('Pad', `${now.name} ${b.ints([0, 0, top, left, 0, 0, bottom, right])}`, { mode });
  const size = { height: now.height + top + bottom, width: now.width + left + right };
  return { ...now, ...size, name: b.sameGrid(now.name, made) };
};

const resized: Step = (b, now, r) => {
  const [y, x] = [r.integer(1, 2), r.integer(1, 2)];
  if (now.height * y > LARGEST || now.width * x > LARGEST) return now;
  const scales = b.constant(floats([4], [1, 1, y, x]));
  const attributes = { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' };
  const made = b.emit('Resize', `${now.name} _ ${scales}`, attributes);
  return { ...now, name: b.sameGrid(now.name, made), height: now.height * y, width: now.width * x };
};

const toDepth: Step = (b, now) => {
  if (now.height % 2 !== 0 || now.width % 2 !== 0) return now;
  const name = b.sameGrid(now.name, b.emit('SpaceToDepth', now.name, { blocksize: 2 }));
  return { name, channels: 4 * now.channels, height: now.height / 2, width: now.width / 2 };
};

const toSpace: Step = (b, now, r) => {
  if (now.channels % 4 !== 0 || 2 * Math.max(now.height, now.width) > LARGEST) return now;
  const mode = r.integer(0, 1) === 0 ? 'DCR' : 'CRD';
  const name = b.sameGrid(now.name, b.emit('DepthToSpace', now.name, { blocksize: 2, mode }));
  return { name, channels: now.channels / 4, height: 2 * now.height, width: 2 * now.width };
};

/** Channels of two groups in turn. */
const shuffled: Step = (b, now) => {
  if (now.channels % 2 !== 0) return now;
  const { channels, height, width } = now;
  const apart = b.emit('Reshape', `${now.name} ${b.ints([1, 2, channels / 2, height, width])}`);
  const turned = b.emit('Transpose', apart, { perm: [0, 2, 1, 3, 4] });
  return like(now, b.sameGrid(now.name, b.emit('Reshape', `${turned} ${b.ints([1, channels, height, width])}`)));
};

/** Channels last, and back. */
const turned: Step = (b, now) => {
  const last = b.emit('Relu', b.emit('Transpose', now.name, { perm: [0, 2, 3, 1] }));
  return like(now, b.sameGrid(now.name, b.emit('Transpose', last, { perm: [0, 3, 1, 2] })));
};

const unsqueezed: Step = (b, now) => {
  const wider = b.emit('Unsqueeze', `${now.name} ${b.ints([2])}`);
  return like(now, b.sameGrid(now.name, b.emit('Squeeze', `${wider} ${b.ints([2])}`)));
};

export const MOVING: Readonly<Record<string, Step>> = {
  split,
  sliced,
  padded,
  resized,
  toDepth,
  toSpace,
  shuffled,
  turned,
  unsqueezed,
};
