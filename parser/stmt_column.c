/* SPDX-License-Identifier: PostgreSQL */
/*
 * Column definitions and constraints.  The tree tells where each clause starts; it reaches up to
 * the start of the next one:
 *
 *   c text COMPRESSION pglz DEFAULT 'x' CONSTRAINT k CHECK (c > '') NOT NULL
 *     type storage          clauses
 */
#include "stmt_internal.h"

static const char *clause_text(const struct builder *builder, size_t first, size_t end)
{
	return source_text(builder->arena, builder->source, (struct span){first, end});
}

static size_t find(const struct builder *builder, struct span span, const char *word)
{
	return source_find(builder->source, span, word);
}

/* What stands between the first brackets of a clause. */
static struct span in_parens(const struct builder *builder, struct span span)
{
	span.first = find(builder, span, "(");
	span.end = find(builder, span, ")");
	if (span.first < span.end)
		span.first++;
	return span;
}

static const char *const *texts(struct builder *builder, PgQuery__Node *const *nodes, size_t n)
{
	const char **out = arena_alloc(builder->arena, (n + 1) * sizeof(*out));

	for (size_t i = 0; i < n; i++)
		out[i] = tree_text(builder->arena, tree_string(nodes[i]));
	return out;
}

/* The key of each "element WITH operator"; an expression has none and is left out. */
static void set_excluded(
	struct builder *builder, const PgQuery__Constraint *constraint, struct constraint_def *def)
{
	const char **columns =
		arena_alloc(builder->arena, (constraint->n_exclusions + 1) * sizeof(*columns));
	PgQuery__Node **pair;

	for (size_t i = 0; i < constraint->n_exclusions; i++)
		if (tree_list(constraint->exclusions[i], &pair) > 0 &&
			pair[0]->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM &&
			*pair[0]->index_elem->name != '\0')
			columns[def->n_columns++] =
				tree_text(builder->arena, pair[0]->index_elem->name);
	def->columns = columns;
}

static enum constraint_kind constraint_kind(const PgQuery__Constraint *constraint)
{
	switch (constraint->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
		return CONSTRAINT_FOREIGN_KEY;
	case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
		return CONSTRAINT_UNIQUE;
	case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
		return CONSTRAINT_PRIMARY_KEY;
	case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
		return CONSTRAINT_EXCLUSION;
	default:
		return CONSTRAINT_CHECK;
	}
}

enum action_kind constraint_action(const PgQuery__Constraint *constraint)
{
	switch (constraint->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
		return ACTION_ADD_CHECK;
	case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
		return ACTION_ADD_FOREIGN_KEY;
	case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
		return ACTION_ADD_UNIQUE;
	case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
		return ACTION_ADD_PRIMARY_KEY;
	case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
		return ACTION_ADD_EXCLUSION;
	default:
		return ACTION_UNCLASSIFIED;
	}
}

/* Behind "CONSTRAINT name". */
static struct span constraint_body(const struct builder *builder, struct span span)
{
	if (source_is(builder->source, span, span.first, "constraint"))
		span.first = source_skip_name(builder->source, span, span.first + 1);
	return span;
}

static void set_columns(
	struct builder *builder, const PgQuery__Constraint *constraint, struct constraint_def *def)
{
	switch (def->kind) {
	case CONSTRAINT_CHECK:
		def->columns = def->check->columns;
		def->n_columns = def->check->n_columns;
		break;
	case CONSTRAINT_FOREIGN_KEY:
		def->columns = texts(builder, constraint->fk_attrs, constraint->n_fk_attrs);
		def->n_columns = constraint->n_fk_attrs;
		break;
	case CONSTRAINT_EXCLUSION:
		set_excluded(builder, constraint, def);
		break;
	case CONSTRAINT_UNIQUE:
	case CONSTRAINT_PRIMARY_KEY:
		def->columns = texts(builder, constraint->keys, constraint->n_keys);
		def->n_columns = constraint->n_keys;
		break;
	}
}

