/** Cycle model of systole_packer.v with a sink that is always ready. */

export interface PackedChunk {
  readonly bytes: number;
  /** The last of an output: the beat goes, however full. */
  readonly end: boolean;
  /** And of the frame. */
  readonly last: boolean;
}

export interface PackerModel {
  /** Whether a chunk offered in this cycle is taken in it. */
  takes(): boolean;
  /** One clock edge with the chunk that is taken; returns true when the frame's last beat is accepted by the sink in this cycle. */
  step(chunk: PackedChunk | null): boolean;
  busy(): boolean;
}

export function packerModel(outBytes: number): PackerModel {
  let fill = 0;
  /** An output's end that did not fit the last beat; whether the frame ends with it. */
  let rest: { readonly last: boolean } | null = null;
  let beatWaits = false;
  let beatIsLast = false;

  function send(last: boolean): void {
    beatWaits = true;
    beatIsLast = last;
  }

  return {
    takes: () => rest === null,
    step(chunk) {
      const frameEnds = beatWaits && beatIsLast;
      beatWaits = false;
      if (rest !== null) {
        send(rest.last);
        fill = 0;
        rest = null;
      } else if (chunk !== null) {
        fill += chunk.bytes;
        if (fill > outBytes) {
          send(false);
          fill -= outBytes;
          if (chunk.end) rest = { last: chunk.last };
        } else if (fill === outBytes || chunk.end) {
          send(chunk.end && chunk.last);
          fill = 0;
        }
      }
      return frameEnds;
    },
    busy: () => beatWaits || fill !== 0,
  };
}
