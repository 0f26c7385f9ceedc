/* SPDX-License-Identifier: PostgreSQL */
/* CREATE of tables, views, schemas, and of what stands on a table but for indexes. */
#include "stmt_internal.h"

/* Relations found in a tree. */
struct found {
	struct builder *builder;
	struct name *names; /* NULL in the pass that only counts */
	size_t n;
};

static void note_found(struct found *found, const PgQuery__RangeVar *relation)
{
	if (found->names != NULL)
		found->names[found->n] = tree_relation_name(found->builder->arena, relation);
	found->n++;
}

static struct name *find_all(
	struct builder *builder, const ProtobufCMessage *root, tree_visitor visit, size_t *n)
{
	struct found found = {.builder = builder};

	tree_walk(root, visit, &found);
	found.names = arena_alloc(builder->arena, (found.n + 1) * sizeof(*found.names));
	found.n = 0;
	tree_walk(root, visit, &found);
	*n = found.n;
	return found.names;
}

/* The tables that foreign keys of a new table refer to, in both places they can be written. */
static bool find_reference(void *found, const ProtobufCMessage *message)
{
	const PgQuery__Constraint *constraint = (const PgQuery__Constraint *)message;

	if (message->descriptor == &pg_query__constraint__descriptor &&
		constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN)
		note_found(found, constraint->pktable);
	return true;
}

static void set_references(
	struct builder *builder, struct action *action, const PgQuery__CreateStmt *create)
{
	action->targets = find_all(builder, &create->base, find_reference, &action->n_targets);
	action->with_foreign_key = action->n_targets > 0;
}

static void set_parents(
	struct builder *builder, struct action *action, const PgQuery__CreateStmt *create)
{
	struct name *parents =
		arena_alloc(builder->arena, (create->n_inh_relations + 1) * sizeof(*parents));

	for (size_t i = 0; i < create->n_inh_relations; i++)
		parents[i] = object_name(builder, create->inh_relations[i]);
	action->sources = parents;
	action->n_sources = create->n_inh_relations;
	action->inherits = action->n_sources > 0;
}

/* The parent, or else the source of LIKE. */
static struct name model_table(struct builder *builder, const PgQuery__CreateStmt *create)
{
	if (create->n_inh_relations > 0)
		return object_name(builder, create->inh_relations[0]);
	for (size_t i = 0; i < create->n_table_elts; i++)
		if (create->table_elts[i]->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE)
			return tree_relation_name(
				builder->arena, create->table_elts[i]->table_like_clause->relation);
	return (struct name){0};
}

/* A definition reaches up to the next comma, or to the bracket round them all. */
static struct span definition_span(const struct builder *builder, int location)
{
	struct span span = span_from(builder, location);
	const struct source_token *tokens = builder->source->tokens;
	int depth = tokens[span.first].depth;
	size_t i = span.first;

	while (i < span.end && tokens[i].depth >= depth &&
		!(tokens[i].depth == depth && source_is(builder->source, span, i, ",")))
		i++;
	return (struct span){span.first, i};
}

/* Those of a partition or typed table may have no type: they only add to what is there. */
static void read_columns(
	struct builder *builder, struct action *action, const PgQuery__CreateStmt *create)
{
	const struct column_def **columns =
		arena_alloc(builder->arena, (create->n_table_elts + 1) * sizeof(*columns));

	for (size_t i = 0; i < create->n_table_elts; i++) {
		const PgQuery__ColumnDef *def = create->table_elts[i]->column_def;

		if (create->table_elts[i]->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF &&
			def->type_name != NULL)
			columns[action->n_columns++] =
				make_column(builder, def, definition_span(builder, def->location));
	}
	action->columns = columns;
}

static void read_constraints(
	struct builder *builder, struct action *action, const PgQuery__CreateStmt *create)
{
	struct constraint_def *constraints =
		arena_alloc(builder->arena, (create->n_table_elts + 1) * sizeof(*constraints));

