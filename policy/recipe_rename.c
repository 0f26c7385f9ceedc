/* SPDX-License-Identifier: PostgreSQL */
/*
 * Renames that old and new code live through side by side: a view takes the place that clients
 * know, in the transaction of the rename, until they have moved on.
 *
 *   rename-table, set-schema   the table gets its new name; a view of it bears the old one
 *   rename-column              the table steps aside; a view of its name shows the column under
 *                              both names, the old one in its place and the new one last
 *
 * Such views are simple enough to be written to (rewriteHandler.c, view_query_is_auto_updatable):
 * INSERT, UPDATE, DELETE, ON CONFLICT and RETURNING reach the table, defaults are the table's.
 * What is not possible, clients are told (FAILS_ON_VIEW).  security_invoker (PostgreSQL 15) lets
 * the table's own privileges and policies decide, so the view lets nobody in.
 */
#include <string.h>

#include "arena.h"
#include "planner.h"
#include "recipe_names.h"

/* Measured on PostgreSQL 15; of a key, the columns that depend on it are known of tables only. */
#define FAILS_ON_VIEW                                                                              \
	"TRUNCATE, COPY, MERGE, ON CONFLICT ON CONSTRAINT, GROUP BY its key alone, TABLESAMPLE, "  \
	"WHERE CURRENT OF, ctid, xmin, tableoid and ALTER TABLE"

struct stand_in {
	struct planner *planner;
	struct name view; /* the name that clients know */
	struct name table; /* what the table is called meanwhile */
	const char *view_sql, *moved_sql; /* quoted */
};

static struct stand_in make_stand_in(struct planner *planner, struct name view, struct name table)
{
	planner->plan->moved = table;
	return (struct stand_in){
		.planner = planner,
		.view = view,
		.table = table,
		.view_sql = name_sql(planner->arena, &view),
		.moved_sql = name_sql(planner->arena, &table),
	};
}

static bool feasible(struct planner *planner)
{
	const struct relation_facts *table = planner->table;

	if (table == NULL || (table->kind != 'r' && table->kind != 'p'))
		return false;
	if (table->row_security && planner->facts->server_version < 150000)
		planner->plan->impossible_because =
			"a view would pass by the table's policies before PostgreSQL 15";
	return planner->plan->impossible_because == NULL;
}

/* ---- the view ---- */

static const char *view_there(struct stand_in *stand_in)
{
	struct arena *arena = stand_in->planner->arena;

	return arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=)"
		" pg_catalog.to_regclass(%s) AND relkind OPERATOR(pg_catalog.=) 'v')",
		quote_literal(arena, stand_in->view_sql));
}

/*
 * The view is there, and so is what it is to have (a condition, or NULL: nothing), which the table
 * may have had under the same name.  Or the end is reached: the view has gone again.
 */
static const char *view_has(struct stand_in *stand_in, const char *what, const char *end)
{
	struct planner *planner = stand_in->planner;
	const char *has = view_there(stand_in);

	if (what != NULL)
		has = arena_printf(planner->arena, "(%s AND %s)", has, what);
	return probe_select(planner, has, end);
}

static void add_view(struct stand_in *stand_in, const char *columns, const char *end)
{
	struct planner *planner = stand_in->planner;
	struct arena *arena = planner->arena;
	const char *options =
		planner->facts->server_version >= 150000 ? " WITH (security_invoker = true)" : "";

	planner_add_catalog(planner,
		arena_printf(arena, "a view of the name %s in its place", stand_in->view.name),
		arena_printf(arena, "CREATE VIEW %s%s AS SELECT %s FROM %s", stand_in->view_sql,
			options, columns, stand_in->moved_sql),
		"", view_has(stand_in, NULL, end))
		->lock = LOCK_ACCESS_SHARE;
}

