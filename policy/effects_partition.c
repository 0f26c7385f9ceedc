/* SPDX-License-Identifier: PostgreSQL */
/* Partitions come and go: what is searched for rows, built and locked besides parent and partition.
 */
#include "bound_proof.h"
#include "model.h"

#include <string.h>

/*
 * A validated CHECK may imply the partition's bounds (ConstraintImpliedByRelConstraint).  Where
 * bound_proof.h is not sure of it, only the server can prove that.
 */
static bool proof_possible(const struct model *model, const struct name *name)
{
	const struct relation_facts *relation;

	if (model_find(model->facts, name, &relation) != PRESENT)
		return true;
	for (size_t i = 0; i < relation->n_constraints; i++)
		if (relation->constraints[i].kind == CONSTRAINT_CHECK &&
			relation->constraints[i].validated)
			return true;
	return false;
}

static bool excluded_by_default(const struct model *model, const struct relation_facts *parent)
{
	const struct relation_facts *other;

	return model_find(model->facts, &parent->default_partition, &other) == PRESENT &&
	       bound_excluded(model->facts, parent, model->action->bound, other);
}

/* Nobody reads a foreign table for it. */
static void search_leaf(struct model *model, const struct name *name, unsigned work)
{
	const struct relation_facts *leaf;

	if (model_find(model->facts, name, &leaf) == PRESENT && leaf->kind == 'f')
		return;
	model_work(model, name, LOCK_NONE, work);
	model->effects->scan = true;
	model_cause(model, "the default partition is searched for rows of the new one");
}

/* check_default_partition_contents and QueuePartitionConstraintValidation go on to its leaves. */
static void search_default(struct model *model, const struct name *name)
{
	unsigned work = proof_possible(model, name) ? WORK_MAY_SCAN : WORK_SCAN;
	const struct relation_facts *other;

	if (model_find(model->facts, name, &other) != PRESENT || other->kind != 'p') {
		search_leaf(model, name, work);
		return;
	}
	for (size_t i = 0; i < other->n_partitions; i++)
		search_leaf(model, &other->partitions[i],
			work | (proof_possible(model, &other->partitions[i]) ? WORK_MAY_SCAN
									     : WORK_SCAN));
}

static void judge_default_partition(struct model *model, const struct relation_facts *parent)
{
	if (!parent->has_default_partition)
		return;
	if (excluded_by_default(model, parent)) {
		model_lock(model, &parent->default_partition, LOCK_ACCESS_EXCLUSIVE);
		return;
	}
	model_lock_tree(model, &parent->default_partition, LOCK_ACCESS_EXCLUSIVE);
	search_default(model, &parent->default_partition);
}

bool has_foreign_key_like(const struct relation_facts *table, const struct constraint_facts *wanted)
{
	for (size_t i = 0; i < table->n_constraints; i++) {
		const struct constraint_facts *own = &table->constraints[i];

		if (own->kind == CONSTRAINT_FOREIGN_KEY && own->validated &&
			own->definition != NULL && wanted->definition != NULL &&
			strcmp(own->definition, wanted->definition) == 0)
			return true;
	}
	return false;
}

/*
 * CloneForeignKeyConstraints makes the parent's keys the new partition's, with triggers on both
 * sides.  Where partition has such a key (tryAttachPartitionForeignKey), its own triggers go.
 */
static void clone_foreign_keys(struct model *model, const struct relation_facts *parent,
	const struct relation_facts *partition)
{
	for (size_t i = 0; i < parent->n_constraints; i++) {
		const struct constraint_facts *c = &parent->constraints[i];

		if (c->kind != CONSTRAINT_FOREIGN_KEY)
			continue;
		model_lock_partitions(model, &c->referenced,
			partition != NULL && has_foreign_key_like(partition, c)
				? LOCK_ACCESS_EXCLUSIVE
				: LOCK_SHARE_ROW_EXCLUSIVE);
		if (model->action->kind == ACTION_ATTACH_PARTITION)
			model_reference(model, &c->referenced);
	}
}

/* A partition whose keys to the table are all its parent's. */
static bool refers_through_parent(
	const struct relation_facts *other, const struct relation_facts *table)
{
	for (size_t i = 0; i < other->n_constraints; i++)
		if (name_equal(&other->constraints[i].referenced, &table->name) &&
			!other->constraints[i].inherited)
			return false;
	return other->partition;
}

/*
 * CloneFkReferenced: a key of the whole table gets a part for the new partition; DETACH drops it,
 * when no row refers to what goes (RI_PartitionRemove_Check).  The key is that of the table above:
 * its partitions are left alone.
 */
