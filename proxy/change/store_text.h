/* SPDX-License-Identifier: PostgreSQL */
/* How the record spells what C keeps in other ways. */
#ifndef STORE_TEXT_H
#define STORE_TEXT_H

#include <stdint.h>
#include <stdio.h>

enum { NUMBER_BYTES = 32 };

/* Returns buffer. */
static inline const char *number(char buffer[NUMBER_BYTES], int64_t value)
{
	snprintf(buffer, NUMBER_BYTES, "%lld", (long long)value);
	return buffer;
}

/* By enum step_status. */
extern const char *const step_status_names[];

#endif
