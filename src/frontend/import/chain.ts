import type { ImportCall } from '../operators/operator.js';
import { partOf } from './state.js';
import type { MapValue } from './value.js';

export type Link = (call: ImportCall, value: MapValue) => MapValue;

/** One node of the graph after the other, all made of one ONNX node; the last one makes its output. */
export function chained(call: ImportCall, value: MapValue, links: readonly Link[], suffix: string): MapValue {
  return links.reduce((now, link, i) => {
    const isLast = i === links.length - 1;
    const makes = i === 0 && !isLast ? 'intermediate' : isLast ? 'output' : 'between';
    return link(i === 0 && isLast ? call : partOf(call, `${suffix}${i}`, makes), now);
  }, value);
}
