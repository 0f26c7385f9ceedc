/* SPDX-License-Identifier: PostgreSQL */
/* Maintenance, locks, prepared statements, COPY, transactions. */
#include "stmt_internal.h"

/* The relations of VACUUM are wrapped with their column lists. */
static void set_vacuumed(
	struct builder *builder, struct action *action, const PgQuery__VacuumStmt *vacuum)
{
	struct name *targets = arena_alloc(builder->arena, (vacuum->n_rels + 1) * sizeof(*targets));

	for (size_t i = 0; i < vacuum->n_rels; i++)
		targets[i] = tree_relation_name(
			builder->arena, vacuum->rels[i]->vacuum_relation->relation);
	action->targets = targets;
	action->n_targets = vacuum->n_rels;
	action->table = targets[0];
}

void handle_vacuum(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__VacuumStmt *vacuum = node->vacuum_stmt;

	if (!vacuum->is_vacuumcmd) {
		set_kind(builder, action, ACTION_ANALYZE);
		builder->tag = "ANALYZE";
	} else if (tree_option_on(vacuum->options, vacuum->n_options, "full", false)) {
		set_kind(builder, action, ACTION_VACUUM_FULL);
	}
	action->nowait = tree_option_on(vacuum->options, vacuum->n_options, "skip_locked", false);
	set_vacuumed(builder, action, vacuum);
	builder->no_transaction = vacuum->is_vacuumcmd;
}

void handle_cluster(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	action->name = tree_text(builder->arena, node->cluster_stmt->indexname);
	builder->no_transaction = node->cluster_stmt->relation == NULL;
}

static const char *reindexed(PgQuery__ReindexObjectType kind)
{
	switch (kind) {
	case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX:
		return "INDEX";
	case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE:
		return "TABLE";
	case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA:
		return "SCHEMA";
	case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE:
		return "DATABASE";
	default:
		return "SYSTEM";
	}
}

void handle_reindex(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__ReindexStmt *reindex = node->reindex_stmt;
	bool one_relation = reindex->relation != NULL;

	action->object = reindexed(reindex->kind);
	action->name = tree_text(builder->arena, reindex->name);
	action->concurrently =
		tree_option_on(reindex->params, reindex->n_params, "concurrently", false);
	action->new_name = tree_text(
		builder->arena, tree_option_text(reindex->params, reindex->n_params, "tablespace"));
	builder->no_transaction = action->concurrently || !one_relation;
	if (reindex->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX) {
		struct name *index = arena_alloc(builder->arena, sizeof(*index));

		*index = action->table;
		action->targets = index;
		action->n_targets = 1;
		action->table = (struct name){0};
	}
}

/* A list of relations: all of them are targets, the first is the table. */
static void set_relations(
	struct builder *builder, struct action *action, PgQuery__Node *const *nodes, size_t n)
{
	if (n == 0)
		return;
	set_relation(builder, action, nodes[0]->range_var);
	set_targets(builder, action, nodes, n);
}

void handle_truncate(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	action->object = "TABLE";
	action->restarts_identity = node->truncate_stmt->restart_seqs;
	set_relations(
		builder, action, node->truncate_stmt->relations, node->truncate_stmt->n_relations);
}

/* LockStmt.mode counts as enum lock_mode does (storage/lockdefs.h). */
void handle_lock(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__LockStmt *lock = node->lock_stmt;

	action->object = "TABLE";
	action->lock_mode = lock->mode < LOCK_NONE || lock->mode > LOCK_ACCESS_EXCLUSIVE
				    ? LOCK_ACCESS_EXCLUSIVE
				    : (enum lock_mode)lock->mode;
	action->nowait = lock->nowait;
	set_relations(builder, action, lock->relations, lock->n_relations);
}

void handle_copy(struct builder *builder, const PgQuery__Node *node, struct action *harmless)
{
	const PgQuery__CopyStmt *copy = node->copy_stmt;

	(void)harmless;
	if (copy->is_program)
		add_statement(builder, ACTION_COPY_PROGRAM, &copy->base)->name =
			tree_text(builder->arena, copy->filename);
}

/* Without ANALYZE the statement is planned, not run. */
void handle_explain(struct builder *builder, const PgQuery__Node *node, struct action *none)
{
	const PgQuery__ExplainStmt *explain = node->explain_stmt;
	const char *tag = builder->tag;

	(void)none;
	if (tree_option_on(explain->options, explain->n_options, "analyze", false))
		classify(builder, explain->query);
	else
		add_action(builder, ACTION_HARMLESS);
	builder->tag = tag;
}

