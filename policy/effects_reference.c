/* SPDX-License-Identifier: PostgreSQL */
/* What a foreign key needs: a key to refer to, types that can be compared, a table that lives on.
 */
#include "model.h"

#include <string.h>

/* RI_Initial_Check joins both tables as the planner likes. */
void model_reference(struct model *model, const struct name *referenced)
{
	const struct relation_facts *relation;

	model_work(model, referenced, LOCK_NONE, WORK_MAY_SCAN);
	if (model_find(model->facts, referenced, &relation) != PRESENT)
		return;
	for (size_t i = 0; i < relation->n_partitions; i++)
		model_work(model, &relation->partitions[i], LOCK_NONE, WORK_MAY_SCAN);
}

static void refuse_foreign(struct model *model, const struct relation_facts *member)
{
	if (member->kind == 'f')
		model_error(model, "42809", "\"%s\" is a foreign table", member->name.name);
}

/* addFkRecurseReferencing comes to every partition. */
void model_need_no_foreign(struct model *model)
{
	if (model->table != NULL && model->table->kind == 'p')
		model_each_below(model, refuse_foreign);
}

/* transformColumnDefinition */
void model_refuse_keys_of_foreign(struct model *model, const struct column_def *column)
{
	for (size_t i = 0; model->table != NULL && i < column->n_constraints; i++)
		if (model->table->kind == 'f' && column->constraints[i].kind != CONSTRAINT_CHECK)
			model_error(model, "0A000", "a foreign table has no such constraint");
}

/* Columns that together are unique. */
struct key {
	bool primary;
	const char *const *columns;
	size_t n_columns;
};

static bool is_wanted(const struct key *key, const struct constraint_def *def)
{
	if (def->n_referenced_columns == 0)
		return key->primary;
	if (key->n_columns != def->n_referenced_columns)
		return false;
	for (size_t i = 0; i < key->n_columns; i++)
		if (!names_contain(key->columns, key->n_columns, def->referenced_columns[i]))
			return false;
	return true;
}

static bool fits_index(
	const struct index_facts *index, const struct constraint_def *def, struct key *key)
{
	*key = (struct key){index->primary, index->columns, index->n_columns};
	return index->unique && index->immediate && !index->partial && !index->has_expressions &&
	       is_wanted(key, def);
}

/* Of a table that the text changed before, or a command of this statement. */
static bool fits_made(enum constraint_kind kind, const char *const *columns, size_t n,
	const struct constraint_def *def, struct key *key)
{
	*key = (struct key){kind == CONSTRAINT_PRIMARY_KEY, columns, n};
	for (size_t i = 0; i < n; i++) /* USING INDEX over an expression, which will fail */
		if (columns[i] == NULL)
			return false;
	return (key->primary || kind == CONSTRAINT_UNIQUE) && is_wanted(key, def);
}

static bool fits_command(
	const struct action *command, const struct constraint_def *def, struct key *key)
{
	const struct constraint_def *made = command->constraint;

	if (made != NULL && fits_made(made->kind, made->columns, made->n_columns, def, key))
		return true;
	for (size_t i = 0; command->column_def != NULL && i < command->column_def->n_constraints;
		i++) {
		made = &command->column_def->constraints[i];
		if (fits_made(made->kind, made->columns, made->n_columns, def, key))
			return true;
	}
	return false;
}

/*
 * What transformFkeyGetPrimaryKey and transformFkeyCheckAttrs find.  A table that refers to itself
 * may get the key in the same statement: ATRewriteCatalogs makes indexes before foreign keys.
 */
static bool find_key(const struct model *model, const struct constraint_def *def,
	const struct relation_facts *referenced, struct key *key)
{
	const struct facts *facts = model->facts;
	bool itself = model->table != NULL && name_equal(&referenced->name, &model->table->name);

	for (size_t i = 0; i < referenced->n_indexes; i++)
		if (fits_index(&referenced->indexes[i], def, key))
			return true;
	for (size_t i = 0; i < referenced->n_constraints; i++) {
		const struct constraint_facts *c = &referenced->constraints[i];

		if (!c->deferrable && fits_made(c->kind, c->columns, c->n_columns, def, key))
			return true;
	}
	for (size_t i = 0; i < facts->n_commands && itself; i++)
		if (fits_command(facts->commands[i], def, key))
			return true;
	return false;
}

