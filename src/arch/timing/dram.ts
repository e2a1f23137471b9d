/** Cycle model of systole_dram_read.v and of the DRAM that a machine's figures are for (sim/protocol.md, DRAM), no data. */
import type { Dram } from '../machine.js';

export interface ReadCycle {
  /** Beats asked for in this cycle, and whether they are the job's last; 0: none. */
  readonly asked: number;
  readonly lastAsked: boolean;
}

export interface DramReader {
  /** A job begins in the next cycle. @param address in beats */
  begin(address: number, beats: number): void;
  /** Whether a beat is offered in this cycle; call once a cycle, before step. */
  offers(): boolean;
  /** Clock edge. `allowed`: beats that may be asked for; `takes`: the beat that is offered is taken. */
  step(allowed: number, takes: boolean): ReadCycle;
}

type Phase = 'bound' | 'allow' | 'ask';

/** Most beats of a burst on this bus: machine.dram.burst, within 4 KiB. */
export function burstBeats({ burst, dataBits }: Dram): number {
  return Math.min(burst, (4096 * 8) / dataBits);
}

export function dramReader(dram: Dram): DramReader {
  const burst = burstBeats(dram);
  const { latency, efficiency } = dram.model;
  const bursts: { due: number; beats: number }[] = [];
  let cycle = 0;
  let phase: Phase = 'bound';
  let at = 0;
  let left = 0;
  let bound = 0;
  let size = 0;
  /** Beats of the burst whose address is on the bus, or 0. */
  let onBus = 0;
  let underWay = 0;
  let credit = 0;
  let offering = false;
  let next: { address: number; beats: number } | null = null;

  return {
    begin(address, beats) {
      next = { address, beats };
    },
    offers() {
      const head = bursts[0];
      if (head === undefined || head.due > cycle) {
        credit = 100 - efficiency;
      } else {
        credit = Math.min(credit + efficiency, 199);
        if (credit >= 100) offering = true;
      }
      return offering;
    },
    step(allowed, takes) {
      const asks = phase === 'ask' && underWay < dram.outstanding;
      const nextBound = Math.min(left, burst - (at % burst));
      if (phase === 'allow' && allowed > 0) {
        size = Math.min(bound, allowed);
        phase = 'ask';
      } else if (phase === 'bound' && left > 0) {
        phase = 'allow';
      } else if (asks) {
        phase = 'bound';
      }
      bound = nextBound;
      if (onBus > 0) bursts.push({ due: cycle + latency, beats: onBus });
      onBus = asks ? size : 0;
      if (asks) underWay += 1;
      if (takes) {
        credit -= 100;
        offering = false;
        bursts[0]!.beats -= 1;
        if (bursts[0]!.beats === 0) {
          bursts.shift();
          underWay -= 1;
        }
      }
      const result = { asked: onBus, lastAsked: asks && left === size };
      if (asks) {
        at += size;
        left -= size;
      }
      if (next !== null) {
        at = next.address;
        left = next.beats;
        next = null;
      }
      cycle += 1;
      return result;
    },
  };
}
