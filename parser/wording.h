/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a text says, whatever it looks like: its tokens as they are written, without the comments
 * and white space between them.  Two texts of the same wording are the same to the grammar.
 */
#ifndef WORDING_H
#define WORDING_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Tokens with one space between them, without semicolons at the end.  Of a text that the server
 * reads with standard_conforming_strings on.  No SQL any more: literals that went on over several
 * lines stay as they are.
 */
const char *wording(struct arena *arena, const char *text, size_t len);

/* It leaves values to be filled in: $1. */
bool wording_has_parameters(const char *text, size_t len);

#endif
