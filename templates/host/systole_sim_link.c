#define _POSIX_C_SOURCE 200809L
#include "systole_sim_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum op { HELLO = 1, READ = 2, WRITE = 3, BURST = 4, SEND = 5, RECEIVE = 6, STEP = 7, STALLS = 8, DROP = 11, DRAM_WRITE = 16, DRAM_MODEL = 18 };
enum answer { DONE = 0, LIMIT = 1, ERROR_SHOWN = 2, BUS_SILENT = 3, BROKEN_RULE = 255 };
enum { PROTOCOL_VERSION = 2, BURST_WORDS = 1024, POLL_CYCLES = 2048, SLICE_CYCLES = 1000000 };
/*
 * Cycles that pass before a frame is sent. The clock of the simulator moves only when it is asked, but a real host
 * needs longer than this between two accesses, and the first records of the program are then in place.
 */
enum { SETTLE_CYCLES = 512 };

static int fail(struct systole_sim *sim, const char *message) {
  sim->message = message;
  return -1;
}

static void put(uint8_t *bytes, uint64_t value, int count) {
  for (int i = 0; i < count; i++) bytes[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int write_all(struct systole_sim *sim, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    const ssize_t done = write(sim->to, bytes, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return fail(sim, "the simulator process ended");
    bytes += done;
    count -= (size_t)done;
  }
  return 0;
}

static int read_all(struct systole_sim *sim, uint8_t *bytes, size_t count) {
  while (count > 0) {
    const ssize_t done = read(sim->from, bytes, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return fail(sim, "the simulator process ended");
    bytes += done;
    count -= (size_t)done;
  }
  return 0;
}

/* Sends the head of a request whose payload of `length` bytes follows. */
static int request(struct systole_sim *sim, enum op op, size_t length) {
  uint8_t head[5] = {(uint8_t)op};
  put(head + 1, length, 4);
  return write_all(sim, head, sizeof head);
}

/* Reads the head of an answer; *length bytes of it follow. */
static int answer(struct systole_sim *sim, int *status, uint32_t *length) {
  uint8_t head[5];
  if (read_all(sim, head, sizeof head)) return -1;
  *status = head[0];
  *length = get(head + 1);
  if (*status == DONE || *status == LIMIT || *status == ERROR_SHOWN) return 0;
  if (*status == BUS_SILENT) return fail(sim, "the register bus of the simulated machine does not answer");
  if (*status != BROKEN_RULE) return fail(sim, "the simulator does not know this message");
  const size_t kept = *length < sizeof sim->text - 1 ? *length : sizeof sim->text - 1;
  if (read_all(sim, (uint8_t *)sim->text, kept)) return -1;
  sim->text[kept] = 0;
  return fail(sim, sim->text);
}

/* An answer of `count` bytes. */
static int answer_bytes(struct systole_sim *sim, uint8_t *bytes, uint32_t count) {
  int status = 0;
  uint32_t length = 0;
  if (answer(sim, &status, &length)) return -1;
  if (length != count) return fail(sim, "the simulator gave an answer of another length");
  return read_all(sim, bytes, count);
}

static int read_register(void *context, uint32_t offset, uint32_t *value) {
  struct systole_sim *sim = context;
  uint8_t bytes[8];
  put(bytes, offset, 4);
  if (request(sim, READ, 4) || write_all(sim, bytes, 4) || answer_bytes(sim, bytes, 8)) return -1;
  *value = get(bytes);
  return get(bytes + 4) ? fail(sim, "the accelerator refused a register read") : 0;
}

static int refused(struct systole_sim *sim) {
  uint8_t bytes[4];
  if (answer_bytes(sim, bytes, 4)) return -1;
  return get(bytes) ? fail(sim, "the accelerator refused a register write") : 0;
}

static int write_register(void *context, uint32_t offset, uint32_t value) {
  struct systole_sim *sim = context;
  uint8_t bytes[8];
  put(bytes, offset, 4);
  put(bytes + 4, value, 4);
  return request(sim, WRITE, 8) || write_all(sim, bytes, 8) ? -1 : refused(sim);
}

static int write_many(void *context, uint32_t offset, const uint32_t *values, size_t count) {
  struct systole_sim *sim = context;
  uint8_t bytes[4 * BURST_WORDS];
  while (count > 0) {
    const size_t words = count < BURST_WORDS ? count : BURST_WORDS;
    put(bytes, offset, 4);
    if (request(sim, BURST, 4 + 4 * words) || write_all(sim, bytes, 4)) return -1;
    for (size_t i = 0; i < words; i++) put(bytes + 4 * i, values[i], 4);
    if (write_all(sim, bytes, 4 * words) || refused(sim)) return -1;
    values += words;
    count -= words;
  }
  return 0;
}

static int send_bytes(void *context, const uint8_t *bytes, size_t count, int last) {
  struct systole_sim *sim = context;
  const uint8_t flags = last != 0;
  uint8_t cycles[8];
  put(cycles, SETTLE_CYCLES, 8);
  if (request(sim, STEP, 8) || write_all(sim, cycles, 8) || answer_bytes(sim, cycles, 8)) return -1;
  if (request(sim, SEND, 1 + count) || write_all(sim, &flags, 1) || write_all(sim, bytes, count)) return -1;
  return answer_bytes(sim, NULL, 0);
}

static int receive(void *context, uint8_t *bytes, size_t capacity, size_t *count) {
  struct systole_sim *sim = context;
  uint8_t cycles[16];
  int status = 0;
  uint32_t length = 0;
  *count = 0;
  put(cycles, sim->slice, 8);
  put(cycles + 8, POLL_CYCLES, 4);
  if (request(sim, RECEIVE, 12) || write_all(sim, cycles, 12) || answer(sim, &status, &length)) return -1;
  if (length < 16) return fail(sim, "the simulator gave an answer of another length");
  if (read_all(sim, cycles, 16)) return -1;
  length -= 16;
  *count = length;
  const size_t kept = length < capacity ? length : capacity;
  if (read_all(sim, bytes, kept)) return -1;
  for (uint32_t left = length - (uint32_t)kept; left > 0;) {
    uint8_t rest[64];
    const uint32_t part = left < sizeof rest ? left : (uint32_t)sizeof rest;
    if (read_all(sim, rest, part)) return -1;
    left -= part;
  }
  return 0;
}

/* Anywhere but at 0. */
enum { DRAM_BASE = 0x23456000 };

static int write_dram(void *context, uint64_t offset, const uint32_t *pieces, size_t count) {
  struct systole_sim *sim = context;
  uint8_t bytes[4 * BURST_WORDS];
  for (size_t done = 0; done < count;) {
    const size_t words = count - done < BURST_WORDS ? count - done : BURST_WORDS;
    put(bytes, DRAM_BASE + offset + 4 * done, 8);
    if (request(sim, DRAM_WRITE, 8 + 4 * words) || write_all(sim, bytes, 8)) return -1;
    for (size_t i = 0; i < words; i++) put(bytes + 4 * i, pieces[done + i], 4);
    if (write_all(sim, bytes, 4 * words) || answer_bytes(sim, NULL, 0)) return -1;
    done += words;
  }
  return 0;
}

static int drop(void *context) {
  struct systole_sim *sim = context;
  return request(sim, DROP, 0) ? -1 : answer_bytes(sim, NULL, 0);
}

int systole_sim_stalls(struct systole_sim *sim, const struct systole_stalls *stalls) {
  uint8_t bytes[16];
  put(bytes, stalls->seed, 8);
  put(bytes + 8, stalls->input, 4);
  put(bytes + 12, stalls->output, 4);
  return request(sim, STALLS, 16) || write_all(sim, bytes, 16) ? -1 : answer_bytes(sim, NULL, 0);
}

int systole_sim_dram(struct systole_sim *sim, const struct systole_sim_dram_model *model) {
  uint8_t bytes[28];
  put(bytes, model->seed, 8);
  put(bytes + 8, model->latency, 4);
  put(bytes + 12, model->efficiency, 4);
  put(bytes + 16, model->stall, 4);
  put(bytes + 20, model->outstanding, 4);
  put(bytes + 24, model->burst, 4);
  return request(sim, DRAM_MODEL, 28) || write_all(sim, bytes, 28) ? -1 : answer_bytes(sim, NULL, 0);
}

/* In the child: the pipes become stdin and stdout, the process becomes the simulator. */
static void become_simulator(const int in[2], const int out[2], const char *path, unsigned seed) {
  char seed_text[16];
  snprintf(seed_text, sizeof seed_text, "%u", seed);
  if (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0) _exit(127);
  close(in[0]);
  close(in[1]);
  close(out[0]);
  close(out[1]);
  execl(path, path, seed_text, (char *)NULL);
  _exit(127);
}

static int start(struct systole_sim *sim, const char *path, unsigned seed) {
  int in[2], out[2];
  if (pipe(in)) return fail(sim, "no pipe to the simulator");
  if (pipe(out)) {
    close(in[0]);
    close(in[1]);
    return fail(sim, "no pipe to the simulator");
  }
  sim->process = fork();
  if (sim->process == 0) become_simulator(in, out, path, seed);
  close(in[0]);
  close(out[1]);
  sim->to = in[1];
  sim->from = out[0];
  return sim->process < 0 ? fail(sim, "no process for the simulator") : 0;
}

static int check_hello(struct systole_sim *sim) {
  uint8_t hello[24];
  if (request(sim, HELLO, 0) || answer_bytes(sim, hello, sizeof hello)) return -1;
  return get(hello) == PROTOCOL_VERSION ? 0 : fail(sim, "the simulator speaks another protocol version; build it again");
}

int systole_sim_open(struct systole_sim *sim, struct systole_link *link, const char *path, unsigned seed) {
  *sim = (struct systole_sim){.process = -1, .to = -1, .from = -1, .slice = SLICE_CYCLES, .message = "no error"};
  *link = (struct systole_link){sim, read_register, write_register, write_many, send_bytes, receive, drop, write_dram,
                                 DRAM_BASE};
  if (access(path, X_OK)) return fail(sim, "the simulator of this machine is not built: run host/build_simulator.sh");
  if (start(sim, path, seed) == 0 && check_hello(sim) == 0) return 0;
  systole_sim_close(sim);
  return -1;
}

void systole_sim_close(struct systole_sim *sim) {
  if (sim->to >= 0) close(sim->to);
  if (sim->from >= 0) close(sim->from);
  if (sim->process > 0) waitpid(sim->process, NULL, 0);
  sim->to = sim->from = -1;
  sim->process = -1;
}
