/* SPDX-License-Identifier: PostgreSQL */
/*
 * Storage parameters, as reloptions.c lists them: what they are for, the lock that changing one
 * takes (AlterTableGetRelOptionsLockLevel), and the values that it may have.  And how columns are
 * stored.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum value_kind { VALUE_BOOL, VALUE_WHOLE, VALUE_REAL, VALUE_WORD };

/* heap and materialized view r, view v, btree b, hash h, gist g, spgist s, gin G, brin B, column a
 */
struct parameter {
	const char *name;
	const char *on;
	enum lock_mode mode;
	enum value_kind kind;
	double min, max; /* of numbers */
	const char *words; /* of VALUE_WORD: in quotes */
};

#define AEL LOCK_ACCESS_EXCLUSIVE
#define SUE LOCK_SHARE_UPDATE_EXCLUSIVE
#define WHOLE_MAX 2147483647

static const struct parameter parameters[] = {
	{"fillfactor", "r", SUE, VALUE_WHOLE, 10, 100, NULL},
	{"fillfactor", "bhgs", SUE, VALUE_WHOLE, 10, 100, NULL},
	{"autosummarize", "B", AEL, VALUE_BOOL, 0, 0, NULL},
	{"pages_per_range", "B", AEL, VALUE_WHOLE, 1, 131072, NULL},
	{"fastupdate", "G", AEL, VALUE_BOOL, 0, 0, NULL},
	{"gin_pending_list_limit", "G", AEL, VALUE_WHOLE, 64, WHOLE_MAX, NULL},
	{"buffering", "g", AEL, VALUE_WORD, 0, 0, "'on' 'off' 'auto'"},
	{"deduplicate_items", "b", SUE, VALUE_BOOL, 0, 0, NULL},
	{"vacuum_cleanup_index_scale_factor", "b", SUE, VALUE_REAL, 0, 1e10, NULL},
	{"n_distinct", "a", SUE, VALUE_REAL, -1, 1e300, NULL},
	{"n_distinct_inherited", "a", SUE, VALUE_REAL, -1, 1e300, NULL},
	{"security_barrier", "v", AEL, VALUE_BOOL, 0, 0, NULL},
	{"security_invoker", "v", AEL, VALUE_BOOL, 0, 0, NULL},
	{"check_option", "v", AEL, VALUE_WORD, 0, 0, "'local' 'cascaded'"},
	{"user_catalog_table", "r", AEL, VALUE_BOOL, 0, 0, NULL},
	{"parallel_workers", "r", SUE, VALUE_WHOLE, 0, 1024, NULL},
	{"toast_tuple_target", "r", SUE, VALUE_WHOLE, 128, 8160, NULL},
	{"vacuum_index_cleanup", "r", SUE, VALUE_WORD, 0, 0,
		"'on' 'off' 'auto' 'true' 'false' 'yes' 'no' '1' '0'"},
	{"vacuum_truncate", "r", SUE, VALUE_BOOL, 0, 0, NULL},
	{"autovacuum_enabled", "r", SUE, VALUE_BOOL, 0, 0, NULL},
	{"autovacuum_vacuum_threshold", "r", SUE, VALUE_WHOLE, 0, WHOLE_MAX, NULL},
	{"autovacuum_vacuum_insert_threshold", "r", SUE, VALUE_WHOLE, -1, WHOLE_MAX, NULL},
	{"autovacuum_analyze_threshold", "r", SUE, VALUE_WHOLE, 0, WHOLE_MAX, NULL},
	{"autovacuum_vacuum_cost_limit", "r", SUE, VALUE_WHOLE, 1, 10000, NULL},
	{"autovacuum_vacuum_cost_delay", "r", SUE, VALUE_REAL, 0, 100, NULL},
	{"autovacuum_freeze_min_age", "r", SUE, VALUE_WHOLE, 0, 1e9, NULL},
	{"autovacuum_freeze_max_age", "r", SUE, VALUE_WHOLE, 1e5, 2e9, NULL},
	{"autovacuum_freeze_table_age", "r", SUE, VALUE_WHOLE, 0, 2e9, NULL},
	{"autovacuum_multixact_freeze_min_age", "r", SUE, VALUE_WHOLE, 0, 1e9, NULL},
	{"autovacuum_multixact_freeze_max_age", "r", SUE, VALUE_WHOLE, 1e4, 2e9, NULL},
	{"autovacuum_multixact_freeze_table_age", "r", SUE, VALUE_WHOLE, 0, 2e9, NULL},
	{"autovacuum_vacuum_scale_factor", "r", SUE, VALUE_REAL, 0, 100, NULL},
	{"autovacuum_vacuum_insert_scale_factor", "r", SUE, VALUE_REAL, 0, 100, NULL},
	{"autovacuum_analyze_scale_factor", "r", SUE, VALUE_REAL, 0, 100, NULL},
	{"log_autovacuum_min_duration", "r", SUE, VALUE_WHOLE, -1, WHOLE_MAX, NULL},
};

