/* SPDX-License-Identifier: PostgreSQL */
/*
 * UPDATE and DELETE of every row with parameters.  The server is given Parse and Bind as they came,
 * so it checks types and values and describes what the client asks about; what the portal would
 * execute, which is what is judged, is the text with the values written in.
 */
#ifndef PARAMETERS_H
#define PARAMETERS_H

#include <stdbool.h>

struct arena;
struct guarded_text;
struct stmts;
struct wire_bind;

/* Cannot be judged before its values are known. */
bool parameters_awaited(const struct stmts *stmts);

/*
 * The text with the values of the Bind as literals.  NULL when one cannot be written as SQL that
 * means the same: a binary value, or a declared type, that is not known here.
 */
const char *parameters_write_in(
	struct arena *arena, const struct guarded_text *what, const struct wire_bind *bind);

#endif
