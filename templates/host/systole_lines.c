/* The host's steps that work on lines of values, and the selection of boxes; see systole_steps.c. */
#include <math.h>

#include "systole.h"
#include "systole_steps.h"

/* One rounding to float32 here and now: no wider registers, no fused multiply-add, whatever the compiler's flags. */
static float rounded(float x) {
  volatile float y = x;
  return y;
}

/* A line: `length` values that lie `step` apart. */
static void softmax(const float *line, float *out, uint32_t length, uint32_t step, int log_of) {
  float most = line[0], sum = 0;
  for (uint32_t i = 1; i < length; i++) {
    if (line[i * step] > most) most = line[i * step];
  }
  for (uint32_t i = 0; i < length; i++) {
    const float power = (float)exp((double)rounded(line[i * step] - most));
    sum = rounded(sum + power);
    out[i * step] = log_of ? rounded(line[i * step] - most) : power;
  }
  const float log_sum = (float)log((double)sum);
  for (uint32_t i = 0; i < length; i++) {
    out[i * step] = log_of ? rounded(out[i * step] - log_sum) : rounded(out[i * step] / sum);
  }
}

/* The first index of the largest value, or of the smallest. */
static uint32_t best_of(const float *line, uint32_t length, uint32_t step, int largest) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < length; i++) {
    if (largest ? line[i * step] > line[best * step] : line[i * step] < line[best * step]) best = i;
  }
  return best;
}

/* The next one behind `last` in the order of values, equal ones by index; `length` where there is none. */
static uint32_t next_of(const float *line, uint32_t length, uint32_t step, int largest, uint32_t last) {
  uint32_t best = length;
  for (uint32_t i = 0; i < length; i++) {
    const float x = line[i * step];
    if (last < length) {
      const float before = line[last * step];
      if (largest ? x > before : x < before) continue;
      if (x == before && i <= last) continue;
    }
    if (best == length || (largest ? x > line[best * step] : x < line[best * step])) best = i;
  }
  return best;
}

static float sum_of(const float *line, uint32_t length, uint32_t step) {
  float sum = 0;
  for (uint32_t i = 0; i < length; i++) sum = rounded(sum + line[i * step]);
  return sum;
}

static void run_line(const struct systole_step *s, const float *line, float *out, float *second) {
  const uint32_t length = s->length, step = s->inner;
  switch (s->function) {
    case SYSTOLE_SOFTMAX: softmax(line, out, length, step, 0); return;
    case SYSTOLE_LOG_SOFTMAX: softmax(line, out, length, step, 1); return;
    case SYSTOLE_ARGMAX: *out = (float)best_of(line, length, step, 1); return;
    case SYSTOLE_ARGMIN: *out = (float)best_of(line, length, step, 0); return;
    case SYSTOLE_LINE_MAX: *out = line[best_of(line, length, step, 1) * step]; return;
    case SYSTOLE_LINE_MIN: *out = line[best_of(line, length, step, 0) * step]; return;
    case SYSTOLE_LINE_SUM: *out = sum_of(line, length, step); return;
    case SYSTOLE_LINE_MEAN: *out = rounded(sum_of(line, length, step) / (float)length); return;
    default: break;
  }
  for (uint32_t i = 0, last = length; i < s->count; i++) {
    last = next_of(line, length, step, s->flag, last);
    out[i * step] = line[last * step];
    second[i * step] = (float)last;
  }
}

void systole_run_lines(const struct systole_step *s, const float *a, float *out, float *second) {
  const uint32_t results = s->function == SYSTOLE_TOP_K ? s->count
                           : s->function == SYSTOLE_SOFTMAX || s->function == SYSTOLE_LOG_SOFTMAX ? s->length : 1;
  for (uint32_t o = 0; o < s->outer; o++) {
    for (uint32_t i = 0; i < s->inner; i++) {
      const size_t from = (size_t)o * s->length * s->inner + i, to = (size_t)o * results * s->inner + i;
      run_line(s, a + from, out + to, second + to);
    }
  }
}

struct box {
  float x0, y0, x1, y1;
};

static float smaller(float a, float b) { return a < b ? a : b; }
static float larger(float a, float b) { return a > b ? a : b; }

static struct box box_at(const float *boxes, uint32_t index, int centre) {
  const float *b = boxes + (size_t)4 * index;
  if (!centre) return (struct box){smaller(b[1], b[3]), smaller(b[0], b[2]), larger(b[1], b[3]), larger(b[0], b[2])};
  const float w = rounded(b[2] / 2), h = rounded(b[3] / 2);
  return (struct box){rounded(b[0] - w), rounded(b[1] - h), rounded(b[0] + w), rounded(b[1] + h)};
}

static float area_of(struct box b) { return rounded(rounded(b.x1 - b.x0) * rounded(b.y1 - b.y0)); }

/* More than `iou` of their union is in both. */
static int overlap(struct box a, struct box b, float iou) {
  const float width = rounded(smaller(a.x1, b.x1) - larger(a.x0, b.x0));
  const float height = rounded(smaller(a.y1, b.y1) - larger(a.y0, b.y0));
  if (!(width > 0 && height > 0)) return 0;
  const float both = rounded(width * height), area_a = area_of(a), area_b = area_of(b);
  const float all = rounded(rounded(area_a + area_b) - both);
  return area_a > 0 && area_b > 0 && all > 0 && rounded(both / all) > iou;
}

/* The boxes that a class has taken stand in its own rows; those that are not used hold -1. */
void systole_run_nms(const struct systole_step *s, const float *boxes, const float *scores, float *rows) {
  uint32_t used = 0;
  for (size_t i = 0; i < (size_t)3 * s->outer * s->count; i++) rows[i] = -1;
  for (uint32_t c = 0; c < s->outer; c++) {
    const float *score = scores + (size_t)c * s->length;
    const uint32_t first = used;
    for (uint32_t i = next_of(score, s->length, 1, 1, s->length); i < s->length && used - first < s->count;
         i = next_of(score, s->length, 1, 1, i)) {
      if (!(score[i] > s->high)) break;
      const struct box box = box_at(boxes, i, s->flag);
      int hidden = 0;
      for (uint32_t r = first; r < used && !hidden; r++) {
        hidden = overlap(box, box_at(boxes, (uint32_t)rows[3 * r + 2], s->flag), s->low);
      }
      if (hidden) continue;
      rows[3 * used] = 0;
      rows[3 * used + 1] = (float)c;
      rows[3 * used + 2] = (float)i;
      used++;
    }
  }
}
