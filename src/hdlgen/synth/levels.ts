/**
 * Levels of logic between registers through the whole hierarchy: a LUT is one, a carry chain is one however long, a LUT
 * RAM's read and a product without registers are one each. As Yosys' `ltp -noff` counts, with carry chains as one and
 * without stopping at the borders of modules: a module is known to its parents by what its ports see.
 */
import { cellKind, isRegistered } from './cells.js';
import { type Cell, childrenFirst, type Netlist, type NetModule } from './netlist.js';

export interface LongestPath {
  readonly levels: number;
  /** Nets from register to register; those of other modules with the instances on the way. */
  readonly path: readonly string[];
}

export interface ModuleLevels {
  readonly module: string;
  /** The worst path that starts or ends at a register of this module or below, and is whole within it. */
  readonly worst: LongestPath;
}

/** A chain of arcs, last one first. */
interface Trail {
  readonly levels: number;
  readonly net: string;
  readonly before: Trail | null;
}

/** What ports see: key "port bit". */
interface Summary {
  /** Output -> the deepest way there from a register inside. */
  readonly fromRegister: Map<string, Trail>;
  /** Input -> the deepest way from there to a register inside. */
  readonly toRegister: Map<string, Trail>;
  /** Output -> input -> the deepest way through. */
  readonly through: Map<string, Map<string, Trail>>;
  readonly worst: Trail;
}

const NOTHING: Trail = { levels: 0, net: '', before: null };

/** Of every module below `top`, children first. */
export function moduleLevels(netlist: Netlist, top: string): readonly ModuleLevels[] {
  const summaries = new Map<string, Summary>();
  return childrenFirst(netlist, top).map((module) => {
    const summary = summarize(module, summaries);
    summaries.set(module.name, summary);
    return { module: module.name, worst: { levels: summary.worst.levels, path: names(summary.worst) } };
  });
}

function names(trail: Trail): readonly string[] {
  const found: string[] = [];
  for (let at: Trail | null = trail; at !== null; at = at.before) {
    if (at.net !== '' && found.at(-1) !== at.net) found.push(at.net);
  }
  return found.reverse();
}

/** One way from an input of a cell to its output. */
interface Arc {
  readonly from: number;
  readonly to: number;
  readonly levels: number;
  /** Nets within a child, if it is one. */
  readonly inner: Trail | null;
}

interface Graph {
  readonly arcs: Map<number, Arc[]>;
  /** Net -> deepest way there that starts in a register. */
  readonly starts: Map<number, Trail>;
  /** Net -> deepest way onwards to a register. */
  readonly ends: Map<number, Trail>;
}

function summarize(module: NetModule, summaries: ReadonlyMap<string, Summary>): Summary {
  const graph: Graph = { arcs: new Map(), starts: new Map(), ends: new Map() };
  const carries = carryNets(module);
  for (const [name, cell] of module.cells) {
    const child = summaries.get(cell.type);
    if (child !== undefined) addChild(graph, name, cell, child);
    else addCell(graph, name, cell, carries);
  }
  const inputs = new Map<number, string>();
  for (const [port, { direction, bits }] of Object.entries(module.ports)) {
    if (direction === 'output') continue;
    bits.forEach((bit, i) => {
      if (typeof bit === 'number') inputs.set(bit, `${port} ${i}`);
    });
  }
  return solve(module, graph, inputs);
}

function deeper(map: Map<number, Trail>, net: number, trail: Trail): void {
  const known = map.get(net);
  if (known === undefined || trail.levels > known.levels) map.set(net, trail);
}

/** Nets that a carry cell drives: the next carry cell of a chain costs nothing. */
function carryNets(module: NetModule): ReadonlySet<number> {
  const nets = new Set<number>();
  for (const cell of module.cells.values()) {
    if (cellKind(cell.type) !== 'carry') continue;
    for (const port of ['CO', 'COUT']) {
      for (const bit of cell.connections[port] ?? []) if (typeof bit === 'number') nets.add(bit);
    }
  }
  return nets;
}

