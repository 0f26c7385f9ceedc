/* SPDX-License-Identifier: PostgreSQL */
#include "facts_track.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"

/* Far more than a migration has; what is beyond is judged by itself alone. */
enum { VACATED_MAX = 64 };

static void *copy(struct arena *arena, const void *items, size_t n, size_t spare, size_t size)
{
	void *all = arena_alloc(arena, (n + spare) * size);

	if (n > 0)
		memcpy(all, items, n * size);
	return all;
}

void track_start(
	struct arena *arena, struct facts_track *track, const struct facts *facts, size_t n_actions)
{
	*track = (struct facts_track){.arena = arena, .facts = *facts};
	track->max = facts->n_relations + n_actions;
	track->relations = copy(
		arena, facts->relations, facts->n_relations, n_actions, sizeof(*track->relations));
	track->facts.relations = track->relations;
	track->facts.types =
		copy(arena, facts->types, facts->n_types, n_actions, sizeof(*facts->types));
	track->facts.functions =
		copy(arena, facts->functions, facts->n_functions, 0, sizeof(*facts->functions));
}

static struct relation_facts *entry(struct facts_track *track, const struct name *name)
{
	for (size_t i = 0; i < track->facts.n_relations; i++)
		if (name_equal(&track->relations[i].asked, name))
			return &track->relations[i];
	return NULL;
}

/* What the text wrote stands for the resolved name as long as nothing better is known. */
static struct relation_facts *make_entry(struct facts_track *track, const struct name *name)
{
	struct relation_facts *relation = entry(track, name);

	if (relation == NULL) {
		if (track->facts.n_relations == track->max)
			return NULL;
		relation = &track->relations[track->facts.n_relations++];
	}
	*relation = (struct relation_facts){
		.asked = *name,
		.exists = true,
		.name = *name,
		.kind = 'r',
		.persistence = 'p',
		.pages = -1,
		.rows = -1,
	};
	return relation;
}

static void on_create(struct facts_track *track, const struct action *action)
{
	struct relation_facts *relation = entry(track, &action->table);

	if (action->if_not_exists && (relation == NULL || relation->exists || !track->facts.known))
		return;
	relation = make_entry(track, &action->table);
	if (relation == NULL)
		return;
	relation->created_in_transaction = true;
	relation->persistence = action->temporary ? 't' : 'p';
	relation->empty = action->kind == ACTION_CREATE_TABLE;
	if (action->kind == ACTION_CREATE_TABLE && action->partitioned)
		relation->kind = 'p';
	if (action->kind == ACTION_CREATE_VIEW)
		relation->kind = 'v';
	if (action->kind == ACTION_CREATE_SEQUENCE)
		relation->kind = 'S';
	if (action->kind == ACTION_CREATE_MATVIEW) {
		relation->kind = 'm';
		relation->populated = action->with_data;
	}
}

/* The same relation may have been asked for by several names. */
static bool same(const struct relation_facts *a, const struct relation_facts *b)
{
	return a == b || (a->oid != 0 && a->oid == b->oid);
}

static void each_entry(struct facts_track *track, const struct action *action,
	void (*change)(struct facts_track *, struct relation_facts *, const struct action *))
{
	const struct relation_facts *found = entry(track, &action->table);

	if (found == NULL || !found->exists)
		return;
	for (size_t i = 0; i < track->facts.n_relations; i++)
		if (same(&track->relations[i], found))
			change(track, &track->relations[i], action);
}

/*
 * Not "is not there": the next table of that name along search_path would answer to it, so
 * nothing is known.
 */
static void forget(struct facts_track *track, const struct name *name)
{
	const struct relation_facts *found = entry(track, name);
	struct relation_facts gone;

	if (found == NULL)
		return;
	gone = *found;
	for (size_t i = track->facts.n_relations; i-- > 0;)
		if (name_equal(&track->relations[i].asked, name) ||
			same(&track->relations[i], &gone))
			track->relations[i] = track->relations[--track->facts.n_relations];
}

