/** The identity that hardware and program share: a program made for one machine is refused by any other. */
import { createHash } from 'node:crypto';
import type { Machine } from './machine.js';
import { ABI_VERSION } from './registers.js';

/** 64 bits of SHA-256 over the ABI version and every field of the machine but its name. */
export function machineIdentity(machine: Machine, abiVersion: number = ABI_VERSION): bigint {
  const { name: _name, ...fields } = machine;
  const digest = createHash('sha256')
    .update(`systole machine, ABI ${abiVersion}\n${canonicalJson(fields)}`)
    .digest();
  return digest.readBigUInt64LE(0);
}

/** JSON with sorted keys: the same fields give the same text whatever order they were written in. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`;
}
