/* SPDX-License-Identifier: PostgreSQL */
/*
 * The inside of effects: what the models of single actions share.  A model reads action and
 * facts and fills effects; effects.c has looked up the table and locked it with the mode of the
 * action's row before.
 */
#ifndef MODEL_H
#define MODEL_H

#include "arena.h"
#include "effects.h"
#include "name_index.h"

struct model {
	struct arena *arena;
	const struct action *action;
	const struct facts *facts;
	struct effects *effects;
	const struct relation_facts *table; /* NULL: nothing is known of it, assume the worst */
	enum lock_mode mode; /* of the row */
	/* Of effects->locks: where the lock on each relation stands. */
	struct name_index locked;
	size_t n_locks_max;
};

/* What the catalog says about a name being there. */
enum presence {
	PRESENT, /* facts given */
	ABSENT, /* looked up and not there */
	UNKNOWN, /* not looked up */
};
/* *relation is NULL unless PRESENT. */
enum presence model_find(
	const struct facts *facts, const struct name *name, const struct relation_facts **relation);
enum presence model_find_type(
	const struct facts *facts, const struct name *name, const struct type_facts **type);
/* Made by this very transaction, or temporary: nobody else can see it. */
bool relation_private(const struct relation_facts *relation);

/* Of other relations than tables nobody waits as a rule: views, sequences, indexes. */
bool locks_tables(const struct action *action);
/* A table that only an index of it names, which nobody has looked up: it may be any. */
bool locks_any_table(const struct action *action, const struct lock_effect *lock);

/* A partition or inheritance child of the table, at any level. */
bool relation_below(const struct relation_facts *table, const struct name *name);
/* Right below it; other parents it may have as well. */
bool relation_child(const struct relation_facts *parent, const struct relation_facts *table);

/* Columns, constraints and indexes come from the catalog: what is not listed is not there. */
bool relation_listed(const struct relation_facts *relation);

/* Adds a lock or raises the one there. */
void model_lock(struct model *model, const struct name *name, enum lock_mode mode);
/* With its partitions or inheritance children. */
void model_lock_tree(struct model *model, const struct name *name, enum lock_mode mode);
/* Children of the action's table, direct ones: what was inherited is theirs from now on. */
void model_lock_heirs(struct model *model);
/*
 * What is below the action's table, unless ONLY, as commands go there that descend while they are
 * carried out (ATExecAddColumn and the like): not below a child where they end.
 */
typedef bool model_ends_fn(const struct model *model, const struct relation_facts *child);
void model_lock_followers(struct model *model, model_ends_fn *ends);
/* It has the action's new column, or keeps the one that is dropped. */
model_ends_fn model_merges_column, model_keeps_column;
/* MergeAttributesIntoExisting and MergeConstraintsIntoExisting: what a child must have already. */
void model_check_child(struct model *model, const struct relation_facts *parent,
	const struct relation_facts *child);
/* What ATExecAttachPartition refuses before it looks at columns: an error. */
bool model_cannot_attach(struct model *model, const struct relation_facts *partition);
/* With its partitions; children by inheritance stay out of it. */
void model_lock_partitions(struct model *model, const struct name *name, enum lock_mode mode);
/* An index or sequence that goes with its table. */
void model_lock_part(
	struct model *model, const struct name *name, enum lock_mode mode, unsigned work);
void model_lock_indexes(struct model *model, const struct relation_facts *table,
	enum lock_mode mode, unsigned work);
/* None of the locks so far: the server sees what is wrong before it takes any. */
void model_unlock(struct model *model);
/* Of the lock there is by now, or LOCK_NONE. */
enum lock_mode model_mode(const struct model *model, const struct name *name);
/* One of the objects that a command drops together. */
struct dropped {
	const struct drop_facts *drops;
	const char *what; /* for messages */
};
/* Of a type, relation or function; NULL when nothing is known of it. */
const struct drop_facts *model_object_drops(const struct facts *facts, const struct name *name);
/* What they take along, and the error when that needs CASCADE. */
void model_drop(struct model *model, const struct dropped *all, size_t n);

/* A validated foreign key that says the same. */
bool has_foreign_key_like(
	const struct relation_facts *table, const struct constraint_facts *wanted);
/* The action's column, of its table and all below, with what goes along. */
void model_drop_columns(struct model *model);

/* Fit to be the partition's part of an index of the parent: columns, uniqueness, constraint. */
bool index_like(
	struct arena *arena, const struct index_facts *index, const struct index_facts *wanted);
/* Work on one relation, as a bit mask of enum work; its lock is there already or comes as mode. */
void model_work(struct model *model, const struct name *name, enum lock_mode mode, unsigned work);
/*
 * Calls for the action's table and its children, unless ONLY, that hold rows; with what is known
 * of each, or not at all for what is not known.
 */
