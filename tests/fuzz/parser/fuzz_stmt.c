/* SPDX-License-Identifier: PostgreSQL */
/*
 * Any bytes are refused or classified; nothing crashes, leaks or hangs; every piece of SQL in an
 * action parses back to the same thing.  Texts are short because the fuzzer's thread has an
 * ordinary stack, see PARSE_STACK_BYTES.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../parser/stmt_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES_MAX = 1024 };

static void check(struct arena *arena, const struct stmt *stmt)
{
	const char *mismatch = stmt_mismatch(arena, stmt);

	if (mismatch == NULL && stmt->n_actions > 0 && stmt->sql[0] != '\0')
		return;
	fprintf(stderr, "%s of: %s\n", mismatch == NULL ? "no action" : mismatch, stmt->sql);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct stmts stmts;
	const char *error;

	if (size <= TEXT_BYTES_MAX &&
		stmt_parse(&arena, (const char *)data, size, &stmts, &error) == 0) {
		stmt_identify(&arena, (const char *)data, size, &stmts);
		for (size_t i = 0; i < stmts.n; i++)
			check(&arena, &stmts.items[i]);
	}
	arena_free(&arena);
	return 0;
}
