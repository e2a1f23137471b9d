/** What a netlist is made of, counted through the hierarchy. */
import { blocksOf, cellKind, lutsOf } from './cells.js';
import { childrenFirst, type Netlist, type NetModule } from './netlist.js';

export interface Area {
  /** LUT RAM and shift registers included. */
  readonly lut: number;
  /** Of them as memory. */
  readonly lutMemory: number;
  readonly ff: number;
  readonly latch: number;
  readonly bram: number;
  readonly dsp: number;
}

const NONE: Area = { lut: 0, lutMemory: 0, ff: 0, latch: 0, bram: 0, dsp: 0 };

/** Of every module below `top` with all that it holds, children first. */
export function moduleAreas(netlist: Netlist, top: string): ReadonlyMap<string, Area> {
  const areas = new Map<string, Area>();
  for (const module of childrenFirst(netlist, top)) areas.set(module.name, areaOf(module, areas));
  return areas;
}

function areaOf(module: NetModule, areas: ReadonlyMap<string, Area>): Area {
  return [...module.cells.values()].reduce((sum, { type }) => add(sum, areas.get(type) ?? cellArea(type)), NONE);
}

function cellArea(type: string): Area {
  const kind = cellKind(type);
  return {
    lut: lutsOf(type),
    lutMemory: kind === 'lutram' || kind === 'shift' ? lutsOf(type) : 0,
    ff: kind === 'ff' ? 1 : 0,
    latch: kind === 'latch' ? 1 : 0,
    bram: blocksOf(type),
    dsp: kind === 'dsp' ? 1 : 0,
  };
}

function add(a: Area, b: Area): Area {
  return {
    lut: a.lut + b.lut,
    lutMemory: a.lutMemory + b.lutMemory,
    ff: a.ff + b.ff,
    latch: a.latch + b.latch,
    bram: a.bram + b.bram,
    dsp: a.dsp + b.dsp,
  };
}

/** How often each module occurs in `top`. */
export function instanceCounts(netlist: Netlist, top: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>([[top, 1]]);
  for (const module of [...childrenFirst(netlist, top)].reverse()) {
    for (const { type } of module.cells.values()) {
      if (netlist.has(type)) counts.set(type, (counts.get(type) ?? 0) + counts.get(module.name)!);
    }
  }
  return counts;
}
