/** The families that the open tools synthesize for, and how Yosys is asked. */
import { SystoleError } from '../../base/error.js';

export const TARGETS = ['xc7', 'ecp5', 'ice40'] as const;
export type Target = (typeof TARGETS)[number];

interface TargetFacts {
  /** For people. */
  readonly title: string;
  /** Most levels of logic between registers; null: the clock of place and route decides. */
  readonly mostLevels: number | null;
  readonly hasLutRam: boolean;
  /** Yosys' command for one family, without the top; no cell that joins LUTs to wider ones, so that a level is a LUT. */
  readonly command: string;
}

export const TARGET_FACTS: Readonly<Record<Target, TargetFacts>> = {
  xc7: {
    title: 'Xilinx 7 series (LUT6)',
    mostLevels: 7,
    hasLutRam: true,
    command: 'synth_xilinx -family xc7 -noiopad -noclkbuf -nowidelut',
  },
  ecp5: { title: 'Lattice ECP5 (LUT4)', mostLevels: 9, hasLutRam: true, command: 'synth_ecp5 -noflatten -nowidelut' },
  ice40: { title: 'Lattice iCE40 (LUT4)', mostLevels: null, hasLutRam: false, command: 'synth_ice40 -noflatten' },
};

/** @throws SystoleError option-invalid */
export function targetNamed(text: string): Target {
  const target = TARGETS.find((name) => name === text);
  if (target !== undefined) return target;
  throw new SystoleError('option-invalid', `there is no device ${text}`, {
    where: '--device',
    expected: TARGETS.join(', '),
    actual: text,
  });
}