/* What nobody else could see, or was not there, leaves no gap. */
static void vacate(struct facts_track *track, const struct name *name, bool dropped)
{
	const struct relation_facts *found = entry(track, name);
	struct vacated_name *all;

	if (found != NULL &&
		(!found->exists || found->created_in_transaction || found->persistence == 't'))
		return;
	if (track->facts.n_vacated == VACATED_MAX)
		return;
	all = (struct vacated_name *)track->facts.vacated;
	if (all == NULL)
		track->facts.vacated = all = arena_alloc(track->arena, VACATED_MAX * sizeof(*all));
	all[track->facts.n_vacated++] = (struct vacated_name){*name, dropped};
}

/* A name may also be spelled with its schema, without it, or with pg_temp: what stands behind those
 * spellings may have changed too. */
static void forget_spellings(struct facts_track *track, const char *name)
{
	for (size_t i = track->facts.n_relations; i-- > 0;)
		if (strcmp(track->relations[i].asked.name, name) == 0)
			track->relations[i] = track->relations[--track->facts.n_relations];
}

static void on_drop(struct facts_track *track, const struct action *action)
{
	for (size_t i = 0; i < action->n_targets; i++) {
		if (action->kind == ACTION_DROP_TABLE)
			vacate(track, &action->targets[i], true);
		forget(track, &action->targets[i]);
		forget_spellings(track, action->targets[i].name);
	}
}

/* Rows that were there before are reached through this table now, if it was made just here. */
static void on_joined(struct facts_track *track, const struct name *name, const struct name *joined)
{
	const struct relation_facts *relation = entry(track, joined);

	if (name->name != NULL && (relation == NULL || !relation->created_in_transaction))
		forget_spellings(track, name->name);
}

static void on_reference(struct facts_track *track, const struct action *action,
	const struct constraint_def *constraint)
{
	if (constraint != NULL)
		on_joined(track, &constraint->referenced, &action->table);
}

static void on_rename(struct facts_track *track, const struct action *action)
{
	const struct relation_facts *found = entry(track, &action->table);
	struct relation_facts moved, *target;
	struct name name = action->table;

	if (action->new_name == NULL || name.name == NULL)
		return;
	vacate(track, &action->table, false);
	if (action->kind == ACTION_SET_SCHEMA)
		name.schema = action->new_name;
	else
		name.name = action->new_name;
	if (found == NULL || !found->exists) {
		forget_spellings(track, action->table.name);
		forget_spellings(track, name.name);
		return;
	}
	moved = *found;
	forget(track, &action->table);
	forget_spellings(track, action->table.name);
	forget_spellings(track, name.name);
	target = make_entry(track, &name);
	*target = moved;
	target->asked = name;
	target->name.name = name.name;
	if (action->kind == ACTION_SET_SCHEMA)
		target->name.schema = name.schema;
}

static struct column_facts *own_columns(struct facts_track *track, struct relation_facts *relation)
{
	struct column_facts *columns = copy(track->arena, relation->columns, relation->n_columns, 1,
		sizeof(*relation->columns));

	relation->columns = columns;
	return columns;
}

static void add_column(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	const struct column_def *def = action->column_def;
	struct column_facts *columns;

	if (def == NULL || facts_column(relation, def->name) != NULL)
		return;
	columns = own_columns(track, relation);
	columns[relation->n_columns++] = (struct column_facts){
		.name = def->name,
		.type_sql = def->type.sql,
		.typmod = -1, /* base_type stays unknown */
		.not_null = def->not_null,
		.created_in_transaction = true,
	};
}

/* A column that was there is not any more, or under this name no longer is what it was. */
static void drop_column(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct column_facts *columns = own_columns(track, relation);

	for (size_t i = 0; i < relation->n_columns; i++)
		if (action->column != NULL && strcmp(columns[i].name, action->column) == 0)
			columns[i] = columns[--relation->n_columns];
	relation->n_constraints = 0; /* which of them went along is not worth knowing */
}

static void rename_column(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct column_facts *columns = own_columns(track, relation);

	for (size_t i = 0; i < relation->n_columns; i++)
		if (action->column != NULL && strcmp(columns[i].name, action->column) == 0)
			columns[i].name = action->new_name;
	relation->n_constraints = 0;
}

