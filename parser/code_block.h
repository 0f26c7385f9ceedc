/* SPDX-License-Identifier: PostgreSQL */
/*
 * The SQL in a body of code in PL/pgSQL, cut out by its words, or in SQL.  It knows no variables
 * and does not tell which branches are taken: good for files, read in good faith; over the wire a
 * block that could change the schema stays closed.
 */
#ifndef CODE_BLOCK_H
#define CODE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct code_body;
struct stmts;

/*
 * The statements of the body, in PL/pgSQL those that could change the schema or write rows, with
 * locations in the text that it was found in.  False when it runs text that it builds, or holds a
 * word that could change the schema outside of any statement that can be read; or is in another
 * language.
 */
bool code_block_read(
	struct arena *arena, const struct code_body *body, const char *language, struct stmts *out);

#endif