static void follow_referencing(
	struct model *model, const struct relation_facts *parent, enum lock_mode mode)
{
	for (size_t i = 0; i < parent->n_referencing; i++) {
		const struct relation_facts *other;

		if (model_find(model->facts, &parent->referencing[i], &other) == PRESENT &&
			refers_through_parent(other, parent))
			continue;
		model_lock(model, &parent->referencing[i], mode);
		if (model->action->kind == ACTION_DETACH_PARTITION)
			model_reference(model, &parent->referencing[i]);
	}
}

static bool second_default(struct model *model, const struct relation_facts *parent)
{
	const struct partition_bound *bound = model->action->bound;

	if (bound == NULL || !bound->is_default || !parent->has_default_partition)
		return false;
	model_absent(model, "42P17", "there is a default partition already");
	return true;
}

/* transformPartitionBound: a parent that is partitioned, and in that way. */
static bool holds_no_such(struct model *model, const struct relation_facts *parent)
{
	const struct partition_bound *bound = model->action->bound;

	if (!relation_listed(parent))
		return false;
	if (parent->kind != 'p')
		model_error(model, "42P17", "\"%s\" is not partitioned", parent->name.name);
	else if (bound != NULL &&
		 (bound->is_default ? parent->partition_strategy == 'h'
				    : bound->strategy != parent->partition_strategy))
		model_error(model, "42P16", "\"%s\" is not partitioned by such bounds",
			parent->name.name);
	return model->effects->error != NULL;
}

/* check_new_partition_bound */
static bool bound_conflicts(struct model *model, const struct relation_facts *parent)
{
	const struct partition_bound *bound = model->action->bound;
	const struct relation_facts *other;

	if (bound_is_empty(model->facts, parent, bound))
		model_error(model, "42P17", "empty range bound specified");
	for (size_t i = 0; i < parent->n_partition_tree; i++)
		if (name_equal(&parent->partition_tree[i].parent, &parent->name) &&
			model_find(model->facts, &parent->partition_tree[i].name, &other) ==
				PRESENT &&
			bound_overlaps(model->arena, model->facts, parent, bound, other))
			model_error(model, "42P17", "partition would overlap partition \"%s\"",
				other->name.name);
	return model->effects->error != NULL;
}

/* MergeAttributes: temporary tables keep to themselves. */
static void check_persistence(struct model *model, const struct relation_facts *parent)
{
	if (relation_listed(parent) && model->action->temporary != (parent->persistence == 't'))
		model_error(model, "42809",
			"temporary and permanent tables are not partitions of each other");
}

/* A foreign table has no index: DefineRelation passes over the parent's, but for what is unique. */
static void refuse_foreign(struct model *model, const struct relation_facts *parent)
{
	bool keyed = false;

	for (size_t i = 0; i < parent->n_indexes; i++)
		keyed |= parent->indexes[i].unique;
	for (size_t i = 0; i < parent->n_constraints; i++)
		keyed |= parent->constraints[i].kind == CONSTRAINT_FOREIGN_KEY;
	if (keyed)
		model_error(model, "42809", "\"%s\" has keys, which a foreign table cannot have",
			parent->name.name);
}

void model_partition_of(struct model *model)
{
	const struct name *other = &model->action->other;
	const struct relation_facts *parent;
	enum presence presence = model_find(model->facts, other, &parent);

	model_check_new_name(model, &model->action->table);
	if (presence == ABSENT)
		model_error(model, "42P01", "relation \"%s\" does not exist", other->name);
	model_lock(model, other, LOCK_ACCESS_EXCLUSIVE);
	if (presence != PRESENT)
		return;
	model->effects->table = parent;
	check_persistence(model, parent);
	if (holds_no_such(model, parent) || second_default(model, parent) ||
		bound_conflicts(model, parent))
		return;
	if (strcmp(model->action->object, "TABLE") == 0)
		model_lock_indexes(model, parent, LOCK_SHARE_UPDATE_EXCLUSIVE, 0);
	else
		refuse_foreign(model, parent);
	judge_default_partition(model, parent);
	clone_foreign_keys(model, parent, NULL);
	follow_referencing(model, parent, LOCK_SHARE_ROW_EXCLUSIVE);
}

/* tryAttachPartitionForeignKey: a key that the partition does not have is made, and checked. */
static bool lacks_foreign_keys(
	const struct relation_facts *parent, const struct relation_facts *partition)
{
	for (size_t i = 0; i < parent->n_constraints; i++)
		if (parent->constraints[i].kind == CONSTRAINT_FOREIGN_KEY &&
			!has_foreign_key_like(partition, &parent->constraints[i]))
			return true;
	return false;
}