const CARRY_IN = new Set(['CI', 'CIN', 'CYINIT']);
const CLOCKS = /^(C|CLK|WCLK|RCLK|CLKARDCLK|CLKBWRCLK|CLKA|CLKB|WCK|CLK[0-3])$/;

function addCell(graph: Graph, name: string, cell: Cell, carries: ReadonlySet<number>): void {
  const kind = cellKind(cell.type);
  const registered = isRegistered(cell.type, cell.parameters);
  const nets = (direction: string) =>
    Object.entries(cell.connections).flatMap(([port, bits]) =>
      cell.directions[port] === direction
        ? bits.flatMap((bit) => (typeof bit === 'number' ? [{ port, net: bit }] : []))
        : [],
    );
  const inputs = nets('input').filter(({ port }) => !CLOCKS.test(port));
  const outputs = nets('output');
  if (registered || kind === 'lutram' || kind === 'shift') {
    for (const { net } of outputs) deeper(graph.starts, net, { levels: registered ? 0 : 1, net: name, before: null });
    for (const { port, net } of inputs) {
      if (registered || !isReadAddress(cell.type, port))
        deeper(graph.ends, net, { levels: 0, net: name, before: null });
    }
    if (registered) return;
  }
  const sources =
    kind === 'lutram' || kind === 'shift' ? inputs.filter(({ port }) => isReadAddress(cell.type, port)) : inputs;
  for (const { port, net } of sources) {
    const levels = kind === 'carry' && CARRY_IN.has(port) && carries.has(net) ? 0 : 1;
    for (const output of outputs) addArc(graph, { from: net, to: output.net, levels, inner: null });
  }
}

/** LUT RAM and shift registers are read at once at these ports; all others wait for the clock. */
function isReadAddress(type: string, port: string): boolean {
  if (type === 'TRELLIS_DPR16X4') return port === 'RAD';
  if (/^SRL/.test(type)) return /^A\d?$/.test(port);
  return /^(DPRA\d?|ADDR[A-D]|A\d?)$/.test(port);
}

function addChild(graph: Graph, instance: string, cell: Cell, child: Summary): void {
  const netOf = (key: string): number | null => {
    const [port, index] = key.split(' ') as [string, string];
    const bit = cell.connections[port]?.[Number(index)];
    return typeof bit === 'number' ? bit : null;
  };
  const within = (trail: Trail): Trail => ({
    levels: trail.levels,
    net: `${instance}.${trail.net}`,
    before: trail.before === null ? null : within(trail.before),
  });
  for (const [key, trail] of child.fromRegister) {
    const net = netOf(key);
    if (net !== null) deeper(graph.starts, net, within(trail));
  }
  for (const [key, trail] of child.toRegister) {
    const net = netOf(key);
    if (net !== null) deeper(graph.ends, net, within(trail));
  }
  for (const [output, ways] of child.through) {
    const to = netOf(output);
    for (const [input, trail] of ways) {
      const from = netOf(input);
      if (from !== null && to !== null) addArc(graph, { from, to, levels: trail.levels, inner: within(trail) });
    }
  }
}

function addArc(graph: Graph, arc: Arc): void {
  const arcs = graph.arcs.get(arc.from);
  if (arcs === undefined) graph.arcs.set(arc.from, [arc]);
  else arcs.push(arc);
}

