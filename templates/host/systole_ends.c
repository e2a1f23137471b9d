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
    const float by = a->scale[a->scales == 1 ? 0 : channel];
    x = rounded(a->divides ? x / by : x * by);
    x = rounded(x + a->shift[a->shifts == 1 ? 0 : channel]);
    if (x < a->min) x = a->min;
    if (x > a->max) x = a->max;
  }
  return x;
}

static uint32_t input_code(const struct systole_input *input, float x, uint32_t channel) {
  const struct systole_quantizer *q = input->quantizer;
  if (q) return (uint32_t)(q->step * (quantized(q, through_affines(q, x, channel), channel) - q->base));
  return code_of(rounded(x / input->scale), input->zero, (1u << input->bits) - 1);
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

void systole_put_code(const struct systole_input *input, size_t index, uint32_t code, uint8_t *frame) {
  const size_t bit = index * input->code_bits;
  uint8_t *place = frame + input->first_byte + bit / 8;
  if (input->code_bits >= 8) {
    place[0] = (uint8_t)code;
    if (input->code_bits > 8) place[1] = (uint8_t)(code >> 8);
    return;
  }
  const uint32_t mask = (1u << input->code_bits) - 1, shift = bit % 8;
  place[0] = (uint8_t)((place[0] & ~(mask << shift)) | code << shift);
}

int systole_quantize(const struct systole_network *network, uint32_t input, const float *values, uint8_t *frame) {
  const struct systole_input *in = &network->inputs[input];
  for (uint32_t c = 0; c < in->channels; c++) {
    for (uint32_t p = 0; p < in->pixels; p++) {
      const size_t index = (size_t)c * in->pixels + p, place = (size_t)p * in->channels + c;
      const float x = values[in->order ? source_of(in->order, index) : index];
      if (x != x) return SYSTOLE_E_NAN;
      systole_put_code(in, place, input_code(in, x, c), frame);
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

static float real_value(const struct systole_output *out, int32_t raw, uint32_t channel) {
  if (out->form == SYSTOLE_CODES) return rounded(out->scale[0] * ((float)raw - out->zero));
  const float sum = rounded(out->offset ? (float)((double)raw - out->offset[channel]) : (float)raw);
  const float product = rounded(sum * out->scale[channel]);
  return rounded(product + out->bias[channel]);
}

float systole_quantized_value(const struct systole_quantizer *quantizer, float x) {
  return rounded(quantizer->scale[0] * rounded((float)quantized(quantizer, x, 0) - quantizer->zero[0]));
}

void systole_finish(const struct systole_network *network, const uint8_t *output, float *work) {
  for (uint32_t i = 0; i < network->output_count; i++) {
    const struct systole_output *out = &network->outputs[i];
    for (uint32_t c = 0; c < out->channels; c++) {
      for (uint32_t p = 0; p < out->pixels; p++) {
        const uint8_t *place = output + out->first_byte + ((size_t)p * out->channels + c) * out->element_bytes;
        work[out->at + (size_t)c * out->pixels + p] = real_value(out, element(place, out->element_bytes), c);
      }
    }
  }
  systole_run_steps(network, work);
}
