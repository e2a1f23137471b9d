import { SystoleError } from '../../src/base/error.js';
import { type ImportOptions, importOnnx } from '../../src/frontend/import-onnx.js';
import { buildOnnx, type ModelRecipe } from './onnx-builder.js';

/** What importing the model is refused with; throws where it is not. */
export function refusalOf(recipe: ModelRecipe | Uint8Array, options: ImportOptions = {}): SystoleError {
  try {
    importOnnx(recipe instanceof Uint8Array ? recipe : buildOnnx(recipe), options);
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
  throw new Error('the model was not refused');
}

/** Code and place: what tests of refusals assert. */
export function codeAndPlace(recipe: ModelRecipe | Uint8Array, options: ImportOptions = {}): readonly [string, string] {
  const error = refusalOf(recipe, options);
  return [error.code, error.where ?? ''];
}