/* The letter in "on"; 0 when nobody knows. */
static char letter_of(const struct relation_facts *relation)
{
	static const struct {
		const char *method;
		char letter;
	} methods[] = {
		{"btree", 'b'},
		{"hash", 'h'},
		{"gist", 'g'},
		{"spgist", 's'},
		{"gin", 'G'},
		{"brin", 'B'},
	};

	if (relation == NULL || !relation_listed(relation) || relation->kind == 'S')
		return 0;
	if (relation->kind != 'i')
		return relation->kind == 'v' ? 'v' : 'r';
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (relation->access_method != NULL &&
			strcmp(relation->access_method, methods[i].method) == 0)
			return methods[i].letter;
	return 0;
}

static const struct parameter *find_parameter(const char *name, char letter)
{
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (strcmp(parameters[i].name, name) == 0 &&
			strchr(parameters[i].on, letter) != NULL)
			return &parameters[i];
	return NULL;
}

static bool number_fits(const struct parameter *parameter, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	return end != text && *end == '\0' && value >= parameter->min && value <= parameter->max;
}

/* parse_bool takes any beginning that tells on from off. */
static bool says_bool(const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};
	size_t n = strlen(text);

	for (size_t i = 0; n > 0 && i < sizeof(words) / sizeof(words[0]); i++)
		if (strncasecmp(words[i], text, n) == 0)
			return strcasecmp(text, "o") != 0;
	return false;
}

/* What stands alone means true. */
static bool value_fits(
	struct arena *arena, const struct parameter *parameter, const struct option *option)
{
	const char *value = option->value == NULL ? "true" : option->value;

	switch (parameter->kind) {
	case VALUE_BOOL:
		return says_bool(value);
	case VALUE_WORD:
		return strcasestr(parameter->words, arena_printf(arena, "'%s'", value)) != NULL;
	default:
		return number_fits(parameter, value);
	}
}

static bool given_before(const struct action *action, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (action->options[i].space == NULL &&
			strcmp(action->options[i].name, action->options[n].name) == 0)
			return true;
	return false;
}

/* transformRelOptions and parseRelOptions.  What is set for the TOAST table is not judged. */
static void check_option(struct model *model, size_t i, char letter)
{
	const struct action *action = model->action;
	const struct option *option = &action->options[i];
	const struct parameter *parameter = find_parameter(option->name, letter);
	bool toast = option->space != NULL && strcmp(option->space, "toast") == 0 && letter == 'r';

	if (action->resets && option->value != NULL)
		model_error(model, "42601", "RESET must not include values for parameters");
	else if (option->space != NULL && !toast)
		model_error(
			model, "22023", "unrecognized parameter namespace \"%s\"", option->space);
	else if (action->resets || toast)
		return;
	else if (parameter == NULL)
		model_error(model, "22023", "unrecognized parameter \"%s\"", option->name);
	else if (!value_fits(model->arena, parameter, option))
		model_error(model, "22023", "invalid value for parameter \"%s\"", option->name);
	else if (given_before(action, i))
		model_error(
			model, "22023", "parameter \"%s\" specified more than once", option->name);
}

void model_check_options(struct model *model, char letter)
{
	for (size_t i = 0; i < model->action->n_options; i++)
		check_option(model, i, letter);
}

