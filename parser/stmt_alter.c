/* SPDX-License-Identifier: PostgreSQL */
/*
 * ALTER TABLE: one action for each command.  The tree does not tell where a command stands in
 * the text, but outside of brackets the grammar has commas only between commands:
 *
 *   ALTER TABLE IF EXISTS ONLY s.t | ADD COLUMN a numeric(10, 2) | , | DROP COLUMN b
 *   head                             command                         command
 */
#include "stmt_internal.h"

/* A command with everything needed to read it. */
struct command {
	const PgQuery__AlterTableStmt *alter;
	const PgQuery__AlterTableCmd *cmd;
	struct span span;
};

#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name

static enum action_kind table_command(PgQuery__AlterTableType type)
{
	switch (type) {
	case AT(AddColumn):
		return ACTION_ADD_COLUMN;
	case AT(DropColumn):
		return ACTION_DROP_COLUMN;
	case AT(AlterColumnType):
		return ACTION_ALTER_COLUMN_TYPE;
	case AT(SetNotNull):
		return ACTION_SET_NOT_NULL;
	case AT(DropNotNull):
		return ACTION_DROP_NOT_NULL;
	case AT(ColumnDefault):
		return ACTION_SET_DEFAULT;
	case AT(AddIdentity):
		return ACTION_ADD_IDENTITY;
	case AT(SetIdentity):
		return ACTION_SET_IDENTITY;
	case AT(DropIdentity):
		return ACTION_DROP_IDENTITY;
	case AT(DropExpression):
		return ACTION_DROP_EXPRESSION;
	case AT(SetStatistics):
		return ACTION_SET_STATISTICS;
	case AT(SetStorage):
		return ACTION_SET_STORAGE;
	case AT(SetCompression):
		return ACTION_SET_COMPRESSION;
	case AT(SetOptions):
	case AT(ResetOptions):
		return ACTION_SET_COLUMN_OPTIONS;
	case AT(AddConstraint):
		return ACTION_ADD_CHECK; /* refined by the constraint */
	case AT(ValidateConstraint):
		return ACTION_VALIDATE_CONSTRAINT;
	case AT(DropConstraint):
		return ACTION_DROP_CONSTRAINT;
	case AT(AlterConstraint):
		return ACTION_ALTER_CONSTRAINT;
	case AT(AttachPartition):
		return ACTION_ATTACH_PARTITION;
	case AT(DetachPartition):
	case AT(DetachPartitionFinalize):
		return ACTION_DETACH_PARTITION;
	case AT(ClusterOn):
	case AT(DropCluster):
		return ACTION_CLUSTER_ON;
	case AT(SetLogged):
		return ACTION_SET_LOGGED;
	case AT(SetUnLogged):
		return ACTION_SET_UNLOGGED;
	case AT(SetTableSpace):
		return ACTION_SET_TABLESPACE;
	case AT(SetAccessMethod):
		return ACTION_SET_ACCESS_METHOD;
	case AT(ReplicaIdentity):
		return ACTION_REPLICA_IDENTITY;
	case AT(EnableRowSecurity):
	case AT(DisableRowSecurity):
	case AT(ForceRowSecurity):
	case AT(NoForceRowSecurity):
		return ACTION_ROW_SECURITY;
	case AT(ChangeOwner):
		return ACTION_OWNER_TO;
	case AT(AddInherit):
	case AT(DropInherit):
		return ACTION_INHERIT;
	case AT(AddOf):
	case AT(DropOf):
		return ACTION_OF_TYPE;
	case AT(SetRelOptions):
	case AT(ResetRelOptions):
	case AT(DropOids):
		return ACTION_SET_TABLE_OPTIONS;
	case AT(EnableTrig):
	case AT(EnableAlwaysTrig):
	case AT(EnableReplicaTrig):
	case AT(EnableTrigAll):
	case AT(EnableTrigUser):
		return ACTION_ENABLE_TRIGGER;
	case AT(DisableTrig):
	case AT(DisableTrigAll):
	case AT(DisableTrigUser):
		return ACTION_DISABLE_TRIGGER;
	case AT(EnableRule):
	case AT(EnableAlwaysRule):
	case AT(EnableReplicaRule):
	case AT(DisableRule):
		return ACTION_ENABLE_DISABLE_RULE;
	case AT(GenericOptions):
	case AT(AlterColumnGenericOptions):
		return ACTION_FOREIGN_DATA;
	default:
		return ACTION_UNCLASSIFIED;
	}
}

