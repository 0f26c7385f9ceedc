/* SPDX-License-Identifier: PostgreSQL */
/* Every command there is, sql/every_command.sql, is classified; and every kind of action is made.
 */
#include "stmt.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"

enum { LINE_MAX_BYTES = 2048 };

typedef void command_fn(struct arena *arena, const char *sql);

static void each_command(command_fn *each)
{
	char line[LINE_MAX_BYTES];
	FILE *file = fopen(SOURCE_DIR "/tests/parser/sql/every_command.sql", "r");
	size_t n = 0;

	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct arena arena = {0};

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "--", 2) == 0)
			continue;
		each(&arena, line);
		arena_free(&arena);
		n++;
	}
	fclose(file);
	cr_expect_gt(n, 400);
}

static size_t seen[ACTION_KINDS];

static void note_actions(struct arena *arena, const char *sql)
{
	struct stmts stmts;
	const char *error = NULL;
	int status = stmt_parse(arena, sql, strlen(sql), &stmts, &error);

	cr_expect_eq(status, 0, "%s\n%s", error, sql);
	if (status != 0)
		return;
	cr_expect_eq(stmts.n, 1, "%s", sql);
	for (size_t i = 0; i < stmts.items[0].n_actions; i++) {
		seen[stmts.items[0].actions[i].kind]++;
		cr_expect_neq(stmts.items[0].actions[i].kind, ACTION_UNCLASSIFIED, "%s", sql);
	}
}

Test(stmt_commands, all_are_classified_and_make_every_kind_of_action)
{
	each_command(note_actions);
	for (int kind = 0; kind < ACTION_KINDS; kind++)
		cr_expect(seen[kind] > 0 || kind == ACTION_UNCLASSIFIED, "nothing makes \"%s\"",
			action_name(kind));
}
