/* The register side of the driver; systole_ends.c is the arithmetic at the two ends. */
#include "systole.h"

#include "systole_registers.h"

enum { DEFAULT_PATIENCE = 64, DEFAULT_WATCHDOG = 1 << 20 };

#define TRY(call)                       \
  do {                                  \
    const int try_status = (call);      \
    if (try_status) return try_status;  \
  } while (0)

static int read_register(struct systole *s, uint32_t offset, uint32_t *value) {
  return s->link->read_register(s->link->context, offset, value) ? SYSTOLE_E_LINK : SYSTOLE_OK;
}

static int write_register(struct systole *s, uint32_t offset, uint32_t value) {
  return s->link->write_register(s->link->context, offset, value) ? SYSTOLE_E_LINK : SYSTOLE_OK;
}

static int drop(struct systole *s) { return s->link->drop(s->link->context) ? SYSTOLE_E_LINK : SYSTOLE_OK; }

static int differs(struct systole *s, int status, uint64_t expected, uint64_t found) {
  s->expected = expected;
  s->found = found;
  return expected == found ? SYSTOLE_OK : status;
}

/* Dropping what is queued comes first: after the reset it would be the next frame. */
static int soft_reset(struct systole *s, uint32_t then) {
  TRY(drop(s));
  TRY(write_register(s, SYSTOLE_CTRL, SYSTOLE_CTRL_SOFT_RESET));
  TRY(drop(s));
  return then ? write_register(s, SYSTOLE_CTRL, then) : SYSTOLE_OK;
}

static int check_machine(struct systole *s, const struct systole_network *network) {
  uint32_t value = 0, high = 0;
  TRY(read_register(s, SYSTOLE_MAGIC, &value));
  TRY(differs(s, SYSTOLE_E_ABSENT, SYSTOLE_MAGIC_RESET, value));
  TRY(read_register(s, SYSTOLE_ABI, &value));
  TRY(differs(s, SYSTOLE_E_ABI, SYSTOLE_ABI_RESET, value));
  TRY(read_register(s, SYSTOLE_IDENTITY_LO, &value));
  TRY(read_register(s, SYSTOLE_IDENTITY_HI, &high));
  return differs(s, SYSTOLE_E_IDENTITY, (uint64_t)network->identity_high << 32 | network->identity_low,
                 (uint64_t)high << 32 | value);
}

/* Reads what the units wait for. */
static int read_waiting(struct systole *s) {
  TRY(read_register(s, SYSTOLE_WAITING, &s->waiting));
  return read_register(s, SYSTOLE_MOVERS, &s->movers);
}

/* Reads why the machine stopped; the status that its ERROR register stands for. */
static int machine_error(struct systole *s) {
  TRY(read_register(s, SYSTOLE_ERROR, &s->error));
  TRY(read_waiting(s));
  if (s->error & SYSTOLE_ERROR_FRAME_SHORT) return SYSTOLE_E_FRAME_SHORT;
  if (s->error & SYSTOLE_ERROR_FRAME_LONG) return SYSTOLE_E_FRAME_LONG;
  if (s->error & SYSTOLE_ERROR_WATCHDOG) return SYSTOLE_E_WATCHDOG;
  if (s->error & SYSTOLE_ERROR_BAD_RECORD) return SYSTOLE_E_RECORD;
  if (s->error & SYSTOLE_ERROR_DRAM) return SYSTOLE_E_DRAM;
  return s->error & SYSTOLE_ERROR_LOAD_BUSY ? SYSTOLE_E_LOAD_BUSY : SYSTOLE_OK;
}

static int timed_out(struct systole *s) {
  TRY(read_waiting(s));
  return SYSTOLE_E_TIMEOUT;
}

static int wait_idle(struct systole *s) {
  for (uint32_t slice = 0; slice < s->patience; slice++) {
    uint32_t status = 0;
    size_t count = 0;
    TRY(read_register(s, SYSTOLE_STATUS, &status));
    if (status & SYSTOLE_STATUS_ERROR) return soft_reset(s, 0);
    if (status & SYSTOLE_STATUS_IDLE) return SYSTOLE_OK;
    if (s->link->receive(s->link->context, NULL, 0, &count)) return SYSTOLE_E_LINK;
  }
  return timed_out(s);
}

