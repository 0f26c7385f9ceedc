/* SPDX-License-Identifier: PostgreSQL */
/*
 * For tests that hold the model of PostgreSQL against a real one.  One process for any number of
 * statements, each on a line as a JSON text:
 *
 *   effects_json --catalog-sql whole|short
 *                   prints the catalog query as it is embedded
 *   effects_json    for a statement prints which of the two and the query's parameters, a JSON
 * list; reads its answer, one line; prints the effects of the whole statement
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "catalog.h"
#include "compose.h"
#include "effects.h"
#include "facts_track.h"

static void print_line(json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(value);
}

static void print_error(const char *error)
{
	print_line(json_pack("{s:s}", "not_understood", error));
}

static void print_parameters(struct arena *arena, const struct facts_request *request)
{
	const char *parameters[CATALOG_PARAMETERS];
	json_t *list = json_pack("[s]", catalog_text(request) == catalog_sql ? "whole" : "short");

	catalog_parameters(arena, request, parameters);
	for (size_t i = 0; i < CATALOG_PARAMETERS; i++)
		json_array_append_new(list, json_string(parameters[i]));
	print_line(list);
}

/* ---- one statement's actions together ---- */

static enum lock_mode mode_in(const json_t *locks, const char *name)
{
	const char *mode = json_string_value(json_object_get(locks, name));

	for (int m = LOCK_ACCESS_SHARE; mode != NULL && m <= LOCK_ACCESS_EXCLUSIVE; m++)
		if (strcmp(lock_mode_name((enum lock_mode)m), mode) == 0)
			return (enum lock_mode)m;
	return LOCK_NONE;
}

static void add_to_list(json_t *all, const char *list, const char *name)
{
	json_t *names = json_object_get(all, list);
	json_t *one;
	size_t i;

	json_array_foreach(names, i, one) if (strcmp(json_string_value(one), name) == 0) return;
	json_array_append_new(names, json_string(name));
}

static void add_relation(struct arena *arena, json_t *all, const struct lock_effect *lock)
{
	static const struct {
		enum work work;
		const char *list;
	} lists[] = {
		{WORK_FILE, "file"},
		{WORK_SCAN, "scan"},
		{WORK_BUILD, "build"},
		{WORK_MAY_SCAN, "may_scan"},
	};
	json_t *locks = json_object_get(all, "locks");
	const char *name = name_text(arena, &lock->relation);

	if (lock->mode > mode_in(locks, name))
		json_object_set_new(locks, name, json_string(lock_mode_name(lock->mode)));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (lock->work & lists[i].work)
			add_to_list(all, lists[i].list, name);
}

static void add_flag(json_t *all, const char *key, bool value)
{
	if (value)
		json_object_set_new(all, key, json_true());
}

static bool below(const struct relation_facts *table, const struct name *name)
{
	for (size_t i = 0; table != NULL && i < table->n_partitions; i++)
		if (name_equal(&table->partitions[i], name))
			return true;
	for (size_t i = 0; table != NULL && i < table->n_partition_tree; i++)
		if (name_equal(&table->partition_tree[i].name, name))
			return true;
	return false;
}

/* A foreign key goes down to partitions only: a child by inheritance is what it refers to. */
static bool goes_down(const struct action *action, const struct effects *effects)
{
	return action->kind != ACTION_ADD_FOREIGN_KEY || effects->table == NULL ||
	       effects->table->kind == 'p';
}

/* The commands of one ALTER TABLE share the strongest mode that any of them wants for the table,
 * and take children and parts with it. */