/*
 * What must be judged cannot be kept under a name: when it runs, the table may have grown or its
 * name may mean another one, and EXECUTE can hide (in a Parse of long before, in a function).
 */
void handle_prepare(struct builder *builder, const PgQuery__Node *node, struct action *none)
{
	(void)none;
	classify_queries(builder, &node->base);
	if (builder->guarded)
		add_action(builder, ACTION_DYNAMIC_SQL)->name = "PREPARE";
	else
		add_action(builder, ACTION_HARMLESS);
}

void handle_execute(struct builder *builder, const PgQuery__Node *node, struct action *harmless)
{
	(void)harmless;
	builder->executes_prepared = true;
	builder->prepared_name = arena_strdup(builder->arena, node->execute_stmt->name);
}

void handle_close(struct builder *builder, const PgQuery__Node *node, struct action *harmless)
{
	(void)harmless;
	if (*node->close_portal_stmt->portalname == '\0')
		builder->tag = "CLOSE CURSOR ALL";
}

void handle_deallocate(struct builder *builder, const PgQuery__Node *node, struct action *harmless)
{
	(void)harmless;
	if (*node->deallocate_stmt->name == '\0')
		builder->tag = "DEALLOCATE ALL";
}

void handle_discard(struct builder *builder, const PgQuery__Node *node, struct action *harmless)
{
	static const char *const tags[] = {
		[PG_QUERY__DISCARD_MODE__DISCARD_ALL] = "DISCARD ALL",
		[PG_QUERY__DISCARD_MODE__DISCARD_PLANS] = "DISCARD PLANS",
		[PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES] = "DISCARD SEQUENCES",
		[PG_QUERY__DISCARD_MODE__DISCARD_TEMP] = "DISCARD TEMP",
	};
	size_t target = (size_t)node->discard_stmt->target;

	(void)harmless;
	if (target < sizeof(tags) / sizeof(*tags))
		builder->tag = tags[target];
	builder->no_transaction = target == PG_QUERY__DISCARD_MODE__DISCARD_ALL;
}

void handle_call(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__FuncCall *call = node->call_stmt->funccall;

	set_name(builder, action, call->funcname, call->n_funcname);
}

struct transaction_kind {
	const char *name, *tag;
};

void handle_transaction(struct builder *builder, const PgQuery__Node *node, struct action *none)
{
#define TRANSACTION(kind, name, tag)                                                               \
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_##kind] = { name, tag }
	static const struct transaction_kind kinds[] = {
		TRANSACTION(BEGIN, "BEGIN", "BEGIN"),
		TRANSACTION(START, "BEGIN", "START TRANSACTION"),
		TRANSACTION(COMMIT, "COMMIT", "COMMIT"),
		TRANSACTION(ROLLBACK, "ROLLBACK", "ROLLBACK"),
		TRANSACTION(SAVEPOINT, "SAVEPOINT", "SAVEPOINT"),
		TRANSACTION(RELEASE, "RELEASE", "RELEASE"),
		TRANSACTION(ROLLBACK_TO, "ROLLBACK TO", "ROLLBACK"),
		TRANSACTION(PREPARE, "PREPARE TRANSACTION", "PREPARE TRANSACTION"),
		TRANSACTION(COMMIT_PREPARED, "COMMIT PREPARED", "COMMIT PREPARED"),
		TRANSACTION(ROLLBACK_PREPARED, "ROLLBACK PREPARED", "ROLLBACK PREPARED"),
	};
#undef TRANSACTION
	const PgQuery__TransactionStmt *transaction = node->transaction_stmt;
	size_t kind = (size_t)transaction->kind;
	struct action *action;

	(void)none;
	if (kind >= sizeof(kinds) / sizeof(*kinds) || kinds[kind].name == NULL) {
		builder->not_understood = true;
		return;
	}
	action = add_action(builder, kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE
					     ? ACTION_PREPARE_TRANSACTION
					     : ACTION_TRANSACTION);
	action->name = kinds[kind].name;
	action->new_name = tree_text(builder->arena, transaction->savepoint_name);
	action->chain = transaction->chain;
	builder->tag = kinds[kind].tag;
	builder->no_transaction =
		kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED ||
		kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED;
}
