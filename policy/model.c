/* SPDX-License-Identifier: PostgreSQL */
#include "model.h"

#include <stdint.h>
#include <string.h>

/* facts_relation cannot tell "not there" from "not asked"; only the first may be believed to be
 * harmless. */
enum presence model_find(
	const struct facts *facts, const struct name *name, const struct relation_facts **relation)
{
	*relation = facts_relation(facts, name);
	if (*relation != NULL && (*relation)->exists)
		return PRESENT;
	*relation = NULL;
	return facts->known && facts_asked(facts, name) != NULL ? ABSENT : UNKNOWN;
}

enum presence model_find_type(
	const struct facts *facts, const struct name *name, const struct type_facts **type)
{
	*type = facts_type(facts, name);
	if (*type != NULL && (*type)->exists)
		return PRESENT;
	*type = NULL;
	for (size_t i = 0; facts->known && i < facts->n_types; i++)
		if (name_equal(&facts->types[i].asked, name))
			return ABSENT;
	return UNKNOWN;
}

bool relation_private(const struct relation_facts *relation)
{
	return relation->created_in_transaction || relation->persistence == 't';
}

bool locks_tables(const struct action *action)
{
	static const char *const others[] = {"VIEW", "SEQUENCE", "INDEX"};

	for (size_t i = 0; action->object != NULL && i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(action->object, others[i]) == 0)
			return action->kind == ACTION_CREATE_INDEX ||
			       action->kind == ACTION_DROP_INDEX;
	return true;
}

bool locks_any_table(const struct action *action, const struct lock_effect *lock)
{
	for (size_t i = 0; action->kind == ACTION_DROP_INDEX && i < action->n_targets; i++)
		if (!lock->part && name_equal(&lock->relation, &action->targets[i]))
			return true;
	return false;
}

bool relation_below(const struct relation_facts *table, const struct name *name)
{
	for (size_t i = 0; i < table->n_partitions; i++)
		if (name_equal(&table->partitions[i], name))
			return true;
	for (size_t i = 0; i < table->n_partition_tree; i++)
		if (name_equal(&table->partition_tree[i].name, name))
			return true;
	return false;
}

bool relation_listed(const struct relation_facts *relation)
{
	return relation->oid != 0;
}

static struct lock_effect *get_lock(struct model *model, const struct name *name, bool part)
{
	struct effects *effects = model->effects;
	const struct relation_facts *relation;
	size_t at;

	if (model_find(model->facts, name, &relation) == PRESENT)
		name = &relation->name;
	at = name_index_add(model->arena, &model->locked, name);
	if (at < effects->n_locks)
		return &effects->locks[at];
	effects->locks = arena_grow(model->arena, effects->locks, effects->n_locks,
		&model->n_locks_max, sizeof(*effects->locks));
	effects->locks[effects->n_locks++] = (struct lock_effect){
		.relation = *name,
		.existing =
			relation != NULL ? !relation_private(relation) : !model->action->temporary,
		.part = part,
	};
	return &effects->locks[at];
}

static void raise_lock(struct lock_effect *lock, enum lock_mode mode, unsigned work)
{
	if (mode > lock->mode)
		lock->mode = mode;
	lock->work |= work;
}

void model_unlock(struct model *model)
{
	model->effects->n_locks = 0;
	model->locked = (struct name_index){0};
}

void model_work(struct model *model, const struct name *name, enum lock_mode mode, unsigned work)
{
	raise_lock(get_lock(model, name, false), mode, work);
}

void model_lock(struct model *model, const struct name *name, enum lock_mode mode)
{
	model_work(model, name, mode, 0);
}

void model_lock_part(
	struct model *model, const struct name *name, enum lock_mode mode, unsigned work)
{
	raise_lock(get_lock(model, name, true), mode, work);
}

enum lock_mode model_mode(const struct model *model, const struct name *name)
{
	size_t at = name_index_find(&model->locked, name);

	return at < model->effects->n_locks ? model->effects->locks[at].mode : LOCK_NONE;
}

void model_lock_indexes(
	struct model *model, const struct relation_facts *table, enum lock_mode mode, unsigned work)
{
	for (size_t i = 0; i < table->n_indexes; i++)
		model_lock_part(model, &table->indexes[i].name, mode, work);
}

void model_lock_tree(struct model *model, const struct name *name, enum lock_mode mode)
{
	const struct relation_facts *relation;

	model_lock(model, name, mode);
	if (model_find(model->facts, name, &relation) != PRESENT)
		return;
	for (size_t i = 0; i < relation->n_partition_tree; i++)
		model_lock(model, &relation->partition_tree[i].name, mode);
	for (size_t i = 0; i < relation->n_partitions && relation->n_partition_tree == 0; i++)
		model_lock(model, &relation->partitions[i], mode);
}

