import { decodePasses, decodeProgram } from './decode.js';
import type { Images } from './program.js';
import { recordWords } from './program.js';

/** Text of program and pass memory, one field a line; for people and for tests. */
export function disassemble(images: Pick<Images, 'program' | 'passes'>, fetchWords: number): string {
  const lines: string[] = [];
  let at = 0;
  for (const record of decodeProgram(images.program, fetchWords)) {
    lines.push(`${at}: ${record.opcode}`);
    for (const [name, value] of Object.entries(record.fields)) lines.push(`    ${name} = ${value}`);
    at += recordWords(record.opcode, fetchWords);
  }
  decodePasses(images.passes).forEach((pass, i) => {
    lines.push(
      `pass ${i}: aOff ${pass.aOff} wOff ${pass.wOff} shift ${pass.shift} ${pass.mode} padDigit ${pass.padDigit}`,
    );
  });
  return `${lines.join('\n')}\n`;
}
