/** The identity that hardware and program share: a program made for one machine is refused by any other. */
import { canonicalJson } from '../base/canonical-json.js';
import { sha256 } from '../base/sha256.js';
import type { Machine } from './machine.js';
import { ABI_VERSION } from './registers.js';

/** 64 bits of SHA-256 over the ABI version and every field of the machine but its name. */
export function machineIdentity(machine: Machine, abiVersion: number = ABI_VERSION): bigint {
  const { name: _name, ...fields } = machine;
  const digest = sha256(`systole machine, ABI ${abiVersion}\n${canonicalJson(fields)}`);
  return BigInt(`0x${digest.slice(0, 16)}`);
}