void model_must_outlive(
	struct model *model, char persistence, const struct relation_facts *referenced)
{
	static const char lives[] = "tup";

	if (referenced == NULL)
		return;
	if (strchr(lives, persistence) > strchr(lives, referenced->persistence))
		model_error(model, "42P16", "\"%s\" is not as permanent as what refers to it",
			referenced->name.name);
	else if (persistence == 't' && referenced->persistence != 't')
		model_error(model, "42P16",
			"a temporary table may refer to temporary tables only, not to \"%s\"",
			referenced->name.name);
}

/*
 * What a foreign key needs: an equality of both types among the index's operators, or a cast to the
 * key's type that PostgreSQL makes by itself (findFkeyCast).  Groups share their equality; casts_to
 * names types.
 */
static const struct {
	const char *type;
	char group;
	const char *casts_to;
} key_types[] = {
	{"int2", 'i', "numeric float4 float8 oid"},
	{"int4", 'i', "numeric float4 float8 oid"},
	{"int8", 'i', "numeric float4 float8 oid"},
	{"oid", 'o', ""},
	{"numeric", 'n', "float4 float8"},
	{"float4", 'f', ""},
	{"float8", 'f', ""},
	{"text", 't', "bpchar"},
	{"varchar", 't', "bpchar"},
	{"bpchar", 'c', "text varchar"},
	{"date", 'd', ""},
	{"timestamp", 'd', ""},
	{"timestamptz", 'd', ""},
	{"bool", 'b', ""},
	{"uuid", 'u', ""},
};

char type_group(const char *type)
{
	for (size_t i = 0; type != NULL && i < sizeof(key_types) / sizeof(key_types[0]); i++)
		if (strcmp(key_types[i].type, type) == 0)
			return key_types[i].group;
	return 0;
}

bool key_types_fit(const char *from, const char *to)
{
	const size_t n = sizeof(key_types) / sizeof(key_types[0]);
	size_t a = 0, b = 0;

	if (from == NULL || to == NULL || strcmp(from, to) == 0)
		return true;
	while (a < n && strcmp(key_types[a].type, from) != 0)
		a++;
	while (b < n && strcmp(key_types[b].type, to) != 0)
		b++;
	return a == n || b == n || key_types[a].group == key_types[b].group ||
	       strstr(key_types[a].casts_to, to) != NULL;
}

static const char *type_made(const struct model *model, const char *column)
{
	const struct action *action = model->action;

	for (size_t i = 0; i < action->n_columns; i++)
		if (strcmp(action->columns[i]->name, column) == 0)
			return type_written(model->arena, model->facts, &action->columns[i]->type)
				.base;
	return NULL;
}

/*
 * NULL when nobody knows.  The column may be the one that is just being added, or its table the one
 * that is being made: NULL.
 */
static const char *type_of(
	const struct model *model, const struct relation_facts *table, const char *column)
{
	const struct column_def *added = model->action->column_def;
	const struct column_facts *known = table == NULL ? NULL : facts_column(table, column);

	if (known != NULL)
		return known->base_type;
	if (table == NULL)
		return type_made(model, column);
	if (added == NULL || strcmp(added->name, column) != 0)
		return NULL;
	return type_written(model->arena, model->facts, &added->type).base;
}

static bool key_fits(const struct model *model, const struct constraint_def *def,
	const struct relation_facts *referenced, const struct key *key)
{
	const char *const *columns =
		def->n_referenced_columns > 0 ? def->referenced_columns : key->columns;

	for (size_t i = 0; i < def->n_columns && i < key->n_columns; i++)
		if (!key_types_fit(type_of(model, model->table, def->columns[i]),
			    type_of(model, referenced, columns[i])))
			return false;
	return true;
}

