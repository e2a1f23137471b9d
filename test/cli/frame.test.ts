import { CommanderError } from 'commander';
import { afterEach, describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { asSystoleError, errorJson, errorText, exitCodeOf } from '../../src/cli/frame/errors.js';
import { shortNames } from '../../src/cli/frame/table.js';
import { duration, oneOf, positive, shape, shard, whole } from '../../src/cli/frame/values.js';
import { buildProgram } from '../../src/cli/program.js';
import { cli, cliJson } from './cli.js';
import { refused } from './workshop.js';

const terminal = { out: () => {}, err: () => {}, interactive: false };
const commands = buildProgram({ terminal, outcome: null }, () => {}).commands.map((command) => command.name());

describe('the command line', () => {
  it('shows its help on stdout', async () => {
    const { code, out, err } = await cli('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const name of commands) expect(out).toContain(name);
  });

  it('without a command shows its help on stderr and is wrong usage', async () => {
    const { code, out, err } = await cli();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: systole');
  });

  it('prints its version', async () => {
    expect((await cli('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  for (const name of commands) {
    it(`${name} --help shows an example of itself and takes --json`, async () => {
      const { code, out } = await cli(name, '--help');
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`Examples?:\n  \\$ systole ${name}`));
      expect(out).toContain('--json');
    });

    it(`${name} refuses an option that does not exist, as wrong usage`, async () => {
      const { exit, code } = await refused(name, '--no-such-option');
      expect({ exit, code }).toEqual({ exit: 2, code: 'usage-invalid' });
    });
  }

  it('refuses an unknown command and suggests the one that was meant', async () => {
    const { code, out, err } = await cli('machine');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain("error: unknown command 'machine' [usage-invalid]");
    expect(err).toContain('Did you mean machines?');
  });

  it('refuses words that no argument takes', async () => {
    const { exit, code } = await refused('machines', 'pico', 'nano');
    expect({ exit, code }).toEqual({ exit: 2, code: 'usage-invalid' });
  });

  it('prints errors as one JSON object with every field', async () => {
    const { code, json } = await cliJson('machines', 'no-such-machine');
    expect(code).toBe(2);
    expect(Object.keys(json)).toEqual(['error']);
    expect(Object.keys(json.error)).toEqual(['code', 'message', 'where', 'expected', 'actual', 'hint']);
  });
});

describe('an error', () => {
  afterEach(() => {
    delete process.env.SYSTOLE_DEBUG;
  });
  const failing = new SystoleError('data-shape', 'wrong shape', { where: 'x.npz:inputs', actual: 'a\nb' });

  it('is read by people line by line, further lines under the first', () => {
    expect(errorText(failing)).toBe(
      ['error: wrong shape [data-shape]', '  where     x.npz:inputs', '  actual    a', '            b'].join('\n'),
    );
  });

  it('is read by programs with null for what is absent', () => {
    expect(errorJson(failing)).toEqual({
      error: {
        code: 'data-shape',
        message: 'wrong shape',
        where: 'x.npz:inputs',
        expected: null,
        actual: 'a\nb',
        hint: null,
      },
    });
  });

  it('of ours is one line without a stack, and asks for a report', () => {
    const error = asSystoleError(new TypeError('x is undefined\nat y'));
    expect(error.code).toBe('internal');
    expect(error.message).toBe('internal error: TypeError: x is undefined');
    expect(error.hint).toContain('report');
    expect(exitCodeOf(error)).toBe(1);
  });

  it('of the file system says what happened to which path', () => {
    const thrown = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'mkdir', path: '/x/y' });
    const { code, message, where } = asSystoleError(thrown);
    expect({ code, message, where }).toEqual({
      code: 'file-access',
      message: 'a file operation failed (mkdir): permission denied',
      where: '/x/y',
    });
  });

  it('of the command line is wrong usage', () => {
    const error = asSystoleError(new CommanderError(1, 'commander.invalidArgument', 'error: option --x is invalid.'));
    expect([error.code, exitCodeOf(error)]).toEqual(['option-invalid', 2]);
  });

  it('shows its stack only with SYSTOLE_DEBUG', async () => {
    expect((await cli('machines', 'nothing')).err).not.toContain('    at ');
    process.env.SYSTOLE_DEBUG = '1';
    expect((await cli('machines', 'nothing')).err).toContain('    at ');
  });
});

describe('values of options', () => {
  it('are whole numbers within limits', () => {
    expect(whole(1)('7')).toBe(7);
    for (const text of ['0', '1.5', '', ' 2', '1e3', 'x']) expect(() => whole(1)(text)).toThrow();
    expect(() => whole(1, 8)('9')).toThrow('from 1 to 8');
    expect(() => oneOf(1, 2, 3, 4, 8)('5')).toThrow('1, 2, 3, 4, 8');
  });

  it('are shapes with commas or crosses', () => {
    expect(shape('1,3,32,32')).toEqual([1, 3, 32, 32]);
    expect(shape('1x490')).toEqual([1, 490]);
    for (const text of ['', '1,,2', '1,-3', '1,0', 'a']) expect(() => shape(text)).toThrow();
  });

  it('are times in seconds, minutes or hours', () => {
    expect([duration('90s'), duration('1.5m'), duration('2h')]).toEqual([90, 90, 7200]);
    for (const text of ['2', '0s', '2d', 'h']) expect(() => duration(text)).toThrow();
  });

  it('are parts of a whole', () => {
    expect(shard('2/5')).toEqual({ index: 2, of: 5 });
    for (const text of ['0/5', '6/5', '1', '1/0', '']) expect(() => shard(text)).toThrow();
  });

  it('are numbers above zero', () => {
    expect(positive('0.5')).toBe(0.5);
    for (const text of ['0', '-1', 'NaN', 'Infinity', '', ' ']) expect(() => positive(text)).toThrow();
  });
});

describe('shortNames', () => {
  it('leaves out the middle of long names', () => {
    expect(shortNames(['conv1', `a${'b'.repeat(60)}c`])).toEqual(['conv1', `a${'b'.repeat(14)}...${'b'.repeat(21)}c`]);
  });

  it('keeps names apart that differ in the middle only, at no greater width', () => {
    const names = ['', '_1', '_2', '_12'].map((i) => `network/stage/conv2d${i}/BiasAdd/network/stage/ReadVariableOp`);
    const short = shortNames([...names, names[0]!]);
    expect(new Set(short).size).toBe(4);
    expect(short[4]).toBe(short[0]);
    expect(Math.max(...short.map(({ length }) => length))).toBeLessThanOrEqual(40);
  });
});
