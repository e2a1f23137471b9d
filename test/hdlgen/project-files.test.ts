import { beforeAll, describe, expect, test } from 'vitest';
import { machineIdentity } from '../../src/arch/identity.js';
import { parseMachine } from '../../src/arch/machine-schema.js';
import { layoutFromJson } from '../../src/arch/plan/plan-layout.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { parseManifest } from '../../src/base/manifest.js';
import { sha256 } from '../../src/base/sha256.js';
import { loadTemplates, type TemplateSource } from '../../src/hdlgen/templates.js';
import type { Exactness, IntegerNetwork } from '../../src/quant/network.js';
import { networkFromBytes, networkToBytes } from '../../src/quant/serialize.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';
import { compiledFiles } from '../support/project.js';

const machine = testMachine();
const network = new NetworkBuilder({ height: 5, width: 5, channels: 3 }, 5)
  .conv({ kernel: [3, 3], channels: 6, weightBits: 3 })
  .maxpool({ kernel: [3, 3], strides: [3, 3] })
  .conv({ kernel: [1, 1], channels: 4, weightBits: 3, bits: null })
  .build();
const options = {
  inputs: [{ role: 'model', name: 'net.onnx', sha256: 'a'.repeat(64) }],
  options: { weights: 3, ends: 'same' },
};
const text = (data: string | Uint8Array | undefined) =>
  typeof data === 'string' ? data : new TextDecoder().decode(data);
const manifestOf = (files: ReadonlyMap<string, string | Uint8Array>) =>
  parseManifest(text(files.get('manifest.json')), 'manifest.json');

let files: Map<string, string | Uint8Array>;
let templates: TemplateSource;
beforeAll(async () => {
  files = await compiledFiles(network, machine, options);
  templates = await loadTemplates();
});

describe('the files of a project', () => {
  test('are the same bytes every time', async () => {
    const again = await compiledFiles(network, machine, options);
    expect([...again.keys()]).toEqual([...files.keys()]);
    for (const [path, data] of files) expect(sha256(again.get(path)!), path).toBe(sha256(data));
  });

  test('end with the manifest, which lists every other one with its hash', () => {
    expect([...files.keys()].at(-1)).toBe('manifest.json');
    const { files: listed } = manifestOf(files);
    const others = [...files].filter(([path]) => path !== 'manifest.json');
    expect(listed).toEqual(Object.fromEntries(others.map(([path, data]) => [path, sha256(data)])));
  });

  test('carry the plan in the manifest, before any simulation', () => {
    const manifest = manifestOf(files);
    const plan = planNetwork(network, machine);
    expect(manifest).toMatchObject({
      ...options,
      machine: 'test',
      network: 'random',
      usefulDigitMacs: plan.usefulDigitMacs,
      identity: `0x${machineIdentity(machine).toString(16).padStart(16, '0')}`,
    });
    expect(manifest.planCycles).toBeGreaterThan(0);
    expect(manifest.layers.map(({ name }) => name)).toEqual(plan.layers.map(({ name }) => name));
    const cycles = manifest.layers.reduce((sum, layer) => sum + layer.planCycles, 0);
    expect(cycles).toBeLessThanOrEqual(manifest.planCycles);
  });

  test('read back as the machine, the network and the layout they were made from', () => {
    expect(parseMachine(JSON.parse(text(files.get('machine.json'))))).toEqual(machine);
    expect(networkToBytes(networkFromBytes(files.get('network.bin') as Uint8Array, ''))).toEqual(
      networkToBytes(network),
    );
    const plan = planNetwork(network, machine);
    const { tensors, layers, turns, inputs, outputs, usefulDigitMacs, used } = plan;
    const layout = layoutFromJson(text(files.get('program/layout.json')), '');
    expect(layout).toEqual({ tensors, layers, turns, inputs, outputs, usefulDigitMacs, used });
  });

  test('hold hand-written C and Verilog byte for byte, and the simulator that they need', () => {
    for (const [path, source] of templates) {
      if (path.endsWith('.hbs') || !/^(rtl|host)\//.test(path)) continue;
      expect(files.get(path), path).toBe(source);
    }
    expect(files.get('host/simulator/harness.cpp')).toBe(templates.get('sim/harness.cpp'));
  });

  test('name no folder of the machine that made them', () => {
    for (const [path, data] of files) expect(text(data).includes(process.cwd()), path).toBe(false);
  });

  test('keep the files that the caller adds', async () => {
    const extra = new Map([['preprocess.json', '[]\n']]);
    const more = await compiledFiles(network, machine, { ...options, extra });
    expect(more.get('preprocess.json')).toBe('[]\n');
    expect(manifestOf(more).files['preprocess.json']).toBe(sha256('[]\n'));
  });

  test('tell a layer made of several as approximate when one of them is', async () => {
    const exactness: Exactness = { kind: 'approximate', differing: 5, maxCodes: 2 };
    const first = { ...network.layers[0]!, exactness };
    const approximate: IntegerNetwork = { ...network, layers: [first, ...network.layers.slice(1)] };
    const { layers } = manifestOf(await compiledFiles(approximate, machine));
    expect(layers.map((layer) => [layer.name, layer.exactness, layer.differing, layer.maxCodes])).toEqual([
      ['conv0', 'approximate', 5, 2],
      ['conv2', 'exact', 0, 0],
    ]);
  });

  test('tell a layer whose values were not all tried as exact in the proven range', async () => {
    const first = { ...network.layers[0]!, exactness: { kind: 'exact-in-range' } as const };
    const files = await compiledFiles({ ...network, layers: [first, ...network.layers.slice(1)] }, machine);
    expect(manifestOf(files).layers.map(({ exactness }) => exactness)).toEqual(['exact-in-range', 'exact']);
    expect(text(files.get('README.md'))).toMatch(/\| conv0 \|.*\| exact in the proven range \|/);
  });

  test('hold names from the model as plain text only', async () => {
    const name = '"/* ??/ |`<b>\n*/';
    const named = await compiledFiles({ ...network, name }, machine);
    expect(text(named.get('README.md')).split('\n')[0]).not.toMatch(/[`<>|"]/);
    expect(text(named.get('host/systole_network.c'))).toContain('.name = "\\042/* \\077\\077/ |`<b>\\012*/"');
    expect(manifestOf(named).network).toBe(name);
  });
});

test('a layout that is not ours is refused', () => {
  const layout = text(files.get('program/layout.json'));
  for (const broken of ['', '[]', layout.slice(1), layout.replace('"elementBytes": 4', '"elementBytes": 3')]) {
    expect(() => layoutFromJson(broken, 'x')).toThrow(expect.objectContaining({ code: 'project-invalid' }));
  }
});