static void add_owner(struct stand_in *stand_in, const char *end)
{
	struct planner *planner = stand_in->planner;
	struct arena *arena = planner->arena;
	const char *owner = planner->table->owner;

	if (strcmp(owner, planner->facts->current_user) == 0)
		return;
	planner_add_catalog(planner, "of the same owner",
		arena_printf(arena, "ALTER VIEW %s OWNER TO %s", stand_in->view_sql,
			quote_ident(arena, owner)),
		"",
		view_has(stand_in,
			arena_printf(arena,
				"EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid "
				"OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s) AND "
				"pg_catalog.pg_get_userbyid(relowner) OPERATOR(pg_catalog.=) %s)",
				quote_literal(arena, stand_in->view_sql),
				quote_literal(arena, owner)),
			end));
}

/* What catalog.sql knows it by. */
static void add_mark(struct stand_in *stand_in, const char *end)
{
	struct planner *planner = stand_in->planner;
	struct arena *arena = planner->arena;
	const char *mark =
		quote_literal(arena, arena_printf(arena, STAND_IN_MARK "%s, which is being changed",
					     name_text(arena, &stand_in->table)));

	planner_add_catalog(planner, "a comment that says so",
		arena_printf(arena, "COMMENT ON VIEW %s IS %s", stand_in->view_sql, mark), "",
		view_has(stand_in,
			arena_printf(arena,
				"pg_catalog.obj_description(pg_catalog.to_regclass(%s), "
				"'pg_class') "
				"OPERATOR(pg_catalog.=) %s",
				quote_literal(arena, stand_in->view_sql), mark),
			end));
}

/* Condition: the privilege stands in the list of the view, or of its column. */
static const char *granted(
	struct stand_in *stand_in, const char *column, const struct grant_facts *grant)
{
	struct arena *arena = stand_in->planner->arena;
	const char *from = column == NULL ? "pg_class c, pg_catalog.aclexplode(c.relacl) x "
					    "WHERE c.oid"
					  : "pg_attribute c, pg_catalog.aclexplode(c.attacl) x "
					    "WHERE c.attrelid";
	const char *of_column =
		column == NULL ? ""
			       : arena_printf(arena, " AND c.attname OPERATOR(pg_catalog.=) %s",
					 quote_literal(arena, column));
	const char *grantee =
		grant->grantee == NULL
			? "x.grantee OPERATOR(pg_catalog.=) 0"
			: arena_printf(arena,
				  "pg_catalog.pg_get_userbyid(x.grantee) OPERATOR(pg_catalog.=) %s",
				  quote_literal(arena, grant->grantee));

	return arena_printf(arena,
		"EXISTS (SELECT FROM pg_catalog.%s OPERATOR(pg_catalog.=) "
		"pg_catalog.to_regclass(%s)%s AND x.privilege_type OPERATOR(pg_catalog.=) %s AND "
		"%s)",
		from, quote_literal(arena, stand_in->view_sql), of_column,
		quote_literal(arena, grant->privilege), grantee);
}

static void add_grant(struct stand_in *stand_in, const char *column,
	const struct grant_facts *grant, const char *end)
{
	struct planner *planner = stand_in->planner;
	struct arena *arena = planner->arena;
	const char *of =
		column == NULL ? "" : arena_printf(arena, " (%s)", quote_ident(arena, column));
	const char *to = grant->grantee == NULL ? "PUBLIC" : quote_ident(arena, grant->grantee);

	planner_add_catalog(planner, "the same privileges",
		arena_printf(arena, "GRANT %s%s ON %s TO %s%s", grant->privilege, of,
			stand_in->view_sql, to, grant->grantable ? " WITH GRANT OPTION" : ""),
		"", view_has(stand_in, granted(stand_in, column, grant), end));
}

/* also: the column's other name in the view, or NULL. */
static void add_column_grants(struct stand_in *stand_in, const struct column_facts *column,
	const char *also, const char *end)
{
	for (size_t i = 0; i < column->n_grants; i++) {
		add_grant(stand_in, column->name, &column->grants[i], end);
		if (also != NULL)
			add_grant(stand_in, also, &column->grants[i], end);
	}
}

static void add_grants(
	struct stand_in *stand_in, const char *old, const char *new_name, const char *end)
{
	const struct relation_facts *table = stand_in->planner->table;

