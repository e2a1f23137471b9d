/** Values as C source. */

/** A finite float32 as a C99 hexadecimal constant: exactly this value, in every compiler. */
export function floatConstant(value: number): string {
  if (Math.fround(value) !== value) throw new RangeError(`${value} is not a float32`);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  const exponent = (bits.getUint32(0) >>> 23) & 255;
  const fraction = bits.getUint32(0) & 0x7fffff;
  if (exponent === 255) throw new RangeError(`${value} is not finite`);
  if (exponent === 0 && fraction === 0) return `${sign}0.0f`;
  const power = exponent === 0 ? -126 : exponent - 127;
  const digits = (2 * fraction).toString(16).padStart(6, '0').replace(/0+$/, '');
  return `${sign}0x${exponent === 0 ? 0 : 1}.${digits || '0'}p${power}f`;
}

/** The inside of a C string: printable ASCII as it is, every other byte of its UTF-8 as three octal digits. */
export function stringText(text: string): string {
  const plain = (byte: number) => byte >= 0x20 && byte < 0x7f && !'"\\?'.includes(String.fromCharCode(byte));
  return [...new TextEncoder().encode(text)]
    .map((byte) => (plain(byte) ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`))
    .join('');
}

/** Text for a C comment: what would end it, or start a trigraph, replaced. */
export function commentText(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, '.')
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *')
    .replaceAll('??', '? ?');
}

/** A constant array of 32-bit words, eight a line; C has no empty arrays, so no word gives one zero. */
export function wordArray(name: string, memory: Uint32Array): string {
  const words = memory.length > 0 ? memory : Uint32Array.of(0);
  const lines: string[] = [];
  for (let at = 0; at < words.length; at += 8) {
    const line = [...words.subarray(at, at + 8)].map((word) => `0x${word.toString(16).padStart(8, '0')}u`);
    lines.push(`    ${line.join(', ')},\n`);
  }
  return `const uint32_t ${name}[${words.length}] = {\n${lines.join('')}};\n`;
}