typedef void model_member_fn(struct model *model, const struct relation_facts *member);
void model_each(struct model *model, model_member_fn *member);
/* For the table or, when it is partitioned, its partitions: not for children by inheritance. */
void model_each_partition(struct model *model, model_member_fn *member);
/* For what is below the action's table, unless ONLY, partitioned tables as well. */
void model_each_below(struct model *model, model_member_fn *member);
/* The heap is written again, and all indexes with it. */
void model_copy(struct model *model, const struct relation_facts *member);
void model_scan(struct model *model, const struct relation_facts *member);
/* An index that was not there is built. */
void model_build(struct model *model, const struct relation_facts *member);
/*
 * The index that the action asks for, in the table or all its partitions, which are locked; where
 * a partition has such an index that no earlier command takes, that is attached.
 */
void model_build_all(struct model *model);
/* Likewise all indexes of a table, for what becomes a partition of it. */
void model_build_missing(struct model *model, const struct relation_facts *parent,
	const struct relation_facts *partition);
/* Columns that a btree cannot order: an error. */
void model_need_order(struct model *model, const char *const *columns, size_t n);
/* Unique indexes of a partitioned table have its partition key in theirs. */
void model_check_partitioned_key(struct model *model, const char *const *columns, size_t n);
/* A foreign key is checked against it: by its rows or by an index, as the planner likes. */
void model_reference(struct model *model, const struct name *referenced);
/* A foreign key of the action's table is its partitions', none of which may be foreign: an error.
 */
void model_need_no_foreign(struct model *model);
/* A column of a foreign table has no key of any kind: an error. */
void model_refuse_keys_of_foreign(struct model *model, const struct column_def *column);
/* What is known to be wrong with a foreign key of the action's table, as an error. */
void model_check_reference(struct model *model, const struct constraint_def *def);
/* A table may refer only to what lives at least as long: permanent, unlogged, temporary. */
void model_must_outlive(
	struct model *model, char persistence, const struct relation_facts *referenced);
/* The table to judge by: the one of names that it hurts most to block; NULL when one is unknown. */
const struct relation_facts *model_worst(
	const struct facts *facts, const struct name *names, size_t n);

/* All that the action lists, or its one table. */
const struct name *model_targets(const struct action *action, size_t *n);
/* Sequences that columns of the table own. */
void model_lock_sequences(struct model *model, const struct relation_facts *table);

/* What is found by a bare name may stand in another schema than where one is made. */
bool model_made_elsewhere(const struct model *model, const struct relation_facts *found);
/* A relation of that name is in the way: an error. */
void model_check_new_name(struct model *model, const struct name *name);
/* Likewise of the action's new name for its table. */
void model_check_rename(struct model *model);
/* Likewise of extended statistics. */
bool model_named_statistics(struct model *model);
/* What it names besides relations, types and functions may not be there. */
bool model_names_unseen(const struct model *model);
/* Of collations that are the same in every database; 0 for another, as good as none for NULL. */
uint32_t collation_written(const char *sql);
/* The action is on a type: the effects say what becomes of it. */
bool model_named_type(struct model *model);
/* Parameters for what the letter stands for in effects_options.c. */
void model_check_options(struct model *model, char letter);
/* The command is for other kinds of relation: an error. */
bool model_wrong_kind(struct model *model, const struct relation_facts *relation);
/* The action's table has its columns from a type: an error. */
bool model_typed(struct model *model);
/* Of a member whose rows get new values: another table must not hold rows of it. */
model_member_fn model_keep_row_type;

/* SET TABLESPACE of the action's table or index is not to where it is. */
bool model_moves(const struct model *model);

