/** What the library cells of the families are, for counting area and levels of logic. */

export type CellKind = 'lut' | 'carry' | 'mux' | 'ff' | 'latch' | 'lutram' | 'shift' | 'bram' | 'dsp' | 'other';

const KINDS: readonly (readonly [RegExp, CellKind])[] = [
  [/^(LUT[1-6]|LUT6_2|INV|LUT4|SB_LUT4)$/, 'lut'],
  [/^(CARRY4|CCU2C|SB_CARRY)$/, 'carry'],
  [/^(MUXF[78]|PFUMX|L6MUX21)$/, 'mux'],
  [/^(FD[RSCP]E?(_1)?|TRELLIS_FF|SB_DFF\w*)$/, 'ff'],
  [/^(LD[CP]E|LDCPE|\$_DLATCH\w*|\$_SR\w*)$/, 'latch'],
  [/^(RAM(32|64|128|256)(X1[SD]|M)|RAM(32|64)M16?|TRELLIS_DPR16X4)$/, 'lutram'],
  [/^(SRL16E|SRLC16E|SRLC32E)$/, 'shift'],
  [/^(RAMB18E1|RAMB36E1|DP16KD|PDPW16KD|SB_RAM40_4K\w*|SB_SPRAM256KA)$/, 'bram'],
  [/^(DSP48E1|MULT18X18D|ALU54B|SB_MAC16)$/, 'dsp'],
];

export function cellKind(type: string): CellKind {
  return KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? 'other';
}

/** LUTs that a cell takes up: LUT RAM and shift registers are made of them, and so is a carry cell of ECP5. */
export function lutsOf(type: string): number {
  if (type === 'CCU2C') return 2;
  if (/^RAM(32|64)M$/.test(type)) return 4;
  if (/^RAM(32|64)X1D$/.test(type)) return 2;
  if (type === 'RAM128X1D' || type === 'RAM256X1S') return 4;
  if (type === 'RAM128X1S') return 2;
  if (type === 'TRELLIS_DPR16X4') return 4;
  return ['lut', 'lutram', 'shift'].includes(cellKind(type)) ? 1 : 0;
}

/** Flip-flops that a RAM's or a product's outputs come from count as registers: no path goes through. */
export function isRegistered(type: string, parameters: Readonly<Record<string, string>>): boolean {
  const kind = cellKind(type);
  if (kind === 'ff' || kind === 'bram') return true;
  if (kind === 'dsp') return ['PREG', 'MREG'].some((name) => /1$/.test(parameters[name] ?? ''));
  return false;
}

/** Block RAMs, one of 18 kbit of a Xilinx 7 counting half. */
export function blocksOf(type: string): number {
  if (type === 'RAMB18E1') return 0.5;
  return cellKind(type) === 'bram' ? 1 : 0;
}
