/* SPDX-License-Identifier: PostgreSQL */
/*
 * A column gets another type: what the server refuses first, what becomes of the column's indexes,
 * and who follows.
 */
#include "model.h"

#include <string.h>

enum { DEFAULT_COLLATION_OID = 100 };

static struct type_change wanted_type(struct model *model)
{
	return type_written(model->arena, model->facts, model->action->type);
}

/* A domain column's atttypmod is that of the domain, -1: the base's own stands in format_type of
 * the domain only. */
static struct type_change present_type(const struct column_facts *column)
{
	return (struct type_change){
		.base = column->base_type,
		.typmod = column->typmod,
		.known = column->base_type != NULL,
	};
}

static bool same_as_written(const struct type_name *a, const struct type_name *b)
{
	return name_equal(&a->name, &b->name) && a->array == b->array &&
	       a->n_typmods == b->n_typmods &&
	       memcmp(a->typmods, b->typmods, sizeof(a->typmods)) == 0;
}

/* USING that is just the column itself, or that cast to the new type, is what happens without it
 * (ATColumnChangeRequiresRewrite sees through both). */
static bool computed(const struct action *action)
{
	const struct expr *using = action->expr;

	if (using == NULL)
		return false;
	if (using->n_columns != 1 || strcmp(using->columns[0], action->column) != 0)
		return true;
	return !using->column_only &&
	       (using->column_cast == NULL || !same_as_written(using->column_cast, action->type));
}

static bool same_type(struct model *model, const struct column_facts *column)
{
	const struct type_facts *type = facts_type(model->facts, &model->action->type->name);

	return type != NULL && type->domain && !model->action->type->array &&
	       type->oid == column->type_oid;
}

uint32_t collation_written(const char *sql)
{
	static const struct {
		const char *sql;
		uint32_t oid;
	} known[] = {
		{"\"default\"", DEFAULT_COLLATION_OID},
		{"\"C\"", 950},
		{"\"POSIX\"", 951},
	};
	const char *name = sql == NULL ? known[0].sql : sql;

	if (strncmp(name, "pg_catalog.", strlen("pg_catalog.")) == 0)
		name += strlen("pg_catalog.");
	if (strncmp(name, "\"pg_catalog\".", strlen("\"pg_catalog\".")) == 0)
		name += strlen("\"pg_catalog\".");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].sql, name) == 0)
			return known[i].oid;
	return 0;
}

static bool changes_collation(const struct action *action, const struct column_facts *column)
{
	return (action->collation_sql != NULL || column->collation_oid != 0) &&
	       column->collation_oid != collation_written(action->collation_sql);
}

/* Printed where it is not that of the column; of several columns nobody knows whose it is. */
static bool has_own_collation(const struct index_facts *index)
{
	return index->n_columns == 1 && index->definition != NULL &&
	       strstr(index->definition, " COLLATE ") != NULL;
}

/* Elements of arrays are of another type than the column: CheckIndexCompatible wants the same of
 * polymorphic operator classes. */
static bool keeps_elements(const struct index_facts *index)
{
	return index->definition != NULL && strstr(index->definition, " USING gin (") != NULL;
}

/* What pg_get_indexdef_string prints has no ONLY: the partitions get what the index lacked there.
 */
static void build_in_partitions(struct model *model, const struct relation_facts *table)
{
	const struct relation_facts *part;

	for (size_t i = 0; i < table->n_partitions; i++) {
		if (model_find(model->facts, &table->partitions[i], &part) != PRESENT ||
			part->kind != 'r')
			continue;
		model->effects->index_build = true;
		model_build(model, part);
	}
}

/*
 * Indexes survive when nothing they depend on changes (CheckIndexCompatible); with the column in
 * an expression or predicate they are always built anew.  Without COLLATE the new type's default
 * collation replaces the column's own.  A partition's index that belongs to one above is made again
 * from that, and never kept.
 */
