/* SPDX-License-Identifier: PostgreSQL */
/* The end of a policy log file: its last whole record, and whether that fits the chain. */
#ifndef LOG_TAIL_H
#define LOG_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "log_chain.h"

struct log_tail {
	uint64_t end; /* behind the last whole record; 0: there is none */
	bool fits; /* its mac is right for this key and the record before it */
	struct log_position last; /* when it fits */
};

/* Reads only as far back as needed.  0, or -1 with errno. */
int log_tail_read(int fd, uint64_t size, const struct log_key *key, struct log_tail *out);

#endif