void model_lock_partitions(struct model *model, const struct name *name, enum lock_mode mode)
{
	const struct relation_facts *relation;

	if (model_find(model->facts, name, &relation) == PRESENT && relation->kind != 'p')
		model_lock(model, name, mode);
	else
		model_lock_tree(model, name, mode);
}

static void lock_losers(struct model *model, const struct drop_facts *drops)
{
	for (size_t i = 0; i < drops->n_losers; i++) {
		const struct loser_facts *loser = &drops->losers[i];

		if (loser->cascade && !model->action->cascade)
			continue;
		if (strchr("iISc", loser->kind) != NULL)
			model_lock_part(model, &loser->name, LOCK_ACCESS_EXCLUSIVE, 0);
		else
			model_lock(model, &loser->name, LOCK_ACCESS_EXCLUSIVE);
	}
}

/* A column goes with its table. */
static bool covers(const struct along_facts *one, const struct along_facts *other)
{
	return !one->cascade && one->oid == other->oid && one->class_oid == other->class_oid &&
	       (one->part == 0 || one->part == other->part);
}

static bool goes_anyway(const struct dropped *all, size_t n, const struct along_facts *object)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all[i].drops->n_along; k++)
			if (covers(&all[i].drops->along[k], object))
				return true;
	return false;
}

/*
 * findDependentObjects keeps one list for all that is dropped together, and reportDependentObjects
 * (dependency.c) forgives what any of them takes along without CASCADE.
 */
static bool needs_cascade(const struct dropped *one, const struct dropped *all, size_t n)
{
	if (n == 1 || !one->drops->cascade_needed)
		return one->drops->cascade_needed;
	for (size_t i = 0; i < one->drops->n_along; i++)
		if (!goes_anyway(all, n, &one->drops->along[i]))
			return true;
	return false;
}

void model_drop(struct model *model, const struct dropped *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		lock_losers(model, all[i].drops);
		if (!model->action->cascade && needs_cascade(&all[i], all, n))
			model_error(model, "2BP01",
				"cannot drop %s because other objects depend on it", all[i].what);
	}
}

/* ---- work on the action's table and its children ---- */

static bool stored(const struct relation_facts *relation)
{
	return relation->kind == 'r' || relation->kind == 'm';
}

static void visit(struct model *model, const struct name *name, model_member_fn *member)
{
	const struct relation_facts *relation;

	if (model_find(model->facts, name, &relation) == PRESENT && stored(relation))
		member(model, relation);
}

void model_each(struct model *model, model_member_fn *member)
{
	const struct relation_facts *table = model->table;

	if (table == NULL)
		return;
	visit(model, &table->name, member);
	for (size_t i = 0; i < table->n_partitions && !model->action->only; i++)
		visit(model, &table->partitions[i], member);
}

void model_each_partition(struct model *model, model_member_fn *member)
{
	if (model->table != NULL && model->table->kind != 'p')
		visit(model, &model->table->name, member);
	else
		model_each(model, member);
}

void model_each_below(struct model *model, model_member_fn *member)
{
	const struct relation_facts *table = model->table, *below;
	bool tree = table != NULL && table->n_partition_tree > 0;
	/* To a type's tables, ATTypedTableRecursion goes whatever the statement says. */
	bool alone = table == NULL || (model->action->only && table->kind != 'c');
	size_t n = alone ? 0 : tree ? table->n_partition_tree : table->n_partitions;

	for (size_t i = 0; i < n; i++)
		if (model_find(model->facts,
			    tree ? &table->partition_tree[i].name : &table->partitions[i],
			    &below) == PRESENT)
			member(model, below);
}

void model_copy(struct model *model, const struct relation_facts *member)
{
	unsigned work = WORK_FILE | WORK_SCAN | (member->n_indexes > 0 ? WORK_BUILD : 0);

	model_work(model, &member->name, LOCK_NONE, work);
	model_lock_indexes(model, member, LOCK_ACCESS_EXCLUSIVE, WORK_FILE);
}

void model_scan(struct model *model, const struct relation_facts *member)
{
	model_work(model, &member->name, LOCK_NONE, WORK_SCAN);
}

void model_build(struct model *model, const struct relation_facts *member)
{
	model_work(model, &member->name, LOCK_NONE, WORK_SCAN | WORK_BUILD);
}

/* Blocking what nobody sees hurts nobody; what was never analysed may be huge. */
static int64_t weight(const struct relation_facts *relation)
{
	if (relation_private(relation))
		return 0;
	return relation->pages < 0 || relation->rows < 0 ? INT64_MAX : relation->pages + 1;
}

const struct relation_facts *model_worst(
	const struct facts *facts, const struct name *names, size_t n)
{
	const struct relation_facts *worst = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct relation_facts *relation;
		enum presence presence = model_find(facts, &names[i], &relation);

		if (presence == UNKNOWN)
			return NULL;
		if (presence == PRESENT && (worst == NULL || weight(relation) > weight(worst)))
			worst = relation;
	}
	return worst;
}

