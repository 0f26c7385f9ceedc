/* SPDX-License-Identifier: PostgreSQL */
/*
 * UPDATE and DELETE of every row, taken apart so that the same can be asked for of a part of the
 * rows: the SET list and the tautology as written, and what would not mean the same in parts.
 */
#include "stmt_internal.h"

#include <strings.h>

struct bulk_reading {
	struct arena *arena;
	struct bulk_def *def;
	struct name *functions; /* NULL in the pass that only counts */
};

/* ---- what it depends on ---- */

/* What the input functions of dates and times take for the time of the transaction. */
static bool names_a_time(const PgQuery__AConst *constant)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday"};

	if (constant->val_case != PG_QUERY__A__CONST__VAL_SVAL)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(constant->sval->sval, words[i]) == 0)
			return true;
	return false;
}

static unsigned trait_of_value(const PgQuery__SQLValueFunction *value)
{
	switch (value->op) {
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER:
		return BULK_SESSION;
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA:
		return 0;
	default:
		return BULK_CLOCK;
	}
}

static unsigned traits_of_column(const struct bulk_def *def, const PgQuery__ColumnRef *ref)
{
	const char *last = tree_string(ref->fields[ref->n_fields - 1]);

	if (last == NULL || (ref->n_fields == 1 && strcmp(last, def->alias) == 0))
		return BULK_WHOLE_ROW;
	return ref->n_fields > 2 ? BULK_QUALIFIED : 0;
}

static unsigned traits_of(const struct bulk_def *def, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	if (type == &pg_query__a__const__descriptor)
		return names_a_time((const PgQuery__AConst *)message) ? BULK_CLOCK : 0;
	if (type == &pg_query__sqlvalue_function__descriptor)
		return trait_of_value((const PgQuery__SQLValueFunction *)message);
	if (type == &pg_query__sub_link__descriptor)
		return BULK_SUBQUERY;
	if (type == &pg_query__param_ref__descriptor)
		return BULK_PARAMETER;
	if (type == &pg_query__column_ref__descriptor)
		return traits_of_column(def, (const PgQuery__ColumnRef *)message);
	return 0;
}

static bool read_message(void *context, const ProtobufCMessage *message)
{
	struct bulk_reading *reading = context;
	struct bulk_def *def = reading->def;

	def->traits |= traits_of(def, message);
	if (message->descriptor == &pg_query__func_call__descriptor) {
		const PgQuery__FuncCall *call = (const PgQuery__FuncCall *)message;

		if (reading->functions != NULL)
			reading->functions[def->n_functions] =
				tree_name(reading->arena, call->funcname, call->n_funcname);
		def->n_functions++;
	}
	return true;
}

static void read_all(
	struct builder *builder, struct bulk_def *def, const ProtobufCMessage *statement)
{
	struct bulk_reading reading = {.arena = builder->arena, .def = def};

	tree_walk(statement, read_message, &reading);
	reading.functions =
		arena_alloc(builder->arena, (def->n_functions + 1) * sizeof(*reading.functions));
	def->n_functions = 0;
	tree_walk(statement, read_message, &reading);
	def->functions = reading.functions;
}

/* ---- its clauses ---- */

static const char *slice(struct builder *builder, size_t first, size_t end)
{
	return source_text(builder->arena, builder->source, (struct span){first, end});
}

/* Splits what follows the table at WHERE; a label (t.where) may be called so, too. */
static size_t split_at_where(
	struct builder *builder, struct bulk_def *def, struct span span, const PgQuery__Node *where)
{
	size_t at = source_find(builder->source, span, "where");

	if (where == NULL)
		return span.end;
	if (at == span.end || source_is(builder->source, span, at - 1, ".")) {
		def->traits |= BULK_UNREAD;
		return span.end;
	}
	def->where_sql = slice(builder, at + 1, span.end);
	return at;
}

static struct bulk_def *new_def(struct builder *builder, const PgQuery__RangeVar *relation,
	const char *verb, const ProtobufCMessage *statement)
{
	struct bulk_def *def = arena_alloc(builder->arena, sizeof(*def));

	*def = (struct bulk_def){0};
	def->alias = tree_text(builder->arena,
		relation->alias != NULL ? relation->alias->aliasname : relation->relname);
	if (!source_is(builder->source, builder->span, builder->span.first, verb))
		def->traits |= BULK_NESTED;
	read_all(builder, def, statement);
	return def;
}

/* The first column stands behind SET, or behind SET ( in a list of several. */
static void read_set(
	struct builder *builder, struct bulk_def *def, const PgQuery__UpdateStmt *update)
{
	struct span span = span_from(builder, update->target_list[0]->res_target->location);
	const char **columns =
		arena_alloc(builder->arena, (update->n_target_list + 1) * sizeof(*columns));

	if (source_is(builder->source, builder->span, span.first - 1, "("))
		span.first--;
	if (!source_is(builder->source, builder->span, span.first - 1, "set"))
		def->traits |= BULK_UNREAD;
	def->set_sql = slice(
		builder, span.first, split_at_where(builder, def, span, update->where_clause));
	for (size_t i = 0; i < update->n_target_list; i++)
		columns[i] = tree_text(builder->arena, update->target_list[i]->res_target->name);
	def->columns = columns;
	def->n_columns = update->n_target_list;
}

const struct bulk_def *update_def(struct builder *builder, const PgQuery__UpdateStmt *update)
{
	struct bulk_def *def = new_def(builder, update->relation, "update", &update->base);

	if (update->n_from_clause > 0)
		def->traits |= BULK_JOINS;
	if (update->n_returning_list > 0)
		def->traits |= BULK_RETURNS;
	if ((def->traits & BULK_NESTED) == 0)
		read_set(builder, def, update);
	return def;
}

const struct bulk_def *delete_def(struct builder *builder, const PgQuery__DeleteStmt *delete)
{
	struct bulk_def *def = new_def(builder, delete->relation, "delete", &delete->base);

	if (delete->n_using_clause > 0)
		def->traits |= BULK_JOINS;
	if (delete->n_returning_list > 0)
		def->traits |= BULK_RETURNS;
	if ((def->traits & BULK_NESTED) == 0)
		split_at_where(builder, def, span_from(builder, delete->relation->location),
			delete->where_clause);
	return def;
}