static enum action_kind index_command(PgQuery__AlterTableType type)
{
	switch (type) {
	case AT(SetTableSpace):
		return ACTION_ALTER_INDEX_TABLESPACE;
	case AT(AttachPartition):
		return ACTION_ALTER_INDEX_ATTACH;
	case AT(ChangeOwner):
		return ACTION_OWNER_TO;
	default:
		return ACTION_ALTER_INDEX_OTHER;
	}
}

/* ALTER TABLE takes what ALTER INDEX does, but not the other way round. */
static enum action_kind command_kind(const struct command *command)
{
	enum action_kind kind = table_command(command->cmd->subtype);

	if (kind == ACTION_UNCLASSIFIED)
		return kind;
	if (kind == ACTION_SET_DEFAULT && command->cmd->def == NULL)
		return ACTION_DROP_DEFAULT;
	if (command->alter->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX)
		return index_command(command->cmd->subtype);
	if (command->alter->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE)
		return ACTION_ALTER_COMPOSITE_TYPE;
	return kind;
}

static struct span from_keyword(
	const struct builder *builder, const struct command *command, const char *keyword)
{
	size_t at = source_find(builder->source, command->span, keyword);

	return (struct span){at < command->span.end ? at + 1 : at, command->span.end};
}

static void read_add_column(
	struct builder *builder, struct action *action, const struct command *command)
{
	const PgQuery__ColumnDef *def = command->cmd->def->column_def;

	action->column = tree_text(builder->arena, def->colname);
	action->if_not_exists = command->cmd->missing_ok;
	action->column_def = make_column(builder, def,
		(struct span){span_from(builder, def->location).first, command->span.end});
}

/* [SET DATA] TYPE type [COLLATE collation] [USING expression] */
static void read_type(struct builder *builder, struct action *action, const struct command *command)
{
	const PgQuery__ColumnDef *def = command->cmd->def->column_def;

	action->type = arena_alloc(builder->arena, sizeof(*action->type));
	*action->type = make_type(
		builder, def->type_name, type_span(builder, def->type_name, command->span.end));
	action->collation_sql = collation_sql(builder, def->coll_clause);
	if (def->raw_default != NULL)
		action->expr = make_expr(
			builder, def->raw_default, from_keyword(builder, command, "using"));
}

static void read_constraint(
	struct builder *builder, struct action *action, const struct command *command)
{
	const PgQuery__Constraint *constraint = command->cmd->def->constraint;

	set_kind(builder, action, constraint_action(constraint));
	if (action->kind == ACTION_UNCLASSIFIED)
		return;
	action->name = tree_text(builder->arena, constraint->conname);
	action->other = tree_relation_name(builder->arena, constraint->pktable);
	action->constraint = make_constraint(builder, constraint,
		(struct span){span_from(builder, constraint->location).first, command->span.end});
}

static void read_partition(
	struct builder *builder, struct action *action, const struct command *command)
{
	const PgQuery__PartitionCmd *partition = command->cmd->def->partition_cmd;

	action->other = tree_relation_name(builder->arena, partition->name);
	if (partition->bound != NULL)
		action->bound = make_bound(builder, partition->bound,
			(struct span){span_from(builder, partition->bound->location).first,
				command->span.end});
	action->concurrently = partition->concurrent;
	action->finalize = command->cmd->subtype == AT(DetachPartitionFinalize);
	builder->no_transaction |= partition->concurrent;
}

/* ALTER CONSTRAINT carries a node of its own with the name in it, before version 18 a Constraint.
 */
