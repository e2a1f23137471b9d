#include "demo_frames.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 4096, NPY_ALIGNMENT = 64 };

static uint32_t little_endian(const uint8_t *bytes, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; i++) value |= (uint32_t)bytes[i] << (8 * i);
  return value;
}

/* What follows a key of the .npy header: its value, or NULL. */
static const char *value_of(const char *head, const char *key) {
  const char *at = strstr(head, key);
  if (!at) return NULL;
  at += strlen(key);
  while (*at == ' ' || *at == ':') at++;
  return at;
}

/* Reads the rest of a .npy head, behind the magic; the number of elements goes to *elements. */
static const char *read_head(struct source *source, unsigned long *elements) {
  uint8_t start[4];
  char head[HEAD_BYTES + 1];
  if (fread(start, 1, 4, source->file) != 4) return "the .npy head is cut short";
  uint32_t length = little_endian(start + 2, 2);
  if (start[0] > 1) {
    uint8_t more[2];
    if (fread(more, 1, 2, source->file) != 2) return "the .npy head is cut short";
    length |= little_endian(more, 2) << 16;
  }
  if (length > HEAD_BYTES || fread(head, 1, length, source->file) != length) return "the .npy head is cut short";
  head[length] = 0;
  const char *type = value_of(head, "'descr'"), *shape = value_of(head, "'shape'");
  const char *order = value_of(head, "'fortran_order'");
  if (!type || !shape || !order || *shape != '(') return "the .npy head is damaged";
  if (strncmp(order, "False", 5) != 0) return "the array is in column order; save it in row order";
  if (strncmp(type, "'|u1'", 5) == 0 || strncmp(type, "'<u2'", 5) == 0) {
    source->code_bytes = type[3] == '1' ? 1 : 2;
  } else if (strncmp(type, "'<f4'", 5) != 0) {
    return "the array is neither float32 nor, for codes, uint8 or uint16";
  }
  *elements = 1;
  for (shape++; *shape && *shape != ')';) {
    char *next;
    const unsigned long size = strtoul(shape, &next, 10);
    if (next == shape || (size != 0 && *elements > 0xfffffffful / size)) return "the .npy shape is damaged";
    *elements *= size;
    for (shape = next; *shape == ',' || *shape == ' ';) shape++;
  }
  return NULL;
}

static uint32_t values_of(uint32_t input) {
  return systole_network.inputs[input].pixels * systole_network.inputs[input].channels;
}

static const char *count_frames(struct frames *frames, unsigned long elements, unsigned long frame_values) {
  const unsigned long count = elements / frame_values;
  if (count == 0 || count * frame_values != elements) {
    return "the file does not hold a whole number of frames of this input";
  }
  if (frames->count > 0 && frames->count != count) return "the files hold different numbers of frames";
  frames->count = count;
  return NULL;
}

const char *frames_open(struct frames *frames, uint32_t input, const char *path, int codes) {
  static const char magic[] = "\x93NUMPY";
  char start[6];
  struct source *source = &frames->sources[input];
  if (source->file) return "the input is given twice";
  source->file = fopen(path, "rb");
  source->code_bytes = !codes ? 0 : systole_network.inputs[input].code_bits > 8 ? 2 : 1;
  if (!source->file) return "the file cannot be read";
  unsigned long elements = 0;
  if (fread(start, 1, 6, source->file) == 6 && memcmp(start, magic, 6) == 0) {
    source->code_bytes = 0;
    const char *wrong = read_head(source, &elements);
    return wrong ? wrong : count_frames(frames, elements, values_of(input));
  }
  if (fseek(source->file, 0, SEEK_END)) return "the file cannot be read";
  const long size = ftell(source->file);
  rewind(source->file);
  const uint32_t bytes = codes ? source->code_bytes : 4;
  if (size < 0 || size % (long)bytes != 0) return codes ? "the file does not hold codes" : "the file does not hold float32 values";
  return count_frames(frames, (unsigned long)size / bytes, values_of(input));
}

/* xoshiro128** (Blackman and Vigna, 2018), its state filled from the seed by splitmix32. */
void frames_random(struct frames *frames, unsigned long count, uint32_t seed) {
  memset(frames, 0, sizeof *frames);
  frames->count = count;
  for (int i = 0; i < 4; i++) {
    uint32_t z = seed += 0x9e3779b9u;
    z = (z ^ z >> 16) * 0x21f0aaadu;
    z = (z ^ z >> 15) * 0x735a2d97u;
    frames->random[i] = z ^ z >> 15;
  }
}

static uint32_t rotate_left(uint32_t x, int k) { return x << k | x >> (32 - k); }

static uint32_t random_next(uint32_t s[4]) {
  const uint32_t result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 11);
  return result;
}

static const char *read_reals(FILE *file, float *real, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint8_t bytes[4];
    if (fread(bytes, 1, 4, file) != 4) return "the file is cut short";
    const uint32_t bits = little_endian(bytes, 4);
    memcpy(&real[i], &bits, 4);
  }
  return NULL;
}

static const char *next_codes(const struct source *source, const struct systole_input *in, size_t count, uint8_t *frame) {
  for (size_t i = 0; i < count; i++) {
    uint8_t bytes[2] = {0, 0};
    if (fread(bytes, 1, source->code_bytes, source->file) != source->code_bytes) return "the file is cut short";
    const uint32_t code = little_endian(bytes, 2);
    if (code >> in->bits) return "a code is larger than the network's input takes";
    systole_put_code(in, i, code, frame);
  }
  return NULL;
}

const char *frames_next(struct frames *frames, float *real, uint8_t *frame) {
  for (uint32_t input = 0; input < SYSTOLE_INPUTS; input++) {
    const struct systole_input *in = &systole_network.inputs[input];
    const struct source *source = &frames->sources[input];
    const size_t count = values_of(input);
    const char *wrong = NULL;
    if (!source->file) {
      for (size_t i = 0; i < count; i++) systole_put_code(in, i, random_next(frames->random) >> (32 - in->bits), frame);
    } else if (source->code_bytes) {
      wrong = next_codes(source, in, count, frame);
    } else {
      wrong = read_reals(source->file, real, count);
      if (!wrong && systole_quantize(&systole_network, input, real, frame)) wrong = systole_message(SYSTOLE_E_NAN);
    }
    if (wrong) return wrong;
  }
  return NULL;
}

void frames_close(struct frames *frames) {
  for (uint32_t input = 0; input < SYSTOLE_INPUTS; input++) {
    if (frames->sources[input].file) fclose(frames->sources[input].file);
  }
  memset(frames, 0, sizeof *frames);
}

int npy_write_head(FILE *file, unsigned long count, const char *shape) {
  char head[HEAD_BYTES];
  const int length = snprintf(head, sizeof head, "{'descr': '<f4', 'fortran_order': False, 'shape': (%lu,%s%s), }", count,
                              *shape ? " " : "", shape);
  if (length < 0 || length > HEAD_BYTES - NPY_ALIGNMENT) return -1;
  const int padded = (10 + length + 1 + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT - 10;
  const uint8_t start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)(padded & 255), (uint8_t)(padded >> 8)};
  fwrite(start, 1, sizeof start, file);
  return fprintf(file, "%s%*s\n", head, padded - length - 1, "") == padded ? 0 : -1;
}

int npy_write_values(FILE *file, const float *values, unsigned long count) {
  for (unsigned long i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], 4);
    const uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24)};
    if (fwrite(bytes, 1, 4, file) != 4) return -1;
  }
  return 0;
}
