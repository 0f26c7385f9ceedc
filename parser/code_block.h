/* SPDX-License-Identifier: PostgreSQL */
/*
 * The SQL in the body of a DO block in PL/pgSQL, cut out by its words.  It knows no variables and
 * does not tell which branches are taken: good for files, read in good faith; over the wire a
 * block that could change the schema stays closed.
 */
#ifndef CODE_BLOCK_H
#define CODE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct stmts;

/*
 * The statements of the block that could change the schema or write every row, with locations in
 * text.  False when it runs text that it builds, or holds a word that could change the schema
 * outside of any statement that can be read; or is not such a block.
 */
bool code_block_read(struct arena *arena, const char *text, size_t len, struct stmts *out);

#endif
