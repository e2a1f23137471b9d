/** Parsers of option values; what they refuse is wrong usage. */
import { InvalidArgumentError } from 'commander';

/** A whole number from min to max. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} up` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

/** One of a few numbers or words. */
export function oneOf<T extends number | string>(...allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const value = allowed.find((one) => `${one}` === text);
    if (value !== undefined) return value;
    throw new InvalidArgumentError(`It must be one of ${allowed.join(', ')}.`);
  };
}

/** A number above zero. */
export function positive(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above zero.');
}

/** 1,3,32,32 or 1x3x32x32 */
export function shape(text: string): number[] {
  const sizes = text.split(/[,x]/).map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (sizes.every((size) => size >= 1 && size <= 2 ** 24)) return sizes;
  throw new InvalidArgumentError('It must be sizes above zero, such as 1,3,32,32.');
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** 90s, 30m or 2h, as seconds. */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit ?? ''] ?? Number.NaN);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('It must be a time such as 90s, 30m or 2h.');
}

export interface Shard {
  /** 1 .. of */
  readonly index: number;
  readonly of: number;
}

/** 2/5: the second of five parts. */
export function shard(text: string): Shard {
  const [, index, of] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index !== undefined && of !== undefined && index >= 1 && index <= of) return { index, of };
  throw new InvalidArgumentError('It must be i/n with i from 1 to n, such as 2/5.');
}

/** An option that may be given several times. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** How such an option names its files. */
export const SEVERAL = 'NAME=FILE for each where the model has several inputs';
