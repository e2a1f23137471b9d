/*
 * Runs frames on the Verilated machine through the C driver: prints outputs, predictions and cycles, and compares
 * with expected outputs. Exit 0 on success, 1 for a failure, 2 for wrong usage, 3 when an output differs.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo_frames.h"
#include "systole.h"
#include "systole_network.h"
#include "systole_sim_link.h"

enum { OK = 0, FAILED = 1, USAGE = 2, DIFFERS = 3, SHOWN_VALUES = 16 };

struct options {
  const char *inputs[SYSTOLE_INPUTS], *outputs[SYSTOLE_RESULTS], *expect, *simulator;
  unsigned long random, seed, stalls;
  int codes, stalled;
};

/* All memory of the program. */
static float real[SYSTOLE_INPUT_VALUES];
static uint8_t codes[SYSTOLE_INPUT_BYTES];
static uint8_t stream[SYSTOLE_OUTPUT_BYTES];
static uint8_t expected[SYSTOLE_OUTPUT_BYTES];
static float work[SYSTOLE_WORK_VALUES];
static const char *const shapes[] = {SYSTOLE_RESULT_SHAPES};
static char beside[4096];

/* Prints `error: ...` and gives the exit code of a failure. */
static int fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("error: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return FAILED;
}

static int usage(const char *wrong) {
  if (wrong) fprintf(stderr, "error: %s\n", wrong);
  fprintf(wrong ? stderr : stdout,
          "usage: systole_demo [OPTIONS] INPUT...    or    systole_demo [OPTIONS] --random N\n"
          "  INPUT              .npy of float32 (or of unsigned codes), or bare little-endian float32 values;\n"
          "                     NAME=FILE for each where the network has several\n"
          "  --codes            INPUT holds bare codes, NHWC\n"
          "  --random N         N frames of random codes\n"
          "  --seed S           of --random, and of what registers without reset start with; default 1\n"
          "  --stalls S         random stalls on both streams, from seed S\n"
          "  --expect FILE      the output stream's bytes of all frames; exit 3 where a frame differs\n"
          "  --output FILE.npy  the model's output, float32; NAME=FILE.npy for each where it has several\n"
          "  --simulator PATH   default: build/systole-sim beside this program\n");
  return wrong ? USAGE : OK;
}

static int number(const char *text, unsigned long *value) {
  char *end;
  if (!text || *text < '0' || *text > '9') return -1;
  *value = strtoul(text, &end, 10);
  return *end || *value > 0xfffffffful ? -1 : 0;
}

/* FILE for an only one, or NAME=FILE: the file goes to its place. Returns NULL, or what is wrong. */
static const char *place_file(const char **files, uint32_t count, const char *(*name_of)(uint32_t), const char *text,
                              const char *twice) {
  for (uint32_t i = 0; i < count; i++) {
    const char *name = name_of(i);
    const size_t length = strlen(name);
    const int named = strncmp(text, name, length) == 0 && text[length] == '=';
    if (!named && count > 1) continue;
    if (files[i]) return twice;
    files[i] = named ? text + length + 1 : text;
    return NULL;
  }
  return "NAME=FILE is needed, with a name of the network's";
}

static const char *input_name(uint32_t i) { return systole_network.inputs[i].name; }
static const char *result_name(uint32_t i) { return systole_network.results[i].name; }

/* Returns NULL, or what is wrong; an empty text asks for help. */
static const char *parse(struct options *options, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(name, "--help") == 0) return "";
    if (strcmp(name, "--codes") == 0) {
      options->codes = 1;
      continue;
    }
    if (name[0] != '-') {
      const char *wrong = place_file(options->inputs, SYSTOLE_INPUTS, input_name, name, "more than one INPUT");
      if (wrong) return wrong;
      continue;
    }
    i++;
    if (!value) return "an option is unknown or lacks its value";
    if (strcmp(name, "--expect") == 0) {
      options->expect = value;
    } else if (strcmp(name, "--output") == 0) {
      const char *wrong = place_file(options->outputs, SYSTOLE_RESULTS, result_name, value, "more than one --output");
      if (wrong) return wrong;
    } else if (strcmp(name, "--simulator") == 0) {
      options->simulator = value;
    } else if (strcmp(name, "--random") == 0) {
      if (number(value, &options->random) || options->random == 0) return "--random needs a number of frames";
    } else if (strcmp(name, "--seed") == 0) {
      if (number(value, &options->seed)) return "--seed needs a number below 2^32";
    } else if (strcmp(name, "--stalls") == 0) {
      if (number(value, &options->stalls)) return "--stalls needs a seed, a number below 2^32";
      options->stalled = 1;
    } else {
      return "an option is unknown or lacks its value";
    }
  }
  uint32_t given = 0;
  for (uint32_t i = 0; i < SYSTOLE_INPUTS; i++) given += options->inputs[i] != NULL;
  /* An input without a file cannot be left to chance beside one that has one. */
  if (options->random ? given > 0 : given < SYSTOLE_INPUTS) return "give either INPUT or --random N";
  return NULL;
}

