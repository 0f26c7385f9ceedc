/* SPDX-License-Identifier: PostgreSQL */
#include "arena.h"
#include "stmt.h"

#include <criterion/criterion.h>
#include <string.h>

Test(stmt_values, parameters_are_replaced_where_they_are_some)
{
	static const char *const values[] = {"'a'", "NULL", "CAST('3' AS pg_catalog.int4)"};
	static const struct {
		const char *text, *written; /* NULL: a value is missing */
	} cases[] = {
		{"UPDATE t SET x = $1", "UPDATE t SET x = 'a'"},
		{"SET x=$3,y=$1+$1", "SET x=CAST('3' AS pg_catalog.int4),y='a'+'a'"},
		{"$2", "NULL"},
		{"x = '$1' || \"$1\" || $$ $1 $$ /* $1 */ -- $1",
			"x = '$1' || \"$1\" || $$ $1 $$ /* $1 */ -- $1"},
		{"x$1 = a$2", "x$1 = a$2"},
		{"x = $1::text", "x = 'a'::text"},
		{"x = $01", "x = 'a'"},
		{"no parameters", "no parameters"},
		{"x = $4", NULL},
		{"x = $0", NULL},
		{"x = $99999999999999999999", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		const char *written =
			stmt_with_values(&arena, cases[i].text, strlen(cases[i].text), values, 3);

		if (cases[i].written == NULL)
			cr_expect_null(written, "%s", cases[i].text);
		else
			cr_expect_str_eq(written, cases[i].written);
		arena_free(&arena);
	}
}