	for (size_t i = 0; i < create->n_table_elts; i++) {
		const PgQuery__Constraint *constraint = create->table_elts[i]->constraint;

		if (create->table_elts[i]->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
			constraint_action(constraint) != ACTION_UNCLASSIFIED)
			constraints[action->n_constraints++] = *make_constraint(builder, constraint,
				definition_span(builder, constraint->location));
	}
	action->constraints = constraints;
}

static bool read_primary_key(void *context, const ProtobufCMessage *message)
{
	struct action *action = context;

	if (message->descriptor == &pg_query__constraint__descriptor)
		action->primary_key |= ((const PgQuery__Constraint *)message)->contype ==
				       PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
	return true;
}

static void read_create_table(
	struct builder *builder, struct action *action, const PgQuery__CreateStmt *create)
{
	action->object = "TABLE";
	action->partitioned = create->partspec != NULL;
	read_columns(builder, action, create);
	read_constraints(builder, action, create);
	tree_walk(&create->base, read_primary_key, action);
	set_parents(builder, action, create);
	action->other = model_table(builder, create);
	set_references(builder, action, create);
}

static void read_partition_of(
	struct builder *builder, struct action *action, const PgQuery__CreateStmt *create)
{
	struct span span = span_from(builder, create->partbound->location);

	set_kind(builder, action, ACTION_CREATE_PARTITION_OF);
	action->bound = make_bound(builder, create->partbound, span);
	if (create->n_table_elts == 0)
		action->behind_bound = behind_bound(builder, create->partbound, span);
}

void handle_create_table(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	if (node->create_stmt->partbound != NULL)
		read_partition_of(builder, action, node->create_stmt);
	read_create_table(builder, action, node->create_stmt);
}

void handle_create_foreign_table(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__CreateForeignTableStmt *foreign = node->create_foreign_table_stmt;

	set_relation(builder, action, foreign->base_stmt->relation);
	if (foreign->base_stmt->partbound != NULL)
		read_partition_of(builder, action, foreign->base_stmt);
	read_create_table(builder, action, foreign->base_stmt);
	action->object = "FOREIGN TABLE";
	action->name = tree_text(builder->arena, foreign->servername);
	action->if_not_exists = foreign->base_stmt->if_not_exists;
}

static bool find_relation(void *found, const ProtobufCMessage *message)
{
	if (message->descriptor == &pg_query__range_var__descriptor)
		note_found(found, (const PgQuery__RangeVar *)message);
	return true;
}

static bool find_with_query(void *found, const ProtobufCMessage *message)
{
	const PgQuery__CommonTableExpr *query = (const PgQuery__CommonTableExpr *)message;
	PgQuery__RangeVar name = PG_QUERY__RANGE_VAR__INIT;

	if (message->descriptor == &pg_query__common_table_expr__descriptor) {
		name.relname = query->ctename;
		note_found(found, &name);
	}
	return true;
}

/* SELECT INTO has its new table in the same tree. */
void set_sources(struct builder *builder, struct action *action, const ProtobufCMessage *query)
{
	enum { QUERIES_MAX = 64 }; /* a hostile text has thousands; those beyond pass for tables */
	size_t n, n_queries, kept = 0;
	struct name *names = find_all(builder, query, find_relation, &n);
	const struct name *queries = find_all(builder, query, find_with_query, &n_queries);

	for (size_t i = 0; i < n; i++) {
		bool table = !name_equal(&names[i], &action->table);

		for (size_t k = 0; k < n_queries && k < QUERIES_MAX; k++)
			table &= !name_equal(&names[i], &queries[k]);
		if (table)
			names[kept++] = names[i];
	}
	action->sources = names;
	action->n_sources = kept;
}