/* All but body_sql, which differs between the two places a constraint can be written in. */
static struct constraint_def constraint_fields(
	struct builder *builder, const PgQuery__Constraint *constraint, struct span body)
{
	struct constraint_def def = {
		.kind = constraint_kind(constraint),
		.name = tree_text(builder->arena, constraint->conname),
		.include = texts(builder, constraint->including, constraint->n_including),
		.n_include = constraint->n_including,
		.referenced = tree_relation_name(builder->arena, constraint->pktable),
		.referenced_columns = texts(builder, constraint->pk_attrs, constraint->n_pk_attrs),
		.n_referenced_columns = constraint->n_pk_attrs,
		.using_index = tree_text(builder->arena, constraint->indexname),
		.not_valid = constraint->skip_validation,
		.deferrable = constraint->deferrable,
		.initially_deferred = constraint->initdeferred,
		.no_inherit = constraint->is_no_inherit,
		.nulls_not_distinct = constraint->nulls_not_distinct,
	};

	if (def.kind == CONSTRAINT_CHECK)
		def.check = make_expr(builder, constraint->raw_expr, in_parens(builder, body));
	if (def.kind == CONSTRAINT_UNIQUE || def.kind == CONSTRAINT_PRIMARY_KEY)
		def.shape = key_shape(builder, constraint);
	set_columns(builder, constraint, &def);
	return def;
}

/* The clause without the words NOT VALID, wherever among its attributes they stand. */
static const char *without_not_valid(struct builder *builder, struct span body)
{
	for (size_t i = body.first; i + 1 < body.end; i++) {
		const struct source_token *tokens = builder->source->tokens;

		if (tokens[i].depth == tokens[body.first].depth &&
			source_is(builder->source, body, i, "not") &&
			source_is(builder->source, body, i + 1, "valid"))
			return arena_printf(builder->arena, "%s%s%s",
				clause_text(builder, body.first, i), i + 2 < body.end ? " " : "",
				clause_text(builder, i + 2, body.end));
	}
	return clause_text(builder, body.first, body.end);
}

struct constraint_def *make_constraint(
	struct builder *builder, const PgQuery__Constraint *constraint, struct span span)
{
	struct span body = constraint_body(builder, span);
	struct constraint_def *def = arena_alloc(builder->arena, sizeof(*def));

	*def = constraint_fields(builder, constraint, body);
	def->body_sql = without_not_valid(builder, body);
	return def;
}

/* Where the column list goes in UNIQUE [NULLS [NOT] DISTINCT] | PRIMARY KEY. */
static size_t behind_key_words(const struct builder *builder, struct span body)
{
	size_t i = body.first + 1;

	while (source_is(builder->source, body, i, "key") ||
		source_is(builder->source, body, i, "nulls") ||
		source_is(builder->source, body, i, "not") ||
		source_is(builder->source, body, i, "distinct"))
		i++;
	return i;
}

/* A column's constraint in the form a table's would have. */
static const char *table_form(
	struct builder *builder, const struct constraint_def *def, struct span body)
{
	const char *columns;
	size_t at;

	if (def->kind == CONSTRAINT_CHECK)
		return clause_text(builder, body.first, body.end);
	columns = quote_ident(builder->arena, def->columns[0]);
	if (def->kind == CONSTRAINT_FOREIGN_KEY)
		return arena_printf(builder->arena, "FOREIGN KEY (%s) %s", columns,
			clause_text(builder, body.first, body.end));
	at = behind_key_words(builder, body);
	return arena_printf(builder->arena, "%s (%s)%s%s", clause_text(builder, body.first, at),
		columns, at < body.end ? " " : "", clause_text(builder, at, body.end));
}

/* A column being read: column->constraints points at the same constraints, for readers only. */
struct reading {
	struct column_def *column;
	struct constraint_def *constraints;
	unsigned attributes; /* of the last one, as bits */
};

static void add_column_constraint(struct builder *builder, struct reading *reading,
	const PgQuery__Constraint *constraint, struct span body)
{
	struct column_def *column = reading->column;
	struct constraint_def *def = &reading->constraints[column->n_constraints++];
	const char **own = arena_alloc(builder->arena, sizeof(*own));

	*def = constraint_fields(builder, constraint, body);
	*own = column->name;
	def->columns = own;
	def->n_columns = 1;
	def->body_sql = table_form(builder, def, body);
	reading->attributes = 0;
}

/*
 * DEFERRABLE and the like are clauses of their own that belong to the key or reference before
 * them.  What PostgreSQL refuses later (transformConstraintAttrs in parser/parse_utilcmd.c),
 * attributes of a CHECK and contradictions, is left out: in the table form it would not parse.
 */
