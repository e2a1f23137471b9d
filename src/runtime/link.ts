/**
 * A way to reach one accelerator: its AXI4-Lite registers, its two streams and the DRAM beside it, nothing else. Every link behaves
 * the same (test/runtime/link-suite.ts runs on each of them); all of them take one call at a time.
 */
export interface Link {
  /** `program`, `verilated`, ...: for messages. */
  readonly name: string;
  /** Reads the register at a byte offset. */
  readRegister(offset: number): Promise<number>;
  writeRegister(offset: number, value: number): Promise<void>;
  /** Writes all values to one register, in order. */
  writeMany(offset: number, values: Uint32Array): Promise<void>;
  /** Queues input bytes; `last` puts TLAST on the last of them. */
  send(bytes: Uint8Array, last: boolean): Promise<void>;
  /** The next whole output frame, or null when the link's slice of patience has passed or STATUS shows an error. */
  receive(): Promise<Uint8Array | null>;
  /** The DRAM that the accelerator's AXI4 master reaches; null where the link knows of none. */
  readonly dram: LinkMemory | null;
  /** Forgets queued input and received output; for use after a soft reset. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

export interface LinkMemory {
  /** Address of offset 0 as the accelerator sees it: a multiple of 4096. */
  readonly base: bigint;
  /** Writes 32-bit pieces, little endian. @param offset in bytes */
  write(offset: number, pieces: Uint32Array): Promise<void>;
}