static void rebuild_indexes(struct model *model, const struct relation_facts *table,
	const struct column_facts *column, bool differs)
{
	bool collation = changes_collation(model->action, column);

	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct index_facts *index = &table->indexes[i];
		bool key = names_contain(index->columns, index->n_columns, column->name);
		bool inside = names_contain(index->mentions, index->n_mentions, column->name);
		bool carried = model_index_carries(model->arena, index, column->name);
		bool made_anew = inside || ((key || carried) && index->attached) ||
				 (key && (differs || (collation && !has_own_collation(index)) ||
						 keeps_elements(index) || index->partial ||
						 index->has_expressions));

		if (key || inside || carried)
			model_lock_part(model, &index->name, LOCK_ACCESS_EXCLUSIVE, 0);
		if (table->kind == 'p' && (key || inside || carried))
			build_in_partitions(model, table);
		if (table->kind == 'p' || !made_anew)
			continue;
		model->effects->index_build = true;
		model_lock_part(model, &index->name, LOCK_ACCESS_EXCLUSIVE, WORK_FILE);
		model_build(model, table);
		model_cause(model, "index %s has to be built again",
			name_text(model->arena, &index->name));
	}
}

/* Perhaps of an expression. */
static bool has_statistics(const struct column_facts *column)
{
	static const char word[] = "statistics object ";

	for (size_t i = 0; i < column->n_entangled; i++)
		if (strncmp(column->entangled[i], word, strlen(word)) == 0)
			return true;
	return false;
}

/* 42883 for an operator there is not. */
static void read_expressions(struct model *model, const struct relation_facts *member,
	const struct column_facts *column, const char *type)
{
	enum fit checks = checks_fit(member, column->name, type);

	model->effects->may_be_refused |= checks == MAY_FIT ||
					  others_fit(member, column, type) == MAY_FIT ||
					  has_statistics(column);
	if (checks == UNFIT)
		model_error(model, "42883", "a CHECK on column \"%s\" does not fit type %s",
			column->name, type);
}

/* ATExecAlterColumnType, of every member before constraints are made again. */
static void refuse_dependents(struct model *model, const struct relation_facts *member)
{
	const struct column_facts *column = facts_column(member, model->action->column);

	if (column != NULL && column->n_dependents > 0)
		model_error(model, "0A000", "cannot alter type of a column used by %s",
			column->dependents[0]);
}

/* What the change means for one table: every member has a column and indexes of its own. */
static void change_type(struct model *model, const struct relation_facts *member)
{
	const struct column_facts *column = facts_column(member, model->action->column);
	struct type_change from, to = wanted_type(model);
	enum type_work work;

	if (column == NULL)
		return;
	from = present_type(column);
	work = same_type(model, column) ? TYPE_NOTHING
					: type_work(&from, &to, model->facts->timezone_utc);
	if (computed(model->action))
		work = TYPE_REWRITE;
	if (work == TYPE_REINDEX && member->oid == 0 && !column->created_in_transaction)
		model->effects->index_build = true; /* which there are nobody knows */
	rebuild_indexes(model, member, column, work == TYPE_REINDEX);
	if (work != TYPE_NOTHING && strcmp(from.base == NULL ? "" : from.base, to.base) != 0)
		read_expressions(model, member, column, to.base);
	model_remake_constraints(model, member, column);
	if (work != TYPE_REWRITE)
		return;
	model->effects->rewrite = true;
	if (member->kind == 'r')
		model_copy(model, member);
	model_cause(model, "%s is not stored as %s is", model->action->type->sql, column->type_sql);
}

bool model_sequence_type(const char *type)
{
	static const char *const integers[] = {"int2", "int4", "int8"};

	return names_contain(integers, 3, type);
}

/* An identity's sequence is of the column's type, which a domain is not. */
static bool fits_sequence(const struct model *model)
{
	const struct type_name *type = model->action->type;
	const struct type_facts *facts = facts_type(model->facts, &type->name);

	return !type->array && (facts == NULL || !facts->domain) &&
	       model_sequence_type(type->name.name);
}

/*
 * The sequence is altered while the statement is prepared (ATPrepCmd), before another command of it
 * drops the identity.
 */