static const char *constraint_name(const struct builder *builder, const struct command *command)
{
	const ProtobufCMessage *def = tree_node_message(command->cmd->def);

	return tree_text(
		builder->arena, def == NULL ? command->cmd->name : tree_field_text(def, "conname"));
}

static void read_replica_identity(
	struct builder *builder, struct action *action, const struct command *command)
{
	const PgQuery__ReplicaIdentityStmt *identity = command->cmd->def->replica_identity_stmt;

	action->name = tree_text(builder->arena, identity->name);
	action->new_name = *identity->identity_type == 'f'   ? "FULL"
			   : *identity->identity_type == 'n' ? "NOTHING"
			   : *identity->identity_type == 'd' ? "DEFAULT"
							     : NULL;
}

/* The words of the command, to tell ENABLE from NO FORCE: at most four, the rest is names. */
static const char *command_words(struct builder *builder, const struct command *command, size_t n)
{
	struct span span = command->span;

	if (span.end > span.first + n)
		span.end = span.first + n;
	return source_text(builder->arena, builder->source, span);
}

static void read_parameters(
	struct builder *builder, struct action *action, const PgQuery__AlterTableCmd *cmd)
{
	PgQuery__Node **nodes;
	size_t n = tree_list(cmd->def, &nodes);

	action->resets = cmd->subtype == AT(ResetRelOptions) || cmd->subtype == AT(ResetOptions);
	read_options(builder, action, nodes, n);
}

static void read_command(
	struct builder *builder, struct action *action, const struct command *command)
{
	const PgQuery__AlterTableCmd *cmd = command->cmd;

	switch (cmd->subtype) {
	case AT(AddColumn):
		read_add_column(builder, action, command);
		break;
	case AT(AlterColumnType):
		action->column = tree_text(builder->arena, cmd->name);
		read_type(builder, action, command);
		break;
	case AT(ColumnDefault):
		action->column = tree_text(builder->arena, cmd->name);
		if (cmd->def != NULL)
			action->expr = make_expr(
				builder, cmd->def, from_keyword(builder, command, "default"));
		break;
	case AT(AddConstraint):
		read_constraint(builder, action, command);
		break;
	case AT(AlterConstraint):
	case AT(ValidateConstraint):
	case AT(DropConstraint):
		action->name = constraint_name(builder, command);
		break;
	case AT(AttachPartition):
	case AT(DetachPartition):
	case AT(DetachPartitionFinalize):
		read_partition(builder, action, command);
		break;
	case AT(SetStatistics): /* of an index's column by its number */
		action->column = tree_text(builder->arena, cmd->name);
		action->name = cmd->num > 0 ? arena_printf(builder->arena, "%d", cmd->num) : NULL;
		action->new_name = cmd->def == NULL ? NULL : option_value(builder, cmd->def);
		break;
	case AT(SetStorage):
	case AT(SetCompression):
		action->column = tree_text(builder->arena, cmd->name);
		action->new_name = tree_text(builder->arena, tree_string(cmd->def));
		break;
	case AT(SetRelOptions):
	case AT(ResetRelOptions):
	case AT(SetOptions):
	case AT(ResetOptions):
		action->column = tree_text(builder->arena, cmd->name);
		read_parameters(builder, action, cmd);
		break;
	case AT(AddInherit):
	case AT(DropInherit):
		action->other = object_name(builder, cmd->def);
		action->inherits = cmd->subtype == AT(AddInherit);
		break;
	case AT(AddOf):
		action->other = object_name(builder, cmd->def);
		break;
	case AT(ChangeOwner):
		action->new_name = role_text(builder, cmd->newowner);
		break;
	case AT(SetTableSpace):
	case AT(SetAccessMethod):
		action->new_name = tree_text(builder->arena, cmd->name);
		break;
	case AT(ReplicaIdentity):
		read_replica_identity(builder, action, command);
		break;
	case AT(EnableTrigAll):
	case AT(DisableTrigAll):
		action->name = "ALL";
		break;
	case AT(EnableTrigUser):
	case AT(DisableTrigUser):
		action->name = "USER";
		break;
	case AT(EnableRowSecurity):
	case AT(DisableRowSecurity):
	case AT(ForceRowSecurity):
		action->name = command_words(builder, command, 1);
		break;
	case AT(NoForceRowSecurity):
		action->name = command_words(builder, command, 2);
		break;
	case AT(ClusterOn):
	case AT(EnableTrig):
	case AT(EnableAlwaysTrig):
	case AT(EnableReplicaTrig):
	case AT(DisableTrig):
	case AT(EnableRule):
	case AT(EnableAlwaysRule):
	case AT(EnableReplicaRule):
	case AT(DisableRule):
		action->name = tree_text(builder->arena, cmd->name);
		break;
	default: /* what is left acts on a column, if it names anything */
		action->column = tree_text(builder->arena, cmd->name);
		break;
	}
}

