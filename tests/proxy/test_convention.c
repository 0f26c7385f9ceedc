/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "convention.h"

Test(convention, by_name)
{
	static const struct {
		const char *path;
		enum wrapping wrapping;
		bool down;
	} cases[] = {
		{"x.sql", WRAP_UNKNOWN, false},
		{"db/V1_2__x.sql", WRAP_IF_POSSIBLE, false},
		{"V1.2__x.sql", WRAP_IF_POSSIBLE, false},
		{"B3__base.sql", WRAP_IF_POSSIBLE, false},
		{"R__views.sql", WRAP_IF_POSSIBLE, false},
		{"U1__x.sql", WRAP_IF_POSSIBLE, true},
		{"V1_x.sql", WRAP_UNKNOWN, false},
		{"View__x.sql", WRAP_UNKNOWN, false},
		{"V__x.sql", WRAP_UNKNOWN, false},
		{"001_x.up.sql", WRAP_QUERY, false},
		{"001_x.down.sql", WRAP_QUERY, true},
		{"x.up.sql", WRAP_UNKNOWN, false},
		{"revert/x.sql", WRAP_UNKNOWN, true},
		{"a/verify/x.sql", WRAP_UNKNOWN, true},
		{"a/notrevert/x.sql", WRAP_UNKNOWN, false},
		{"deploy/x.sql", WRAP_UNKNOWN, false},
		{"2020_x/down.sql", WRAP_TRANSACTION, true},
		{"2020_x/up.sql", WRAP_TRANSACTION, false},
		{"a/1700000000000_x/up.sql", WRAP_TRANSACTION, false},
		{"a/x/up.sql", WRAP_UNKNOWN, false},
		{"up.sql", WRAP_UNKNOWN, false},
		{"down.sql", WRAP_UNKNOWN, true},
		{"prisma/migrations/20240101000000_x/migration.sql", WRAP_QUERY, false},
		{"docs/migration.sql", WRAP_UNKNOWN, false},
		{"drizzle/0001_x.sql", WRAP_TRANSACTION, false},
		{"drizzle/notes.sql", WRAP_UNKNOWN, false},
		{"supabase/migrations/20240101_x.sql", WRAP_IF_POSSIBLE, false},
		{"supabase/seed.sql", WRAP_UNKNOWN, false},
		{"ext/hstore--1.0--1.1.sql", WRAP_TRANSACTION, false},
		{"hstore--1.4.sql", WRAP_TRANSACTION, false},
		{"2020--1.sql", WRAP_UNKNOWN, false},
		{"users--new.sql", WRAP_UNKNOWN, false},
		{"001.do.x.sql", WRAP_UNKNOWN, false},
		{"001.undo.x.sql", WRAP_UNKNOWN, true},
		{"sqls/2020-x-up.sql", WRAP_UNKNOWN, false},
		{"sqls/2020-x-down.sql", WRAP_UNKNOWN, true},
		{"shut-down.sql", WRAP_UNKNOWN, false},
		{"1_x.rollback.sql", WRAP_UNKNOWN, true},
		{"down/x.sql", WRAP_UNKNOWN, true},
		{"a/rollback/1_x.sql", WRAP_UNKNOWN, true},
		{"012_shut_down.sql", WRAP_UNKNOWN, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct parts parts = convention_parts(&arena, cases[i].path, "SELECT 1;", 9);

		cr_assert_eq(parts.n, 1, "%s", cases[i].path);
		cr_expect_eq(parts.items[0].wrapping, cases[i].wrapping, "%s", cases[i].path);
		cr_expect_eq(parts.items[0].down, cases[i].down, "%s", cases[i].path);
		cr_expect_eq(parts.items[0].end, 9, "%s", cases[i].path);
		arena_free(&arena);
	}
}

/* Each part as u or d, and behind it t for a transaction or - for none. */
static void describe(const struct parts *parts, char *out)
{
	for (size_t i = 0; i < parts->n; i++) {
		*out++ = parts->items[i].down ? 'd' : 'u';
		*out++ = parts->items[i].wrapping == WRAP_TRANSACTION ? 't' : '-';
	}
	*out = '\0';
}

Test(convention, by_marks)
{
	static const struct {
		const char *text, *parts;
	} cases[] = {
		{"-- migrate:up\nx;\n-- migrate:down\ny;", "utdt"},
		{"-- migrate:up transaction:false\nx;\n--migrate:down\ny;", "u-dt"},
		{"  -- Up Migration\nx;\n\n  -- Down Migration", "utdt"},
		{"-- +goose Up\n-- +goose StatementBegin\nx;\n-- +goose Down\ny;", "utdt"},
		{"-- +goose NO TRANSACTION\n-- +goose Up\nx;\n-- +goose Down\n", "u-d-"},
		{"-- +migrate Up notransaction\nx;\n-- +migrate Down\n", "u-dt"},
		{"x;\n---- create above / drop below ----\ny;", "utdt"},
		{"---- tern: disable-tx ----\nx;\n---- create above / drop below ----\ny;", "u-d-"},
		{"-- // what\nx;\n\n-- //@UNDO\ny;", "utdt"},
		{"# What\n\n# --- !Ups\nx;\n\n# --- !Downs\ny;", "u-d-"},
		{"-- !Ups\nx;\n-- !Downs\ny;", "u-d-"},
		{"-- +micrate Up\nx;\n-- +micrate Down\ny;", "u-d-"},
		{"-- ====  UP  ====\nx;\n-- ==== DOWN ====\ny;", "u-d-"},
		{"-- migrate:upwards\nx;", "u-"},
		{"x;\n-- Down Migration\ny;", "utdt"},
		{"-- the name is no claim that a\n-- down migration exists.\nx;", "u-"},
		{"-- What it does.\n-- Up Migration\nx;\n-- ----\n-- DOWN Migration (back)\n",
			"utdt"},
		{"-- Up Migration for users\nx;\n-- Down Migration for users\ny;", "utdt"},
		{"SELECT '-- migrate:down';", "u-"},
		{"-- atlas:txmode none\nx;", "u-"},
		{"--liquibase formatted sql\n--changeset a:1\nx;\n--rollback y;\n"
		 "-- changeset a:2 runInTransaction:false\nz;\n--changeset a:3\n",
			"utu-ut"},
		{"x;\n--changeset a:1\ny;", "u-"},
		{"x;--> statement-breakpoint\ny;", "ut"},
		{"--! Previous: sha1:a\n--! Hash: sha1:b\n\n--! split: 1-x.sql\nx;", "ut"},
		{"--! Previous: -\n--! Hash: sha1:b\n--! no-transaction\nx;", "u-"},
		{"-- what\n--! Previous: -\nx;", "u-"},
		{"-- UP\nx;\n-- DOWN\ny;", "u-u-d-"},
		{"w;\n--Up:\nx;\n--Down:\ny;\n-- UP\nz;", "u-u-d-u-"},
		{"-- ====\n-- @up\n-- ====\nx;\n-- === [DOWN] ===\ny;", "u-u-d-"},
		{"-- Migration up\nx;\n-- Migration down\ny;", "u-u-d-"},
		{"x;\n-- down\ny;", "u-"},
		{"-- down\nx;\n-- up\ny;", "u-u-"},
		{"-- up and running\nx;\n-- down payments\ny;", "u-"},
		{"-- migrate:up\nx;\n-- down\ny;", "ut"},
		{"-- atlas:txmode none\n-- up\nx;\n-- down\ny;", "u-u-d-"},
		{"", "u-"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct parts parts =
			convention_parts(&arena, "x.sql", cases[i].text, strlen(cases[i].text));
		char described[32];

		cr_assert_lt(2 * parts.n, sizeof(described), "%s", cases[i].text);
		describe(&parts, described);
		cr_expect_str_eq(described, cases[i].parts, "%s", cases[i].text);
		arena_free(&arena);
	}
}

/* Flyway runs what it has no mark for, whatever stands above it. */
Test(convention, home_grown_marks_of_no_known_tool)
{
	static const char text[] = "-- UP\nx;\n-- DOWN\ny;";
	struct arena arena = {0};

	cr_expect_eq(convention_parts(&arena, "V1__x.sql", text, strlen(text)).n, 1);
	cr_expect_eq(convention_parts(&arena, "revert/x.sql", text, strlen(text)).n, 1);
	cr_expect_eq(convention_parts(&arena, "001_x.sql", text, strlen(text)).n, 3);
	arena_free(&arena);
}

static struct parts parts_of_file(struct arena *arena, const char *folder, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return convention_parts(arena, path, "SELECT 1;", strlen("SELECT 1;"));
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	fclose(file);
}

Test(convention, by_the_files_beside)
{
	char folder[] = "/tmp/phasegate-convention-XXXXXX";
	struct arena arena = {0};

	cr_assert_not_null(mkdtemp(folder));
	write_file(folder, "001_x_up.sql", "");
	write_file(folder, "V1__x.sql.conf", "# settings\nexecuteInTransaction = false\n");
	write_file(folder, "V2__x.sql.conf", "executeInTransaction=true\n");
	cr_expect(parts_of_file(&arena, folder, "001_x_down.sql").items[0].down);
	cr_expect_not(parts_of_file(&arena, folder, "002_x_down.sql").items[0].down);
	cr_expect_not(parts_of_file(&arena, folder, "001_x_up.sql").items[0].down);
	cr_expect_eq(parts_of_file(&arena, folder, "V1__x.sql").items[0].wrapping, WRAP_NONE);
	cr_expect_eq(
		parts_of_file(&arena, folder, "V2__x.sql").items[0].wrapping, WRAP_IF_POSSIBLE);
	arena_free(&arena);
}

Test(convention, alone_by_its_own_word)
{
	static const char *const texts[] = {"-- atlas:txmode none\nx;", "-- no-transaction\nx;",
		"-- transactional: false\nx;", "--! no-transaction\nx;",
		"-- flyway:executeInTransaction=false\nx;",
		"-- postgres-migrations disable-transaction\nx;"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena arena = {0};
		struct parts parts =
			convention_parts(&arena, "V1__x.sql", texts[i], strlen(texts[i]));

		cr_assert_eq(parts.n, 1, "%s", texts[i]);
		cr_expect_eq(parts.items[0].wrapping, WRAP_NONE, "%s", texts[i]);
		arena_free(&arena);
	}
}

Test(convention, many_parts)
{
	enum { N = 200 };
	static char text[N * sizeof("-- migrate:up\n")];
	struct arena arena = {0};
	struct parts parts;

	for (int i = 0; i < N; i++)
		strcat(text, "-- migrate:up\n");
	parts = convention_parts(&arena, "x.sql", text, strlen(text));
	cr_expect_eq(parts.n, N);
	cr_expect_eq(parts.items[N - 1].end, strlen(text));
	arena_free(&arena);
}

Test(convention, order)
{
	static const char *const sorted[] = {
		"20200101_x/up.sql",
		"a/1_x.up.sql",
		"a/2_x.up.sql",
		"a/10_x.up.sql",
		"a-b/1_x.up.sql",
		"a/B1__x.sql",
		"V1_0_1__x.sql",
		"V1_1__x.sql",
		"b/V1.2__x.sql",
		"V02__x.sql",
		"a/V10__x.sql",
		"R__a.sql",
		"R__b.sql",
		"U1__x.sql",
		"U2__x.sql",
	};
	enum { N = sizeof(sorted) / sizeof(sorted[0]) };
	const char *paths[N];

	for (size_t i = 0; i < N; i++)
		paths[i] = sorted[N - 1 - i];
	qsort(paths, N, sizeof(*paths), convention_order);
	for (size_t i = 0; i < N; i++)
		cr_expect_str_eq(paths[i], sorted[i], "at %zu", i);
}
