/* SPDX-License-Identifier: PostgreSQL */
#include "tag.h"

#include <string.h>

struct range {
	const char *at, *end;
};

static void trim(struct range *range)
{
	while (range->at < range->end && tag_is_space(*range->at))
		range->at++;
	while (range->at < range->end && tag_is_space(range->end[-1]))
		range->end--;
}

static bool is(const struct range *range, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(range->end - range->at) == len && memcmp(range->at, word, len) == 0;
}

/* One pair; the value stands in single quotes, as sqlcommenter has it. */
static bool pair_says(struct range pair, const char *key, const char *value)
{
	const char *equals = memchr(pair.at, '=', (size_t)(pair.end - pair.at));
	struct range left, right;

	if (equals == NULL)
		return false;
	left = (struct range){pair.at, equals};
	right = (struct range){equals + 1, pair.end};
	trim(&left);
	trim(&right);
	if (right.end - right.at < 2 || *right.at != '\'' || right.end[-1] != '\'')
		return false;
	right.at++;
	right.end--;
	return is(&left, key) && is(&right, value);
}

/* Commas inside a value are percent-encoded. */
static bool comment_says(struct range comment, const char *key, const char *value)
{
	while (comment.at < comment.end) {
		const char *comma = memchr(comment.at, ',', (size_t)(comment.end - comment.at));
		const char *end = comma != NULL ? comma : comment.end;

		if (pair_says((struct range){comment.at, end}, key, value))
			return true;
		comment.at = comma != NULL ? comma + 1 : end;
	}
	return false;
}

static bool starts_with(const char *at, const char *end, const char *two)
{
	return end - at >= 2 && at[0] == two[0] && at[1] == two[1];
}

static bool head_says(struct range text, const char *key, const char *value)
{
	const char *end = text.at + 2;

	if (!starts_with(text.at, text.end, "/*"))
		return false;
	while (end < text.end && !starts_with(end, text.end, "*/"))
		end++;
	return end < text.end && comment_says((struct range){text.at + 2, end}, key, value);
}

static bool tail_says(struct range text, const char *key, const char *value)
{
	const char *at, *end = text.end - 2;

	if (text.end - text.at < 4 || !starts_with(end, text.end, "*/"))
		return false;
	for (at = end - 2; at > text.at && !starts_with(at, end, "/*");)
		at--;
	return starts_with(at, end, "/*") && comment_says((struct range){at + 2, end}, key, value);
}

bool tag_says(const char *text, size_t len, const char *key, const char *value)
{
	struct range range = {text, text + len};

	while (range.at < range.end && (range.end[-1] == ';' || tag_is_space(range.end[-1])))
		range.end--;
	trim(&range);
	return head_says(range, key, value) || tail_says(range, key, value);
}