/* The server refuses at once: nothing is locked for long, nothing happens. */
void model_absent(struct model *model, const char *sqlstate, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The server refuses, but locks and perhaps scans first. */
void model_error(struct model *model, const char *sqlstate, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The first cause stays. */
void model_cause(struct model *model, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The action's column, NULL when nothing is known of it.  When the table is known to lack it,
 * the effects say so (absent, or noop under IF EXISTS) and *gone is true.
 */
const struct column_facts *model_own_column(struct model *model, bool *gone);
/* Such a column can neither go nor change its type: the effects say so. */
bool model_is_partition_key(
	struct model *model, const struct relation_facts *table, const struct column_facts *column);
/*
 * What a table has from that many parents comes from somewhere else than the action's table, too:
 * of that one, from anywhere.
 */
bool model_has_other_parent(
	const struct model *model, const struct relation_facts *table, int n_parents);
bool is_system_column(const char *name);
/* NOT NULL already, or proved by a validated CHECK: nobody has to scan for nulls. */
bool model_never_null(
	const struct model *model, const struct relation_facts *table, const char *column);

/* A function that is not there, or a subquery where none may stand: an error. */
void model_check_expr(struct model *model, const struct expr *expr);
/* The same of a DEFAULT, NULL where there is none. */
void model_check_default(struct model *model, const struct expr *expr);
/* In an index, a key, or an expression that is stored: an error. */
void model_refuse_system_column(struct model *model, const char *column);
/* COLLATE for a type that has none: an error. */
void model_check_collation(struct model *model, const char *collation, const char *type);
/* A CHECK over columns of the action's table, those that its statement adds included. */
void model_need_columns(struct model *model, const struct expr *expr);
/* An expression over a column that has just got another type may not fit it. */
void model_read_anew(struct model *model, const struct expr *expr);
void model_need_names(struct model *model, const char *const *names, size_t n);

/* What a command on a trigger, policy or rule of its table is about. */
enum attached_kind attached_kind(const struct action *action);
/* Of that kind, by the action's name; NULL: it is not there, as far as is known. */
const struct attached_facts *model_attached(
	const struct action *action, const struct relation_facts *table);

/* A constraint, or a trigger that is one. */
bool relation_has_constraint(const struct relation_facts *relation, const char *name);
/* The action is on a constraint that is a trigger of its table: the effects say what it ends in. */
bool model_on_constraint_trigger(struct model *model);

bool names_contain(const char *const *names, size_t n, const char *name);

/* 'v', 's' or 'i'; *function is the volatile one or NULL. */
char expr_volatility(
	const struct facts *facts, const struct expr *expr, const struct name **function);

/* In its INCLUDE. */
bool model_index_carries(struct arena *arena, const struct index_facts *index, const char *column);

/* What a change of the stored type costs. */
enum type_work { TYPE_NOTHING, TYPE_REINDEX, TYPE_REWRITE };
struct type_change {
	const char *base; /* typname below domains */
	int typmod; /* as atttypmod; -1 none */
	bool known; /* the base of a type nobody looked up is a guess */
	bool constrained; /* a domain with CHECK or NOT NULL */
};
/* What the text's type comes to below domains. */
struct type_change type_written(
	struct arena *arena, const struct facts *facts, const struct type_name *type);
/* A sequence may count in that type (init_params, sequence.c). */
bool model_sequence_type(const char *type);
/* Types that compare with each other: i integers, n numeric, f floats, o oid, t text, c char, d
 * dates, b boolean, u uuid; 0 for all else. */
char type_group(const char *type);
/* Whether a foreign key of one type may refer to a key of the other; yes when not known. */
bool key_types_fit(const char *from, const char *to);
/* Whether what stands on a column can be read with another type. */
enum fit { FITS, MAY_FIT, UNFIT };
enum fit checks_fit(const struct relation_facts *table, const char *column, const char *type);
/* The default and indexes, which are read before any CHECK is. */
enum fit others_fit(
	const struct relation_facts *table, const struct column_facts *column, const char *type);
/* Of a CHECK, as the server prints it or as somebody wrote it. */
enum fit check_fits(const struct expr_clause *clauses, size_t n, const char *column,
	const char *type, bool printed);
/* Of a column that gets another type: its constraints are made again, and may not fit it. */
void model_remake_constraints(
	struct model *model, const struct relation_facts *table, const struct column_facts *column);
model_member_fn model_refuse_referencing;
enum type_work type_work(
	const struct type_change *from, const struct type_change *to, bool timezone_utc);

typedef void model_fn(struct model *model);
model_fn model_add_column, model_set_not_null, model_drop_column, model_alter_column,
	model_rename_column, model_rename_attribute, model_drop_not_null, model_set_default,
	model_add_identity, model_set_identity, model_drop_identity, model_drop_expression;
model_fn model_alter_type, model_add_enum_value, model_rename_enum_value, model_composite_type;
model_fn model_add_check, model_add_foreign_key, model_add_unique, model_add_primary_key,
	model_add_exclusion, model_validate, model_drop_constraint, model_alter_constraint,
	model_rename_constraint, model_domain_constraint;
model_fn model_create_index, model_drop_index, model_reindex, model_index_tablespace;
model_fn model_create_table, model_partition_of, model_attach, model_detach, model_drop_relation,
	model_drop_object, model_truncate, model_heap_copy, model_set_persistence,
	model_set_tablespace, model_set_access_method, model_lock_table, model_bulk_write,
	model_replace_view, model_refresh, model_rename, model_breaks, model_inherit,
	model_no_transaction, model_owner, model_cluster_on, model_replica_identity,
	model_set_schema, model_on_table, model_publication, model_change_rows,
	model_switch_trigger, model_create_trigger, model_drop_trigger, model_rename_object,
	model_options, model_comment, model_of_type, model_rename_index, model_index_attach,
	model_index_options, model_switch_rule, model_alter_sequence, model_attach_new,
	model_vacuum, model_analyze, model_foreign_data, model_alter_object,
	model_create_statistics, model_statistics, model_alter_domain, model_create_matview;

#endif
