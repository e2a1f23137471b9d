/** The tolerance of the ONNX backend's test runner. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** The first difference beyond the tolerance, in words; null without one. */
export function firstDifference(found: readonly Float32Array[], expected: readonly Float32Array[]): string | null {
  if (found.length !== expected.length) return `${found.length} outputs instead of ${expected.length}`;
  for (const [output, wanted] of expected.entries()) {
    const values = found[output]!;
    if (values.length !== wanted.length) return `output ${output} has ${values.length} values, not ${wanted.length}`;
    const at = wanted.findIndex((x, i) => !meets(values[i]!, x));
    if (at >= 0) return `output ${output}, element ${at}: ${values[at]} instead of ${wanted[at]}`;
  }
  return null;
}

/** Equal infinities and NaN for NaN agree, as in numpy.testing.assert_allclose. */
function meets(found: number, wanted: number): boolean {
  if (Object.is(found, wanted) || found === wanted) return true;
  return Math.abs(found - wanted) <= ABSOLUTE + RELATIVE * Math.abs(wanted);
}
