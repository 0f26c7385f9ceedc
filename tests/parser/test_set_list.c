/* SPDX-License-Identifier: PostgreSQL */
#include "set_list.h"

#include <criterion/criterion.h>

static const struct {
	const char *text;
	bool good;
} rows[] = {
	{"b = 'x'", true},
	{"b = 'x' -- set by ops", true},
	{"b = 'x' /* set by ops */, c = DEFAULT", true},
	{"(a, b) = (SELECT x, y FROM u WHERE u.id = t.id)", true},
	{"b = 'where; --'", true},
	{"", false},
	{"b", false},
	{"b = 'x';", false},
	{"b = 'x'; DELETE FROM t; --", false},
	{"b = 'x' WHERE true --", false},
	{"b = 'x' WHERE true OR", false},
	{"b = 'x' FROM u", false},
	{"b = 'x' RETURNING *", false},
	{"b = 'x' /*", false},
	{"b = 'x", false},
	{"b = $$x", false},
	{"b = (SELECT 1", false},
	{"b = (SELECT 1 FROM u WHERE true) WHERE false", false},
	{"b = (WITH q AS (UPDATE x SET a = 1) SELECT 1) WHERE false", false},
};

Test(set_list, is_what_may_stand_before_where)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(is_set_list(rows[i].text), rows[i].good, "%s", rows[i].text);
}
