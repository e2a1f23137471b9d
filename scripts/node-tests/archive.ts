/** The ONNX backend's node tests as they lie in their archive. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseTar } from 'nanotar';
import proto from 'onnx-proto';

export interface NodeTest {
  /** Of its folder, without `test_`. */
  readonly name: string;
  /** Decoded anew for each call: a caller may change it. */
  readonly model: () => proto.onnx.ModelProto;
  /** Of the first data set, in the order of the model's inputs and outputs; only where they are tensors. */
  readonly input: (index: number) => proto.onnx.TensorProto;
  readonly output: (index: number) => proto.onnx.TensorProto;
}

const PLACE = /(?:^|\/)node\/test_([^/]+)\/(model\.onnx|test_data_set_0\/(?:input|output)_\d+\.pb)$/;

/** Sorted by name. @throws Error where the file is no such archive */
export function readNodeTests(path: string): NodeTest[] {
  const folders = new Map<string, Map<string, Uint8Array>>();
  for (const { name, data } of parseTar(gunzipSync(readFileSync(path)))) {
    const [, test, file] = PLACE.exec(name) ?? [];
    if (test === undefined || file === undefined || data === undefined) continue;
    const folder = folders.get(test) ?? new Map<string, Uint8Array>();
    folders.set(test, folder.set(file, data));
  }
  const names = [...folders.keys()].sort();
  return names.map((name) => nodeTest(name, folders.get(name)!));
}

function nodeTest(name: string, files: ReadonlyMap<string, Uint8Array>): NodeTest {
  const file = (path: string): Uint8Array => {
    const bytes = files.get(path);
    if (bytes === undefined) throw new Error(`the node test ${name} lacks ${path}`);
    return bytes;
  };
  const tensor = (path: string) => proto.onnx.TensorProto.decode(file(`test_data_set_0/${path}.pb`));
  return {
    name,
    model: () => proto.onnx.ModelProto.decode(file('model.onnx')),
    input: (index) => tensor(`input_${index}`),
    output: (index) => tensor(`output_${index}`),
  };
}