static int write_many(struct systole *s, uint32_t offset, const uint32_t *values, uint32_t count) {
  if (s->link->write_many) {
    return s->link->write_many(s->link->context, offset, values, count) ? SYSTOLE_E_LINK : SYSTOLE_OK;
  }
  for (uint32_t i = 0; i < count; i++) TRY(write_register(s, offset, values[i]));
  return SYSTOLE_OK;
}

/* What CHECKSUM shows after these pieces: s = rotate_left(s, 1) ^ piece. */
static uint32_t checksum(const struct systole_memory *memory) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < memory->count; i++) sum = (sum << 1 | sum >> 31) ^ memory->pieces[i];
  return sum;
}

int systole_open(struct systole *s, const struct systole_link *link, const struct systole_network *network,
                 const struct systole_options *options) {
  s->link = link;
  s->network = NULL;
  s->patience = options ? options->patience : DEFAULT_PATIENCE;
  s->error = s->waiting = s->movers = 0;
  s->expected = s->found = 0;
  TRY(check_machine(s, network));
  TRY(soft_reset(s, 0));
  TRY(write_register(s, SYSTOLE_WATCHDOG, options ? options->watchdog : DEFAULT_WATCHDOG));
  return systole_load(s, network);
}

static int load_dram(struct systole *s, const struct systole_memory *dram) {
  const struct systole_link *link = s->link;
  if (dram->count == 0) return SYSTOLE_OK;
  if (!link->write_dram) return SYSTOLE_E_NO_DRAM;
  TRY(write_register(s, SYSTOLE_DRAM_BASE_LO, (uint32_t)link->dram_base));
  TRY(write_register(s, SYSTOLE_DRAM_BASE_HI, (uint32_t)(link->dram_base >> 32)));
  return link->write_dram(link->context, 0, dram->pieces, dram->count) ? SYSTOLE_E_LINK : SYSTOLE_OK;
}

int systole_load(struct systole *s, const struct systole_network *network) {
  s->network = NULL;
  TRY(check_machine(s, network));
  TRY(write_register(s, SYSTOLE_CTRL, 0));
  TRY(wait_idle(s));
  for (uint32_t select = 0; select < SYSTOLE_MEMORIES; select++) {
    const struct systole_memory *memory = &network->memory[select];
    uint32_t found = 0;
    TRY(write_register(s, SYSTOLE_MEM_SELECT, select));
    TRY(write_many(s, SYSTOLE_MEM_DATA, memory->pieces, memory->count));
    TRY(read_register(s, SYSTOLE_CHECKSUM, &found));
    if (differs(s, SYSTOLE_E_CHECKSUM, checksum(memory), found)) {
      TRY(machine_error(s));
      return SYSTOLE_E_CHECKSUM;
    }
  }
  TRY(load_dram(s, &network->dram));
  TRY(write_register(s, SYSTOLE_CTRL, SYSTOLE_CTRL_ENABLE));
  s->network = network;
  return SYSTOLE_OK;
}

int systole_infer(struct systole *s, const uint8_t *codes, uint8_t *output, uint32_t *cycles) {
  if (!s->network) return SYSTOLE_E_NOT_LOADED;
  const size_t expected = s->network->output_bytes;
  if (s->link->send(s->link->context, codes, s->network->input_bytes, 1)) return SYSTOLE_E_LINK;
  for (uint32_t slice = 0; slice < s->patience; slice++) {
    uint32_t status = 0;
    size_t count = 0;
    if (s->link->receive(s->link->context, output, expected, &count)) return SYSTOLE_E_LINK;
    TRY(read_register(s, SYSTOLE_STATUS, &status));
    if (status & SYSTOLE_STATUS_ERROR) {
      const int why = machine_error(s);
      TRY(soft_reset(s, SYSTOLE_CTRL_ENABLE));
      return why;
    }
    if (count == 0) continue;
    if (cycles) TRY(read_register(s, SYSTOLE_CYCLES, cycles));
    return differs(s, SYSTOLE_E_OUTPUT, expected, count);
  }
  const int late = timed_out(s);
  TRY(soft_reset(s, SYSTOLE_CTRL_ENABLE));
  return late;
}

