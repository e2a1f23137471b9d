/** What of each record decides the timing. */
import type { Fields } from '../program/program.js';
import type { FeedTiming } from './feed.js';
import type { LoadTiming } from './loader.js';
import type { PostTiming } from './slots.js';

export function loadTiming(f: Fields<'load'>): LoadTiming {
  return { ...f, last: f.last === 1, room: f.room === 1 };
}

export function feedTiming(f: Fields<'feed'>): FeedTiming {
  return {
    ...f,
    windows: f.nWy * f.nWx,
    stepsPerTile: f.nPass * f.nKy * f.nKx * f.nStep,
    resEnable: f.resEnable === 1,
    resume: f.resume === 1,
    ring: f.ring === 1,
    free: f.free === 1,
  };
}

export function postTiming(f: Fields<'post'>): PostTiming {
  return {
    ...f,
    poolEnable: f.poolEnable === 1,
    toStream: f.toStream === 1,
    last: f.last === 1,
    count: f.count === 1,
    resEnable: f.resEnable === 1,
    resume: f.resume === 1,
    residualPlanes: f.resEnable === 1 ? Math.max(1, f.resPlanes) : 1,
  };
}