	for (size_t i = 0; i < table->n_grants; i++)
		add_grant(stand_in, NULL, &table->grants[i], end);
	for (size_t i = 0; i < table->n_columns; i++)
		add_column_grants(stand_in, &table->columns[i],
			old != NULL && strcmp(table->columns[i].name, old) == 0 ? new_name : NULL,
			end);
}

static void drop_view(struct stand_in *stand_in)
{
	struct planner *planner = stand_in->planner;
	struct arena *arena = planner->arena;

	planner_add_catalog(planner, arena_printf(arena, "drop the view %s", stand_in->view.name),
		arena_printf(arena, "DROP VIEW %s", stand_in->view_sql), "",
		arena_printf(arena, "SELECT NOT (%s)", view_there(stand_in)))
		->final = true;
}

/* ---- rename-table, set-schema ---- */

/*
 * The view's own undo would leave an instant without either, as every undo is a transaction of its
 * own: so the first step takes both back.
 */
static bool leave_view(
	struct stand_in *stand_in, const char *what, const char *there, const char *back)
{
	struct planner *planner = stand_in->planner;
	struct arena *arena = planner->arena;
	const char *end = probe_table(planner, &stand_in->table);

	planner_add_catalog(planner, what,
		arena_printf(arena, "ALTER TABLE %s %s", planner->table_sql, there),
		arena_printf(arena, "DROP VIEW IF EXISTS %s;\nALTER TABLE %s %s",
			stand_in->view_sql, stand_in->moved_sql, back),
		probe_select(planner, end, NULL));
	end = arena_printf(arena, "pg_catalog.to_regclass(%s) IS NULL AND %s",
		quote_literal(arena, stand_in->view_sql), end);
	add_view(stand_in, "*", end);
	add_mark(stand_in, end);
	add_owner(stand_in, end);
	add_grants(stand_in, NULL, NULL, end);
	planner_join(planner, 0, true);
	planner_add_soak(planner, arena_printf(arena, "wait until no client says %s any more",
					  name_text(arena, &stand_in->view)));
	drop_view(stand_in);
	planner->plan->caution = arena_printf(arena,
		"until the change is released, %s is a view of %s: " FAILS_ON_VIEW
		" work under the new name only",
		name_text(arena, &stand_in->view), name_text(arena, &stand_in->table));
	return planner_close(planner, what);
}

bool recipe_rename_table(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	struct arena *arena = planner.arena;
	const char *new_name = context->action->new_name;
	struct stand_in stand_in;

	if (!feasible(&planner))
		return false;
	stand_in =
		make_stand_in(&planner, plan->table, (struct name){plan->table.schema, new_name});
	return leave_view(&stand_in,
		arena_printf(arena, "rename %s to %s", plan->table.name, new_name),
		arena_printf(arena, "RENAME TO %s", quote_ident(arena, new_name)),
		arena_printf(arena, "RENAME TO %s", quote_ident(arena, plan->table.name)));
}

bool recipe_set_schema(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	struct arena *arena = planner.arena;
	const char *schema = context->action->new_name;
	struct stand_in stand_in;

	if (!feasible(&planner) || strcmp(schema, plan->table.schema) == 0)
		return false;
	stand_in = make_stand_in(&planner, plan->table, (struct name){schema, plan->table.name});
	return leave_view(&stand_in,
		arena_printf(arena, "move %s to schema %s", plan->table.name, schema),
		arena_printf(arena, "SET SCHEMA %s", quote_ident(arena, schema)),
		arena_printf(arena, "SET SCHEMA %s", quote_ident(arena, plan->table.schema)));
}

/* ---- rename-column ---- */

/* Every column in its place, and the renamed one once more at the end. */
static const char *both_names(struct planner *planner, const char *old, const char *new_name)
{
	struct arena *arena = planner->arena;
	const char *text = "";

	for (size_t i = 0; i < planner->table->n_columns; i++) {
		const char *name = planner->table->columns[i].name;
		const char *quoted = quote_ident(arena, name);

		if (strcmp(name, old) == 0)
			quoted = arena_printf(
				arena, "%s AS %s", quote_ident(arena, new_name), quoted);
		text = arena_printf(arena, "%s%s, ", text, quoted);
	}
	return arena_printf(arena, "%s%s", text, quote_ident(arena, new_name));
}