static void change_column(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct column_facts *columns = own_columns(track, relation);

	if (action->kind == ACTION_SET_NOT_NULL && action->column != NULL && relation->oid == 0 &&
		facts_column(relation, action->column) == NULL)
		columns[relation->n_columns++] =
			(struct column_facts){.name = action->column, .typmod = -1};
	for (size_t i = 0; i < relation->n_columns; i++) {
		if (action->column == NULL || strcmp(columns[i].name, action->column) != 0)
			continue;
		if (action->kind == ACTION_ALTER_COLUMN_TYPE)
			columns[i].base_type = NULL;
		else
			columns[i].not_null = action->kind == ACTION_SET_NOT_NULL;
	}
}

static struct constraint_facts *own_constraints(
	struct facts_track *track, struct relation_facts *relation)
{
	struct constraint_facts *constraints = copy(track->arena, relation->constraints,
		relation->n_constraints, 1, sizeof(*relation->constraints));

	relation->constraints = constraints;
	return constraints;
}

/* Remembered for VALIDATE CONSTRAINT and SET NOT NULL further on. */
static void add_check(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	const struct constraint_def *def = action->constraint;

	if (def == NULL || def->name == NULL || def->check == NULL || def->no_inherit)
		return;
	own_constraints(track, relation)[relation->n_constraints++] = (struct constraint_facts){
		.name = def->name,
		.kind = CONSTRAINT_CHECK,
		.validated = !def->not_valid,
		.columns = def->columns,
		.n_columns = def->n_columns,
		.proves_not_null = def->check->not_null_columns,
		.n_proves_not_null = def->check->n_not_null_columns,
	};
}

static void change_constraint(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	struct constraint_facts *constraints = own_constraints(track, relation);

	for (size_t i = 0; i < relation->n_constraints; i++) {
		if (action->name == NULL || strcmp(constraints[i].name, action->name) != 0)
			continue;
		if (action->kind == ACTION_VALIDATE_CONSTRAINT)
			constraints[i].validated = true;
		else
			constraints[i--] = constraints[--relation->n_constraints];
	}
}

static void grow(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	(void)track, (void)action;
	relation->pages = -1;
	relation->rows = -1;
	relation->empty = false;
}

/* A table that no catalog was asked for: enough to follow its columns and CHECKs by. */
static void each_table(struct facts_track *track, const struct action *action,
	void (*change)(struct facts_track *, struct relation_facts *, const struct action *))
{
	if (entry(track, &action->table) == NULL)
		make_entry(track, &action->table);
	each_entry(track, action, change);
}

static void on_add_column(struct facts_track *track, const struct action *action)
{
	const struct column_def *def = action->column_def;

	each_table(track, action, add_column);
	for (size_t i = 0; def != NULL && i < def->n_constraints; i++)
		on_reference(track, action, &def->constraints[i]);
}

/* It is found by its name from now on, and lies on the table where that is known. */
static void on_create_index(struct facts_track *track, const struct action *action)
{
	const struct relation_facts *table = entry(track, &action->table);
	struct name name = {.schema = action->table.schema, .name = action->index->name};
	struct relation_facts *index;

	if (name.name == NULL || table == NULL || !table->exists || !table->created_in_transaction)
		return;
	index = make_entry(track, &name);
	if (index == NULL)
		return;
	index->kind = 'i';
	index->table = action->table;
	index->created_in_transaction = true;
}

static void fill_matview(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	(void)track;
	relation->kind = 'm';
	relation->populated = action->with_data;
}

static void add_policy(
	struct facts_track *track, struct relation_facts *relation, const struct action *action)
{
	(void)track, (void)action;
	relation->has_policies = true;
}

