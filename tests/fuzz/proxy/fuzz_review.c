/* SPDX-License-Identifier: PostgreSQL */
/*
 * Any file gets a review: the first byte of the input chooses its name, the rest is its text.
 * Besides crashes, findings that do not stand in their file are to be found.
 */
#include <assert.h>
#include <stdint.h>

#include "arena.h"
#include "review.h"

/* Short texts: the fuzzer's thread has an ordinary stack, see PARSE_STACK_BYTES. */
enum { SQL_BYTES_MAX = 2048 };

static const char *const paths[] = {"x.sql", "V1__x.sql", "1_x.up.sql", "1_x.down.sql",
	"migrations/1_x/up.sql", "migrations/1_x/migration.sql", "drizzle/1_x.sql",
	"supabase/migrations/1_x.sql", "x--1.0--1.1.sql"};

static void check(const struct review *review)
{
	const struct script *script = &review->script;

	for (size_t i = 0; i < script->n_stmts; i++) {
		const struct review_stmt *stmt = &review->stmts[i];

		assert(stmt->stmt->start + stmt->stmt->len <= script->len);
		assert(stmt->error == NULL || stmt->verdict == VERDICT_REJECT);
		for (size_t k = 0; k < stmt->n_findings; k++) {
			assert(stmt->findings[k].at >= stmt->stmt->start);
			assert(stmt->findings[k].at <= stmt->stmt->start + stmt->stmt->len);
			assert(stmt->findings[k].finding->verdict > VERDICT_ALLOW);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct reviewer reviewer = {
		.settings = &policy_settings_default, .options = {.limits = &head_limits_default}};
	struct arena arena = {0};
	struct review review;
	const char *error, *text;

	if (size < 1 || size > 1 + SQL_BYTES_MAX)
		return 0;
	text = arena_strndup(&arena, (const char *)data + 1, size - 1);
	if (review_text(&arena, &reviewer, paths[data[0] % (sizeof(paths) / sizeof(paths[0]))],
		    text, size - 1, &review, &error) == 0)
		check(&review);
	arena_free(&arena);
	return 0;
}
