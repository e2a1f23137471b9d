/** Memory images as files: hex for $readmemh, little-endian binary, and a listing for people. */
import { disassemble } from '../arch/program/disassemble.js';
import type { Images } from '../arch/program/program.js';
import { imagePath, MEMORIES, PROJECT_PATHS } from '../base/project-layout.js';

/** program/NAME.hex and .bin for each memory, program/dram.bin where there is something in DRAM, and program/listing.txt. */
export function programFiles(images: Images, fetchWords: number): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>();
  for (const name of MEMORIES) {
    files.set(`program/${name}.hex`, hexWords(images[name]));
    files.set(imagePath(name), littleEndian(images[name]));
  }
  if (images.dram.length > 0) files.set(PROJECT_PATHS.dram, littleEndian(images.dram));
  return files.set('program/listing.txt', disassemble(images, fetchWords));
}

/** One 32-bit piece a line. */
function hexWords(pieces: Uint32Array): string {
  return [...pieces].map((piece) => `${piece.toString(16).padStart(8, '0')}\n`).join('');
}

/** Sixteen bytes a line, for a memory of bytes. */
export function hexBytes(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const line = [...bytes.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, '0'));
    lines.push(`${line.join(' ')}\n`);
  }
  return lines.join('');
}

function littleEndian(pieces: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * pieces.length);
  const view = new DataView(bytes.buffer);
  pieces.forEach((piece, i) => {
    view.setUint32(4 * i, piece, true);
  });
  return bytes;
}
