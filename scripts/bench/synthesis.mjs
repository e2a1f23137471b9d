/** What a row's machine is made of, by `systole synth`. */
import { systole } from '../lib/systole.mjs';

const TARGET = 'xc7';

/**
 * @param {string} dir a compiled directory
 * @returns {Promise<{ seconds: number, figures: { device: string, lut: number, ff: number, bram: number, dsp: number } } | null>} null
 * where there is no tool for it
 */
export async function synthesize(dir) {
  try {
    const { seconds, result } = await systole(['synth', dir, '--device', TARGET]);
    const { device, lut, ff, bram, dsp } = result;
    return { seconds, figures: { device, lut, ff, bram, dsp } };
  } catch (error) {
    if (['tool-missing', 'usage-invalid'].includes(error.refusal?.code)) return null;
    throw error;
  }
}