int systole_close(struct systole *s) {
  s->network = NULL;
  return write_register(s, SYSTOLE_CTRL, 0);
}

const char *systole_message(int status) {
  switch (status) {
    case SYSTOLE_OK: return "no error";
    case SYSTOLE_E_LINK: return "the link to the accelerator failed";
    case SYSTOLE_E_ABSENT: return "no Systole accelerator answers on this link";
    case SYSTOLE_E_ABI: return "the accelerator was built by another version of Systole; rebuild it from this project";
    case SYSTOLE_E_IDENTITY:
      return "the program was compiled for another machine; compile the model again for the machine that is loaded, "
             "or rebuild the bitstream (or the simulator) from this project";
    case SYSTOLE_E_CHECKSUM: return "a memory did not take its contents; load again";
    case SYSTOLE_E_NOT_LOADED: return "no program is loaded";
    case SYSTOLE_E_FRAME_SHORT: return "the input frame ended before it was full";
    case SYSTOLE_E_FRAME_LONG: return "the input frame is longer than the network takes";
    case SYSTOLE_E_WATCHDOG: return "the accelerator made no progress until its watchdog ended the frame";
    case SYSTOLE_E_RECORD: return "the program holds an unknown record";
    case SYSTOLE_E_LOAD_BUSY: return "a memory was written while the accelerator was enabled or busy";
    case SYSTOLE_E_TIMEOUT: return "the accelerator did not answer in time";
    case SYSTOLE_E_OUTPUT: return "the output frame has another length than the network's";
    case SYSTOLE_E_NAN: return "an input value is not a number";
    case SYSTOLE_E_DRAM: return "DRAM answered the accelerator with an error; check its address and the weights in it";
    case SYSTOLE_E_NO_DRAM: return "the network's weights lie in DRAM, which this link does not reach";
    default: return "unknown status";
  }
}

struct text {
  char *next, *end; /* end: where the final zero goes at the latest */
};

static void append(struct text *text, const char *part) {
  while (*part && text->next < text->end) *text->next++ = *part++;
}

static void append_number(struct text *text, uint32_t number) {
  char digits[11];
  char *first = digits + sizeof digits - 1;
  *first = 0;
  do *--first = (char)('0' + number % 10);
  while (number /= 10);
  append(text, first);
}

void systole_explain_waiting(uint32_t waiting, uint32_t movers, char *text, size_t size) {
  if (size == 0) return;
  struct text to = {text, text + size - 1};
  const uint32_t feed = SYSTOLE_WAITING_FEED(waiting);
  if (SYSTOLE_WAITING_LOAD(waiting) == 2) append(&to, "LOAD waits for input; ");
  if (SYSTOLE_WAITING_LOAD(waiting) == 3) append(&to, "LOAD waits for room in its buffer; ");
  if (feed == 2 || feed == 3) {
    append(&to, feed == 2 ? "FEED waits for rows of its input: counter " : "FEED waits for rows of the residual: counter ");
    append_number(&to, SYSTOLE_WAITING_COUNTER(waiting));
    append(&to, " has not reached ");
    append_number(&to, SYSTOLE_WAITING_NEED(waiting));
    append(&to, "; ");
  }
  if (feed == 4) append(&to, "FEED waits for the output FIFO; ");
  if (feed == 5) {
    append(&to, "FEED waits for weights in the ring: they are not ");
    append_number(&to, SYSTOLE_WAITING_NEED(waiting));
    append(&to, " words yet; ");
  }
  if (SYSTOLE_WAITING_POST(waiting) == 2) append(&to, "POST waits for tiles; ");
  if (SYSTOLE_WAITING_OUT(waiting) == 2) append(&to, "the output waits for its stream to be taken; ");
  if (SYSTOLE_MOVERS_FILL(movers) == 2) append(&to, "the weight mover waits for room in the ring; ");
  if (SYSTOLE_MOVERS_FILL(movers) == 3) append(&to, "the weight mover waits for DRAM; ");
  if (to.next == text) append(&to, "no unit waits; ");
  if (to.next < to.end) to.next -= 2;
  *to.next = 0;
}
