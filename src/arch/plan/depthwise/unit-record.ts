/** A layer's record for the depthwise unit, and what of it goes into the unit's memories. */
import type { Machine } from '../../machine.js';
import type { ChannelScale } from '../../program/depthwise-memories.js';
import type { DepthwiseRecord } from '../../program/program.js';
import { UNIT_OPS } from '../../program/records.js';
import type { FeedWait } from '../feed-record.js';
import type { LayerGeometry } from '../geometry.js';
import type { TensorPlace } from '../plan.js';
import type { UnitShape } from './unit-layer.js';

export interface UnitSetting {
  readonly geometry: LayerGeometry;
  readonly unit: UnitShape;
  readonly input: TensorPlace;
  readonly output: TensorPlace;
  readonly rows: FeedWait;
  readonly outCounter: number;
  /** First word of the layer's weights and parameters. */
  readonly weightBase: number;
  readonly parameterBase: number;
}

export function unitRecord(setting: UnitSetting, machine: Machine): DepthwiseRecord {
  const { geometry, unit, input, output, rows, outCounter } = setting;
  const { layer } = geometry;
  const { lanes } = machine;
  const { postWidth } = machine.depthwise!;
  const {
    kernel: [kh, kw],
    strides: [sy, sx],
    dilations,
    padTop,
    padLeft,
  } = unit.window;
  const { channels } = geometry.output;
  const groups = Math.ceil(channels / lanes);
  const live = unit.pair ? lanes : channels - (groups - 1) * lanes;
  // A pair's kernel has three columns, the first ones 0 where it is narrower.
  const left = padLeft + (unit.pair ? 3 - kw : 0);
  const slotsLast = Math.ceil(live / postWidth);
  const columnStep = unit.pair ? 2 : unit.chain ? 1 : sx;
  const { requantize, accRange } = layer;
  return {
    opcode: 'depthwise',
    fields: {
      nOy: geometry.output.height,
      nG: groups,
      nC: unit.columns,
      nKy: kh,
      nKx: unit.chain ? 1 : kw,
      group: input.group,
      aBase: input.base - padTop * input.rowPitch - left * input.pixelPitch,
      aOy: sy * input.rowPitch,
      aC: columnStep * input.pixelPitch,
      aKy: dilations[0] * input.rowPitch,
      aKx: dilations[1] * input.pixelPitch,
      yBase: 0 - padTop,
      yOy: sy,
      yKy: dilations[0],
      yMax: geometry.input.height,
      xBase: 0 - left,
      xC: columnStep,
      xKx: dilations[1],
      xMax: geometry.input.width,
      padCode: layer.padCode,
      chain: unit.chain ? 1 : 0,
      pair: unit.pair ? 1 : 0,
      op: UNIT_OPS[unit.op],
      outFirst: unit.pair ? 1 : unit.chain ? kw - 1 : 0,
      outStep: unit.chain ? sx : 1,
      wBase: setting.weightBase,
      wGroup: unit.alike ? 0 : wordsPerGroup(geometry, unit),
      wStep: unit.alike && !unit.chain ? 0 : 1,
      pBase: setting.parameterBase,
      slotsFull: lanes / postWidth,
      slotsLast,
      tailCount: live - (slotsLast - 1) * postWidth,
      nearestEven: requantize!.round === 'nearest-even' ? 1 : 0,
      lo: requantize!.lo,
      hi: requantize!.hi,
      dGroup: output.group,
      dBase: output.base,
      dOy: output.rowPitch,
      dOx: (unit.pair ? 2 : 1) * output.pixelPitch,
      outCounter,
      inCounter: rows.counter,
      inNeed0: rows.need.first,
      inNeedStep: rows.need.step,
      inRows: rows.need.rows,
      accMin: accRange.min,
      accMax: accRange.max,
    },
  };
}

/** Weight words that the unit reads of one group of channels. */
function wordsPerGroup({ layer }: LayerGeometry, unit: UnitShape): number {
  const [kh, kw] = layer.kernel;
  return unit.chain ? kh : unit.alike ? 1 : kh * kw;
}

/** [word][lane][tap]: kernel columns at once end at the last tap, one by one they are all there. */
export function unitKernels(geometry: LayerGeometry, unit: UnitShape, { lanes, depthwise }: Machine): Int8Array {
  const { layer, output } = geometry;
  const [kh, kw] = layer.kernel;
  const { taps } = depthwise!;
  const groups = unit.alike ? 1 : Math.ceil(output.channels / lanes);
  const perGroup = wordsPerGroup(geometry, unit);
  const kernels = new Int8Array(groups * perGroup * lanes * taps);
  for (let word = 0; word < groups * perGroup; word++) {
    const first = Math.floor(word / perGroup) * lanes;
    const live = unit.pair ? lanes : Math.min(lanes, output.channels - first);
    for (let lane = 0; lane < live; lane++) {
      const channel = (first + lane) % output.channels;
      for (let column = 0; column < (unit.chain ? kw : 1); column++) {
        const at = (word % perGroup) * (unit.chain ? kw : 1) + column;
        const tap = unit.chain ? taps - kw + column : taps - 1;
        kernels[(word * lanes + lane) * taps + tap] = layer.weights[channel * kh * kw + at]!;
      }
    }
  }
  return kernels;
}

const UNUSED: ChannelScale = { m: 0, b: 0n, n: 0 };

/** Padded to whole words of the unit's postWidth; for both pixels of a pair. */
export function unitScales(
  { layer, output }: LayerGeometry,
  unit: UnitShape,
  { lanes, depthwise }: Machine,
): readonly ChannelScale[] {
  const { m, b, n } = layer.requantize!;
  const { channels } = output;
  const live = unit.pair ? lanes : channels;
  const count = Math.ceil(live / depthwise!.postWidth) * depthwise!.postWidth;
  return Array.from({ length: count }, (_, i) => {
    const c = i % channels;
    return i < live ? { m: m[c]!, b: b[c]!, n: n[c]! } : UNUSED;
  });
}