/* The type is new or stricter: assume a domain with constraints unless CREATE TYPE made it. */
static void on_type(struct facts_track *track, const struct action *action)
{
	struct type_facts *types = (struct type_facts *)track->facts.types;
	bool domain = action->kind != ACTION_CREATE_TYPE;
	size_t i = 0;

	if (action->n_targets == 0)
		return;
	while (i < track->facts.n_types && !name_equal(&types[i].asked, &action->targets[0]))
		i++;
	if (i == track->facts.n_types) {
		types[i] = (struct type_facts){.asked = action->targets[0], .base_typmod = -1};
		track->facts.n_types++;
	}
	types[i].exists = true;
	types[i].created_in_transaction |=
		action->kind == ACTION_CREATE_TYPE || action->kind == ACTION_CREATE_DOMAIN;
	types[i].domain |= domain;
	types[i].domain_constrained |= domain;
}

static void on_function(struct facts_track *track, const struct action *action)
{
	struct function_facts *functions = (struct function_facts *)track->facts.functions;

	for (size_t i = 0; i < track->facts.n_functions && action->n_targets > 0; i++)
		if (strcmp(functions[i].asked.name, action->targets[0].name) == 0)
			functions[i].volatility = 'v';
}

/* "5s", "250", "1 min": what lock_timeout accepts; 0 for what it does not. */
static int64_t timeout_ms(const char *value)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"us", 0.001}, {"ms", 1}, {"s", 1000}, {"min", 60e3}, {"h", 3600e3},
		{"d", 86400e3}};
	char *end;
	double number = strtod(value, &end);

	end += strspn(end, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0)
			number *= units[i].ms;
	return number > 0 && number < 1e12 ? (int64_t)number : 0;
}

static void on_timeout(struct facts_track *track, const struct action *action)
{
	if (action->name == NULL || strcasecmp(action->name, "lock_timeout") != 0)
		return;
	track->facts.lock_timeout_ms = action->new_name == NULL ? 0 : timeout_ms(action->new_name);
}

/* After a rollback nobody knows which of the text's own changes still hold. */
static void on_rollback(struct facts_track *track)
{
	track->facts.known = false;
	track->facts.n_relations = 0;
	track->facts.n_types = 0;
	track->facts.n_functions = 0;
}

/*
 * Temporary tables go with COMMIT (ON COMMIT DROP), DISCARD TEMP and a CASCADE that reaches them;
 * behind their names stands then what nobody has looked up.
 */
static void forget_temporary(struct facts_track *track)
{
	struct facts *facts = &track->facts;
	size_t n = 0;

	for (size_t i = 0; i < facts->n_relations; i++)
		if (track->relations[i].persistence != 't')
			track->relations[n++] = track->relations[i];
	if (n < facts->n_relations)
		facts->known = false;
	facts->n_relations = n;
}

static bool may_drop_unnamed(const struct action *action)
{
	return action->kind == ACTION_DROP_OWNED ||
	       (action->cascade &&
		       (action->kind == ACTION_DROP_OBJECT || action->kind == ACTION_DROP_SCHEMA ||
			       action->kind == ACTION_DROP_EXTENSION));
}

static void on_transaction(struct facts_track *track, const struct action *action)
{
	const char *name = action->name == NULL ? "" : action->name;

	if (strcmp(name, "BEGIN") == 0 || strcmp(name, "START TRANSACTION") == 0)
		track->facts.in_transaction = true;
	if (strncmp(name, "ROLLBACK", strlen("ROLLBACK")) == 0)
		on_rollback(track);
	if (strncmp(name, "COMMIT", strlen("COMMIT")) == 0)
		forget_temporary(track);
	if (strcmp(name, "COMMIT") == 0 || strcmp(name, "ROLLBACK") == 0)
		track->facts.in_transaction = false;
}

