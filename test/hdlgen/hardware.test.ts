import { beforeAll, describe, expect, test } from 'vitest';
import { machineIdentity } from '../../src/arch/identity.js';
import { ABI_VERSION } from '../../src/arch/registers.js';
import { coreParameters, hardwareFiles, PORTS, topModule } from '../../src/hdlgen/hardware.js';
import { loadTemplates, type TemplateSource, templateText } from '../../src/hdlgen/templates.js';
import { testMachine } from '../support/machines.js';

let templates: TemplateSource;
beforeAll(async () => {
  templates = await loadTemplates();
});

describe('hardware files', () => {
  test('the generated top is the snapshot, byte for byte', async () => {
    await expect(topModule(testMachine(), templates)).toMatchFileSnapshot('snapshots/systole_top.v');
  });

  test('every module but the top is the same bytes for every machine', () => {
    const one = hardwareFiles(testMachine(), templates);
    const other = hardwareFiles(testMachine({ rows: 4, cols: 8, activationDigit: 2 }), templates);
    expect([...other.keys()]).toEqual([...one.keys()]);
    const differing = [...one.keys()].filter((path) => one.get(path) !== other.get(path));
    expect(differing).toEqual(['rtl/systole_top.v']);
  });

  test('hand-written modules are copied byte for byte', () => {
    const files = hardwareFiles(testMachine(), templates);
    expect(files.get('rtl/systole_axil.v')).toBe(templates.get('rtl/systole_axil.v'));
    expect(files.get('rtl/systole_registers.vh')).toBe(templates.get('rtl/systole_registers.vh'));
  });

  test('the file list names every Verilog source and nothing else', () => {
    const files = hardwareFiles(testMachine(), templates);
    const listed = files.get('rtl/systole.f')!.trim().split('\n');
    expect(listed[0]).toBe('+incdir+rtl');
    expect(listed.slice(1)).toEqual([...files.keys()].filter((path) => path.endsWith('.v')));
  });

  test('the core has exactly the parameters and ports that the top sets', () => {
    const core = templateText(templates, 'rtl/systole_core.v');
    const names = [...core.slice(0, core.indexOf(');')).matchAll(/^\s*parameter\s+(?:\[[^\]]*\]\s*)?(\w+)/gm)];
    expect(names.map(([, name]) => name).sort()).toEqual(Object.keys(coreParameters(testMachine())).sort());
    const ports = [
      ...core.slice(0, core.indexOf(');')).matchAll(/^\s*(?:input|output)\s+(?:wire|reg)?\s*(?:\[[^\]]*\])?\s*(\w+)/gm),
    ];
    expect(ports.map(([, name]) => name).sort()).toEqual([...PORTS].sort());
  });
});

describe('the identity of a machine', () => {
  test('does not depend on its name or on the order of its fields', () => {
    const { name: _name, ...fields } = testMachine();
    const reordered = { ...Object.fromEntries(Object.entries(fields).reverse()), name: 'other' } as typeof fields & {
      name: string;
    };
    expect(machineIdentity(reordered)).toBe(machineIdentity(testMachine()));
  });

  test('changes with any field, and with the ABI version', () => {
    const base = testMachine();
    const variants = [
      testMachine({ lanes: 8 }),
      testMachine({ memory: { weightWords: 2048 } }),
      testMachine({ stream: { inBytes: 8 } }),
    ];
    const identities = [
      machineIdentity(base),
      machineIdentity(base, ABI_VERSION + 1),
      ...variants.map((m) => machineIdentity(m)),
    ];
    expect(new Set(identities).size).toBe(identities.length);
  });
});
