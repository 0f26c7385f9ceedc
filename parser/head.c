/* SPDX-License-Identifier: PostgreSQL */
/*
 * The text is read by two loops.  skip_plain knows only what ordinary queries are made of and
 * stops at whatever could matter; the lexer and head_reading.c see what is left.  skip_comparison
 * saves these the terms of nearly every WHERE, and leaves behind the state they would have.
 *
 * A text in an unknown lexing mode is read once for each way the server could read it.  Readings
 * differ first at a literal with a backslash, so they are the same if all these end alike.
 */
#include "head.h"

#include <string.h>

#include "head_plain.h"
#include "head_reading.h"
#include "head_words.h"
#include "lexer.h"
#include "skip.h"

/*
 * tests/parser/test_limits.c holds libpg_query to what these leave possible.  Its passes over a
 * tree of n levels take n^2 steps besides: without links_max, 256 KiB of 1+1+... took 14 seconds.
 */
const struct head_limits head_limits_default = {
	.text_bytes_max = 256 << 10,
	.operator_run_max = 256,
	.nesting_max = 1000,
	.links_max = 10000,
};

enum {
	DOUBTS_MAX = 4, /* backslashes of unknown meaning: each doubles the number of readings */
};

/* A name, "quoted" or not, that means nothing else; NULL: that takes more than a look. */
static const unsigned char *skip_name(
	struct reading *reading, const unsigned char *p, unsigned *links)
{
	const unsigned char *const begin = reading->lexer.text, *const end = reading->lexer.end;
	const unsigned char *stop;

	if (p == end)
		return NULL;
	if (*p == '"') {
		stop = find_either(begin, p + 1, end, '"', '"');
		if (end - stop < 2 || stop[1] == '"' ||
			word_may_matter(p + 1, (size_t)(stop - p - 1)))
			return NULL;
		return stop + 1;
	}
	if (byte_classes[*p] != BYTE_WORD)
		return NULL;
	stop = skip_word(begin, p, end);
	if (stop[-1] >= 0x80 || word_may_matter(p, (size_t)(stop - p)) ||
		!where_takes_column(p, (size_t)(stop - p), end))
		return NULL;
	reading->word_before = reading->word;
	reading->word = p;
	++*links;
	return stop;
}

/* A constant, or NULL. */
static const unsigned char *skip_constant(
	const struct lexer *lexer, const unsigned char *p, enum token_kind *kind)
{
	const unsigned char *const end = lexer->end;

	if (end - p < 2)
		return NULL;
	if (*p == '\'') {
		p = find_either(lexer->text, p + 1, end, '\'', '\\');
		*kind = TOKEN_LITERAL;
		return p < end && *p == '\'' ? p + 1 : NULL;
	}
	if (*p == '$') {
		const unsigned char *start = ++p;

		while (p < end && byte_classes[*p] == BYTE_DIGIT)
			p++;
		*kind = TOKEN_PARAMETER;
		return p > start ? p : NULL;
	}
	*kind = TOKEN_NUMBER;
	return byte_classes[*p] == BYTE_DIGIT ? skip_number(p, end) : NULL;
}

/* IN (constant, ...) from the parenthesis on, or NULL. */
static const unsigned char *skip_list(const struct lexer *lexer, const unsigned char *p)
{
	const unsigned char *const end = lexer->end;
	enum token_kind kind;

	if (p == end || *p != '(')
		return NULL;
	do
		p = skip_constant(lexer, skip_space(p + 1, end), &kind);
	while (p != NULL && p < end && *p == ',');
	return p != NULL && p < end && *p == ')' ? p + 1 : NULL;
}

/* What stands behind the column: = or < or > and a constant, or IN and a list of them; or NULL. */
static const unsigned char *skip_right_side(
	const struct lexer *lexer, const unsigned char *p, enum token_kind *kind)
{
	const unsigned char *const end = lexer->end;

	if (end - p < 3)
		return NULL;
	if (*p >= '<' && *p <= '>' && byte_classes[p[1]] != BYTE_OPERATOR)
		return skip_constant(lexer, skip_space(p + 1, end), kind);
	if ((p[0] | 0x20) != 'i' || (p[1] | 0x20) != 'n' || is_identifier_byte(p[2]))
		return NULL;
	*kind = TOKEN_CLOSE;
	return skip_list(lexer, skip_space(p + 2, end));
}

