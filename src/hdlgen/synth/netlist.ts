/** A mapped netlist as Yosys' write_json gives it, hierarchy kept: only what the figures need. */
import { SystoleError } from '../../base/error.js';

/** A net's number within its module, or a constant: '0', '1', 'x', 'z'. */
export type Bit = number | string;

export interface Cell {
  readonly type: string;
  /** Bit strings, or text. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly directions: Readonly<Record<string, 'input' | 'output' | 'inout'>>;
  readonly connections: Readonly<Record<string, readonly Bit[]>>;
}

export interface NetModule {
  readonly name: string;
  /** Whole numbers among its parameters. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly ports: Readonly<Record<string, { readonly direction: string; readonly bits: readonly Bit[] }>>;
  readonly cells: ReadonlyMap<string, Cell>;
  /** Public names of nets: net -> "name" or "name[3]". */
  readonly names: ReadonlyMap<number, string>;
}

export type Netlist = ReadonlyMap<string, NetModule>;

interface JsonCell {
  type: string;
  parameters?: Record<string, string>;
  attributes?: Record<string, string>;
  port_directions?: Cell['directions'];
  connections: Record<string, Bit[]>;
}

interface JsonModule {
  attributes?: Record<string, string>;
  parameter_default_values?: Record<string, string>;
  ports: Record<string, { direction: string; bits: Bit[] }>;
  cells: Record<string, JsonCell>;
  netnames: Record<string, { hide_name?: number; bits: Bit[] }>;
}

/** Library cells (blackbox, whitebox) are left out. @throws SystoleError tool-failed for text that is no netlist. */
export function readNetlist(text: string): Netlist {
  let modules: Record<string, JsonModule>;
  try {
    modules = (JSON.parse(text) as { modules: Record<string, JsonModule> }).modules;
  } catch (error) {
    throw new SystoleError('tool-failed', 'Yosys wrote a netlist that is not JSON', {
      actual: (error as Error).message,
    });
  }
  const own = Object.entries(modules).filter(([, { attributes }]) => !('blackbox' in (attributes ?? {})));
  return new Map(own.map(([name, module]) => [name, netModule(name, module)]));
}

function netModule(name: string, module: JsonModule): NetModule {
  const { ports, cells, netnames } = module;
  const names = new Map<number, string>();
  for (const [net, { hide_name, bits }] of Object.entries(netnames)) {
    if (hide_name === 1) continue;
    bits.forEach((bit, i) => {
      const text = bits.length === 1 ? net : `${net}[${i}]`;
      const known = typeof bit === 'number' ? names.get(bit) : '';
      if (typeof bit === 'number' && (known === undefined || text.length < known.length)) names.set(bit, text);
    });
  }
  return {
    name,
    parameters: Object.fromEntries(
      Object.entries(module.parameter_default_values ?? {}).flatMap(([parameter, bits]) =>
        /^[01]{1,32}$/.test(bits) ? [[parameter, Number.parseInt(bits, 2)]] : [],
      ),
    ),
    ports,
    cells: new Map(
      Object.entries(cells).map(([cell, { type, parameters, attributes, port_directions, connections }]) => [
        cell,
        {
          type,
          parameters: parameters ?? {},
          attributes: attributes ?? {},
          directions: port_directions ?? {},
          connections,
        },
      ]),
    ),
    names,
  };
}

/** The text behind `\$paramod...`: the module's own name. `$paramod$0a1b2c\name` and `$paramod\name\A=1` are name. */
export function plainName(name: string): string {
  const parts = name.split('\\').filter((part) => part !== '');
  return parts.length > 1 && parts[0]!.startsWith('$paramod') ? parts[1]! : parts[0]!;
}

/** Modules below `top` and itself, children before parents, each once. */
export function childrenFirst(netlist: Netlist, top: string): readonly NetModule[] {
  const order: NetModule[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    const module = netlist.get(name);
    if (module === undefined || seen.has(name)) return;
    seen.add(name);
    for (const { type } of module.cells.values()) visit(type);
    order.push(module);
  };
  visit(top);
  return order;
}