void track_action(struct facts_track *track, const struct action *action)
{
	if (may_drop_unnamed(action))
		forget_temporary(track);
	switch (action->kind) {
	case ACTION_CREATE_TABLE:
	case ACTION_CREATE_TABLE_AS:
	case ACTION_CREATE_PARTITION_OF:
	case ACTION_CREATE_MATVIEW:
	case ACTION_CREATE_SEQUENCE:
		on_create(track, action);
		break;
	case ACTION_DROP_TABLE:
	case ACTION_DROP_MATVIEW:
	case ACTION_DROP_VIEW:
		on_drop(track, action);
		break;
	case ACTION_RENAME_TABLE:
	case ACTION_RENAME_VIEW:
	case ACTION_RENAME_INDEX:
	case ACTION_SET_SCHEMA:
		on_rename(track, action);
		break;
	case ACTION_ADD_COLUMN:
		on_add_column(track, action);
		break;
	case ACTION_DROP_COLUMN:
		each_entry(track, action, drop_column);
		break;
	case ACTION_RENAME_COLUMN:
		each_entry(track, action, rename_column);
		break;
	case ACTION_ALTER_COLUMN_TYPE:
	case ACTION_SET_NOT_NULL:
	case ACTION_DROP_NOT_NULL:
		each_table(track, action, change_column);
		break;
	case ACTION_ADD_CHECK:
		each_table(track, action, add_check);
		break;
	case ACTION_VALIDATE_CONSTRAINT:
	case ACTION_DROP_CONSTRAINT:
		each_entry(track, action, change_constraint);
		break;
	case ACTION_CREATE_INDEX:
		on_create_index(track, action);
		break;
	case ACTION_REFRESH_MATVIEW:
		each_table(track, action, fill_matview);
		break;
	case ACTION_CREATE_POLICY:
		each_table(track, action, add_policy);
		break;
	case ACTION_ATTACH_PARTITION:
		each_entry(track, action, grow);
		on_joined(track, &action->table, &action->other);
		break;
	case ACTION_INHERIT:
		on_joined(track, &action->other, &action->table);
		break;
	case ACTION_ADD_FOREIGN_KEY:
		on_reference(track, action, action->constraint);
		break;
	/* A view leads to tables that nobody has looked up, by every spelling of its name. */
	case ACTION_CREATE_VIEW:
		forget_spellings(track, action->table.name);
		on_create(track, action);
		break;
	case ACTION_REPLACE_VIEW:
		forget_spellings(track, action->table.name);
		break;
	case ACTION_CREATE_TYPE:
	case ACTION_CREATE_DOMAIN:
	case ACTION_DOMAIN_ADD_CONSTRAINT:
	case ACTION_DOMAIN_SET_NOT_NULL:
	case ACTION_ALTER_DOMAIN_OTHER:
		on_type(track, action);
		break;
	case ACTION_CREATE_FUNCTION:
	case ACTION_ALTER_FUNCTION:
		on_function(track, action);
		break;
	case ACTION_SET_TIMEOUT:
		on_timeout(track, action);
		break;
	case ACTION_TRANSACTION:
		on_transaction(track, action);
		break;
	default:
		break;
	}
}

/* Only names with a schema keep their meaning: the same text may set search_path, or the role
 * behind "$user". */
static void keep_qualified(struct facts_track *track)
{
	struct facts *facts = &track->facts;
	size_t n = 0;

	for (size_t i = 0; i < facts->n_relations; i++)
		if (track->relations[i].asked.schema != NULL)
			track->relations[n++] = track->relations[i];
	facts->n_relations = n;
	facts->n_types = 0;
	facts->n_functions = 0;
	facts->known = false;
}

static bool starts_with_any(const char *sql, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strncasecmp(sql, *words, strlen(*words)) == 0)
			return true;
	return false;
}

/*
 * SET [SESSION | LOCAL] search_path, SCHEMA, ROLE, SESSION AUTHORIZATION; RESET of them; DISCARD
 * ALL; set_config() anywhere; and code that may do any of it unseen.
 */
static bool renames_everything(const char *sql)
{
	static const char *const commands[] = {"set", "reset", "discard", NULL};
	static const char *const unseen[] = {"execute", "call", "do", NULL};
	static const char *const settings[] = {
		"search_path", "role", "authorization", "all", "schema"};

	if (strcasestr(sql, "set_config") != NULL || starts_with_any(sql, unseen))
		return true;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (starts_with_any(sql, commands) && strcasestr(sql, settings[i]) != NULL)
			return true;
	return false;
}

void track_names(struct facts_track *track, const char *sql)
{
	static const char *const discard[] = {"discard", NULL};

	if (starts_with_any(sql, discard))
		forget_temporary(track);
	if (renames_everything(sql))
		keep_qualified(track);
}