static bool prepared_as_identity(const struct model *model, const struct column_facts *column)
{
	if (column->identity != 0)
		return true;
	for (size_t i = 0; i < model->facts->n_commands; i++) {
		const struct action *other = model->facts->commands[i];

		if (other->kind == ACTION_DROP_IDENTITY && other->column != NULL &&
			strcmp(other->column, column->name) == 0)
			return column->lost_identity;
	}
	return false;
}

/* By another command of the statement. */
static bool retyped_before(const struct model *model)
{
	const struct facts *facts = model->facts;

	for (size_t i = 0; i < facts->n_commands && facts->commands[i] != model->action; i++)
		if (facts->commands[i]->kind == ACTION_ALTER_COLUMN_TYPE &&
			facts->commands[i]->column != NULL &&
			strcmp(facts->commands[i]->column, model->action->column) == 0)
			return true;
	return false;
}

/* ATPrepAlterColumnType: what text is cast to by assignment alone; other groups keep apart. */
static bool cast_by_itself(const char *from, const char *to)
{
	static const char numbers[] = "inf";
	char a = type_group(from), b = type_group(to);

	if (a == 0 || b == 0 || a == b || strchr("tc", b) != NULL)
		return true;
	return (strchr(numbers, a) != NULL && strchr(numbers, b) != NULL) ||
	       (a == 'i' && b == 'o') || (a == 'o' && b == 'i');
}

static void need_type(struct model *model, const struct type_name *type)
{
	const struct type_facts *found;

	if (model_find_type(model->facts, &type->name, &found) == ABSENT)
		model_error(model, "42704", "type \"%s\" does not exist", type->name.name);
}

static void check_type(struct model *model, const struct column_facts *column)
{
	const struct type_name *type = model->action->type;
	struct type_change wanted = wanted_type(model);

	need_type(model, type);
	if (model->effects->error != NULL)
		return;
	if (model->action->expr == NULL && wanted.known && column->base_type != NULL &&
		!cast_by_itself(column->base_type, wanted.base))
		model_error(model, "42804", "column \"%s\" cannot be cast automatically to type %s",
			column->name, type->sql);
	else if (wanted.known && !type->array)
		model_check_collation(model, model->action->collation_sql, wanted.base);
	if (model->action->expr != NULL) {
		model_need_names(
			model, model->action->expr->columns, model->action->expr->n_columns);
		model_check_expr(model, model->action->expr);
	}
}

/* ATPrepAlterColumnType, of each table in turn; what stores no rows is asked for them here. */
static void prepare_table(struct model *model, const struct relation_facts *member)
{
	const struct column_facts *column = facts_column(member, model->action->column);

	if (column == NULL)
		return;
	if (model_has_other_parent(model, member, column->n_parents))
		model_absent(model, "42P16", "cannot alter inherited column \"%s\" of \"%s\"",
			column->name, member->name.name);
	else if (member->kind == 'f' && model->action->expr != NULL)
		model_absent(model, "42809", "\"%s\" is not a table", member->name.name);
	else if (!model_is_partition_key(model, member, column) && member->kind != 'r')
		model_keep_row_type(model, member);
}

/* The sequence is altered first. */
static void prepare_identity(struct model *model, const struct column_facts *column)
{
	if (prepared_as_identity(model, column) && !fits_sequence(model))
		model_error(model, "22023", "identity column type must be an integer");
	else if (column->identity != 0) /* ALTER SEQUENCE ... AS, the same type or not */
		model_lock_part(model, &column->sequence, LOCK_SHARE_ROW_EXCLUSIVE, 0);
}

/* Returns false when the server refuses. */
static bool prepare(struct model *model, const struct column_facts *column)
{
	prepare_identity(model, column);
	prepare_table(model, model->table);
	if (!model->effects->absent)
		check_type(model, column);
	if (model->effects->error != NULL)
		return !model->effects->absent;
	if (model->action->only && model->table->n_partitions > 0)
		model_absent(model, "42P16",
			"type of inherited column \"%s\" must be changed in child tables too",
			column->name);
	else
		model_each_below(model, prepare_table);
	if (column->retyped && retyped_before(model))
		model_error(
			model, "0A000", "cannot alter type of column \"%s\" twice", column->name);
	return !model->effects->absent;
}

