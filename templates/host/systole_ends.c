/*
 * What the host computes at the two ends of a network: float32, operation by operation, in the same order as every
 * other runtime of Systole, so that results agree bit for bit. Only exp comes from the C library, in double.
 */
#include <math.h>

#include "systole.h"

/* One rounding to float32 here and now: no wider registers, no fused multiply-add, whatever the compiler's flags. */
static float rounded(float x) {
  volatile float y = x;
  return y;
}

size_t systole_input_bytes(const struct systole_network *network) {
  return (size_t)network->input.pixels * network->input.channels;
}

size_t systole_output_bytes(const struct systole_network *network) {
  return (size_t)network->output.pixels * network->output.channels * network->output.element_bytes;
}

/* clamp(round half to even(x) + zero, 0, top); top < 2^16, so beyond 2^22 only the sign matters. */
static uint32_t code_of(float x, uint32_t zero, uint32_t top) {
  const float size = x < 0 ? -x : x;
  if (size >= 4194304.0f) return x < 0 ? 0 : top;
  int32_t whole = (int32_t)size;
  const float rest = size - (float)whole;
  if (rest > 0.5f || (rest == 0.5f && (whole & 1))) whole++;
  const int32_t code = (x < 0 ? -whole : whole) + (int32_t)zero;
  return code < 0 ? 0 : (uint32_t)code > top ? top : (uint32_t)code;
}

/* Whether x, between whole and whole + 1 with `rest` above whole, becomes the upper one. */
static int goes_up(enum systole_rounding round, int32_t whole, float rest) {
  const int tie = rest == 0.5f, beyond = rest > 0.5f;
  switch (round) {
    case SYSTOLE_FLOOR: return 0;
    case SYSTOLE_CEIL: return 1;
    case SYSTOLE_TO_ZERO: return whole < 0;
    case SYSTOLE_AWAY: return whole >= 0;
    case SYSTOLE_HALF_UP: return tie || beyond;
    case SYSTOLE_HALF_DOWN: return beyond;
    case SYSTOLE_HALF_AWAY: return tie ? whole >= 0 : beyond;
    case SYSTOLE_HALF_TO_ZERO: return tie ? whole < 0 : beyond;
    default: return tie ? whole & 1 : beyond;
  }
}

/* clamp(round(x) + added, lo, hi); limits are within 16 bits, so beyond 2^22 only the sign matters. */
static int32_t clamped_code(const struct systole_quantizer *q, float x, int32_t added) {
  if (x != x) return q->base;
  if (x >= 4194304.0f) return q->hi;
  if (x <= -4194304.0f) return q->lo;
  int32_t whole = (int32_t)x;
  if ((float)whole > x) whole--;
  const float rest = x - (float)whole;
  if (rest > 0 && goes_up(q->round, whole, rest)) whole++;
  const int32_t code = whole + added;
  return code < q->lo ? q->lo : code > q->hi ? q->hi : code;
}

/* The model's own code of a value. */
static int32_t quantized(const struct systole_quantizer *q, float x, uint32_t channel) {
  const float scale = q->scale[q->scales == 1 ? 0 : channel], zero = q->zero[q->zeros == 1 ? 0 : channel];
  const float steps = rounded(x / scale);
  return q->zero_inside ? clamped_code(q, rounded(steps + zero), 0) : clamped_code(q, steps, (int32_t)zero);
}

static float through_affines(const struct systole_quantizer *q, float x, uint32_t channel) {
  for (uint32_t i = 0; i < q->affines; i++) {
    const struct systole_affine *a = &q->affine[i];
    x = rounded(x * a->scale[a->scales == 1 ? 0 : channel]);
    x = rounded(x + a->shift[a->shifts == 1 ? 0 : channel]);
    if (x < a->min) x = a->min;
    if (x > a->max) x = a->max;
  }
  return x;
}

static uint8_t input_code(const struct systole_network *network, float x, uint32_t channel) {
  const struct systole_quantizer *q = network->input.quantizer;
  if (q) return (uint8_t)(q->step * (quantized(q, through_affines(q, x, channel), channel) - q->base));
  const float steps = rounded(x / network->input.scale);
  return (uint8_t)code_of(steps, network->input.zero, (1u << network->input.bits) - 1);
}

/* Where element `index` of the new order lies in the old one. */
static size_t source_of(const struct systole_order *order, size_t index) {
  size_t source = 0;
  for (uint32_t axis = order->axes; axis-- > 0;) {
    source += index % order->size[axis] * order->stride[axis];
    index /= order->size[axis];
  }
  return source;
}

