/** The one description of the AXI4-Lite registers; Verilog, C header, Node constants and docs are printed from it. */
export interface Register {
  readonly name: string;
  /** Byte offset. */
  readonly offset: number;
  readonly access: 'r' | 'w' | 'rw';
  readonly reset: number;
  readonly doc: string;
  readonly fields?: readonly {
    readonly name: string;
    readonly bit: number;
    readonly width: number;
    readonly doc: string;
  }[];
}

/** Raised whenever a register, a record or a memory format changes meaning. */
export const ABI_VERSION = 3;
/** "SYST" in ASCII, read back from MAGIC. */
export const MAGIC = 0x53595354;

export const REGISTERS: readonly Register[] = [
  { name: 'MAGIC', offset: 0x00, access: 'r', reset: MAGIC, doc: 'ASCII "SYST"' },
  { name: 'ABI', offset: 0x04, access: 'r', reset: ABI_VERSION, doc: 'ABI version' },
  { name: 'IDENTITY_LO', offset: 0x08, access: 'r', reset: 0, doc: 'identity of the machine, low word' },
  { name: 'IDENTITY_HI', offset: 0x0c, access: 'r', reset: 0, doc: 'identity of the machine, high word' },
  {
    name: 'CTRL',
    offset: 0x10,
    access: 'rw',
    reset: 0,
    doc: 'control',
    fields: [
      {
        name: 'enable',
        bit: 0,
        width: 1,
        doc: 'run the program, frame after frame; while 0 frames that have begun are finished and no other is taken; memories may be written only while 0 and STATUS.idle',
      },
      {
        name: 'soft_reset',
        bit: 1,
        width: 1,
        doc: 'write 1: every unit to its reset state, ERROR, IRQ, FRAMES and CYCLES to 0; memories, MEM_*, CHECKSUM and WATCHDOG are kept; enable and irq_enable become what the same write says; reads 0',
      },
      { name: 'irq_enable', bit: 2, width: 1, doc: 'raise irq while IRQ is not 0' },
    ],
  },
  {
    name: 'STATUS',
    offset: 0x14,
    access: 'r',
    reset: 1,
    doc: 'state',
    fields: [
      { name: 'idle', bit: 0, width: 1, doc: 'no frame is in the machine' },
      { name: 'error', bit: 1, width: 1, doc: 'ERROR is not 0; soft reset clears it' },
    ],
  },
  {
    name: 'ERROR',
    offset: 0x18,
    access: 'r',
    reset: 0,
    doc: 'sticky until soft reset',
    fields: [
      { name: 'frame_short', bit: 0, width: 1, doc: 'TLAST came before the frame was full' },
      {
        name: 'frame_long',
        bit: 1,
        width: 1,
        doc: 'no TLAST on the last beat of the frame; the rest, up to TLAST, is swallowed',
      },
      { name: 'watchdog', bit: 2, width: 1, doc: 'no progress for WATCHDOG cycles with a frame in the machine' },
      { name: 'bad_record', bit: 3, width: 1, doc: 'the program holds an unknown record' },
      {
        name: 'load_busy',
        bit: 4,
        width: 1,
        doc: 'MEM_DATA was written while enabled or with a frame in the machine; the piece was dropped',
      },
      { name: 'dram', bit: 5, width: 1, doc: 'DRAM answered a burst with an error' },
    ],
  },
  {
    name: 'IRQ',
    offset: 0x1c,
    access: 'rw',
    reset: 0,
    doc: 'write 1 to clear',
    fields: [
      { name: 'done', bit: 0, width: 1, doc: 'a frame has left the machine' },
      { name: 'error', bit: 1, width: 1, doc: 'ERROR became non-zero' },
    ],
  },
  { name: 'FRAMES', offset: 0x20, access: 'r', reset: 0, doc: 'frames finished since reset or soft reset' },
  {
    name: 'CYCLES',
    offset: 0x24,
    access: 'r',
    reset: 0,
    doc: 'cycles of the last frame, first accepted input beat to last accepted output beat, inclusive',
  },
  {
    name: 'MEM_SELECT',
    offset: 0x28,
    access: 'rw',
    reset: 0,
    doc: '0 program, 1 passes, 2 weights, 3 parameters, 4 tables, 5 folds, 6 kernels, 7 scales; writing clears MEM_ADDR and CHECKSUM',
  },
  {
    name: 'MEM_ADDR',
    offset: 0x2c,
    access: 'rw',
    reset: 0,
    doc: 'word address; writing starts a new word; reads back the last start, not where the pieces have got to',
  },
  { name: 'MEM_DATA', offset: 0x30, access: 'w', reset: 0, doc: 'next 32-bit piece' },
  {
    name: 'CHECKSUM',
    offset: 0x34,
    access: 'r',
    reset: 0,
    doc: 'of the pieces since MEM_SELECT: s = rotate_left(s, 1) ^ piece',
  },
  {
    name: 'WATCHDOG',
    offset: 0x38,
    access: 'rw',
    reset: 0,
    doc: 'cycles without progress before ERROR.watchdog; 0 = off',
  },
  {
    name: 'WAITING',
    offset: 0x3c,
    access: 'r',
    reset: 0,
    doc: 'what each unit waits for now',
    fields: [
      { name: 'load', bit: 0, width: 2, doc: '0 idle, 1 working, 2 waits for input, 3 for room in its buffer' },
      {
        name: 'feed',
        bit: 2,
        width: 3,
        doc: '0 idle, 1 working, 2 waits for rows of its input, 3 for rows of the residual, 4 for the FIFO, 5 for weights in the ring',
      },
      { name: 'post', bit: 5, width: 2, doc: '0 idle, 1 working, 2 waits for tiles' },
      { name: 'out', bit: 7, width: 2, doc: '0 idle, 1 working, 2 waits for the output stream' },
      { name: 'counter', bit: 9, width: 6, doc: 'the counter FEED waits for' },
      { name: 'need', bit: 16, width: 16, doc: 'the value it waits for' },
    ],
  },
  {
    name: 'DRAM_BASE_LO',
    offset: 0x40,
    access: 'rw',
    reset: 0,
    doc: 'address of the image in DRAM, low word; its lower 12 bits read 0; write it while STATUS.idle and not enabled',
  },
  { name: 'DRAM_BASE_HI', offset: 0x44, access: 'rw', reset: 0, doc: 'address of the image in DRAM, high word' },
  {
    name: 'MOVERS',
    offset: 0x48,
    access: 'r',
    reset: 0,
    doc: 'what each mover between DRAM and the machine waits for now',
    fields: [{ name: 'fill', bit: 0, width: 2, doc: '0 idle, 1 working, 2 waits for room in the ring, 3 for DRAM' }],
  },
];
