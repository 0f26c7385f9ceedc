/* SPDX-License-Identifier: PostgreSQL */
/*
 * For tests that try plans on a real server.  One process for any number of statements, each on a
 * line as a JSON text:
 *
 *   plan_json --catalog-sql      prints the catalog query as it is embedded
 *   plan_json                    for a statement prints the query's parameters, a JSON list; reads
 *                                its answer, one line; prints the plan of the first action, or null
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "catalog.h"
#include "recipe.h"

/* Two rules, two recipes. */
static bool drop_table(const struct rule_context *context, struct plan *plan)
{
	bool partition = context->table != NULL && context->table->partition;

	return (partition ? recipe_drop_partition : recipe_drop_table)(context, plan);
}

static bool (*const recipes[ACTION_KINDS])(const struct rule_context *, struct plan *) = {
	[ACTION_SET_NOT_NULL] = recipe_set_not_null,
	[ACTION_ALTER_COLUMN_TYPE] = recipe_alter_type,
	[ACTION_RENAME_TABLE] = recipe_rename_table,
	[ACTION_SET_SCHEMA] = recipe_set_schema,
	[ACTION_RENAME_COLUMN] = recipe_rename_column,
	[ACTION_DROP_COLUMN] = recipe_drop_column,
	[ACTION_ADD_COLUMN] = recipe_add_column,
	[ACTION_ADD_CHECK] = recipe_add_check,
	[ACTION_ADD_FOREIGN_KEY] = recipe_add_foreign_key,
	[ACTION_VALIDATE_CONSTRAINT] = recipe_validate,
	[ACTION_ADD_UNIQUE] = recipe_add_unique,
	[ACTION_ADD_PRIMARY_KEY] = recipe_add_primary_key,
	[ACTION_CREATE_INDEX] = recipe_create_index,
	[ACTION_DROP_INDEX] = recipe_drop_index,
	[ACTION_ATTACH_PARTITION] = recipe_attach_partition,
	[ACTION_CREATE_PARTITION_OF] = recipe_create_partition_of,
	[ACTION_DETACH_PARTITION] = recipe_detach_partition,
	[ACTION_DROP_TABLE] = drop_table,
	[ACTION_REINDEX] = recipe_reindex,
	[ACTION_ALTER_INDEX_TABLESPACE] = recipe_index_tablespace,
	[ACTION_REFRESH_MATVIEW] = recipe_refresh,
	[ACTION_DOMAIN_ADD_CONSTRAINT] = recipe_domain_constraint,
	[ACTION_DOMAIN_VALIDATE] = recipe_domain_constraint,
	[ACTION_DOMAIN_SET_NOT_NULL] = recipe_domain_not_null,
	[ACTION_ENUM_RENAME_VALUE] = recipe_enum_rename,
	[ACTION_TRUNCATE] = recipe_truncate,
	[ACTION_UPDATE_WITHOUT_WHERE] = recipe_bulk,
	[ACTION_DELETE_WITHOUT_WHERE] = recipe_bulk,
};

static void print_line(json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	putchar('\n');
	fflush(stdout);
	json_decref(value);
}

static void print_parameters(struct arena *arena, const struct facts_request *request)
{
	const char *parameters[CATALOG_PARAMETERS];
	json_t *list = json_array();

	catalog_parameters(arena, request, parameters);
	for (size_t i = 0; i < CATALOG_PARAMETERS; i++)
		json_array_append_new(list, json_string(parameters[i]));
	print_line(list);
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *backfill_json(struct arena *arena, const struct backfill_spec *spec)
{
	if (spec == NULL)
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "table", name_sql(arena, &spec->table), "set",
		spec->set_sql, "pending", spec->pending_sql);
}

static json_t *step_json(struct arena *arena, const struct step *step)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:b, s:b, s:b}", "kind",
		step_kind_name(step->kind), "sql", step->sql, "undo", step->undo, "probe",
		text_or_null(step->probe), "repair", text_or_null(step->repair), "repair_when",
		text_or_null(step->repair_when), "lock", lock_mode_name(step->lock), "purpose",
		step->purpose, "backfill", backfill_json(arena, step->backfill), "with_previous",
		step->with_previous, "in_client_transaction", step->in_client_transaction, "final",
		step->final);
}

static json_t *plan_json(struct arena *arena, const struct plan *plan)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < plan->n_steps; i++)
		json_array_append_new(steps, step_json(arena, &plan->steps[i]));
	return json_pack("{s:s, s:I, s:s, s:s, s:b, s:o, s:s, s:o}", "table",
		name_sql(arena, &plan->table), "relation_oid", (json_int_t)plan->relation_oid,
		"tag", plan->tag, "summary", plan->summary, "deferrable", plan->deferrable,
		"not_deferrable_because", text_or_null(plan->not_deferrable_because), "text",
		plan_text(arena, plan), "steps", steps);
}

static json_t *plan_of(struct arena *arena, const struct stmt *stmt, const struct facts *facts)
{
	const struct action *action = &stmt->actions[0];
	struct effects effects = effects_of(arena, action, facts);
	struct rule_context context = {
		.arena = arena,
		.stmt = stmt,
		.action = action,
		.facts = facts,
		.effects = &effects,
		.settings = &policy_settings_default,
		.table = effects.table,
	};
	struct plan *plan = arena_alloc(arena, sizeof(*plan));

	if (recipes[action->kind] == NULL || !recipes[action->kind](&context, plan))
		return json_null();
	return plan_json(arena, plan);
}

/* ---- the dialogue ---- */

/* Returns what was wrong, NULL when all was well. */
static const char *answer(struct arena *arena, const char *sql, char **line, size_t *size)
{
	struct facts_request request;
	struct stmts stmts;
	struct facts facts;
	const char *error;
	ssize_t len;

	if (stmt_parse(arena, sql, strlen(sql), &stmts, &error) != 0)
		return error;
	request = facts_request(arena, &stmts);
	print_parameters(arena, &request);
	len = getline(line, size, stdin);
	if (len < 0)
		return "no answer to read";
	if (catalog_decode(arena, *line, (size_t)len, &request, &facts, &error) != 0)
		return error;
	print_line(plan_of(arena, &stmts.items[0], &facts));
	return NULL;
}

int main(int argc, char **argv)
{
	const char *error = NULL;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (argc == 2 && strcmp(argv[1], "--catalog-sql") == 0) {
		fputs(catalog_sql, stdout);
		return 0;
	}
	while (error == NULL && (len = getline(&line, &size, stdin)) >= 0) {
		struct arena arena = {0};
		json_t *sql = json_loadb(line, (size_t)len, JSON_DECODE_ANY, NULL);

		error = json_is_string(sql) ? answer(&arena, json_string_value(sql), &line, &size)
					    : "not a JSON text";
		if (error != NULL)
			fprintf(stderr, "plan_json: %s\n", error);
		json_decref(sql);
		arena_free(&arena);
	}
	free(line);
	return error == NULL ? 0 : 2;
}