/* By name alone; SET WITHOUT OIDS has none. */
static enum lock_mode mode_of(const struct action *action)
{
	enum lock_mode mode = action->n_options == 0 ? AEL : SUE;

	for (size_t i = 0; i < action->n_options; i++)
		for (size_t k = 0; k < sizeof(parameters) / sizeof(parameters[0]); k++)
			if (strcmp(parameters[k].name, action->options[i].name) == 0 &&
				parameters[k].mode > mode)
				mode = parameters[k].mode;
	return mode;
}

void model_options(struct model *model)
{
	const struct relation_facts *relation = model->table;
	const struct action *action = model->action;
	char letter = letter_of(relation);

	if (model->effects->n_locks > 0)
		model->effects->locks[0].mode = mode_of(action);
	if (relation != NULL && relation->kind == 'p' && !action->resets && action->n_options > 0) {
		model_absent(model, model->facts->server_version < 170000 ? "22023" : "42809",
			"a partitioned table has no storage parameters");
		return;
	}
	if (letter != 0)
		model_check_options(model, letter);
}

/* ATExecSetStatistics: of what is no column of the table. */
static void check_number(struct model *model, const struct index_facts *index)
{
	size_t number = strtoul(model->action->name, NULL, 10);
	bool includes =
		index->definition == NULL || strstr(index->definition, " INCLUDE (") != NULL;

	if (number > index->n_columns && !includes)
		model_error(model, "42703", "column number %zu of \"%s\" does not exist", number,
			index->name.name);
	else if (number <= index->n_columns && index->columns[number - 1] != NULL)
		model_error(model, "0A000",
			"cannot alter statistics on non-expression column \"%s\" of index \"%s\"",
			index->columns[number - 1], index->name.name);
}

/* ALTER INDEX: also of the statistics target of a column. */
void model_index_options(struct model *model)
{
	const struct relation_facts *index = model->table;

	if (model->action->name != NULL && index != NULL && index->n_indexes == 1)
		check_number(model, &index->indexes[0]);
	if (model->action->n_options == 0)
		return;
	if (model->table != NULL && model->table->kind == 'I')
		model_error(model, "42809", "a partitioned index has no storage parameters");
	else
		model_options(model);
}

/* ---- columns ---- */

/* Of fixed length, and never moved out of their row. */
static bool never_toasted(const char *type)
{
	static const char *const fixed[] = {"bool", "int2", "int4", "int8", "oid", "float4",
		"float8", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "uuid",
		"money"};

	return type != NULL && names_contain(fixed, sizeof(fixed) / sizeof(fixed[0]), type);
}

/* Ways to store and compress, and targets: ATExecSetStorage, SetCompression, SetStatistics. */
static void check_way(struct model *model, const char *way)
{
	static const char *const storages[] = {"plain", "external", "extended", "main"};
	static const char *const methods[] = {"pglz", "lz4", "default"};
	bool known = false;

	for (size_t i = 0; i < sizeof(storages) / sizeof(storages[0]); i++)
		known |= strcasecmp(storages[i], way) == 0;
	if (model->action->kind == ACTION_SET_STORAGE && !known)
		model_error(model, "22023", "invalid storage type \"%s\"", way);
	if (model->action->kind == ACTION_SET_COMPRESSION &&
		!names_contain(methods, sizeof(methods) / sizeof(methods[0]), way))
		model_error(model, "22023", "invalid compression method \"%s\"", way);
	if (model->action->kind == ACTION_SET_STATISTICS && way[0] == '-' && strcmp(way, "-1") != 0)
		model_error(model, "22023", "statistics target %s is too low", way);
	if (model->action->kind == ACTION_SET_COLUMN_OPTIONS)
		model_check_options(model, 'a');
}

void model_alter_column(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);
	const struct action *action = model->action;
	const char *way = action->new_name == NULL ? "" : action->new_name;
	bool stored = (action->kind == ACTION_SET_STORAGE && strcasecmp(way, "plain") != 0) ||
		      (action->kind == ACTION_SET_COMPRESSION && strcmp(way, "default") != 0);

	check_way(model, way);
	if (column != NULL && stored && never_toasted(column->base_type))
		model_error(model, "0A000", "column \"%s\" of type %s is always stored plain",
			column->name, column->type_sql);
}
