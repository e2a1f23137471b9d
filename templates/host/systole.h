/*
 * Host driver of a Systole accelerator: open -> load -> infer -> close.
 *
 * C99. It allocates nothing, keeps no state of its own and needs no operating system: the caller gives all memory,
 * and the hardware is reached through the functions of a systole_link alone. Every function returns SYSTOLE_OK or
 * one of the errors below; after an error of a frame the accelerator has been soft reset and takes the next frame.
 */
#ifndef SYSTOLE_H
#define SYSTOLE_H

#include <stddef.h>
#include <stdint.h>

enum systole_status {
  SYSTOLE_OK = 0,
  SYSTOLE_E_LINK,        /* the link could not read, write, send or receive */
  SYSTOLE_E_ABSENT,      /* MAGIC does not read back: no accelerator there */
  SYSTOLE_E_ABI,         /* the accelerator was built by another version of Systole */
  SYSTOLE_E_IDENTITY,    /* the program was compiled for another machine */
  SYSTOLE_E_CHECKSUM,    /* a memory did not take its contents */
  SYSTOLE_E_NOT_LOADED,  /* inference without a loaded program */
  SYSTOLE_E_FRAME_SHORT, /* the input frame ended before it was full */
  SYSTOLE_E_FRAME_LONG,  /* the input frame is longer than the network takes */
  SYSTOLE_E_WATCHDOG,    /* the machine made no progress for WATCHDOG cycles */
  SYSTOLE_E_RECORD,      /* the program holds an unknown record */
  SYSTOLE_E_LOAD_BUSY,   /* a memory was written while the machine was enabled or busy */
  SYSTOLE_E_TIMEOUT,     /* the machine did not answer in time */
  SYSTOLE_E_OUTPUT,      /* the output frame has another length than the network's */
  SYSTOLE_E_NAN,         /* an input value is not a number */
  SYSTOLE_E_DRAM,        /* DRAM answered the machine with an error */
  SYSTOLE_E_NO_DRAM      /* the network's weights lie in DRAM, and the link reaches none */
};

/* A way to reach one accelerator: its registers and its two streams. Functions return 0, or anything else on failure. */
struct systole_link {
  void *context;
  /* One register at a byte offset. */
  int (*read_register)(void *context, uint32_t offset, uint32_t *value);
  int (*write_register)(void *context, uint32_t offset, uint32_t value);
  /* All values to one register, in order; NULL: write_register is called for each. */
  int (*write_many)(void *context, uint32_t offset, const uint32_t *values, size_t count);
  /* Queues input bytes; with `last` set TLAST goes with the last of them. */
  int (*send)(void *context, const uint8_t *bytes, size_t count, int last);
  /*
   * The next whole output frame. At most `capacity` bytes are stored; *count is the frame's length, or 0 when the
   * link's slice of patience has passed, or STATUS shows an error, before there is one.
   */
  int (*receive)(void *context, uint8_t *bytes, size_t capacity, size_t *count);
  /* Forgets queued input and received output; for use around a soft reset. */
  int (*drop)(void *context);
  /*
   * The DRAM of the machine's AXI4 master: 32-bit pieces, little endian, at a byte offset behind dram_base, which is a
   * multiple of 4096 and the address as the machine sees it. NULL: there is none. What is written must have arrived, past all
   * caches, when the function returns.
   */
  int (*write_dram)(void *context, uint64_t offset, const uint32_t *pieces, size_t count);
  uint64_t dram_base;
};

/* Contents of one memory in 32-bit pieces, in loading order. */
struct systole_memory {
  const uint32_t *pieces;
  uint32_t count;
};

enum { SYSTOLE_MEMORIES = 8 }; /* program, passes, weights, parameters, tables, folds, kernels, scales: the order of MEM_SELECT */

enum { SYSTOLE_AXES = 8 };

/* Another order of values: element (i, j, ...) of an array of `size`, in row order, is the one at i*stride[0] + j*stride[1] + ... */
struct systole_order {
  uint32_t axes, size[SYSTOLE_AXES], stride[SYSTOLE_AXES];
};

