import { existsSync, readFileSync } from 'node:fs';
import type { InstallSystem } from './tools.js';

const FAMILIES: Readonly<Record<string, InstallSystem>> = {
  debian: 'debian',
  ubuntu: 'debian',
  fedora: 'fedora',
  rhel: 'fedora',
  arch: 'arch',
};

/** Which package manager this system has, by /etc/os-release's ID and ID_LIKE. */
export function installSystem(): InstallSystem {
  if (process.platform === 'darwin') return 'macos';
  if (!existsSync('/etc/os-release')) return 'other';
  const text = readFileSync('/etc/os-release', 'utf8');
  const words = [...text.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap(([, value]) => value!.split(' '));
  return words.map((word) => FAMILIES[word]).find((family) => family !== undefined) ?? 'other';
}
