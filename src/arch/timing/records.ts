/**
 * Cycle model of systole_fetch.v and the systole_record.v of its units: which record is in which shadow and
 * active register, fetchWords words a cycle.
 */
import { type ProgramRecord, recordWords } from '../program/program.js';

export type UnitName = 'load' | 'feed' | 'post' | 'depthwise' | 'fill';

export interface UnitSlot {
  /** Index of the record in the program, or -1. */
  shadow: number;
  full: boolean;
  active: number;
}

export interface FetchModel {
  readonly units: Readonly<Record<UnitName, UnitSlot>>;
  /** The frame before is not over: no record moves, but a LOAD of the frame that LOAD is at. */
  holds(unit: UnitName): boolean;
  /** Whether a shadow moves to active in this cycle, given that the unit finishes (`done`) or not. */
  moves(unit: UnitName, done: boolean): boolean;
  /** The depthwise unit's active record may begin: the POST records before it are active. */
  depthwiseSettled(): boolean;
  /** FEED, POST or the depthwise unit is at a record. */
  computes(): boolean;
  /** True in the cycle in which the frame is counted: END has been taken and the frame is over. */
  frameDone(over: boolean): boolean;
  /** Clock edge; returns whether a word was taken from program memory. */
  step(
    moved: Readonly<Record<UnitName, boolean>>,
    done: Readonly<Record<UnitName, boolean>>,
    over: boolean,
    frameBegins: boolean,
  ): boolean;
}

const NAMES = ['load', 'feed', 'post', 'depthwise', 'fill'] as const;

const isUnit = (opcode: string): opcode is UnitName => (NAMES as readonly string[]).includes(opcode);

export function fetchModel(records: readonly ProgramRecord[], fetchWords: number): FetchModel {
  const empty = (): UnitSlot => ({ shadow: -1, full: false, active: -1 });
  const units = { load: empty(), feed: empty(), post: empty(), depthwise: empty(), fill: empty() };
  /** A POST record before the depthwise record in the shadow, or the active one, is not active yet. */
  let shadowBehind = false;
  let activeBehind = false;
  let head = 0;
  let restart = 0;
  /** What is between REPEAT and NEXT: where it begins, and how often it is still taken, this time included. */
  let repeated = { from: 0, times: 1 };
  /** END has been taken: what is in the shadows belongs to the next frame. */
  let hold = false;
  /** Fetches of the record still to come; 0 = the header is at the head. */
  let body = 0;

  /** Frames that have begun without their FILL. */
  let begun = 0;
  /** The last LOAD that became active does not end its frame. */
  let inside = false;
  const holds = (unit: UnitName): boolean => (unit === 'fill' ? begun === 0 : hold && !(unit === 'load' && inside));
  const moves = (unit: UnitName, done: boolean): boolean =>
    units[unit].full && !holds(unit) && (units[unit].active < 0 || done);
  const endsFrame = (record: ProgramRecord | undefined): boolean =>
    record?.opcode === 'load' && record.fields.last === 1;

  return {
    units,
    holds,
    moves,
    depthwiseSettled: () => !activeBehind,
    computes: () => units.feed.active >= 0 || units.post.active >= 0 || units.depthwise.active >= 0,
    frameDone: (over) => hold && over,
    step(moved, done, over, frameBegins) {
      begun += (frameBegins ? 1 : 0) - (moved.fill ? 1 : 0);
      const record = records[head];
      if (record === undefined) return false;
      const { opcode } = record;
      const unit = isUnit(opcode) ? units[opcode] : null;
      const wasFull = unit?.full === true;
      const taken = !units.feed.full && !units.post.full && !units.depthwise.full;
      const postWaits = units.post.full && !moved.post;
      const held = hold;
      if (over) hold = false;
      if (moved.load) inside = !endsFrame(records[units.load.shadow]);
      activeBehind = (moved.depthwise ? shadowBehind : activeBehind) && !moved.post;
      if (moved.post) shadowBehind = false;
      for (const name of NAMES) {
        const slot = units[name];
        if (moved[name]) {
          slot.active = slot.shadow;
          slot.full = false;
        } else if (done[name]) {
          slot.active = -1;
        }
      }
      if (unit === null) {
        if (opcode === 'end') {
          if (held || !taken) return false;
          head = restart;
          hold = true;
          return true;
        }
        if (opcode === 'next') {
          head = repeated.times > 1 ? repeated.from : head + 1;
          repeated.times -= 1;
          return true;
        }
        if (opcode === 'repeat') {
          if (body === 0) body = recordWords(opcode, fetchWords) / fetchWords;
          body -= 1;
          if (body > 0) return true;
          head += 1;
          repeated = { from: head, times: record.fields.count };
          return true;
        }
        head += 1;
        restart = head;
        return true;
      }
      if (body === 0) {
        if (wasFull) return false;
        body = recordWords(opcode, fetchWords) / fetchWords;
      }
      body -= 1;
      if (body > 0) return true;
      unit.shadow = head;
      unit.full = true;
      if (opcode === 'depthwise') shadowBehind = postWaits;
      head += 1;
      return true;
    },
  };
}
