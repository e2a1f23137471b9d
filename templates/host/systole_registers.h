/* The AXI4-Lite registers, printed from src/arch/registers.ts; a test compares them. */
#ifndef SYSTOLE_REGISTERS_H
#define SYSTOLE_REGISTERS_H

/* ASCII "SYST" */
#define SYSTOLE_MAGIC 0x00u
#define SYSTOLE_MAGIC_RESET 0x53595354u

/* ABI version */
#define SYSTOLE_ABI 0x04u
#define SYSTOLE_ABI_RESET 0x00000003u

/* identity of the machine, low word */
#define SYSTOLE_IDENTITY_LO 0x08u

/* identity of the machine, high word */
#define SYSTOLE_IDENTITY_HI 0x0cu

/* control */
#define SYSTOLE_CTRL 0x10u
#define SYSTOLE_CTRL_ENABLE 0x00000001u
#define SYSTOLE_CTRL_SOFT_RESET 0x00000002u
#define SYSTOLE_CTRL_IRQ_ENABLE 0x00000004u

/* state */
#define SYSTOLE_STATUS 0x14u
#define SYSTOLE_STATUS_IDLE 0x00000001u
#define SYSTOLE_STATUS_ERROR 0x00000002u

/* sticky until soft reset */
#define SYSTOLE_ERROR 0x18u
#define SYSTOLE_ERROR_FRAME_SHORT 0x00000001u
#define SYSTOLE_ERROR_FRAME_LONG 0x00000002u
#define SYSTOLE_ERROR_WATCHDOG 0x00000004u
#define SYSTOLE_ERROR_BAD_RECORD 0x00000008u
#define SYSTOLE_ERROR_LOAD_BUSY 0x00000010u
#define SYSTOLE_ERROR_DRAM 0x00000020u

/* write 1 to clear */
#define SYSTOLE_IRQ 0x1cu
#define SYSTOLE_IRQ_DONE 0x00000001u
#define SYSTOLE_IRQ_ERROR 0x00000002u

/* frames finished since reset or soft reset */
#define SYSTOLE_FRAMES 0x20u

/* cycles of the last frame, first accepted input beat to last accepted output beat, inclusive */
#define SYSTOLE_CYCLES 0x24u

/* 0 program, 1 passes, 2 weights, 3 parameters, 4 tables, 5 folds, 6 kernels, 7 scales; writing clears MEM_ADDR and CHECKSUM */
#define SYSTOLE_MEM_SELECT 0x28u

/* word address; writing starts a new word; reads back the last start, not where the pieces have got to */
#define SYSTOLE_MEM_ADDR 0x2cu

/* next 32-bit piece */
#define SYSTOLE_MEM_DATA 0x30u

/* of the pieces since MEM_SELECT: s = rotate_left(s, 1) ^ piece */
#define SYSTOLE_CHECKSUM 0x34u

/* cycles without progress before ERROR.watchdog; 0 = off */
#define SYSTOLE_WATCHDOG 0x38u

/* what each unit waits for now */
#define SYSTOLE_WAITING 0x3cu
#define SYSTOLE_WAITING_LOAD(value) ((value) >> 0 & 0x3u)
#define SYSTOLE_WAITING_FEED(value) ((value) >> 2 & 0x7u)
#define SYSTOLE_WAITING_POST(value) ((value) >> 5 & 0x3u)
#define SYSTOLE_WAITING_OUT(value) ((value) >> 7 & 0x3u)
#define SYSTOLE_WAITING_COUNTER(value) ((value) >> 9 & 0x3fu)
#define SYSTOLE_WAITING_NEED(value) ((value) >> 16 & 0xffffu)

/* address of the image in DRAM, low word; its lower 12 bits read 0; write it while STATUS.idle and not enabled */
#define SYSTOLE_DRAM_BASE_LO 0x40u

/* address of the image in DRAM, high word */
#define SYSTOLE_DRAM_BASE_HI 0x44u

/* what each mover between DRAM and the machine waits for now */
#define SYSTOLE_MOVERS 0x48u
#define SYSTOLE_MOVERS_FILL(value) ((value) >> 0 & 0x3u)

#endif
