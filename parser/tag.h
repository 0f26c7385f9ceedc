/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tags that clients write into a comment at the head or the tail of a text, in the way of
 * sqlcommenter: key='value' pairs between commas.  It reads that one comment and no SQL; a literal
 * that looks like it counts as well, so a tag may ask for less than others get, never for more.
 */
#ifndef TAG_H
#define TAG_H

#include <stdbool.h>
#include <stddef.h>

static inline bool tag_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cheap, for every text there is: may a comment stand at its head or its tail? */
static inline bool tag_possible(const char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == ';' || (unsigned char)text[len - 1] <= ' '))
		len--;
	return len >= 4 && (text[len - 1] == '/' || *text == '/' || (unsigned char)*text <= ' ');
}

/* Does the comment at the head, or the one at the tail, say key='value'?  Percent-encoding is not
 * undone. */
bool tag_says(const char *text, size_t len, const char *key, const char *value);

#endif
