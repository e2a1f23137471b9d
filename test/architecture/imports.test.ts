import Handlebars from 'handlebars';
import { describe, expect, it, test } from 'vitest';
import { breaches } from './rules.js';
import { projectFiles, referencesOf } from './sources.js';

const isCode = (path: string) => /\.[mc]?[jt]s$/.test(path);
/** The tests stand above all of it and are free. */
const ruled = (path: string) => isCode(path) && !path.startsWith('test/');

/** The breaches of one file with this text. */
const inFile = (path: string, text: string) => breaches(new Map([[path, text]]));

test('no file imports against the direction, or touches files, processes or clocks where it may not', async () => {
  const files = await projectFiles('', ruled);
  expect(files.size).toBeGreaterThan(100);
  expect(breaches(files)).toEqual([]);
});

describe('the rules catch', () => {
  const forbidden: readonly (readonly [why: string, path: string, text: string])[] = [
    ['base importing anything', 'src/base/a.ts', "import { x } from '../quant/golden.js';"],
    ['frontend importing quant', 'src/frontend/a.ts', "import type { X } from '../quant/network.js';"],
    ['quant importing arch', 'src/quant/a.ts', "export { x } from '../arch/machine.js';"],
    ['arch importing hdlgen', 'src/arch/a.ts', "export * from '../hdlgen/render.js';"],
    ['hdlgen importing its sibling runtime', 'src/hdlgen/a.ts', "import '../runtime/project.js';"],
    ['runtime importing its sibling hdlgen', 'src/runtime/a.ts', "const x = await import('../hdlgen/render.js');"],
    ['runtime importing the command line', 'src/runtime/a.ts', "type X = import('../cli/main.js').X;"],
    ['another file than the link importing sim', 'src/runtime/links/program.ts', "import '../../../sim/run.js';"],
    ['sim importing more of arch than the registers', 'sim/a.ts', "import '../src/arch/machine.js';"],
    ['anything importing test', 'src/cli/a.ts', "import '../../test/support/machines.js';"],
    ['a script importing test', 'scripts/a.mjs', "import '../test/support/machines.js';"],
    ['the program simulator importing the planner', 'src/arch/simulator/a.ts', "import '../plan/digits.js';"],
    ['the program simulator importing golden', 'src/arch/simulator/a.ts', "import '../../quant/golden.js';"],
    ['the cycle model importing the planner', 'src/arch/timing/a.ts', "import '../plan/plan.js';"],
    ['golden importing what it judges', 'src/quant/golden.ts', "import './numerics.js';"],
    ['a computed import', 'src/quant/a.ts', 'const x = await import(name);'],
    ['a require', 'src/quant/a.ts', "const x = require('node:fs');"],
    ['a file read outside its place', 'src/quant/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['a process outside its place', 'src/arch/a.ts', "import { execa } from 'execa';"],
    ['a clock outside its place', 'src/arch/a.ts', 'const t = Date.now();'],
    ['another clock outside its place', 'src/arch/a.ts', 'const t = performance.now();'],
    ['the environment outside its place', 'src/arch/a.ts', 'const t = process.env.HOME;'],
    ['printing outside its place', 'src/arch/a.ts', "console.log('x');"],
    ['a new folder without a rule', 'src/extra/a.ts', "import './b.js';"],
  ];
  it.each(forbidden)('%s', (_why, path, text) => {
    expect(inFile(path, text)).toHaveLength(1);
  });

  it('nothing in what is allowed', () => {
    expect(
      inFile('src/cli/a.ts', "import '../hdlgen/render.js';\nimport { execa } from 'execa';\nprocess.exit();"),
    ).toEqual([]);
    expect(inFile('src/runtime/links/verilated.ts', "import '../../../sim/run.js';")).toEqual([]);
    expect(inFile('src/arch/a.ts', 'const x = { process: 1 }; export const y = x.process;')).toEqual([]);
    expect(inFile('src/arch/a.ts', "// import '../cli/main.js'\nconst text = `import '../cli/main.js'`;")).toEqual([]);
  });
});

test('an import is read whatever its form', () => {
  const text = [
    "import a from './a.js';",
    "import type { B } from './b.js';",
    "export { c } from './c.js';",
    "export * as d from './d.js';",
    "type E = import('./e.js').E;",
    "await import('./f.js');",
    "import g = require('./g.js');",
    "import './h.mjs';",
  ];
  const found = referencesOf('src/x/y.ts', text.join('\n'));
  expect(found.map(({ line, target }) => [line, target])).toEqual(
    [...'abcdefgh'].map((letter, i) => [i + 1, `src/x/${letter}`]),
  );
});

describe('templates compute nothing', () => {
  test('each holds only names, #each, #if and #unless', async () => {
    const templates = await projectFiles('templates', (path) => path.endsWith('.hbs'));
    expect(templates.size).toBeGreaterThan(3);
    for (const [path, text] of templates) expect(helperCalls(Handlebars.parse(text)), path).toEqual([]);
  });

  test('no code registers a helper', async () => {
    const files = await projectFiles('src', isCode);
    expect([...files].filter(([, text]) => text.includes('registerHelper')).map(([path]) => path)).toEqual([]);
  });

  it('a helper call is caught', () => {
    expect(helperCalls(Handlebars.parse('{{#if x}}{{add a 1}}{{/if}}'))).toEqual(['add']);
    expect(helperCalls(Handlebars.parse('{{#repeat n}}{{this}}{{/repeat}}'))).toEqual(['repeat']);
    expect(helperCalls(Handlebars.parse('{{#each (range n)}}{{this}}{{/each}}'))).toEqual(['each (range)']);
  });
});

/** Names called with arguments, built-in blocks over a plain path excepted. */
function helperCalls(program: hbs.AST.Program): readonly string[] {
  return program.body.flatMap((statement) => {
    if (statement.type === 'MustacheStatement') {
      const { path, params } = statement as hbs.AST.MustacheStatement;
      return params.length > 0 ? [(path as hbs.AST.PathExpression).original] : [];
    }
    if (statement.type !== 'BlockStatement') return [];
    const { path, params, program: inner, inverse } = statement as hbs.AST.BlockStatement;
    const nested = params.flatMap((param) =>
      param.type === 'SubExpression'
        ? [((param as hbs.AST.SubExpression).path as hbs.AST.PathExpression).original]
        : [],
    );
    const name = path.original as string;
    const own = nested.length > 0 ? [`${name} (${nested.join(' ')})`] : [name];
    const builtIn = ['each', 'if', 'unless'].includes(name) && nested.length === 0;
    return [...(builtIn ? [] : own), ...helperCalls(inner), ...(inverse ? helperCalls(inverse) : [])];
  });
}
