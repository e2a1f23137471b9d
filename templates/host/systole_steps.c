/*
 * The host's steps behind a network: float32, operation by operation, in the same order as every other runtime of Systole,
 * so that results agree bit for bit. Only exp, log, tanh and pow come from the C library, in double.
 */
#include <math.h>

#include "systole.h"
#include "systole_steps.h"

/* One rounding to float32 here and now: no wider registers, no fused multiply-add, whatever the compiler's flags. */
static float rounded(float x) {
  volatile float y = x;
  return y;
}

static float half_even(float x) {
  const float below = floorf(x), rest = rounded(x - below);
  if (rest < 0.5f) return below;
  if (rest > 0.5f) return below + 1;
  return fmodf(below, 2) == 0 ? below : below + 1;
}

static float unary(const struct systole_step *step, float x) {
  switch (step->function) {
    case SYSTOLE_SIGMOID: return rounded(1.0f / rounded(1.0f + rounded((float)exp(-(double)x))));
    case SYSTOLE_TANH: return (float)tanh((double)x);
    case SYSTOLE_EXP: return (float)exp((double)x);
    case SYSTOLE_LOG: return (float)log((double)x);
    case SYSTOLE_SQRT: return (float)sqrt((double)x);
    case SYSTOLE_NEG: return -x;
    case SYSTOLE_ABS: return fabsf(x);
    case SYSTOLE_FLOOR_OF: return floorf(x);
    case SYSTOLE_CEIL_OF: return ceilf(x);
    case SYSTOLE_ROUND: return half_even(x);
    case SYSTOLE_RELU: return x < 0 ? 0 : x;
    case SYSTOLE_RECIPROCAL: return rounded(1.0f / x);
    case SYSTOLE_TRUNC: return truncf(x);
    case SYSTOLE_CLIP: return x < step->low ? step->low : x > step->high ? step->high : x;
    default: return systole_quantized_value(step->quantizer, x);
  }
}

static float binary(enum systole_function function, float a, float b) {
  switch (function) {
    case SYSTOLE_ADD: return rounded(a + b);
    case SYSTOLE_SUB: return rounded(a - b);
    case SYSTOLE_MUL: return rounded(a * b);
    case SYSTOLE_DIV: return rounded(a / b);
    case SYSTOLE_POW: return (float)pow((double)a, (double)b);
    case SYSTOLE_MIN: return a < b || a != a ? a : b;
    default: return a > b || a != a ? a : b;
  }
}

/* Element `index` of the walk in each of its arrays. */
static void walk_to(const struct systole_walk *walk, size_t index, size_t *a, size_t *b) {
  int64_t at_a = walk->a_start, at_b = walk->b_start;
  for (uint32_t axis = walk->axes; axis-- > 0;) {
    const int64_t i = (int64_t)(index % walk->size[axis]);
    at_a += i * walk->a[axis];
    at_b += i * walk->b[axis];
    index /= walk->size[axis];
  }
  *a = (size_t)at_a;
  *b = (size_t)at_b;
}

static size_t walk_length(const struct systole_walk *walk) {
  size_t length = 1;
  for (uint32_t axis = 0; axis < walk->axes; axis++) length *= walk->size[axis];
  return length;
}

static void run_gather(const struct systole_step *s, const float *a, float *out) {
  for (uint32_t o = 0; o < s->outer; o++) {
    for (uint32_t k = 0; k < s->count; k++) {
      const float *line = a + ((size_t)o * s->length + s->indices[k]) * s->inner;
      for (uint32_t i = 0; i < s->inner; i++) *out++ = line[i];
    }
  }
}

static void run_step(const struct systole_step *s, float *work) {
  const float *a = s->a.constant ? s->a.constant : work + s->a.at;
  const float *b = s->b.constant ? s->b.constant : work + s->b.at;
  float *out = work + s->out;
  const size_t count = s->walk ? walk_length(s->walk) : (size_t)s->outer * s->length * s->inner;
  switch (s->kind) {
    case SYSTOLE_UNARY:
      for (size_t i = 0; i < count; i++) out[i] = unary(s, a[i]);
      return;
    case SYSTOLE_BINARY:
    case SYSTOLE_PLACE:
      for (size_t i = 0; i < count; i++) {
        size_t at_a, at_b;
        walk_to(s->walk, i, &at_a, &at_b);
        if (s->kind == SYSTOLE_PLACE) out[at_b] = a[at_a];
        else out[i] = binary(s->function, a[at_a], b[at_b]);
      }
      return;
    case SYSTOLE_GATHER: run_gather(s, a, out); return;
    case SYSTOLE_LINES: systole_run_lines(s, a, out, work + s->second); return;
    case SYSTOLE_NMS: systole_run_nms(s, a, b, out); return;
  }
}

void systole_run_steps(const struct systole_network *network, float *work) {
  for (uint32_t i = 0; i < network->step_count; i++) run_step(&network->steps[i], work);
}