static void scan_for_bounds(struct model *model, const struct relation_facts *partition)
{
	unsigned work = proof_possible(model, &partition->name) ? WORK_MAY_SCAN : WORK_SCAN;

	if (partition->kind == 'r')
		model_work(model, &partition->name, LOCK_NONE, work);
	for (size_t i = 0; i < partition->n_partitions; i++)
		model_work(model, &partition->partitions[i], LOCK_NONE, work);
}

/* It has all that the rows would be read for. */
static bool prepared(const struct model *model, const struct relation_facts *partition)
{
	const struct relation_facts *parent = model->table;

	return parent != NULL && !lacks_foreign_keys(parent, partition) &&
	       bound_holds(model->facts, parent, model->action->bound, partition);
}

void model_attach(struct model *model)
{
	const struct relation_facts *partition;

	model_lock_tree(model, &model->action->other, LOCK_ACCESS_EXCLUSIVE);
	if (model_find(model->facts, &model->action->other, &partition) != PRESENT) {
		model->effects->scan = true;
	} else if (!prepared(model, partition)) {
		model->effects->scan = !partition->empty;
		scan_for_bounds(model, partition);
	}
	if (model->table == NULL)
		return;
	if (holds_no_such(model, model->table) || second_default(model, model->table) ||
		(partition != NULL && model_cannot_attach(model, partition)) ||
		bound_conflicts(model, model->table))
		return;
	judge_default_partition(model, model->table);
	model_lock_indexes(model, model->table, LOCK_SHARE_UPDATE_EXCLUSIVE, 0);
	clone_foreign_keys(model, model->table, partition);
	follow_referencing(model, model->table, LOCK_SHARE_ROW_EXCLUSIVE);
	if (partition == NULL)
		return;
	model_check_child(model, model->table, partition);
	model_build_missing(model, model->table, partition);
}

/* DetachPartitionFinalize: the indexes go their own way, foreign keys get triggers of their own. */
static void set_free(struct model *model, const struct name *name)
{
	const struct relation_facts *partition;

	if (model_find(model->facts, name, &partition) != PRESENT)
		return;
	for (size_t i = 0; i < partition->n_indexes; i++)
		if (partition->indexes[i].attached)
			model_lock_part(
				model, &partition->indexes[i].name, LOCK_ACCESS_EXCLUSIVE, 0);
	clone_foreign_keys(model, partition, NULL);
}

static bool is_no_partition_of(struct model *model)
{
	const struct name *other = &model->action->other;
	const struct relation_facts *partition;
	enum presence presence = model_find(model->facts, other, &partition);

	if (presence == ABSENT)
		model_error(model, "42P01", "relation \"%s\" does not exist", other->name);
	else if (presence == PRESENT && model->table != NULL && relation_listed(partition) &&
		 relation_listed(model->table) &&
		 !(partition->partition && name_equal(&partition->parent, &model->table->name)))
		model_error(model, "42P01", "relation \"%s\" is not a partition of relation \"%s\"",
			other->name, model->table->name.name);
	return model->effects->error != NULL;
}

/*
 * CONCURRENTLY keeps to SHARE UPDATE EXCLUSIVE on the parent; for the second half, when nobody sees
 * the partition there any more, it takes ACCESS EXCLUSIVE on the partition (ATExecDetachPartition).
 */
void model_detach(struct model *model)
{
	struct effects *effects = model->effects;
	const struct action *action = model->action;
	bool gentle = action->concurrently || action->finalize;

	if (gentle && model->facts->server_version > 0 && model->facts->server_version < 140000) {
		model_absent(model, "42601", "PostgreSQL before 14 does not detach CONCURRENTLY");
		return;
	}
	effects->no_transaction = action->concurrently;
	if (gentle)
		effects->locks[0].mode = LOCK_SHARE_UPDATE_EXCLUSIVE;
	if (is_no_partition_of(model))
		return;
	/* DetachPartitionFinalize locks what is below it, which has other bounds from now on. */
	model_lock_tree(model, &action->other, LOCK_ACCESS_EXCLUSIVE);
	set_free(model, &action->other);
	if (model->table != NULL)
		follow_referencing(model, model->table, LOCK_ACCESS_EXCLUSIVE);
	if (model->table != NULL && model->table->n_referencing > 0)
		model_reference(model, &action->other);
	if (model->table == NULL || !model->table->has_default_partition)
		return;
	if (action->concurrently)
		model_error(model, "55000",
			"cannot detach partitions concurrently when a default partition exists");
	else if (!action->finalize)
		model_lock(model, &model->table->default_partition, LOCK_ACCESS_EXCLUSIVE);
}