/* A path from the folder that this program was started from. */
static const char *path_beside(const char *program, const char *path) {
  const char *slash = strrchr(program, '/');
  const int folder = slash ? (int)(slash - program) + 1 : 0;
  snprintf(beside, sizeof beside, "%.*s%s", folder, program, path);
  return beside;
}

#if SYSTOLE_DRAM_PIECES > 0
/* Reads ../program/dram.bin: little-endian pieces. */
static int read_dram(const char *program) {
  const char *path = path_beside(program, "../program/dram.bin");
  FILE *file = fopen(path, "rb");
  if (!file) return fail("%s cannot be read", path);
  uint8_t bytes[4];
  uint32_t count = 0;
  while (count < SYSTOLE_DRAM_PIECES && fread(bytes, 1, 4, file) == 4) {
    systole_dram[count++] =
        (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
  }
  fclose(file);
  return count == SYSTOLE_DRAM_PIECES ? OK : fail("%s ends early", path);
}
#else
static int read_dram(const char *program) {
  (void)program;
  return OK;
}
#endif

static int report(const struct systole *s, const struct systole_sim *sim, int status) {
  fail("%s", systole_message(status));
  if (status == SYSTOLE_E_LINK) fprintf(stderr, "  %s\n", sim->message);
  if (status == SYSTOLE_E_ABSENT || status == SYSTOLE_E_ABI || status == SYSTOLE_E_IDENTITY ||
      status == SYSTOLE_E_CHECKSUM || status == SYSTOLE_E_OUTPUT) {
    fprintf(stderr, "  expected 0x%llx, found 0x%llx\n", (unsigned long long)s->expected, (unsigned long long)s->found);
  }
  if (status == SYSTOLE_E_TIMEOUT || s->error) {
    char waiting[200];
    systole_explain_waiting(s->waiting, s->movers, waiting, sizeof waiting);
    fprintf(stderr, "  ERROR 0x%lx; %s\n", (unsigned long)s->error, waiting);
  }
  return FAILED;
}

static void print_frame(unsigned long index, uint32_t cycles) {
  printf("frame %lu: %lu cycles", index, (unsigned long)cycles);
  for (uint32_t r = 0; r < SYSTOLE_RESULTS; r++) {
    const struct systole_result *result = &systole_network.results[r];
    const float *values = work + result->at;
    uint32_t best = 0;
    for (uint32_t i = 1; i < result->values; i++) {
      if (values[i] > values[best]) best = i;
    }
    if (SYSTOLE_RESULTS == 1 && result->values > 1) printf(", prediction %lu", (unsigned long)best);
    printf(", %s", SYSTOLE_RESULTS == 1 ? "output" : result->name);
    for (uint32_t i = 0; i < result->values && i < SHOWN_VALUES; i++) printf(" %.9g", (double)values[i]);
    if (result->values > SHOWN_VALUES) printf(" ...");
  }
  printf("\n");
}

struct files {
  FILE *expect, *outputs[SYSTOLE_RESULTS];
};

static int write_results(const struct files *files) {
  for (uint32_t r = 0; r < SYSTOLE_RESULTS; r++) {
    const struct systole_result *result = &systole_network.results[r];
    if (files->outputs[r] && npy_write_values(files->outputs[r], work + result->at, result->values)) return -1;
  }
  return 0;
}

/* Every frame; the number of frames that differ from what is expected goes to *different. */
static int run(struct systole *s, const struct systole_sim *sim, struct frames *frames, const struct files *files,
               unsigned long *different) {
  uint32_t least = UINT32_MAX, most = 0;
  for (unsigned long i = 0; i < frames->count; i++) {
    uint32_t cycles = 0;
    const char *wrong = frames_next(frames, real, codes);
    if (wrong) return fail("frame %lu: %s", i, wrong);
    const int status = systole_infer(s, codes, stream, &cycles);
    if (status) {
      fprintf(stderr, "frame %lu: ", i);
      return report(s, sim, status);
    }
    systole_finish(&systole_network, stream, work);
    print_frame(i, cycles);
    if (cycles < least) least = cycles;
    if (cycles > most) most = cycles;
    if (write_results(files)) return fail("an output file cannot be written");
    if (!files->expect) continue;
    if (fread(expected, 1, sizeof expected, files->expect) != sizeof expected) {
      return fail("the expected outputs end before frame %lu", i);
    }
    if (memcmp(expected, stream, sizeof expected) == 0) continue;
    printf("frame %lu differs from what is expected\n", i);
    ++*different;
  }
  printf("%lu frames, %lu to %lu cycles each (%lu planned)\n", frames->count, (unsigned long)least, (unsigned long)most,
         (unsigned long)SYSTOLE_PLAN_CYCLES);
  if (files->expect) printf("%lu equal, %lu different\n", frames->count - *different, *different);
  return *different ? DIFFERS : OK;
}

/* Opens the machine, runs, and closes what it opened. */
static int run_on_machine(const struct options *options, const char *simulator, struct frames *frames,
                          const struct files *files) {
  struct systole_sim sim;
  struct systole_link link;
  struct systole machine;
  const struct systole_stalls stalls = {options->stalls, 32768, 32768};
  const struct systole_sim_dram_model dram = {options->stalls,
                                              SYSTOLE_DRAM_LATENCY,
                                              SYSTOLE_DRAM_EFFICIENCY,
                                              options->stalled ? 16384 : 0,
                                              SYSTOLE_DRAM_OUTSTANDING,
                                              SYSTOLE_DRAM_BURST};
  unsigned long different = 0;
  if (systole_sim_open(&sim, &link, simulator, (unsigned)options->seed)) {
    return fail("%s\n  %s", sim.message, simulator);
  }
  int result = FAILED;
  const int status = systole_open(&machine, &link, &systole_network, NULL);
  if (status) {
    report(&machine, &sim, status);
  } else if (systole_sim_dram(&sim, &dram) || (options->stalled && systole_sim_stalls(&sim, &stalls))) {
    fail("%s", sim.message);
  } else {
    result = run(&machine, &sim, frames, files, &different);
    systole_close(&machine);
  }
  systole_sim_close(&sim);
  return result;
}

/* Every output file with its head. */
static int open_outputs(const struct options *options, struct files *files, unsigned long count) {
  for (uint32_t r = 0; r < SYSTOLE_RESULTS; r++) {
    const char *path = options->outputs[r];
    if (!path) continue;
    files->outputs[r] = fopen(path, "wb");
    if (!files->outputs[r] || npy_write_head(files->outputs[r], count, shapes[r])) {
      return fail("%s cannot be written", path);
    }
  }
  return OK;
}

static int close_outputs(const struct options *options, struct files *files, int result) {
  for (uint32_t r = 0; r < SYSTOLE_RESULTS; r++) {
    if (files->outputs[r] && fclose(files->outputs[r]) && result == OK) {
      result = fail("%s cannot be written", options->outputs[r]);
    }
  }
  return result;
}

int main(int argc, char **argv) {
  static struct frames frames;
  static struct options options;
  struct files files = {0};
  options.seed = 1;
  const char *wrong = parse(&options, argc, argv);
  if (wrong) return usage(*wrong ? wrong : NULL);
  signal(SIGPIPE, SIG_IGN); /* a simulator that dies is an error of its link */
  if (options.random) frames_random(&frames, options.random, (uint32_t)options.seed);
  for (uint32_t i = 0; i < SYSTOLE_INPUTS && !options.random; i++) {
    wrong = frames_open(&frames, i, options.inputs[i], options.codes);
    if (wrong) return fail("%s: %s", options.inputs[i], wrong);
  }
  if (options.expect && !(files.expect = fopen(options.expect, "rb"))) {
    return fail("%s cannot be read", options.expect);
  }
  int result = read_dram(argv[0]);
  if (result == OK) result = open_outputs(&options, &files, frames.count);
  const char *simulator = options.simulator ? options.simulator : path_beside(argv[0], "build/systole-sim");
  if (result == OK) result = run_on_machine(&options, simulator, &frames, &files);
  result = close_outputs(&options, &files, result);
  if (files.expect) fclose(files.expect);
  frames_close(&frames);
  return result;
}