static void step_aside(struct stand_in *stand_in, const char *old, const char *new_name)
{
	struct planner *planner = stand_in->planner;
	struct arena *arena = planner->arena;
	const char *table = quote_ident(arena, planner->plan->table.name);
	const char *renamed = probe_column(planner, new_name, NULL);
	const char *end =
		arena_printf(arena, "(%s AND %s)", probe_table(planner, &stand_in->view), renamed);

	old = quote_ident(arena, old);
	planner_add_catalog(planner,
		arena_printf(arena, "the table steps aside as %s", stand_in->table.name),
		arena_printf(arena, "ALTER TABLE %s RENAME TO %s", planner->table_sql,
			quote_ident(arena, stand_in->table.name)),
		arena_printf(arena,
			"DROP VIEW IF EXISTS %s;\nALTER TABLE %s RENAME COLUMN %s TO %s;\n"
			"ALTER TABLE %s RENAME TO %s",
			stand_in->view_sql, stand_in->moved_sql, quote_ident(arena, new_name), old,
			stand_in->moved_sql, table),
		probe_select(planner, probe_table(planner, &stand_in->table), end));
	planner_add_catalog(planner, arena_printf(arena, "rename the column to %s", new_name),
		arena_printf(arena, "ALTER TABLE %s RENAME COLUMN %s TO %s", stand_in->moved_sql,
			old, quote_ident(arena, new_name)),
		"",
		arena_printf(arena,
			"SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid "
			"OPERATOR(pg_catalog.=) %u AND attname OPERATOR(pg_catalog.=) %s AND NOT "
			"attisdropped)",
			planner->plan->relation_oid, quote_literal(arena, new_name)));
}

static void step_back(struct stand_in *stand_in)
{
	struct planner *planner = stand_in->planner;
	struct arena *arena = planner->arena;
	size_t first = planner->plan->n_steps;

	drop_view(stand_in);
	planner_add_catalog(planner, "the table takes its name back",
		arena_printf(arena, "ALTER TABLE %s RENAME TO %s", stand_in->moved_sql,
			quote_ident(arena, stand_in->view.name)),
		"", probe_select(planner, probe_table(planner, &stand_in->view), NULL));
	planner_join(planner, first, false);
}

bool recipe_rename_column(const struct rule_context *context, struct plan *plan)
{
	struct planner planner = planner_open(context, plan);
	struct arena *arena = planner.arena;
	const char *old = context->action->column, *new_name = context->action->new_name;
	const char *end;
	struct stand_in stand_in;

	if (!feasible(&planner) || facts_column(planner.table, old) == NULL ||
		facts_column(planner.table, new_name) != NULL)
		return false;
	stand_in = make_stand_in(&planner, plan->table,
		(struct name){plan->table.schema,
			name_with_suffix(arena, plan->table.name, "phasegate_base")});
	end = arena_printf(arena, "(%s AND %s)", probe_table(&planner, &plan->table),
		probe_column(&planner, new_name, NULL));
	step_aside(&stand_in, old, new_name);
	add_view(&stand_in, both_names(&planner, old, new_name), end);
	add_mark(&stand_in, end);
	add_owner(&stand_in, end);
	add_grants(&stand_in, old, new_name, end);
	planner_join(&planner, 0, true);
	planner_add_soak(&planner, arena_printf(arena, "wait until no client says %s.%s any more",
					   plan->table.name, old));
	step_back(&stand_in);
	plan->caution = arena_printf(arena,
		"until the change is released, %s is a view that shows the column as %s and "
		"%s: " FAILS_ON_VIEW " work on %s only",
		name_text(arena, &plan->table), old, new_name, name_text(arena, &stand_in.table));
	return planner_close(&planner,
		arena_printf(arena, "rename %s.%s to %s", plan->table.name, old, new_name));
}
