/** Images as PNG strips and as terminal text. Pixels are RGB bytes, planes first. */
import { PNG } from 'pngjs';

/**
 * Images side by side, `columns` a line, each `zoom` times enlarged with a white frame.
 * @param {readonly Uint8Array[]} images each [3, size, size]
 * @returns {Buffer} PNG file
 */
export function pngStrip(images, size, { columns = images.length, zoom = 3, frame = 2 } = {}) {
  const cell = size * zoom + frame;
  const lines = Math.ceil(images.length / columns);
  const png = new PNG({ width: columns * cell + frame, height: lines * cell + frame });
  png.data.fill(255);
  images.forEach((pixels, n) => {
    const left = frame + (n % columns) * cell;
    const top = frame + Math.floor(n / columns) * cell;
    for (let y = 0; y < size * zoom; y++) {
      for (let x = 0; x < size * zoom; x++) {
        const from = Math.floor(y / zoom) * size + Math.floor(x / zoom);
        const to = ((top + y) * png.width + left + x) * 4;
        for (let plane = 0; plane < 3; plane++) png.data[to + plane] = pixels[plane * size * size + from];
      }
    }
  });
  return PNG.sync.write(png, { colorType: 2 });
}

/**
 * Lines of half blocks in 24-bit colour: each character shows two pixels, one above the other.
 * @returns {string[]} size / 2 lines
 */
export function colourLines(pixels, size) {
  const rgb = (x, y) => [0, 1, 2].map((plane) => pixels[(plane * size + y) * size + x]).join(';');
  return Array.from({ length: size / 2 }, (_, line) => {
    const cells = Array.from(
      { length: size },
      (_, x) => `\x1b[38;2;${rgb(x, 2 * line)}m\x1b[48;2;${rgb(x, 2 * line + 1)}m\u2580`,
    );
    return `${cells.join('')}\x1b[0m`;
  });
}

/**
 * Lines of plain characters, dark to light over the image's own range of brightness.
 * @returns {string[]} size / 2 lines
 */
export function asciiLines(pixels, size) {
  const ramp = ' .:-=+*#%@';
  const grey = (x, y) => {
    const at = y * size + x;
    const plane = size * size;
    return 0.3 * pixels[at] + 0.59 * pixels[plane + at] + 0.11 * pixels[2 * plane + at];
  };
  const values = Array.from({ length: (size / 2) * size }, (_, i) => {
    const [x, y] = [i % size, 2 * Math.floor(i / size)];
    return (grey(x, y) + grey(x, y + 1)) / 2;
  });
  const low = Math.min(...values);
  const span = Math.max(1, Math.max(...values) - low);
  const symbol = (value) => ramp[Math.min(ramp.length - 1, Math.floor(((value - low) / span) * ramp.length))];
  return Array.from({ length: size / 2 }, (_, line) =>
    values
      .slice(line * size, (line + 1) * size)
      .map(symbol)
      .join(''),
  );
}