static bool find_type(void *found, const ProtobufCMessage *message)
{
	const PgQuery__TypeName *type = (const PgQuery__TypeName *)message;
	PgQuery__RangeVar name = PG_QUERY__RANGE_VAR__INIT;

	if (message->descriptor != &pg_query__type_name__descriptor || type->n_names == 0 ||
		type->n_names > 2)
		return true;
	name.relname = (char *)tree_string(type->names[type->n_names - 1]);
	name.schemaname = (char *)(type->n_names > 1 ? tree_string(type->names[0]) : "");
	if (strcmp(name.schemaname, "pg_catalog") != 0)
		note_found(found, &name);
	return true;
}

void set_row_types(struct builder *builder, struct action *action, const ProtobufCMessage *create)
{
	action->sources = find_all(builder, create, find_type, &action->n_sources);
}

/* With data the tag is SELECT and a count, without it the statement's own. */
void handle_create_table_as(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__CreateTableAsStmt *create = node->create_table_as_stmt;
	bool matview = create->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;

	if (matview)
		set_kind(builder, action, ACTION_CREATE_MATVIEW);
	set_relation(builder, action, create->into->rel);
	action->object = matview ? "MATERIALIZED VIEW" : "TABLE";
	action->with_data = !create->into->skip_data;
	if (create->query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT) {
		action->few_rows = reads_no_row(create->query->select_stmt);
		action->every_row = reads_every_row(create->query->select_stmt);
	}
	set_sources(builder, action, &create->query->base);
	if (create->into->skip_data)
		builder->tag = matview ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS";
	if (create->query->node_case == PG_QUERY__NODE__NODE_EXECUTE_STMT) {
		builder->executes_prepared = true;
		builder->prepared_name =
			arena_strdup(builder->arena, create->query->execute_stmt->name);
	}
}

void handle_refresh(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	(void)builder;
	action->object = "MATERIALIZED VIEW";
	action->with_data = !node->refresh_mat_view_stmt->skip_data;
}

void handle_view(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	if (node->view_stmt->replace)
		set_kind(builder, action, ACTION_REPLACE_VIEW);
	action->object = "VIEW";
	set_sources(builder, action, &node->view_stmt->query->base);
	builder->stored = true;
}

enum { EVENT_TRUNCATE = 1 << 5, TIMING_INSTEAD = 1 << 6 }; /* TRIGGER_TYPE_ of pg_trigger.h */

void add_uses(struct builder *builder, struct action *action, const char *const *names, size_t n)
{
	const char **uses = arena_alloc(builder->arena, (action->n_uses + n + 1) * sizeof(*uses));

	for (size_t i = 0; i < action->n_uses; i++)
		uses[i] = action->uses[i];
	for (size_t i = 0; i < n; i++)
		uses[action->n_uses++] = names[i];
	action->uses = uses;
}

/* Columns in a subquery may be those of another table. */
static void use_expression(
	struct builder *builder, struct action *action, const PgQuery__Node *expression)
{
	struct expr expr;

	if (expression == NULL)
		return;
	read_names(builder, expression, &expr);
	if (!expr.subquery)
		add_uses(builder, action, expr.columns, expr.n_columns);
}

static void set_trigger_uses(
	struct builder *builder, struct action *action, const PgQuery__CreateTrigStmt *create)
{
	for (size_t i = 0; i < create->n_columns; i++) {
		const char *column = tree_text(builder->arena, tree_string(create->columns[i]));

		add_uses(builder, action, &column, 1);
	}
	use_expression(builder, action, create->when_clause);
}

void handle_create_trigger(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	action->name = tree_text(builder->arena, node->create_trig_stmt->trigname);
	action->for_each_row = node->create_trig_stmt->row;
	action->instead_of = (node->create_trig_stmt->timing & TIMING_INSTEAD) != 0;
	action->is_constraint = node->create_trig_stmt->isconstraint;
	action->transition_tables = node->create_trig_stmt->n_transition_rels > 0;
	action->on_truncate = (node->create_trig_stmt->events & EVENT_TRUNCATE) != 0;
	action->other = tree_relation_name(builder->arena, node->create_trig_stmt->constrrel);
	set_trigger_uses(builder, action, node->create_trig_stmt);
	builder->stored = true;
}

