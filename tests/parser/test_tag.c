/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <string.h>

#include "tag.h"

static const struct {
	const char *text;
	bool says; /* lane='backfill' */
} rows[] = {
	{"UPDATE t SET a = 1 /*lane='backfill'*/", true},
	{"UPDATE t SET a = 1 /*lane='backfill'*/;\n ", true},
	{"/*lane='backfill'*/ UPDATE t SET a = 1", true},
	{"\n  /* lane = 'backfill' */UPDATE t SET a = 1;", true},
	{"UPDATE t /*action='x',lane='backfill',traceparent='00-5b-53-01'*/", true},
	{"UPDATE t /*action='x%2Clane=1', lane='backfill'*/", true},
	{"/*app='a'*/ UPDATE t /*lane='backfill'*/", true},
	{"/*lane='backfill'*/ UPDATE t /*app='a'*/", true},
	{"/*lane='backfill'*/", true},
	{"", false},
	{";", false},
	{"/**/", false},
	{"*/", false},
	{"/*/", false},
	{"SELECT 1", false},
	{"SELECT 1 /*lane='backfil'*/", false},
	{"SELECT 1 /*lane='backfill2'*/", false},
	{"SELECT 1 /*lane=backfill*/", false},
	{"SELECT 1 /*lane='backfill*/", false},
	{"SELECT 1 /*airplane='backfill'*/", false},
	{"SELECT 1 /*backfill='lane'*/", false},
	{"SELECT /*lane='backfill'*/ 1", false},
	{"SELECT 1 lane='backfill'*/", false},
	{"/*lane='backfill'", false},
	{"SELECT 1 -- lane='backfill'", false},
	{"/*lane='backfill', UPDATE t */ SELECT 1", true},
};

Test(tag, says)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = rows[i].text;

		cr_expect_eq(
			tag_says(text, strlen(text), "lane", "backfill"), rows[i].says, "%s", text);
		cr_expect(tag_possible(text, strlen(text)) || !rows[i].says, "%s", text);
	}
}

/* Cut anywhere, it is never read beyond its end; the sanitizer watches. */
Test(tag, every_prefix)
{
	const char text[] = "/*a='b'*/ x /*lane='backfill'*/";

	for (size_t n = 0; n <= strlen(text); n++) {
		char *copy = strndup(text, n);

		cr_expect_eq(tag_says(copy, n, "lane", "backfill"), n == strlen(text), "%s", copy);
		free(copy);
	}
}

Test(tag, ordinary_texts_are_told_at_a_glance)
{
	static const char *const texts[] = {"SELECT 1", "SELECT a FROM t WHERE id = $1;", "", " ",
		"COMMIT", "SELECT '/*lane=''backfill''*/'"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_not(tag_possible(texts[i], strlen(texts[i])), "%s", texts[i]);
}