static bool rests_on_deferrable(
	const struct constraint_def *def, const struct relation_facts *referenced)
{
	struct key key;

	for (size_t i = 0; i < referenced->n_constraints; i++) {
		const struct constraint_facts *c = &referenced->constraints[i];

		if (c->deferrable && fits_made(c->kind, c->columns, c->n_columns, def, &key))
			return true;
	}
	return false;
}

/* A generated column cannot be set by what happens to the key. */
static bool sets_generated(const struct model *model, const struct constraint_def *def)
{
	static const char *const sets[] = {
		" ON UPDATE CASCADE", " ON UPDATE SET ", " ON DELETE SET "};
	bool generated = false, acts = false;

	for (size_t i = 0; model->table != NULL && i < def->n_columns; i++) {
		const struct column_facts *column = facts_column(model->table, def->columns[i]);

		generated |= column != NULL && column->generated;
	}
	for (size_t i = 0; def->body_sql != NULL && i < sizeof(sets) / sizeof(sets[0]); i++)
		acts |= strcasestr(def->body_sql, sets[i]) != NULL;
	return generated && acts;
}

/* transformColumnNameList: NULL when all columns referred to are there. */
static const char *missing_column(const struct model *model, const struct constraint_def *def,
	const struct relation_facts *referenced)
{
	const struct column_def *added = model->action->column_def;

	for (size_t i = 0; i < def->n_referenced_columns; i++)
		if (facts_column(referenced, def->referenced_columns[i]) == NULL &&
			!is_system_column(def->referenced_columns[i]) &&
			(added == NULL || strcmp(added->name, def->referenced_columns[i]) != 0))
			return def->referenced_columns[i];
	return NULL;
}

static bool has_duplicates(const char *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names_contain(columns, i, columns[i]))
			return true;
	return false;
}

static void check_key(struct model *model, const struct constraint_def *def,
	const struct relation_facts *referenced)
{
	const char *missing = missing_column(model, def, referenced);
	struct key key;

	if (referenced->kind != 'r' && referenced->kind != 'p')
		model_error(model, "42809", "referenced relation \"%s\" is not a table",
			def->referenced.name);
	else if (missing != NULL && referenced->n_columns > 0)
		model_error(model, "42703",
			"column \"%s\" referenced in foreign key constraint does not exist",
			missing);
	else if (has_duplicates(def->referenced_columns, def->n_referenced_columns))
		model_error(model, "42830",
			"foreign key referenced-columns list must not contain duplicates");
	else if (!find_key(model, def, referenced, &key) && rests_on_deferrable(def, referenced))
		model_error(model, "55000",
			"cannot use a deferrable key of referenced table \"%s\"",
			def->referenced.name);
	else if (!find_key(model, def, referenced, &key))
		model_error(model, def->n_referenced_columns == 0 ? "42704" : "42830",
			"there is no such key of referenced table \"%s\"", def->referenced.name);
	else if (def->n_columns != key.n_columns)
		model_error(model, "42830",
			"number of referencing and referenced columns for foreign key disagree");
	else if (!key_fits(model, def, referenced, &key))
		model_error(model, "42804", "foreign key constraint cannot be implemented");
}

/* ATAddForeignKeyConstraint's order; the first error stays. */
void model_check_reference(struct model *model, const struct constraint_def *def)
{
	const struct relation_facts *table = model->table, *referenced;

	model_find(model->facts, &def->referenced, &referenced);
	if (def->not_valid && table != NULL && table->kind == 'p' &&
		model->facts->server_version < 180000)
		model_error(
			model, "42809", "cannot add NOT VALID foreign key on partitioned table");
	if (table != NULL)
		model_must_outlive(model, table->persistence, referenced);
	if (model->action->column_def == NULL) /* else the column is being added */
		model_need_names(model, def->columns, def->n_columns);
	if (sets_generated(model, def))
		model_error(model, "42601",
			"invalid action for a foreign key that contains a generated column");
	if (referenced != NULL && relation_listed(referenced))
		check_key(model, def, referenced);
}
