/** What the hardware's counters and coordinates can hold (docs/machine.md, Widths). */
import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import { stepsPerRun } from './conv-map.js';
import type { LayerGeometry } from './geometry.js';
import { NO_POOL } from './tiling.js';

/** Loop and row counters have 16 bits. */
const MOST = 2 ** 16 - 1;

/** @throws SystoleError network-unsupported */
export function checkMapLimits(geometries: readonly LayerGeometry[], machine: Machine): void {
  for (const geometry of geometries) {
    requireCounts(geometry, machine);
    requireReach(geometry, machine);
  }
}

function requireCounts({ layer, input, output, map, tiling, inputWait }: LayerGeometry, machine: Machine): void {
  const counts = {
    'rows of its input': Math.max(input.height, map.view.rows, inputWait.need.rows),
    'output rows': Math.max(output.height, layer.convHeight),
    'output columns': Math.max(output.width, layer.convWidth),
    'tiles of columns': tiling.nCo * tiling.nCt,
    'steps of one kernel row': stepsPerRun(map, machine),
  };
  for (const [what, count] of Object.entries(counts)) {
    if (count <= MOST) continue;
    throw new SystoleError('network-unsupported', `layer ${layer.name} has ${count} ${what}`, {
      where: layer.name,
      expected: `at most ${MOST}: the counters have 16 bits`,
      actual: String(count),
    });
  }
}

/** Coordinates are signed and two bits wider than a code index; a window may lie outside the map by a group's codes. */
function requireReach({ layer, map, tiling }: LayerGeometry, machine: Machine): void {
  const codes = machine.memory.activationWords * machine.lanes;
  const pool = layer.pool ?? NO_POOL;
  const { pixelPitch } = map.view;
  const axis = (i: 0 | 1, outputs: number, pad: number, step: number, kernel: number, dilation: number) => {
    const poolPad = i === 0 ? pool.padTop : pool.padLeft;
    const first = -poolPad * step - pad;
    const windows = (outputs - 1) * pool.strides[i] + (pool.kernel[i] - 1) * pool.dilations[i];
    return { first, last: first + windows * step + (kernel - 1) * dilation };
  };
  const columns = tiling.nOx * tiling.columns;
  const y = axis(0, tiling.nOy * tiling.lines, map.padTop, map.rowStep, map.kernelRows, map.rowDilation);
  const x = axis(1, columns, map.padLeft, map.columnStep, map.kernelColumns, map.columnDilation);
  const run = (map.depthwise ? map.columnTiles * machine.cols : 0) + stepsPerRun(map, machine) * machine.lanes;
  const first = Math.min(y.first, x.first * pixelPitch);
  const last = Math.max(y.last, x.last * pixelPitch + run);
  if (first > -codes && last < 2 * codes) return;
  throw new SystoleError('network-unsupported', `the windows of layer ${layer.name} lie too far outside its input`, {
    where: layer.name,
    expected: `codes ${1 - codes} to ${2 * codes - 1} of a row on machine ${machine.name}`,
    actual: `${first} to ${last}`,
    hint: 'use a machine with more activation memory',
  });
}
