/** Cycle model of systole_packer.v with a sink that is always ready. */

export interface PackedElement {
  readonly elementBytes: number;
  /** The last of an output: the beat goes, however full. */
  readonly end: boolean;
  /** And of the frame. */
  readonly last: boolean;
}

export interface PackerModel {
  /** Whether an element offered in this cycle is taken in it. */
  takes(elementBytes: number): boolean;
  /** One clock edge; returns true when the frame's last beat is accepted by the sink in this cycle. */
  step(offer: PackedElement | null): boolean;
  busy(): boolean;
}

export function packerModel(outBytes: number): PackerModel {
  let fill = 0;
  let part = 0;
  let beatWaits = false;
  let beatIsLast = false;

  const lastPart = (elementBytes: number): boolean =>
    elementBytes <= outBytes || (part + 1) * outBytes === elementBytes;

  return {
    takes: lastPart,
    step(offer) {
      const frameEnds = beatWaits && beatIsLast;
      beatWaits = false;
      if (offer !== null) {
        const isLastPart = lastPart(offer.elementBytes);
        fill += Math.min(offer.elementBytes, outBytes);
        part = isLastPart ? 0 : part + 1;
        if (fill === outBytes || (offer.end && isLastPart)) {
          fill = 0;
          beatWaits = true;
          beatIsLast = offer.last && isLastPart;
        }
      }
      return frameEnds;
    },
    busy: () => beatWaits || fill !== 0 || part !== 0,
  };
}
