/**
 * Image files for bringing up hardware by hand: `programFiles` returns them by name, one 32-bit piece in
 * hexadecimal a line, beside the input frame, the expected output bytes and a listing of the program.
 */

import type { Machine } from '../../src/arch/machine.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { disassemble } from '../../src/arch/program/disassemble.js';
import { runProgram } from '../../src/arch/simulator/run-program.js';
import type { IntegerNetwork } from '../../src/quant/network.js';

export function programDump(network: IntegerNetwork, machine: Machine, frame: Uint8Array): Map<string, string> {
  const plan = planNetwork(network, machine);
  const { output } = runProgram(machine, plan.images, frame);
  const { program, passes, weights, parameters } = plan.images;
  return new Map([
    ['program.hex', hex(program, 8)],
    ['passes.hex', hex(passes, 8)],
    ['weights.hex', hex(weights, 8)],
    ['parameters.hex', hex(parameters, 8)],
    ['frame.hex', hex(frame, 2)],
    ['expected.hex', hex(output, 2)],
    ['listing.txt', disassemble(plan.images, machine.fetchWords)],
  ]);
}

function hex(values: Uint32Array | Uint8Array, digits: number): string {
  return `${Array.from(values, (value) => value.toString(16).padStart(digits, '0')).join('\n')}\n`;
}