void model_error(struct model *model, const char *sqlstate, const char *fmt, ...)
{
	va_list args;

	if (model->effects->error != NULL)
		return;
	va_start(args, fmt);
	model->effects->error = arena_vprintf(model->arena, fmt, args);
	va_end(args);
	model->effects->sqlstate = sqlstate;
}

void model_absent(struct model *model, const char *sqlstate, const char *fmt, ...)
{
	va_list args;

	model->effects->absent = true;
	va_start(args, fmt);
	model->effects->error = arena_vprintf(model->arena, fmt, args);
	va_end(args);
	model->effects->sqlstate = sqlstate;
}

void model_cause(struct model *model, const char *fmt, ...)
{
	va_list args;

	if (model->effects->cause != NULL)
		return;
	va_start(args, fmt);
	model->effects->cause = arena_vprintf(model->arena, fmt, args);
	va_end(args);
}

bool is_system_column(const char *name)
{
	static const char *const system[] = {"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"};

	return names_contain(system, sizeof(system) / sizeof(system[0]), name);
}

const struct column_facts *model_own_column(struct model *model, bool *gone)
{
	const char *name = model->action->column;
	const struct column_facts *column;

	*gone = false;
	if (model->table == NULL || name == NULL)
		return NULL;
	column = facts_column(model->table, name);
	if (column != NULL || model->table->n_columns == 0 || !relation_listed(model->table))
		return column;
	*gone = true;
	if (is_system_column(name))
		model_absent(model, "0A000", "cannot alter system column \"%s\"", name);
	else if (model->action->part_if_exists && model->action->kind == ACTION_DROP_COLUMN)
		model->effects->noop = true;
	else
		model_absent(model, "42703", "column \"%s\" does not exist", name);
	return NULL;
}

bool model_is_partition_key(
	struct model *model, const struct relation_facts *table, const struct column_facts *column)
{
	if (!names_contain(table->partition_columns, table->n_partition_columns, column->name))
		return false;
	model_absent(model, "42P16", "column \"%s\" is part of the partition key", column->name);
	return true;
}

static bool adds(const struct action *action, const char *column)
{
	return action->column_def != NULL && strcmp(action->column_def->name, column) == 0;
}

static bool being_added(const struct model *model, const char *column)
{
	for (size_t i = 0; i < model->facts->n_commands; i++)
		if (adds(model->facts->commands[i], column))
			return true;
	return adds(model->action, column);
}

void model_need_names(struct model *model, const char *const *names, size_t n)
{
	const struct relation_facts *table = model->table;

	if (table == NULL || table->n_columns == 0 || !relation_listed(table))
		return;
	for (size_t i = 0; i < n; i++) {
		if (names[i] == NULL || facts_column(table, names[i]) != NULL)
			continue;
		if (is_system_column(names[i]))
			model_refuse_system_column(model, names[i]);
		else
			model_error(model, "42703", "column \"%s\" does not exist", names[i]);
	}
}

void model_need_columns(struct model *model, const struct expr *expr)
{
	for (size_t i = 0; expr != NULL && i < expr->n_columns; i++)
		if (!being_added(model, expr->columns[i]))
			model_need_names(model, &expr->columns[i], 1);
}

void model_read_anew(struct model *model, const struct expr *expr)
{
	for (size_t i = 0; expr != NULL && model->table != NULL && i < expr->n_columns; i++) {
		const struct column_facts *column = facts_column(model->table, expr->columns[i]);

		if (column != NULL && column->retyped)
			model->effects->may_be_refused |=
				check_fits(expr->clauses, expr->n_clauses, column->name,
					column->base_type, false) != FITS;
	}
}

/*
 * NotNullImpliedByRelConstraints (tablecmds.c, PostgreSQL 12 and later) trusts validated CHECKs
 * only; a parent's CHECK is its partitions' too.
 */
bool model_never_null(
	const struct model *model, const struct relation_facts *table, const char *column)
{
	const struct column_facts *facts;

	if (table == NULL || column == NULL)
		return false;
	facts = facts_column(table, column);
	if (facts != NULL && facts->not_null)
		return true;
	if (model->facts->server_version > 0 && model->facts->server_version < 120000)
		return false;
	for (size_t i = 0; i < table->n_constraints; i++) {
		const struct constraint_facts *c = &table->constraints[i];

		if (c->kind != CONSTRAINT_CHECK || !c->validated)
			continue;
		if (names_contain(c->proves_not_null, c->n_proves_not_null, column) ||
			(c->unseen && facts_says_not_null(c->name, column)))
			return true;
	}
	return false;
}

bool names_contain(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return true;
	return false;
}