static void add_attribute(
	struct builder *builder, struct reading *reading, PgQuery__ConstrType type)
{
	enum { DEFERRABLE = 1, NOT_DEFERRABLE = 2, DEFERRED = 4, IMMEDIATE = 8 };
	static const struct {
		unsigned is, excludes;
		const char *sql;
	} rows[] = {
		[PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE] = {DEFERRABLE,
			DEFERRABLE | NOT_DEFERRABLE, "DEFERRABLE"},
		[PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_NOT_DEFERRABLE] = {NOT_DEFERRABLE,
			DEFERRABLE | NOT_DEFERRABLE | DEFERRED, "NOT DEFERRABLE"},
		[PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED] = {DEFERRED,
			NOT_DEFERRABLE | DEFERRED | IMMEDIATE, "INITIALLY DEFERRED"},
		[PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_IMMEDIATE] = {IMMEDIATE, DEFERRED | IMMEDIATE,
			"INITIALLY IMMEDIATE"},
	};
	size_t n = reading->column->n_constraints;
	struct constraint_def *def = n == 0 ? NULL : &reading->constraints[n - 1];

	if (def == NULL || def->kind == CONSTRAINT_CHECK ||
		(reading->attributes & rows[type].excludes) != 0)
		return;
	reading->attributes |= rows[type].is;
	def->initially_deferred = (reading->attributes & DEFERRED) != 0;
	def->deferrable = (reading->attributes & (DEFERRABLE | DEFERRED)) != 0;
	def->body_sql = arena_printf(builder->arena, "%s %s", def->body_sql, rows[type].sql);
}

static void set_identity(struct builder *builder, struct column_def *column,
	const PgQuery__Constraint *constraint, struct span span)
{
	column->identity = *constraint->generated_when;
	column->identity_options_sql = clause_text(builder, find(builder, span, "("), span.end);
}

static void add_clause(struct builder *builder, struct reading *reading,
	const PgQuery__Constraint *constraint, struct span span)
{
	struct column_def *column = reading->column;
	struct span body = constraint_body(builder, span);

	switch (constraint->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
		column->not_null = true;
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
		column->default_expr = make_expr(
			builder, constraint->raw_expr, (struct span){body.first + 1, body.end});
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
		set_identity(builder, column, constraint, body);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
		column->generated =
			make_expr(builder, constraint->raw_expr, in_parens(builder, body));
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE:
	case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_NOT_DEFERRABLE:
	case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED:
	case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_IMMEDIATE:
		add_attribute(builder, reading, constraint->contype);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
		column->not_null = true;
		/* fall through */
	case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
	case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
	case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
		add_column_constraint(builder, reading, constraint, body);
		break;
	default:
		builder->not_understood = true;
		break;
	}
}

/* Where the i-th constraint starts; the one behind the last starts where the definition ends. */
static size_t clause_start(
	const struct builder *builder, const PgQuery__ColumnDef *def, size_t i, struct span span)
{
	if (i == def->n_constraints)
		return span.end;
	return span_from(builder, def->constraints[i]->constraint->location).first;
}

/* The clause from a token up to the i-th constraint, or up to COLLATE, which may stand anywhere. */
static struct span clause_span(const struct builder *builder, const PgQuery__ColumnDef *def,
	size_t first, size_t i, struct span span)
{
	struct span clause = {first, clause_start(builder, def, i, span)};
	size_t collate;

	if (def->coll_clause != NULL) {
		collate = span_from(builder, def->coll_clause->location).first;
		if (collate > clause.first && collate < clause.end)
			clause.end = collate;
	}
	return clause;
}

struct column_def *make_column(
	struct builder *builder, const PgQuery__ColumnDef *def, struct span span)
{
	struct column_def *column = arena_alloc(builder->arena, sizeof(*column));
	size_t clauses = clause_span(builder, def, span.first, 0, span).end;
	struct span type = type_span(builder, def->type_name, clauses);
	struct reading reading = {
		.column = column,
		.constraints = arena_alloc(
			builder->arena, (def->n_constraints + 1) * sizeof(*reading.constraints)),
	};

	column->name = tree_text(builder->arena, def->colname);
	column->type = make_type(builder, def->type_name, type);
	column->storage_sql = clause_text(builder, type.end, clauses);
	column->collation_sql = collation_sql(builder, def->coll_clause);
	column->not_null = def->is_not_null;
	column->identity_options_sql = "";
	column->constraints = reading.constraints;
	for (size_t i = 0; i < def->n_constraints; i++)
		add_clause(builder, &reading, def->constraints[i]->constraint,
			clause_span(
				builder, def, clause_start(builder, def, i, span), i + 1, span));
	return column;
}
