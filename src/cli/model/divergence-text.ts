import type { Divergence } from '../../runtime/verify/report.js';
import { facts } from '../frame/table.js';

const LEVELS = { program: 'program simulator', verilog: 'Verilog' } as const;

/** The first divergence, line by line. */
export function divergenceText(divergence: Divergence): string {
  const { level, frame, stalled, layer, tensor, y, x, channel, expected, got, accumulator, cycle, note } = divergence;
  const how = stalled ? ', under stalls only' : divergence.pipelined ? ', only where frames follow one another' : '';
  const entries: [string, string | number | null][] = [
    ['level', `${LEVELS[level]} against the golden model${how}`],
    ['image', frame],
    ['layer', layer],
    ['tensor', tensor],
    ['place', y === null ? null : `row ${y}, column ${x}, channel ${channel}`],
    ['expected', expected],
    ['got', got ?? (expected === null ? null : 'nothing')],
    ['accumulator', accumulator],
    ['cycle', cycle],
    ['note', note],
  ];
  const known = entries.filter((entry): entry is [string, string | number] => entry[1] !== null);
  return `first divergence\n${facts(known.map(([name, value]) => [`  ${name}`, value]))}`;
}
