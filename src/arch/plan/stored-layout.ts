/** How a tensor with a place of its own lies there. */
import type { CodeTensor } from '../../quant/network.js';

/** Rows and pixels of the zero code that LOAD stores around an input. */
export interface Border {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export interface StoredLayout {
  /** In codes; at least a row with its border. */
  readonly rowPitch: number;
  readonly border: Border;
  /** Its readers' kernel rows may be folded: the pitch was chosen for that. */
  readonly folds: boolean;
}

/** By tensor; one that is not in it lies dense. */
export type Layouts = ReadonlyMap<string, StoredLayout>;

type Shape = Pick<CodeTensor, 'height' | 'width' | 'channels'>;

export const NO_BORDER: Border = { top: 0, left: 0, bottom: 0, right: 0 };

export function denseLayout({ width, channels }: Shape): StoredLayout {
  return { rowPitch: width * channels, border: NO_BORDER, folds: false };
}

/** Rows in memory, those of the border among them. */
export function storedRows({ height }: Pick<CodeTensor, 'height'>, { border }: StoredLayout): number {
  return border.top + height + border.bottom;
}