/* Half: to the nearest, ties as named. Away and to zero: by size. */
enum systole_rounding {
  SYSTOLE_HALF_EVEN,
  SYSTOLE_HALF_UP,
  SYSTOLE_HALF_DOWN,
  SYSTOLE_HALF_AWAY,
  SYSTOLE_HALF_TO_ZERO,
  SYSTOLE_FLOOR,
  SYSTOLE_CEIL,
  SYSTOLE_TO_ZERO,
  SYSTOLE_AWAY
};

/* x * scale + shift, or x / scale + shift, then not below min, not above max; one of each for all channels, or one for each. */
struct systole_affine {
  const float *scale, *shift;
  uint32_t scales, shifts;
  int divides;
  float min, max;
};

/*
 * A quantizer of the model's own: clamp(round(x / scale) + zero, lo, hi), or clamp(round(x / scale + zero), lo, hi)
 * with zero_inside. Input codes are step * (that - base), and `affines` come before it.
 */
struct systole_quantizer {
  const float *scale, *zero;
  uint32_t scales, zeros;
  int32_t lo, hi, base, step;
  enum systole_rounding round;
  int zero_inside;
  const struct systole_affine *affine;
  uint32_t affines;
};

/* Values that a step reads: constants of the network, or what lies in the work memory from `at` on. */
struct systole_operand {
  const float *constant;
  uint32_t at;
};

/* Two walks through arrays: element (i, j, ...) of `size`, in row order, at start + i*stride[0] + j*stride[1] + ... */
struct systole_walk {
  uint32_t axes, size[SYSTOLE_AXES], a_start, b_start;
  int32_t a[SYSTOLE_AXES], b[SYSTOLE_AXES];
};

enum systole_function {
  SYSTOLE_SIGMOID, SYSTOLE_TANH, SYSTOLE_EXP, SYSTOLE_LOG, SYSTOLE_SQRT, SYSTOLE_NEG, SYSTOLE_ABS, SYSTOLE_FLOOR_OF,
  SYSTOLE_CEIL_OF, SYSTOLE_ROUND, SYSTOLE_RELU, SYSTOLE_RECIPROCAL, SYSTOLE_TRUNC, SYSTOLE_CLIP, SYSTOLE_QUANTIZE,
  /* of two values */
  SYSTOLE_ADD, SYSTOLE_SUB, SYSTOLE_MUL, SYSTOLE_DIV, SYSTOLE_POW, SYSTOLE_MIN, SYSTOLE_MAX,
  /* of lines */
  SYSTOLE_SOFTMAX, SYSTOLE_LOG_SOFTMAX, SYSTOLE_ARGMAX, SYSTOLE_ARGMIN, SYSTOLE_TOP_K, SYSTOLE_LINE_SUM,
  SYSTOLE_LINE_MEAN, SYSTOLE_LINE_MAX, SYSTOLE_LINE_MIN
};

enum systole_step_kind {
  SYSTOLE_UNARY,  /* out[i] = f(a[i]), outer * length * inner values */
  SYSTOLE_BINARY, /* out[i] = f(a, b), along the walk */
  SYSTOLE_PLACE,  /* out (the walk's b) gets a (the walk's a) */
  SYSTOLE_GATHER, /* line i of each block is a's line indices[i]; `count` of them */
  SYSTOLE_LINES,  /* f of `outer` times `inner` lines of `length` values that lie `inner` apart */
  SYSTOLE_NMS     /* `count` rows of image, class and box a class; a holds boxes, b scores, outer classes of length boxes */
};

/* One step behind the network. */
struct systole_step {
  enum systole_step_kind kind;
  enum systole_function function;
  struct systole_operand a, b;
  uint32_t out, second; /* where its results lie; `second` of the indices of top-k */
  uint32_t outer, length, inner, count;
  float low, high; /* of clip; IoU and score of NMS */
  int flag;        /* top-k: the largest; NMS: boxes are centre and size */
  const struct systole_walk *walk;
  const struct systole_quantizer *quantizer; /* the value becomes scale * (code - zero) */
  const uint32_t *indices;
};

enum systole_form {
  SYSTOLE_ACCUMULATORS, /* real = (acc - offset[channel]) * scale[channel] + bias[channel] */
  SYSTOLE_CODES         /* real = scale[0] * (code - zero) */
};

