/* SPDX-License-Identifier: PostgreSQL */
/*
 * What head_scan promises, held against libpg_query: a text that it calls harmless has a parse
 * tree with nothing guarded, in every lexing mode that its answer was given for.  Other modes are
 * made by telling libpg_query's lexer, and by converting the text as the server would.
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "head.h"
#include "stmt.h"

/* libpg_query exports the server's own variable. */
extern __thread bool standard_conforming_strings;

struct tally {
	unsigned texts, harmless, unguarded, unparsable, ambiguous;
};

enum reading_result { READING_UNPARSABLE, READING_UNGUARDED, READING_GUARDED };

static inline enum reading_result parsed(
	const char *text, size_t len, bool conforming, unsigned *statements)
{
	struct arena arena = {0};
	struct stmts stmts;
	const char *error = NULL;
	enum reading_result result = READING_UNPARSABLE;

	standard_conforming_strings = conforming;
	if (stmt_parse(&arena, text, len, &stmts, &error) == 0) {
		result = stmts.guarded ? READING_GUARDED : READING_UNGUARDED;
		*statements = (unsigned)stmts.n;
	}
	standard_conforming_strings = true;
	arena_free(&arena);
	return result;
}

/* The text as a UTF-8 server would see it from a client of this encoding, or NULL. */
static inline char *converted(const char *encoding, const char *text, size_t len, size_t *out_len)
{
	iconv_t conversion = iconv_open("UTF-8", encoding);
	char *in = malloc(len + 1), *out = malloc(4 * len + 1), *from = in, *to = out;
	size_t in_left = len, out_left = 4 * len;
	size_t result;

	if (conversion == (iconv_t)-1 || in == NULL || out == NULL)
		abort();
	memcpy(in, text, len);
	result = iconv(conversion, &from, &in_left, &to, &out_left);
	iconv_close(conversion);
	free(in);
	*out_len = (size_t)(to - out);
	if (result != (size_t)-1)
		return out;
	free(out);
	return NULL;
}

static inline bool has_high_byte(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return true;
	return false;
}

/* NULL, or the name of the reading in which a text called harmless is not. */
static inline const char *guarded_reading(const char *text, size_t len)
{
	static const char *const encodings[] = {"CP932", "BIG5", "GBK", "GB18030"};
	unsigned statements;

	if (parsed(text, len, false, &statements) == READING_GUARDED)
		return "standard_conforming_strings off";
	if (!has_high_byte(text, len))
		return NULL;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++) {
		size_t out_len;
		char *out = converted(encodings[i], text, len, &out_len);
		bool guarded;

		if (out == NULL)
			continue;
		guarded = parsed(out, out_len, true, &statements) == READING_GUARDED ||
			  parsed(out, out_len, false, &statements) == READING_GUARDED;
		free(out);
		if (guarded)
			return encodings[i];
	}
	return NULL;
}

/* NULL, or what is wrong with head_scan's answers for the text. */
static inline const char *broken_promise(
	const char *text, size_t len, bool precision, struct tally *tally)
{
	const struct head_scan certain = head_scan(text, len, &head_limits_default, true);
	const struct head_scan uncertain = head_scan(text, len, &head_limits_default, false);
	enum reading_result result = READING_GUARDED;
	unsigned statements = 0;

	tally->texts++;
	tally->harmless += certain.verdict == HEAD_HARMLESS;
	tally->ambiguous += uncertain.verdict == HEAD_AMBIGUOUS;
	if (certain.verdict == HEAD_AMBIGUOUS)
		return "ambiguous when certain";
	if ((certain.verdict == HEAD_AMBIGUOUS || certain.verdict == HEAD_OVER_LIMIT ||
		    uncertain.verdict == HEAD_AMBIGUOUS || uncertain.verdict == HEAD_OVER_LIMIT) &&
		(certain.reason == NULL) && (uncertain.reason == NULL))
		return "refused without a reason";
	if (certain.verdict == HEAD_HARMLESS || (precision && certain.verdict == HEAD_GUARDED))
		result = parsed(text, len, true, &statements);
	tally->unguarded += result == READING_UNGUARDED;
	if (certain.verdict == HEAD_HARMLESS) {
		tally->unparsable += result == READING_UNPARSABLE;
		if (result == READING_GUARDED)
			return "harmless, but guarded";
		if (result == READING_UNGUARDED && statements != certain.statements)
			return "another number of statements";
	}
	if (uncertain.verdict == HEAD_HARMLESS) {
		if (certain.verdict != HEAD_HARMLESS)
			return "harmless only when uncertain";
		return guarded_reading(text, len);
	}
	return NULL;
}

#endif