int systole_quantize(const struct systole_network *network, const float *input, uint8_t *codes) {
  const uint32_t pixels = network->input.pixels, channels = network->input.channels;
  for (uint32_t c = 0; c < channels; c++) {
    for (uint32_t p = 0; p < pixels; p++) {
      const size_t index = (size_t)c * pixels + p;
      const float x = input[network->input.order ? source_of(network->input.order, index) : index];
      if (x != x) return SYSTOLE_E_NAN;
      codes[(size_t)p * channels + c] = input_code(network, x, c);
    }
  }
  return SYSTOLE_OK;
}

/* One element of the stream: codes are unsigned, accumulators 32 bits signed. */
static int32_t element(const uint8_t *bytes, uint32_t count) {
  uint32_t value = 0;
  for (uint32_t i = 0; i < count; i++) value |= (uint32_t)bytes[i] << (8 * i);
  return value <= INT32_MAX ? (int32_t)value : -(int32_t)(UINT32_MAX - value) - 1;
}

static float real_value(const struct systole_network *network, int32_t raw, uint32_t channel) {
  const float *scale = network->output.scale;
  if (network->output.form == SYSTOLE_CODES) {
    return rounded(scale[0] * ((float)raw - network->output.zero));
  }
  const double *offset = network->output.offset;
  const float sum = rounded(offset ? (float)((double)raw - offset[channel]) : (float)raw);
  const float product = rounded(sum * scale[channel]);
  return rounded(product + network->output.bias[channel]);
}

static void softmax(float *line, uint32_t length, uint32_t step) {
  float most = line[0], sum = 0;
  for (uint32_t i = 1; i < length; i++) {
    if (line[i * step] > most) most = line[i * step];
  }
  for (uint32_t i = 0; i < length; i++) {
    line[i * step] = rounded((float)exp((double)rounded(line[i * step] - most)));
    sum = rounded(sum + line[i * step]);
  }
  for (uint32_t i = 0; i < length; i++) line[i * step] = rounded(line[i * step] / sum);
}

/* The first index of the largest value. */
static uint32_t argmax(const float *line, uint32_t length, uint32_t step) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < length; i++) {
    if (line[i * step] > line[best * step]) best = i;
  }
  return best;
}

/* In place: what belongs at i and lay before it has been swapped on, along the places it was swapped to. */
static void transpose(const struct systole_order *order, float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t from = source_of(order, i);
    while (from < i) from = source_of(order, from);
    const float value = values[i];
    values[i] = values[from];
    values[from] = value;
  }
}

static float quantized_value(const struct systole_quantizer *q, float x) {
  return rounded(q->scale[0] * rounded((float)quantized(q, x, 0) - q->zero[0]));
}

static float sigmoid(float x) {
  return rounded(1.0f / rounded(1.0f + rounded((float)exp(-(double)x))));
}

static void apply(const struct systole_step *step, float *values) {
  if (step->kind == SYSTOLE_SIGMOID || step->kind == SYSTOLE_QUANTIZE) {
    const size_t count = (size_t)step->outer * step->length * step->inner;
    for (size_t i = 0; i < count; i++) {
      values[i] = step->kind == SYSTOLE_SIGMOID ? sigmoid(values[i]) : quantized_value(step->quantizer, values[i]);
    }
    return;
  }
  if (step->kind == SYSTOLE_TRANSPOSE) {
    transpose(step->order, values, (size_t)step->outer * step->length * step->inner);
    return;
  }
  for (uint32_t o = 0; o < step->outer; o++) {
    for (uint32_t i = 0; i < step->inner; i++) {
      float *line = values + (size_t)o * step->length * step->inner + i;
      if (step->kind == SYSTOLE_SOFTMAX) softmax(line, step->length, step->inner);
      /* In place: the result lies at or before its own line, behind the lines already read. */
      if (step->kind == SYSTOLE_ARGMAX) {
        values[(size_t)o * step->inner + i] = (float)argmax(line, step->length, step->inner);
      }
    }
  }
}

void systole_finish(const struct systole_network *network, const uint8_t *output, float *values) {
  const uint32_t pixels = network->output.pixels, channels = network->output.channels;
  const uint32_t bytes = network->output.element_bytes;
  for (uint32_t c = 0; c < channels; c++) {
    for (uint32_t p = 0; p < pixels; p++) {
      const int32_t raw = element(output + ((size_t)p * channels + c) * bytes, bytes);
      values[(size_t)c * pixels + p] = real_value(network, raw, c);
    }
  }
  for (uint32_t i = 0; i < network->output.step_count; i++) apply(&network->output.steps[i], values);
}
