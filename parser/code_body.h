/* SPDX-License-Identifier: PostgreSQL */
/* The code of a DO block, a function or a procedure, as its language gets it. */
#ifndef CODE_BODY_H
#define CODE_BODY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct code_body {
	const char *text;
	size_t len;
	size_t start; /* where it stands in the statement */
	const size_t *origins; /* of each byte, where escapes were taken out; else NULL */
};

/*
 * The body in DO, CREATE FUNCTION or CREATE PROCEDURE; text is borrowed.  False when there is
 * none (RETURN), then out->start is 0; or when it does not end, or is written in a way that
 * means different things to differently set servers.
 */
bool code_body_find(struct arena *arena, const char *text, size_t len, struct code_body *out);

/* Where in the statement a byte of the body, or its end, is written. */
static inline size_t code_body_origin(const struct code_body *body, size_t at)
{
	return body->origins == NULL ? body->start + at : body->origins[at];
}

#endif
