/* Where the demo's frames come from: a file, or a seeded source of random codes. Hosted C99. */
#ifndef SYSTOLE_DEMO_FRAMES_H
#define SYSTOLE_DEMO_FRAMES_H

#include <stdio.h>

#include "systole_network.h"

/* Where one input's frames come from. */
struct source {
  FILE *file;
  uint32_t code_bytes; /* 0: float32, the model's own values and layout; else codes of so many bytes, NHWC */
};

struct frames {
  struct source sources[SYSTOLE_INPUTS]; /* without files: random codes */
  unsigned long count;
  uint32_t random[4];
};

/*
 * One input's frames: a .npy file of float32 or of unsigned codes, or a file of bare little-endian float32 values, or, with
 * `codes`, of bare codes. Returns NULL, or a sentence of what is wrong with it. Start with *frames all zero.
 */
const char *frames_open(struct frames *frames, uint32_t input, const char *path, int codes);

/* `count` frames of random codes: those of `systole verify --random count --seed seed`. */
void frames_random(struct frames *frames, unsigned long count, uint32_t seed);

/* The next frame's codes; `real` is room for the values of all inputs. Returns NULL, or a sentence. */
const char *frames_next(struct frames *frames, float *real, uint8_t *frame);

void frames_close(struct frames *frames);

/* The head of a .npy file of `count` times `shape` float32 values. Returns 0 when it is written. */
int npy_write_head(FILE *file, unsigned long count, const char *shape);
/* Values as little-endian float32. Returns 0 when they are written. */
int npy_write_values(FILE *file, const float *values, unsigned long count);

#endif
