/* SPDX-License-Identifier: PostgreSQL */
/* What recipes are made of: names of the table at hand, the steps they share, and probes. */
#ifndef PLANNER_H
#define PLANNER_H

#include "recipe.h"

/* Makes the plan of one action. */
struct planner {
	struct arena *arena;
	const struct action *action;
	const struct facts *facts;
	const struct policy_settings *settings;
	const struct relation_facts *table; /* NULL: nothing is known of it */
	struct plan *plan;
	const char *table_sql; /* quoted and qualified */
	const char *alter; /* ALTER TABLE [ONLY] table */
};

/* The same plan, for steps about another table. */
struct planner planner_at(const struct planner *planner, const struct relation_facts *table);
/* Empties the plan and fills its head; summary is copied. */
struct planner planner_open(const struct rule_context *context, struct plan *plan);
/* For the return statement of a recipe: true unless the plan overflowed. */
bool planner_close(const struct planner *planner, const char *summary);
void planner_not_deferrable(struct planner *planner, const char *because);

bool planner_partitioned(const struct planner *planner);
/* A table that others inherit from, without being partitioned. */
bool planner_inherited(const struct planner *planner);

/* From now on nobody else takes them back while the change is under way: see plan.columns. */
void planner_keep_column(struct planner *planner, const char *column);
void planner_keep_constraint(
	struct planner *planner, const struct name *table, const char *constraint);

/* Steps; each returns the one it added. */
struct step *planner_add_catalog(struct planner *planner, const char *purpose, const char *sql,
	const char *undo, const char *probe);
/* ADD CONSTRAINT name body NOT VALID on table_sql; for a CHECK or foreign key. */
struct step *planner_add_not_valid(struct planner *planner, const struct name *table,
	const char *name, const struct constraint_def *def);
/* done_also: a condition that makes validating pointless because the end is reached; or NULL */
void planner_add_validate(struct planner *planner, const struct name *table, const char *name,
	bool foreign_key, const char *done_also);
/* Why rows of the table cannot be written by an UPDATE in batches, whatever it sets; NULL: they
 * can, or nothing is known of it. */
const char *planner_write_obstacle(const struct relation_facts *table);
void planner_add_backfill(struct planner *planner, const char *column, const char *expr_sql);
/* The same for any SET list; pending: true for rows still to do. */
struct step *planner_add_fill(
	struct planner *planner, const char *column, const char *set, const char *pending);
/* From step first on: one transaction, and the client's if it has one open. */
void planner_join(struct planner *planner, size_t first, bool in_client_transaction);
/* CREATE UNIQUE INDEX CONCURRENTLY name for a constraint of that name. */
void planner_add_unique_index(
	struct planner *planner, const char *name, const struct constraint_def *def);
/* ADD CONSTRAINT name UNIQUE | PRIMARY KEY USING INDEX index. */
struct step *planner_add_using_index(struct planner *planner, const char *name, const char *index,
	const struct constraint_def *def);

/* "what: a, b, c" of n labels. */
const char *planner_listed(
	struct arena *arena, const char *what, const char *const *labels, size_t n);
/* Quoted, with commas between. */
const char *planner_columns_sql(struct arena *arena, const char *const *columns, size_t n);
/* The name written, or the one PostgreSQL would choose. */
const char *planner_constraint_name(struct planner *planner, const struct constraint_def *def);
bool planner_constraint_exists(const struct planner *planner, const char *name);
/* UNIQUE and PRIMARY KEY that an index built concurrently can stand for, written without storage
 * options. */
bool planner_index_can_replace(const struct planner *planner, const struct constraint_def *def);

/* The way to NOT NULL without a scan under a strong lock, in pieces: PostgreSQL 12+ trusts a
 * validated CHECK. */
const char *planner_check_name(struct planner *planner, const char *column);
struct step *planner_add_not_null_check(
	struct planner *planner, const char *column, const char *check);
struct step *planner_add_set_not_null(struct planner *planner, const char *column);
struct step *planner_add_drop_check(struct planner *planner, const char *check);
/* Backfill as needed, check and validation; what is left is to SET NOT NULL and drop the check. */
void planner_add_not_null_proof(struct planner *planner, const char *column, const char *check);

/* Conditions for probes: SQL of one boolean, every operator qualified. */
const char *probe_constraint(
	struct planner *planner, const struct name *table, const char *name, bool validated);
/* flag: a boolean over pg_attribute's columns, e.g. "attnotnull"; NULL for mere existence */
const char *probe_column(struct planner *planner, const char *column, const char *flag);
/* A valid index of that name on that table. */
const char *probe_index(struct planner *planner, const struct name *table, const char *index);
const char *probe_relation(struct planner *planner, const struct name *name);
/* SELECT a [OR b]; b may be NULL */
const char *probe_select(struct planner *planner, const char *a, const char *b);

/* For a CREATE INDEX CONCURRENTLY step: what a failed build of that name leaves behind is dropped
 * first. */
void planner_repair_index(
	struct planner *planner, struct step *step, const struct name *table, const char *index);
/* Does what pg_get_constraintdef or the like wrote speak of the column?  NULL does not. */
bool planner_mentions(const struct planner *planner, const char *definition, const char *column);
/* Of pg_get_indexdef's text what follows the table: USING ...; NULL without one. */
const char *planner_index_body(const struct index_facts *index);
bool planner_index_mentions(
	const struct planner *planner, const struct index_facts *index, const char *column);
/* Where the change waits to be released; purpose tells people what to wait for. */
void planner_add_soak(struct planner *planner, const char *purpose);
/* The relation of that name is the planned table: a condition. */
const char *probe_table(struct planner *planner, const struct name *name);

/* The name is free, or belongs to an invalid index on this very table. */
bool planner_index_name_free(const struct planner *planner, const char *index);

#endif