void model_alter_type(struct model *model)
{
	bool gone;
	const struct column_facts *column = model_own_column(model, &gone);

	if (gone || model_typed(model))
		return;
	if (column == NULL || column->type_sql == NULL) {
		model->effects->rewrite = true;
		model_cause(model, "the column's present type is not known");
		return;
	}
	if (!prepare(model, column))
		return;
	refuse_dependents(model, model->table);
	model_each_below(model, refuse_dependents);
	change_type(model, model->table);
	model_each_below(model, change_type);
	model_refuse_referencing(model, model->table);
	model_each_below(model, model_refuse_referencing);
	model_each(model, model_keep_row_type);
}

/* Of the four that ALTER TYPE has; RENAME ATTRIBUTE has a new name. */
static bool drops_attribute(const struct action *action)
{
	return action->column != NULL && action->column_def == NULL && action->type == NULL &&
	       action->new_name == NULL;
}

/* Returns false when the attribute is not there, or one of the new name is. */
static bool attribute_fits(struct model *model)
{
	const struct action *action = model->action;
	const struct column_def *def = action->column_def;
	const char *made = def != NULL ? def->name : action->new_name;

	if (def == NULL && action->column != NULL &&
		facts_column(model->table, action->column) == NULL) {
		model->effects->noop = action->part_if_exists;
		if (!action->part_if_exists)
			model_error(model, "42703", "column \"%s\" does not exist", action->column);
		return false;
	}
	if (made == NULL || facts_column(model->table, made) == NULL)
		return true;
	model_error(model, "42701", "column \"%s\" already exists", made);
	return false;
}

static bool ends_at_once(const struct model *model, const struct relation_facts *child)
{
	(void)model, (void)child;
	return true;
}

static void lock_typed(struct model *model)
{
	if (model->effects->noop)
		model_lock_followers(model, ends_at_once);
	else if (drops_attribute(model->action))
		model_lock_followers(model, model_keeps_column);
	else if (model->action->column_def != NULL)
		model_lock_followers(model, model_merges_column);
	else
		model_lock_tree(model, &model->action->table, model->mode);
}

/* renameatt takes what has columns for a type, too. */
static void rename_of_table(struct model *model)
{
	model_lock_tree(model, &model->action->table, model->mode);
	model_rename_column(model);
}

/* ATTypedTableRecursion: typed tables follow their type, if CASCADE says so. */
static bool refuses_typed(struct model *model)
{
	if (model->table->n_partitions == 0 || model->action->cascade)
		return false;
	model_error(model, "2BP01",
		"cannot alter type \"%s\" because it is the type of a typed table",
		model->table->name.name);
	return true;
}

/* ATPrepAlterColumnType comes to typed tables last. */
static void retype_attribute(struct model *model)
{
	const struct relation_facts *type = model->table;

	need_type(model, model->action->type);
	model_keep_row_type(model, type);
	if (refuses_typed(model))
		return;
	model_each_below(model, prepare_table);
	refuse_dependents(model, type);
	model_each_below(model, refuse_dependents);
	model_each_below(model, change_type);
	model_each_below(model, model_refuse_referencing);
	model_each(model, model_keep_row_type);
}

void model_composite_type(struct model *model)
{
	const struct relation_facts *type = model->table;
	bool retypes = model->action->type != NULL;

	if (type == NULL || !relation_listed(type))
		return;
	if (type->kind != 'c' && model->action->new_name != NULL) {
		rename_of_table(model);
		return;
	}
	if (type->kind != 'c')
		model_error(model, "42809", "\"%s\" is not a composite type", type->name.name);
	if (type->kind != 'c' || (!retypes && refuses_typed(model)) ||
		(!attribute_fits(model) && !model->effects->noop))
		return;
	if (model->action->column_def != NULL)
		need_type(model, &model->action->column_def->type);
	lock_typed(model);
	if (drops_attribute(model->action) && !model->effects->noop)
		model_drop_columns(model);
	if (model->action->new_name != NULL && !model->effects->noop)
		model_rename_attribute(model);
	if (retypes)
		retype_attribute(model);
}
