import { describe, expect, it, test } from 'vitest';
import { projectFiles } from './sources.js';

const isText = (path: string) =>
  /\.([mc]?[jt]s|json|md|v|vh|vlt|hbs|cpp|c|h|py|sh|ys|yml)$/.test(path) || /(^|\/)(run|LICENSE|\.[a-z]+)$/.test(path);
const isSource = (path: string) => /\.([mc]?[jt]s|v|vh|hbs|cpp|c|h|py)$/.test(path);

/** Folders that only one computer has. */
const LOCAL_PATH = /(?<![\w.$}])\/(?:home|root|work|Users|mnt|tmp|opt|var\/folders)\/|\b[A-Z]:\\\\?[A-Za-z]/;
/** Package registries, mirrors and numbered hosts. */
const REGISTRY =
  /\b(?:registry|artifactory|nexus|verdaccio|mirror)[\w-]*\.[\w.-]+\.[a-z]{2,}|\bpypi\.|\bfiles\.pythonhosted\b|\/\/\d+\.\d+\.\d+\.\d+/i;

const offences = (files: ReadonlyMap<string, string>, pattern: RegExp): readonly string[] =>
  [...files].flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );

/** Longer than allowed, each for its reason. */
const LONG: Readonly<Record<string, string>> = {
  'templates/rtl/systole_core.v': 'nothing but the wires between its modules',
  'sim/harness.cpp': 'one C++ translation unit, so that a build is one compiler call',
};

test('no file names a folder of one computer', async () => {
  expect(offences(await projectFiles('', isText), LOCAL_PATH)).toEqual([]);
});

test('no file names a package registry or a numbered host', async () => {
  expect(offences(await projectFiles('', isText), REGISTRY)).toEqual([]);
});

test('no source file has more than 350 lines, no test more than 500, but those with a reason', async () => {
  const most = (path: string) => (path.startsWith('test/') ? 500 : 350);
  const sources = await projectFiles('', isSource);
  const long = [...sources].filter(([path, text]) => text.trimEnd().split('\n').length > most(path));
  expect(long.map(([path]) => path).sort()).toEqual(Object.keys(LONG).sort());
});

describe('the patterns', () => {
  // Put together here, so that this file does not hold what it looks for.
  const path = (...parts: string[]) => `see /${parts.join('/')}/x`;
  it.each([path('home', 'ann'), path('root', 'y'), path('work', 'main'), path('Users', 'ann'), `at C:${'\\'}Users`])(
    'catch the folder in %s',
    (line) => {
      expect(LOCAL_PATH.test(line)).toBe(true);
    },
  );
  it.each(['see src/home/x', 'a / work / b', '/dev/ttyUSB0', '#!/usr/bin/env bash', 'the base/root/x', 'ratio:0'])(
    'leave %s alone',
    (line) => {
      expect(LOCAL_PATH.test(line)).toBe(false);
    },
  );
  it.each([
    `https://registry.${'npmjs'}.org/x`,
    `http://${[10, 0, 0, 1].join('.')}:8080`,
    `https://${'pypi'}.org/simple`,
  ])('catch the host in %s', (line) => {
    expect(REGISTRY.test(line)).toBe(true);
  });
  it.each(['https://github.com/onnx/onnx', 'http://www.apache.org/licenses', 'registry of names', '1.2.3.4'])(
    'leave the host in %s alone',
    (line) => {
      expect(REGISTRY.test(line)).toBe(false);
    },
  );
});
