/** A netlist's figures and what is wrong with it. */
import { type Area, instanceCounts, moduleAreas } from './area.js';
import { type LongestPath, moduleLevels } from './levels.js';
import { type MemoryFinding, memoryFindings } from './memories.js';
import { type Netlist, plainName } from './netlist.js';
import { TARGET_FACTS, type Target } from './targets.js';

export interface ModuleReport extends Area {
  readonly module: string;
  readonly instances: number;
  /** Levels of the longest path that is whole within it. */
  readonly levels: number;
  readonly path: readonly string[];
}

export interface SynthesisReport extends Area {
  readonly target: Target;
  readonly lutPerLane: number;
  /** Of one processing element alone. */
  readonly peLutPerLane: number;
  readonly levels: number;
  readonly mostLevels: number | null;
  readonly modules: readonly ModuleReport[];
  readonly memories: readonly MemoryFinding[];
  /** Sentences; empty: all is as it should be. */
  readonly findings: readonly string[];
}

export interface ArrayShape {
  readonly rows: number;
  readonly cols: number;
  readonly lanes: number;
}

export function synthesisReport(
  netlist: Netlist,
  top: string,
  target: Target,
  shape: ArrayShape,
  warnings: readonly string[] = [],
): SynthesisReport {
  const areas = moduleAreas(netlist, top);
  const counts = instanceCounts(netlist, top);
  const modules = moduleLevels(netlist, top).map(({ module, worst }): ModuleReport => {
    return { module: plainName(module), instances: counts.get(module)!, ...areas.get(module)!, ...worst };
  });
  const total = areas.get(top)!;
  const memories = memoryFindings(netlist, target);
  const pe = modules.find(({ module }) => module === 'systole_pe');
  const { mostLevels } = TARGET_FACTS[target];
  return {
    target,
    ...total,
    lutPerLane: total.lut / (shape.rows * shape.cols * shape.lanes),
    peLutPerLane: (pe?.lut ?? 0) / shape.lanes,
    levels: Math.max(0, ...modules.map(({ levels }) => levels)),
    mostLevels,
    modules: modules.sort((a, b) => b.levels - a.levels || b.lut - a.lut),
    memories,
    findings: [
      ...(total.latch > 0 ? [`${total.latch} latches`] : []),
      ...memories.filter(({ ok }) => !ok).map(memoryText),
      ...modules.flatMap((module) => levelText(module, mostLevels)),
      ...warnings,
    ],
  };
}

function memoryText({ module, words, width, wanted, found }: MemoryFinding): string {
  return `${module} of ${words} words of ${width} bits became ${found}, meant as ${wanted.join(' or ')}`;
}

function levelText({ module, levels, path }: { module: string } & LongestPath, most: number | null): readonly string[] {
  if (most === null || levels <= most) return [];
  return [`${module} has ${levels} levels of logic between registers, more than ${most}: ${shortPath(path)}`];
}

/** Its ends and what lies between, not more than eight names. */
export function shortPath(path: readonly string[]): string {
  const shown = path.length > 8 ? [...path.slice(0, 4), '...', ...path.slice(-3)] : path;
  return shown.join(' -> ');
}