/** Nets in an order in which every arc goes forward; a loop is cut where it is entered. */
function forwardOrder(graph: Graph): readonly number[] {
  const done = new Set<number>();
  const order: number[] = [];
  const stack: { net: number; next: number }[] = [];
  for (const root of graph.arcs.keys()) {
    if (done.has(root)) continue;
    done.add(root);
    stack.push({ net: root, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const arc = graph.arcs.get(top.net)?.[top.next++];
      if (arc === undefined) {
        order.push(top.net);
        stack.pop();
      } else if (!done.has(arc.to)) {
        done.add(arc.to);
        stack.push({ net: arc.to, next: 0 });
      }
    }
  }
  return order.reverse();
}

function solve(module: NetModule, graph: Graph, inputs: ReadonlyMap<number, string>): Summary {
  const order = forwardOrder(graph);
  const label = (net: number): string => module.names.get(net) ?? '';
  const extend = (trail: Trail, arc: Arc): Trail => ({
    levels: trail.levels + arc.levels,
    net: label(arc.to),
    before: arc.inner === null ? trail : { levels: 0, net: names(arc.inner).join(' > '), before: trail },
  });
  const arrive = (starts: ReadonlyMap<number, Trail>): Map<number, Trail> => {
    const at = new Map(starts);
    for (const net of order) {
      const trail = at.get(net);
      if (trail === undefined) continue;
      for (const arc of graph.arcs.get(net) ?? []) deeper(at, arc.to, extend(trail, arc));
    }
    return at;
  };
  const join = (there: Trail, onwards: Trail): Trail => ({
    levels: there.levels + onwards.levels,
    net: onwards.net,
    before: onwards.before === null ? there : join(there, onwards.before),
  });

  const fromRegisters = arrive(graph.starts);
  let worst = NOTHING;
  for (const [net, there] of fromRegisters) {
    const onwards = graph.ends.get(net);
    if (onwards !== undefined && there.levels + onwards.levels > worst.levels) worst = join(there, onwards);
  }
  const outputs: { key: string; net: number }[] = [];
  for (const [port, { direction, bits }] of Object.entries(module.ports)) {
    if (direction === 'output')
      bits.forEach((bit, i) => {
        if (typeof bit === 'number') outputs.push({ key: `${port} ${i}`, net: bit });
      });
  }
  const fromRegister = new Map<string, Trail>();
  for (const { key, net } of outputs) {
    const trail = fromRegisters.get(net);
    if (trail !== undefined) fromRegister.set(key, trail);
  }

  // Ways that begin at an input: one search for each input that leads to logic or a register.
  const toRegister = new Map<string, Trail>();
  const through = new Map<string, Map<string, Trail>>();
  const outputsOf = new Map<number, string[]>();
  for (const { key, net } of outputs) outputsOf.set(net, [...(outputsOf.get(net) ?? []), key]);
  const place = new Map(order.map((net, i) => [net, i]));
  for (const [net, key] of inputs) {
    const reached = reach(graph, place, net, { levels: 0, net: label(net), before: null }, extend);
    for (const [at, trail] of reached) {
      const end = graph.ends.get(at);
      const known = toRegister.get(key);
      if (end !== undefined && (known === undefined || trail.levels + end.levels > known.levels))
        toRegister.set(key, join(trail, end));
      for (const output of outputsOf.get(at) ?? []) {
        const ways = through.get(output) ?? new Map<string, Trail>();
        through.set(output, ways.set(key, trail));
      }
    }
  }
  return { fromRegister, toRegister, through, worst };
}

/** Everything that one net leads to, with the deepest way there. */
function reach(
  graph: Graph,
  place: ReadonlyMap<number, number>,
  from: number,
  start: Trail,
  extend: (trail: Trail, arc: Arc) => Trail,
): Map<number, Trail> {
  const members = new Set<number>([from]);
  const queue = [from];
  for (let net = queue.pop(); net !== undefined; net = queue.pop()) {
    for (const { to } of graph.arcs.get(net) ?? []) {
      if (members.has(to)) continue;
      members.add(to);
      queue.push(to);
    }
  }
  const at = new Map<number, Trail>([[from, start]]);
  const sorted = [...members].filter((net) => place.has(net)).sort((a, b) => place.get(a)! - place.get(b)!);
  for (const net of sorted) {
    const trail = at.get(net);
    if (trail === undefined) continue;
    for (const arc of graph.arcs.get(net) ?? []) deeper(at, arc.to, extend(trail, arc));
  }
  return at;
}