void handle_create_policy(struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	handle_stored(builder, node, action);
	action->restrictive = !node->create_policy_stmt->permissive;
	use_expression(builder, action, node->create_policy_stmt->qual);
	use_expression(builder, action, node->create_policy_stmt->with_check);
}

void handle_create_statistics(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	const PgQuery__CreateStatsStmt *create = node->create_stats_stmt;

	set_name(builder, action, create->defnames, create->n_defnames);
	if (create->n_relations > 0)
		action->table = object_name(builder, create->relations[0]);
	for (size_t i = 0; i < create->n_exprs; i++) {
		const PgQuery__StatsElem *element = create->exprs[i]->stats_elem;
		const char *column = tree_text(builder->arena, element->name);

		if (column != NULL)
			add_uses(builder, action, &column, 1);
		use_expression(builder, action, element->expr);
	}
}

void handle_alter_statistics(
	struct builder *builder, const PgQuery__Node *node, struct action *action)
{
	set_name(builder, action, node->alter_stats_stmt->defnames,
		node->alter_stats_stmt->n_defnames);
	action->object = "STATISTICS";
}

static bool is_any(const struct source *source, struct span span, size_t token,
	const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (source_is(source, span, token, words[i]))
			return true;
	return false;
}

/* CREATE and GRANT are reserved: elsewhere they stand only in lists of privileges and as labels. */
static bool starts_element(const struct source *source, struct span span, size_t token)
{
	static const char *const before_create[] = {"grant", ",", "as", "."};
	static const char *const before_grant[] = {"with", "as", "."};

	if (source->tokens[token].depth != source->tokens[span.first].depth)
		return false;
	if (source_is(source, span, token, "create"))
		return !is_any(source, span, token - 1, before_create, 4);
	return source_is(source, span, token, "grant") &&
	       !is_any(source, span, token - 1, before_grant, 3);
}

static size_t next_element(const struct source *source, struct span span, size_t after)
{
	size_t token = after + 1;

	while (token < span.end && !starts_element(source, span, token))
		token++;
	return token;
}

/* Words and elements that do not match would mean that we do not understand the text. */
static void classify_elements(struct builder *builder, PgQuery__Node *const *elements, size_t n)
{
	struct span whole = builder->span;
	size_t start = next_element(builder->source, whole, whole.first), i;

	for (i = 0; i < n && start < whole.end; i++) {
		builder->span = (struct span){start, next_element(builder->source, whole, start)};
		classify(builder, elements[i]);
		start = builder->span.end;
	}
	builder->span = whole;
	if (i < n || start < whole.end)
		builder->not_understood = true;
}

/*
 * The elements are statements of their own, in the new schema where they name none
 * (transformCreateSchemaStmt in parser/parse_utilcmd.c).  They share the whole statement's SQL:
 * alone they would mean something else.
 */
void handle_create_schema(struct builder *builder, const PgQuery__Node *node, struct action *none)
{
	const PgQuery__CreateSchemaStmt *create = node->create_schema_stmt;
	struct action *action = add_statement(builder, ACTION_CREATE_SCHEMA, &create->base);
	const char *schema = *create->schemaname != '\0'
				     ? tree_text(builder->arena, create->schemaname)
				     : role_text(builder, create->authrole);
	const char *tag = builder->tag;
	size_t first_element = builder->n_actions;

	(void)none;
	action->name = schema;
	action->if_not_exists = create->if_not_exists;
	classify_elements(builder, create->schema_elts, create->n_schema_elts);
	for (size_t i = first_element; i < builder->n_actions; i++)
		if (builder->actions[i].table.name != NULL &&
			builder->actions[i].table.schema == NULL)
			builder->actions[i].table.schema = schema;
	builder->tag = tag;
}
