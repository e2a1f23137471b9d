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
  SYSTOLE_E_NAN          /* an input value is not a number */
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
};

/* Contents of one memory in 32-bit pieces, in loading order. */
struct systole_memory {
  const uint32_t *pieces;
  uint32_t count;
};

enum { SYSTOLE_MEMORIES = 5 }; /* program, passes, weights, parameters, tables: the order of MEM_SELECT */

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

/* x * scale + shift, then not below min, not above max; one of each for all channels, or one for each. */
struct systole_affine {
  const float *scale, *shift;
  uint32_t scales, shifts;
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

enum systole_step_kind { SYSTOLE_SOFTMAX, SYSTOLE_ARGMAX, SYSTOLE_TRANSPOSE, SYSTOLE_SIGMOID, SYSTOLE_QUANTIZE };

/*
 * One step behind the network: along lines of `length` values that lie `inner` apart, `outer` blocks of them; or
 * all outer * length * inner values in another order.
 */
struct systole_step {
  enum systole_step_kind kind;
  uint32_t outer, length, inner;
  const struct systole_order *order;         /* of a transpose */
  const struct systole_quantizer *quantizer; /* of quantize: the value becomes scale * (code - zero) */
};

enum systole_form {
  SYSTOLE_ACCUMULATORS, /* real = (acc - offset[channel]) * scale[channel] + bias[channel] */
  SYSTOLE_CODES         /* real = scale[0] * (code - zero) */
};

/* A compiled network: what it needs of the machine, and what the host does at its two ends. */
struct systole_network {
  const char *name;
  uint32_t identity_low, identity_high;
  struct systole_memory memory[SYSTOLE_MEMORIES];
  /* Input codes are 0 .. 2^bits - 1, one a byte, NHWC; without a quantizer code = clamp(round(real / scale) + zero). */
  struct {
    uint32_t pixels, channels, bits, zero;
    float scale;
    const struct systole_order *order; /* the model's own values as NCHW; NULL: they are */
    const struct systole_quantizer *quantizer;
  } input;
  /* What leaves the machine, NHWC, little-endian elements of element_bytes; and the model's own output after it. */
  struct {
    uint32_t pixels, channels, element_bytes;
    float zero;
    enum systole_form form;
    const float *scale, *bias;
    const double *offset; /* NULL: all 0 */
    const struct systole_step *steps;
    uint32_t step_count;
    uint32_t values; /* of the model's own output, after the steps */
  } output;
};

/* An open accelerator; the caller's memory, its contents the driver's. */
struct systole {
  const struct systole_link *link;
  const struct systole_network *network; /* NULL: nothing is loaded */
  uint32_t patience;
  /* What the last error is about: ERROR and WAITING; or what was expected and what was found. */
  uint32_t error, waiting;
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
 * One frame. codes: systole_input_bytes(network) of them; output: systole_output_bytes(network), the stream as it
 * comes. cycles may be NULL; it gets first accepted input beat to last accepted output beat, as the machine counted.
 */
int systole_infer(struct systole *s, const uint8_t *codes, uint8_t *output, uint32_t *cycles);

/* Disables the machine. The link is the caller's and stays open. */
int systole_close(struct systole *s);

size_t systole_input_bytes(const struct systole_network *network);
size_t systole_output_bytes(const struct systole_network *network);

/* The model's input (float32, its own layout) as codes, NHWC. SYSTOLE_E_NAN when a value is not a number. */
int systole_quantize(const struct systole_network *network, const float *input, uint8_t *codes);

/*
 * The output stream as the model's own output: float32 in the model's layout, the steps applied.
 * values: pixels * channels of the output; the first network->output.values of them are the result.
 */
void systole_finish(const struct systole_network *network, const uint8_t *output, float *values);

/* One sentence for a status. */
const char *systole_message(int status);

/* What the units wait for, from register WAITING: at most size - 1 characters into text. */
void systole_explain_waiting(uint32_t waiting, char *text, size_t size);

#endif