/*
 * One input: codes are 0 .. 2^bits - 1, NHWC, of code_bits on the stream, from first_byte of the frame on: packed with the
 * lowest bits first where they are 1, 2 or 4, one byte, or two, little endian; without a
 * quantizer code = clamp(round(real / scale) + zero).
 */
struct systole_input {
  const char *name;
  uint32_t pixels, channels, bits, zero, code_bits, first_byte;
  float scale;
  const struct systole_order *order; /* the model's own values as NCHW; NULL: they are */
  const struct systole_quantizer *quantizer;
};

/* One tensor that leaves the machine, NHWC, little-endian elements from first_byte of the frame on. */
struct systole_output {
  uint32_t pixels, channels, element_bytes, first_byte;
  float zero;
  enum systole_form form;
  const float *scale, *bias;
  const double *offset; /* NULL: all 0 */
  uint32_t at;          /* where its real values, NCHW, lie in the work memory */
};

/* One of the model's own outputs. */
struct systole_result {
  const char *name;
  uint32_t values;
  uint32_t at; /* in the work memory */
};

/* A compiled network: what it needs of the machine, and what the host does at its two ends. */
struct systole_network {
  const char *name;
  uint32_t identity_low, identity_high;
  struct systole_memory memory[SYSTOLE_MEMORIES];
  struct systole_memory dram; /* what the machine reads from DRAM; count 0: nothing */
  const struct systole_input *inputs;
  const struct systole_output *outputs;
  const struct systole_step *steps;
  const struct systole_result *results;
  uint32_t input_count, output_count, step_count, result_count;
  uint32_t input_bytes, output_bytes; /* of one frame on the streams */
  uint32_t work_values;
};

/* An open accelerator; the caller's memory, its contents the driver's. */
struct systole {
  const struct systole_link *link;
  const struct systole_network *network; /* NULL: nothing is loaded */
  uint32_t patience;
  /* What the last error is about: ERROR, WAITING and MOVERS; or what was expected and what was found. */
  uint32_t error, waiting, movers;
  uint64_t expected, found;
};

struct systole_options {
  uint32_t patience; /* receive calls without output before a frame is given up */
  uint32_t watchdog; /* cycles without progress before the machine reports a hang itself; 0: never */
};

/* Checks what answers, loads the network and enables the machine. options NULL: patience 64, watchdog 2^20. */
int systole_open(struct systole *s, const struct systole_link *link, const struct systole_network *network,
                 const struct systole_options *options);

/* Replaces program and weights by those of a network for the same machine. */
int systole_load(struct systole *s, const struct systole_network *network);

/*
 * One frame. codes: network->input_bytes of them; output: network->output_bytes, the stream as it
 * comes. cycles may be NULL; it gets first accepted input beat to last accepted output beat, as the machine counted.
 */
int systole_infer(struct systole *s, const uint8_t *codes, uint8_t *output, uint32_t *cycles);

/* Disables the machine. The link is the caller's and stays open. */
int systole_close(struct systole *s);

/*
 * One of the model's inputs (float32, its own layout) as codes, at its place in the frame. Call it for every input.
 * SYSTOLE_E_NAN when a value is not a number.
 */
int systole_quantize(const struct systole_network *network, uint32_t input, const float *values, uint8_t *frame);

/* Puts code `index` (NHWC) of an input into a frame. */
void systole_put_code(const struct systole_input *input, size_t index, uint32_t code, uint8_t *frame);

/*
 * The output stream as the model's own outputs: float32 in the model's layout, the steps applied. work: network->work_values
 * of them; result i lies at work + network->results[i].at.
 */
void systole_finish(const struct systole_network *network, const uint8_t *output, float *work);

/* The host's steps on the real values in the work memory: the second half of systole_finish. */
void systole_run_steps(const struct systole_network *network, float *work);

/* The value that the quantizer makes of x in this channel: scale * (code - zero). */
float systole_quantized_value(const struct systole_quantizer *quantizer, float x);

/* One sentence for a status. */
const char *systole_message(int status);

/* What the units wait for, from the registers WAITING and MOVERS: at most size - 1 characters into text. */
void systole_explain_waiting(uint32_t waiting, uint32_t movers, char *text, size_t size);

#endif
