/* SPDX-License-Identifier: PostgreSQL */
/* What recipes are made of: names of the table at hand, the steps they share, and probes. */
#ifndef RECIPE_PARTS_H
#define RECIPE_PARTS_H

#include "recipe.h"

/* A recipe at work. */
struct kitchen {
	struct arena *arena;
	const struct action *action;
	const struct facts *facts;
	const struct relation_facts *table; /* NULL: nothing is known of it */
	struct plan *plan;
	const char *table_sql; /* quoted and qualified */
	const char *alter; /* ALTER TABLE [ONLY] table */
};

/* Empties the plan and fills its head; summary is copied. */
struct kitchen kitchen_open(const struct rule_context *context, struct plan *plan);
/* For the return statement of a recipe: true unless the plan overflowed. */
bool kitchen_close(const struct kitchen *kitchen, const char *summary);
void not_deferrable(struct kitchen *kitchen, const char *because);

bool is_partitioned(const struct kitchen *kitchen);
/* A table that others inherit from, without being partitioned. */
bool is_inherited(const struct kitchen *kitchen);

/* Steps; each returns the one it added. */
struct step *add_catalog(struct kitchen *kitchen, const char *purpose, const char *sql,
	const char *undo, const char *probe);
/* ADD CONSTRAINT name body NOT VALID on table_sql; for a CHECK or foreign key. */
struct step *add_not_valid(struct kitchen *kitchen, const struct name *table, const char *name,
	const struct constraint_def *def);
/* done_also: a condition that makes validating pointless because the end is reached; or NULL */
void add_validate(struct kitchen *kitchen, const struct name *table, const char *name,
	bool foreign_key, const char *done_also);
void add_backfill(struct kitchen *kitchen, const char *column, const char *expr_sql);
/* CREATE UNIQUE INDEX CONCURRENTLY name for a constraint of that name. */
void add_unique_index(struct kitchen *kitchen, const char *name, const struct constraint_def *def);
/* ADD CONSTRAINT name UNIQUE | PRIMARY KEY USING INDEX index. */
struct step *add_using_index(struct kitchen *kitchen, const char *name, const char *index,
	const struct constraint_def *def);

/* The name written, or the one PostgreSQL would choose. */
const char *constraint_name(struct kitchen *kitchen, const struct constraint_def *def);
bool constraint_name_in_use(const struct kitchen *kitchen, const char *name);
/* UNIQUE and PRIMARY KEY that an index built concurrently can stand for, written without storage
 * options. */
bool index_can_replace(const struct kitchen *kitchen, const struct constraint_def *def);

/* The way to NOT NULL without a scan under a strong lock, in pieces: PostgreSQL 12+ trusts a
 * validated CHECK. */
const char *not_null_check_name(struct kitchen *kitchen, const char *column);
struct step *add_not_null_check(struct kitchen *kitchen, const char *column, const char *check);
struct step *add_set_not_null(struct kitchen *kitchen, const char *column);
struct step *add_drop_check(struct kitchen *kitchen, const char *check);
/* Backfill as needed, check and validation; what is left is to SET NOT NULL and drop the check. */
void add_not_null_proof(struct kitchen *kitchen, const char *column, const char *check);

/* Conditions for probes: SQL of one boolean, every operator qualified. */
const char *has_constraint(
	struct kitchen *kitchen, const struct name *table, const char *name, bool validated);
/* flag: a boolean over pg_attribute's columns, e.g. "attnotnull"; NULL for mere existence */
const char *has_column(struct kitchen *kitchen, const char *column, const char *flag);
/* A valid index of that name on that table. */
const char *has_index(struct kitchen *kitchen, const struct name *table, const char *index);
const char *has_relation(struct kitchen *kitchen, const struct name *name);
/* SELECT a [OR b]; b may be NULL */
const char *probe(struct kitchen *kitchen, const char *a, const char *b);

/* For a CREATE INDEX CONCURRENTLY step: what a failed build of that name leaves behind is dropped
 * first. */
void repair_invalid_index(
	struct kitchen *kitchen, struct step *step, const struct name *table, const char *index);
/* The name is free, or belongs to an invalid index on this very table. */
bool index_name_free(const struct kitchen *kitchen, const char *index);

#endif