/* Only these take the word; the others' relations come without the mark for "with children". */
static bool only(const PgQuery__AlterTableStmt *alter)
{
	return !alter->relation->inh &&
	       (alter->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
		       alter->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE);
}

static void add_command(
	struct builder *builder, const struct command *command, const char *head, bool alone)
{
	const PgQuery__AlterTableStmt *alter = command->alter;
	struct action *action = add_action(builder, command_kind(command));

	set_relation(builder, action, alter->relation);
	action->only = only(alter);
	action->object = object_kind(alter->objtype)->word;
	action->if_exists = alter->missing_ok;
	/* ADD COLUMN IF NOT EXISTS is missing_ok too. */
	action->part_if_exists = command->cmd->missing_ok && command->cmd->subtype != AT(AddColumn);
	action->cascade = command->cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	action->location = builder->source->tokens[command->span.first].start;
	if (!alone)
		action->sql = arena_printf(builder->arena, "%s %s", head,
			source_text(builder->arena, builder->source, command->span));
	read_command(builder, action, command);
}

static struct span one_command(const struct builder *builder, size_t first)
{
	struct span rest = {first, builder->span.end};

	rest.end = source_find(builder->source, rest, ",");
	return rest;
}

static const char *alter_head(struct builder *builder, const PgQuery__AlterTableStmt *alter)
{
	struct name name = tree_relation_name(builder->arena, alter->relation);

	return arena_printf(builder->arena, "ALTER %s %s%s%s", object_kind(alter->objtype)->word,
		alter->missing_ok ? "IF EXISTS " : "", only(alter) ? "ONLY " : "",
		name_sql(builder->arena, &name));
}

/* Commas and commands that do not match would mean that we do not understand the text. */
void handle_alter_table(struct builder *builder, const PgQuery__Node *node, struct action *none)
{
	const PgQuery__AlterTableStmt *alter = node->alter_table_stmt;
	size_t first = token_behind_relation(builder, alter->relation);
	const char *head = alter_head(builder, alter);

	(void)none;
	set_tag(builder, "ALTER", alter->objtype);
	for (size_t i = 0; i < alter->n_cmds; i++) {
		struct command command = {
			.alter = alter,
			.cmd = alter->cmds[i]->alter_table_cmd,
			.span = one_command(builder, first),
		};

		if (command.span.first >= command.span.end) {
			builder->not_understood = true;
			return;
		}
		add_command(builder, &command, head, alter->n_cmds == 1);
		first = command.span.end + 1;
	}
	if (first != builder->span.end + 1)
		builder->not_understood = true;
	classify_queries(builder, &node->base);
}

void handle_move_all(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__AlterTableMoveAllStmt *move = node->alter_table_move_all_stmt;

	if (move->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX)
		set_kind(builder, action, ACTION_ALTER_INDEX_TABLESPACE);
	set_tag(builder, "ALTER", move->objtype);
	action->object = object_kind(move->objtype)->word;
	action->name = tree_text(builder->arena, move->orig_tablespacename);
	action->new_name = tree_text(builder->arena, move->new_tablespacename);
	action->nowait = move->nowait;
}
