export function pngStrip(
  images: readonly Uint8Array[],
  size: number,
  options?: { readonly columns?: number; readonly zoom?: number; readonly frame?: number },
): Uint8Array;
export function colourLines(pixels: Uint8Array, size: number): string[];
export function asciiLines(pixels: Uint8Array, size: number): string[];
