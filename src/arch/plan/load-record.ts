import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { LoadRecord } from '../program/program.js';
import { bufferFields } from './circular-buffer.js';
import type { CodeBits, TensorPlace } from './plan.js';
import type { Border } from './stored-layout.js';

export interface LoadSetting {
  readonly input: CodeTensor;
  readonly place: TensorPlace;
  readonly counter: number;
  readonly border: Border;
  /** Row v waits until it is less than `rows` and what this counter has come to; null: it has a place at once. */
  readonly room: LoadRoomSetting | null;
  /** The frame ends with it. */
  readonly last: boolean;
}

export interface LoadRoomSetting {
  readonly counter: number;
  readonly rows: number;
  /** Rows stored behind the buffer's end as well. */
  readonly mirrorRows: number;
}

/** LOAD records that an active one and a shadow hold: a third would keep the layers behind it from their units. */
export const LOADS_AT_ONCE = 2;

/** Bits of one code on the stream. */
export function codeBits({ bits }: Pick<CodeTensor, 'bits'>): CodeBits {
  return ([1, 2, 4, 8] as const).find((most) => bits <= most) ?? 16;
}

export function loadRecord({ input, place, counter, border, room, last }: LoadSetting, machine: Machine): LoadRecord {
  const bits = input.height * input.width * input.channels * codeBits(input);
  return {
    opcode: 'load',
    fields: {
      group: place.group,
      base: place.base,
      counter,
      planes: place.planes,
      planeStride: place.planeStride,
      rows: input.height,
      rowCodes: input.width * input.channels,
      padCode: Math.floor(input.zero),
      padTop: border.top,
      beats: Math.ceil(bits / (8 * machine.stream.inBytes)),
      last: last ? 1 : 0,
      codeBits: codeBits(input),
      rowPitch: place.rowPitch,
      padBottom: border.bottom,
      padLeft: border.left * input.channels,
      padRight: border.right * input.channels,
      ...bufferFields(place),
      room: room ? 1 : 0,
      roomCounter: room?.counter ?? 0,
      roomRows: room?.rows ?? 0,
      mirrorEnd: room && room.mirrorRows > 0 ? place.base + room.mirrorRows * place.rowPitch : 0,
    },
  };
}