/* The comparison that most WHEREs consist of: a column and what it is compared with. */
static void skip_comparison(struct reading *reading)
{
	const unsigned char *const end = reading->lexer.end;
	const unsigned char *const word = reading->word, *const word_before = reading->word_before;
	const unsigned char *p = skip_space(reading->lexer.at, end);
	enum token_kind kind;
	unsigned links = 1; /* the operator */

	while ((p = skip_name(reading, p, &links)) != NULL && p < end && *p == '.')
		p++;
	if (p != NULL)
		p = skip_right_side(&reading->lexer, skip_space(p, end), &kind);
	if (p == NULL) {
		reading->word = word;
		reading->word_before = word_before;
		return;
	}
	reading->links += links;
	reading->last = kind;
	reading->lexer.at = p;
	reading_compared(reading);
}

static void read_text(struct reading *reading)
{
	struct token token;
	struct block block = {0};

	while (lexer_next(&reading->lexer, &token) != TOKEN_END) {
		reading_token(reading, &token);
		if (reading_is_plain(reading))
			skip_plain(reading, &block);
		else if (reading_expects_comparison(reading))
			skip_comparison(reading);
	}
	reading_end(reading);
}

static const char *over_limit(
	const struct reading *reading, size_t len, const struct head_limits *limits)
{
	if (len > limits->text_bytes_max)
		return "the text is too long to be parsed";
	if (reading->lexer.operator_run_max > limits->operator_run_max)
		return "a run of operator characters is too long to be parsed";
	if (reading->nesting_max > limits->nesting_max)
		return "parentheses are nested too deeply to be parsed";
	if (reading->links_max > limits->links_max)
		return "a statement has too many words and operators to be parsed";
	return NULL;
}

static struct head_scan judge(
	const struct reading *reading, size_t len, const struct head_limits *limits)
{
	struct head_scan out = {
		.verdict = reading->guarded ? HEAD_GUARDED : HEAD_HARMLESS,
		.statements = reading->statements,
		.ends_transaction = reading->ends_transaction,
	};

	if (!reading->guarded)
		return out;
	out.reason = over_limit(reading, len, limits);
	if (out.reason != NULL)
		out.verdict = HEAD_OVER_LIMIT;
	return out;
}

static bool doubtful(const struct reading *reading)
{
	return reading->lexer.plain_backslash || reading->lexer.doubtful > 0 ||
	       reading->lexer.high_split;
}

/*
 * Adds the other readings of a doubtful text to the first one.  Two readings that end every
 * literal in the same place hold the same tokens, and all but DO cares for tokens only.
 */
static bool readings_agree(struct reading *first, const char *text, size_t len)
{
	bool differ = first->runs_literal;
	unsigned doubts = first->lexer.doubtful;

	if (first->lexer.high_split)
		return false;
	for (unsigned escapes = 0; escapes < 2; escapes++)
		for (unsigned swallowed = 0; swallowed < 1u << doubts; swallowed++) {
			struct reading other;

			reading_begin(&other, text, len);
			other.lexer.plain_escapes = escapes != 0;
			other.lexer.swallowed = swallowed;
			read_text(&other);
			if (other.lexer.doubtful > doubts)
				doubts = other.lexer.doubtful;
			if (doubts > DOUBTS_MAX || other.lexer.high_split)
				return false;
			differ |=
				other.runs_literal || other.lexer.literals != first->lexer.literals;
			first->guarded |= other.guarded;
			first->ends_transaction |= other.ends_transaction;
		}
	return !(first->guarded && differ);
}

struct head_scan head_scan(
	const char *text, size_t len, const struct head_limits *limits, bool lexing_certain)
{
	struct reading reading;

	reading_begin(&reading, text, len);
	read_text(&reading);
	if (memchr(text, '\0', len) != NULL)
		return (struct head_scan){
			.verdict = HEAD_GUARDED,
			.statements = reading.statements,
			.ends_transaction = reading.ends_transaction,
		};
	if (!lexing_certain && doubtful(&reading) && !readings_agree(&reading, text, len))
		return (struct head_scan){
			.verdict = HEAD_AMBIGUOUS,
			.statements = reading.statements,
			.ends_transaction = reading.ends_transaction,
			.reason = "what the text says depends on standard_conforming_strings or "
				  "client_encoding",
		};
	return judge(&reading, len, limits);
}

const char *head_over_limit(const char *text, size_t len, const struct head_limits *limits)
{
	struct reading reading;

	/* Whatever is counted, there is no more of it than bytes. */
	if (len <= limits->text_bytes_max && len <= limits->operator_run_max &&
		len <= limits->nesting_max && len <= limits->links_max)
		return NULL;
	reading_begin(&reading, text, len);
	read_text(&reading);
	return over_limit(&reading, len, limits);
}
