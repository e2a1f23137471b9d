/*
 * Link to the Verilated machine: the simulator runs as a process of its own and speaks simulator/protocol.md over
 * pipes. POSIX; only for hosts that simulate, the driver itself needs none of it.
 */
#ifndef SYSTOLE_SIM_LINK_H
#define SYSTOLE_SIM_LINK_H

#include <sys/types.h>

#include "systole.h"

struct systole_sim {
  pid_t process;
  int to, from;         /* pipes */
  uint64_t slice;       /* cycles of one receive call */
  const char *message;  /* what the last failure was, a sentence */
  char text[200];
};

/* Probabilities of 65536 that an input beat is not offered, or an output beat not taken, in a cycle. */
struct systole_stalls {
  uint64_t seed;
  uint32_t input, output;
};

/* latency in cycles, efficiency in percent, stall of 65536, and the limits that the machine must keep to. */
struct systole_sim_dram_model {
  uint64_t seed;
  uint32_t latency, efficiency, stall, outstanding, burst;
};

/*
 * Starts the simulator at `path` and makes a link of it; seed chooses what registers without reset start with.
 * Both structs are the caller's memory and must stay until systole_sim_close. Returns 0, or -1 with sim->message set.
 * Writing to a simulator that died raises SIGPIPE unless the program ignores it.
 */
int systole_sim_open(struct systole_sim *sim, struct systole_link *link, const char *path, unsigned seed);
int systole_sim_stalls(struct systole_sim *sim, const struct systole_stalls *stalls);
/* The DRAM behind the machine (simulator/protocol.md, DRAM); an ideal one before the first call. */
int systole_sim_dram(struct systole_sim *sim, const struct systole_sim_dram_model *model);
void systole_sim_close(struct systole_sim *sim);

#endif