static void add_effects(struct arena *arena, json_t *all, const struct action *action,
	const struct effects *effects, enum lock_mode strongest)
{
	for (size_t i = 0; i < effects->n_locks; i++) {
		struct lock_effect lock = effects->locks[i];

		if (lock.mode < strongest && lock.mode == effects_lock(effects) &&
			(lock.part || (goes_down(action, effects) &&
					      below(effects->table, &lock.relation))))
			lock.mode = strongest;
		add_relation(arena, all, &lock);
	}
	add_flag(all, "rewrite", effects->rewrite);
	add_flag(all, "loses_data", effects->loses_data);
	add_flag(all, "breaks_clients", effects->breaks_clients);
	add_flag(all, "no_transaction", effects->no_transaction);
	add_flag(all, "may_be_refused", effects->may_be_refused);
	add_flag(all, "unseen_name", effects->unseen_name);
	if (effects->error == NULL)
		return;
	json_array_append_new(json_object_get(all, "errors"), json_string(effects->error));
	json_array_append_new(json_object_get(all, "sqlstates"), json_string(effects->sqlstate));
	if (effects->other_sqlstate != NULL)
		json_array_append_new(
			json_object_get(all, "sqlstates"), json_string(effects->other_sqlstate));
}

static json_t *effects_json(struct arena *arena, const struct stmt *stmt, const struct facts *facts)
{
	json_t *all = json_pack("{s:{}, s:[], s:[], s:[], s:[], s:[], s:[], s:[]}", "locks", "file",
		"scan", "build", "may_scan", "actions", "errors", "sqlstates");
	const struct action **actions =
		arena_alloc(arena, (stmt->n_actions + 1) * sizeof(*actions));
	struct effects *effects = arena_alloc(arena, (stmt->n_actions + 1) * sizeof(*effects));
	enum lock_mode strongest = LOCK_NONE;
	struct facts_track track;

	for (size_t i = 0; i < stmt->n_actions; i++)
		actions[i] = &stmt->actions[i];
	order_by_pass(actions, stmt->n_actions);
	track_start(arena, &track, facts, stmt->n_actions, false);
	track.facts.commands = actions;
	track.facts.n_commands = stmt->n_actions;
	for (size_t i = 0; i < stmt->n_actions; i++) {
		effects[i] = effects_of(arena, actions[i], &track.facts);
		if (stmt->n_actions > 1 && effects_lock(&effects[i]) > strongest)
			strongest = effects_lock(&effects[i]);
		json_array_append_new(json_object_get(all, "actions"),
			json_string(action_name(actions[i]->kind)));
		track_action(&track, actions[i]);
	}
	for (size_t i = 0; i < stmt->n_actions; i++)
		add_effects(arena, all, actions[i], &effects[i], strongest);
	add_flag(all, "no_transaction", stmt->no_transaction);
	return all;
}

/* ---- the dialogue ---- */

/* Returns false at the end of the input. */
static bool read_line(char **line, size_t *size, size_t *len)
{
	ssize_t n = getline(line, size, stdin);

	*len = n < 0 ? 0 : (size_t)n;
	return n >= 0;
}

/* Returns false when the answer did not come. */
static bool answer(struct arena *arena, const char *sql, char **line, size_t *size)
{
	struct facts_request request;
	struct stmts stmts;
	struct facts facts;
	const char *error;
	size_t len;

	if (stmt_parse(arena, sql, strlen(sql), &stmts, &error) != 0 || stmts.n != 1) {
		print_error(stmts.n == 1 ? error : "not one statement");
		return true;
	}
	request = facts_request(arena, &stmts);
	print_parameters(arena, &request);
	if (!read_line(line, size, &len))
		return false;
	if (catalog_decode(arena, *line, len, &request, &facts, &error) != 0)
		print_error(error);
	else
		print_line(effects_json(arena, &stmts.items[0], &facts));
	return true;
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0, len;
	bool going = true;

	if (argc == 3 && strcmp(argv[1], "--catalog-sql") == 0) {
		fputs(strcmp(argv[2], "short") == 0 ? catalog_short_sql : catalog_sql, stdout);
		return 0;
	}
	while (going && read_line(&line, &size, &len)) {
		struct arena arena = {0};
		json_t *sql = json_loadb(line, len, JSON_DECODE_ANY, NULL);

		if (!json_is_string(sql))
			return 2;
		going = answer(&arena, json_string_value(sql), &line, &size);
		json_decref(sql);
		arena_free(&arena);
	}
	free(line);
	return 0;
}
