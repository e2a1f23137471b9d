/** Baseline JPEG (ITU-T T.81) -> RGB bytes, for the photographs of the shared models. */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly rgb: Uint8Array;
}

interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly table: number;
  dc: number;
  ac: number;
  last: number;
  width: number;
  samples: Uint8Array;
}

/** By length and code: the symbol. */
type Huffman = ReadonlyMap<number, number>;

// biome-ignore format: the order of T.81, figure A.6
const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];
const COSINES = Array.from({ length: 64 }, (_, i) => {
  const [x, u] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

export function decodeJpeg(bytes: Uint8Array): Picture {
  const quantizers: number[][] = [];
  const huffman = new Map<number, Huffman>();
  let components: Component[] = [];
  let [width, height, restart] = [0, 0, 0];
  const word = (at: number): number => bytes[at]! * 256 + bytes[at + 1]!;
  for (let at = 2; ; ) {
    const marker = bytes[at + 1]!;
    const length = word(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (marker === 0xdb) readQuantizers(body, quantizers);
    else if (marker === 0xc4) readHuffman(body, huffman);
    else if (marker === 0xdd) restart = word(at + 4);
    else if (marker === 0xc0) {
      [height, width] = [word(at + 5), word(at + 7)];
      components = frameComponents(body);
    } else if (marker === 0xc2) throw new Error('a progressive JPEG');
    else if (marker === 0xda) {
      for (let i = 0; i < body[0]!; i++) {
        const component = components.find(({ id }) => id === body[1 + 2 * i])!;
        [component.dc, component.ac] = [body[2 + 2 * i]! >> 4, body[2 + 2 * i]! & 15];
      }
      readScan(bytes.subarray(at + 2 + length), { components, huffman, quantizers, width, height, restart });
      return { width, height, rgb: toRgb(components, width, height) };
    }
    at += 2 + length;
  }
}

function readQuantizers(body: Uint8Array, tables: number[][]): void {
  for (let at = 0; at < body.length; at += 65) tables[body[at]! & 15] = Array.from(body.subarray(at + 1, at + 65));
}

function readHuffman(body: Uint8Array, tables: Map<number, Huffman>): void {
  for (let at = 0; at < body.length; ) {
    const table = new Map<number, number>();
    let [code, symbol] = [0, at + 17];
    for (let length = 1; length <= 16; length++, code <<= 1) {
      for (let i = 0; i < body[at + length]!; i++) table.set((length << 16) | code++, body[symbol++]!);
    }
    tables.set(body[at]!, table);
    at = symbol;
  }
}

function frameComponents(body: Uint8Array): Component[] {
  return Array.from({ length: body[5]! }, (_, i) => {
    const [id, sampling, table] = body.subarray(6 + 3 * i, 9 + 3 * i) as unknown as [number, number, number];
    const rest = { dc: 0, ac: 0, last: 0, width: 0, samples: new Uint8Array() };
    return { id, h: sampling >> 4, v: sampling & 15, table, ...rest };
  });
}

interface Scan {
  readonly components: readonly Component[];
  readonly huffman: ReadonlyMap<number, Huffman>;
  readonly quantizers: readonly number[][];
  readonly width: number;
  readonly height: number;
  readonly restart: number;
}

function readScan(data: Uint8Array, { components, huffman, quantizers, width, height, restart }: Scan): void {
  const [hMost, vMost] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  const [across, down] = [Math.ceil(width / (8 * hMost)), Math.ceil(height / (8 * vMost))];
  for (const component of components) {
    component.width = across * component.h * 8;
    component.samples = new Uint8Array(component.width * down * component.v * 8);
  }
  const bits = new Bits(data);
  for (let unit = 0; unit < across * down; unit++) {
    if (restart > 0 && unit > 0 && unit % restart === 0) {
      bits.restart();
      for (const component of components) component.last = 0;
    }
    for (const component of components) {
      for (let v = 0; v < component.v; v++) {
        for (let h = 0; h < component.h; h++) {
          const block = readBlock(bits, component, huffman, quantizers[component.table]!);
          const x = ((unit % across) * component.h + h) * 8;
          const y = (Math.floor(unit / across) * component.v + v) * 8;
          for (let i = 0; i < 64; i++) component.samples[(y + (i >> 3)) * component.width + x + (i & 7)] = block[i]!;
        }
      }
    }
  }
}

class Bits {
  private at = 0;
  private left = 0;

  constructor(private readonly data: Uint8Array) {}

  bit(): number {
    if (this.left === 0) {
      // A stuffed zero follows every byte of ones.
      if (this.at > 0 && this.data[this.at - 1] === 0xff) this.at++;
      this.at++;
      this.left = 8;
    }
    this.left--;
    return (this.data[this.at - 1]! >> this.left) & 1;
  }

  symbol(table: Huffman): number {
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      code = (code << 1) | this.bit();
      const symbol = table.get((length << 16) | code);
      if (symbol !== undefined) return symbol;
    }
    throw new Error('a damaged JPEG');
  }

  /** T.81, figure F.12. */
  value(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = (value << 1) | this.bit();
    return size > 0 && value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  restart(): void {
    if (this.at > 0 && this.data[this.at - 1] === 0xff) this.at++;
    this.left = 0;
    this.at += 2;
    // The marker's own byte of ones is not stuffed.
    if (this.data[this.at - 2] !== 0xff) throw new Error('a JPEG without its restart marker');
  }
}

function readBlock(bits: Bits, component: Component, huffman: ReadonlyMap<number, Huffman>, steps: number[]): number[] {
  const block = new Array<number>(64).fill(0);
  component.last += bits.value(bits.symbol(huffman.get(component.dc)!));
  block[0] = component.last * steps[0]!;
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(huffman.get(16 + component.ac)!);
    const [run, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && run < 15) break;
    k += run;
    if (size > 0) block[ZIGZAG[k]!] = bits.value(size) * steps[k]!;
  }
  return inverse(block);
}

/** The inverse cosine transform, rows and then columns. */
function inverse(block: readonly number[]): number[] {
  const rows = Array.from({ length: 64 }, (_, i) => {
    let sum = 0;
    for (let u = 0; u < 8; u++) sum += block[(i & ~7) + u]! * COSINES[(i & 7) * 8 + u]!;
    return sum;
  });
  return Array.from({ length: 64 }, (_, i) => {
    let sum = 128;
    for (let v = 0; v < 8; v++) sum += rows[v * 8 + (i & 7)]! * COSINES[(i >> 3) * 8 + v]!;
    return Math.min(255, Math.max(0, Math.round(sum)));
  });
}

function toRgb(components: readonly Component[], width: number, height: number): Uint8Array {
  const [hMost, vMost] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  const rgb = new Uint8Array(width * height * 3);
  const clamp = (x: number): number => Math.min(255, Math.max(0, Math.round(x)));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [luma, blue, red] = components.map(
        (c) => c.samples[Math.floor((y * c.v) / vMost) * c.width + Math.floor((x * c.h) / hMost)]!,
      ) as [number, number, number];
      const at = (y * width + x) * 3;
      rgb[at] = clamp(luma + 1.402 * (red - 128));
      rgb[at + 1] = clamp(luma - 0.344136 * (blue - 128) - 0.714136 * (red - 128));
      rgb[at + 2] = clamp(luma + 1.772 * (blue - 128));
    }
  }
  return rgb;
}
