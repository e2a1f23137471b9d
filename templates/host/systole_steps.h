/* Between the files of the host's steps. */
#ifndef SYSTOLE_STEPS_H
#define SYSTOLE_STEPS_H

#include "systole.h"

/* One step along the lines of a. */
void systole_run_lines(const struct systole_step *s, const float *a, float *out, float *second);

/* NonMaxSuppression: boxes in the order of their scores, equal ones by index. */
void systole_run_nms(const struct systole_step *s, const float *boxes, const float *scores, float *rows);

#endif
