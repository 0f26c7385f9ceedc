/* SPDX-License-Identifier: PostgreSQL */
#include "wording.h"

#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(wording, .fini = free_arena);

static const char *wording_of(const char *text)
{
	return wording(&arena, text, strlen(text));
}

Test(wording, what_does_not_matter_is_left_out)
{
	static const char plain[] = "DROP TABLE \"a b\" , c";
	static const char *const rows[] = {
		"DROP TABLE \"a b\",c",
		"  DROP\n\tTABLE \"a b\", c ; ;\n",
		"DROP TABLE \"a b\" -- the old one\n, c",
		"/*trace='17'*/ DROP TABLE/* /* of */ last year */\"a b\", c /*lane='x'*/;",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(wording_of(rows[i]), plain, "%s", rows[i]);
}

Test(wording, what_matters_stays)
{
	static const char *const rows[][2] = {
		{"DROP TABLE a", "DROP TABLE b"},
		{"DROP TABLE a", "DROP TABLE \"a\""},
		{"DROP TABLE a", "drop table a"},
		{"DROP TABLE \"a\"", "DROP TABLE U&\"a\""},
		{"DROP TABLE a", "DROP TABLE a; DROP TABLE b"},
		{"UPDATE t SET a = 'x y'", "UPDATE t SET a = 'x  y'"},
		{"UPDATE t SET a = 'x'", "UPDATE t SET a = E'x'"},
		{"UPDATE t SET a = '--x'", "UPDATE t SET a = ''"},
		{"UPDATE t SET a = $$/*x*/$$", "UPDATE t SET a = $$$$"},
		{"UPDATE t SET a = 1 - 2", "UPDATE t SET a = 1 --2"},
		{"UPDATE t SET a = b <- 2", "UPDATE t SET a = b < -2"},
		{"UPDATE t SET a = 1.5", "UPDATE t SET a = 1 .5"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_neq(wording_of(rows[i][0]), wording_of(rows[i][1]), "%s", rows[i][0]);
}

Test(wording, nothing_at_all)
{
	cr_expect_str_eq(wording_of(""), "");
	cr_expect_str_eq(wording_of(" ; -- x"), "");
}

Test(wording, parameters)
{
	static const struct {
		const char *text;
		bool has;
	} rows[] = {
		{"UPDATE t SET a = $1", true},
		{"UPDATE t SET a = '$1' -- $2", false},
		{"DO $a$ x $1 $a$", false},
		{"UPDATE t SET a$1 = 1", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(wording_has_parameters(rows[i].text, strlen(rows[i].text)),
			rows[i].has, "%s", rows[i].text);
}
