/* SPDX-License-Identifier: PostgreSQL */
#ifndef SET_LIST_H
#define SET_LIST_H

#include <stdbool.h>

/*
 * Is that what may stand between SET and WHERE of an UPDATE, and no more?  A comment at its end
 * reaches no further than a newline.  The text is within head_limits_default, and the calling
 * thread has PARSE_STACK_BYTES.
 */
bool is_set_list(const char *text);

#endif
