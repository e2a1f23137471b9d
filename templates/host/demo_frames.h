/* Where the demo's frames come from: a file, or a seeded source of random codes. Hosted C99. */
#ifndef SYSTOLE_DEMO_FRAMES_H
#define SYSTOLE_DEMO_FRAMES_H

#include <stdio.h>

#include "systole.h"

struct frames {
  FILE *file;       /* NULL: random codes */
  int holds_codes;  /* 1: codes, one a byte, NHWC; 0: float32, the model's own values and layout */
  unsigned long count;
  uint32_t random[4];
};

/*
 * A .npy file of float32 or of unsigned bytes (codes), or a file of bare little-endian float32 values, or, with
 * `codes`, of bare codes. Returns NULL, or a sentence of what is wrong with it.
 */
const char *frames_open(struct frames *frames, const char *path, int codes, unsigned long frame_values);

/* `count` frames of random codes: those of `systole verify --random count --seed seed`. */
void frames_random(struct frames *frames, unsigned long count, uint32_t seed);

/* The next frame's codes; `real` is room for a frame of float32. Returns NULL, or a sentence. */
const char *frames_next(struct frames *frames, const struct systole_network *network, float *real, uint8_t *codes);

void frames_close(struct frames *frames);

/* The head of a .npy file of `count` times `shape` float32 values. Returns 0 when it is written. */
int npy_write_head(FILE *file, unsigned long count, const char *shape);
/* Values as little-endian float32. Returns 0 when they are written. */
int npy_write_values(FILE *file, const float *values, unsigned long count);

#endif
