/* SPDX-License-Identifier: PostgreSQL */
#include "catalog.h"

#include <jansson.h>
#include <string.h>

#include "arena.h"
#include "catalog_json.h"

/* ---- parameters ---- */

/* An element of an array literal: always in quotes, which take backslash escapes. */
static char *append_element(char *p, const char *text)
{
	*p++ = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			*p++ = '\\';
		*p++ = *text;
	}
	*p++ = '"';
	return p;
}

static size_t element_bytes_max(const struct name *name)
{
	size_t n = strlen(name->name);

	if (name->schema != NULL)
		n += strlen(name->schema);
	return 2 * n + sizeof("{\"\",\"\"},");
}

/* {{"schema","name"},...}; no schema is "", which no schema can be called. */
static const char *array_literal(struct arena *arena, const struct name *names, size_t n)
{
	size_t size = sizeof("{}");
	char *text, *p;

	for (size_t i = 0; i < n; i++)
		size += element_bytes_max(&names[i]);
	p = text = arena_alloc(arena, size);
	*p++ = '{';
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ',';
		*p++ = '{';
		p = append_element(p, names[i].schema != NULL ? names[i].schema : "");
		*p++ = ',';
		p = append_element(p, names[i].name);
		*p++ = '}';
	}
	*p = '}';
	return text;
}

void catalog_parameters(struct arena *arena, const struct facts_request *request,
	const char *parameters[CATALOG_PARAMETERS])
{
	parameters[0] = array_literal(arena, request->relations, request->n_relations);
	parameters[1] = array_literal(arena, request->types, request->n_types);
	parameters[2] = array_literal(arena, request->functions, request->n_functions);
}

/* ---- columns, constraints, indexes ---- */

static struct loser_facts read_loser(struct reader *reader, const json_t *object)
{
	return (struct loser_facts){
		.name = reader_name(reader, object, "name"),
		.kind = reader_letter(reader, object, "kind"),
		.gone = reader_bool(reader, object, "gone"),
		.cascade = reader_bool(reader, object, "cascade"),
	};
}

/* null: of what was not asked for by name nobody asks. */
static struct drop_facts read_drops(struct reader *reader, const json_t *object)
{
	const json_t *given = json_object_get(object, "drops");
	struct drop_facts drops = {0};

	if (json_is_null(given))
		return drops;
	drops.cascade_needed = reader_bool(reader, given, "cascade_needed");
	READ_LIST(reader, given, "losers", drops.losers, drops.n_losers, read_loser);
	return drops;
}

static struct grant_facts read_grant(struct reader *reader, const json_t *object)
{
	return (struct grant_facts){
		.privilege = reader_text(reader, object, "privilege"),
		.grantee = reader_text_or_null(reader, object, "grantee"),
		.grantable = reader_bool(reader, object, "grantable"),
	};
}

static void read_attachments(
	struct reader *reader, const json_t *object, struct column_facts *column)
{
	column->comment = reader_text_or_null(reader, object, "comment");
	column->statistics_target = (int)reader_integer(reader, object, "statistics");
	column->options_sql = reader_text_or_null(reader, object, "options");
	READ_LIST(reader, object, "grants", column->grants, column->n_grants, read_grant);
	column->entangled = reader_texts(reader, object, "entangled", false, &column->n_entangled);
}

static struct column_facts read_column(struct reader *reader, const json_t *object)
{
	struct column_facts column = {
		.name = reader_text(reader, object, "name"),
		.number = (int)reader_integer(reader, object, "number"),
		.type_oid = (uint32_t)reader_integer(reader, object, "type_oid"),
		.type_sql = reader_text(reader, object, "type"),
		.base_type = reader_text(reader, object, "base_type"),
		.typmod = (int)reader_integer(reader, object, "typmod"),
		.collation_oid = (uint32_t)reader_integer(reader, object, "collation"),
		.not_null = reader_bool(reader, object, "not_null"),
		.default_sql = reader_text_or_null(reader, object, "default"),
		.default_volatile = reader_bool(reader, object, "default_volatile"),
		.identity = reader_letter(reader, object, "identity"),
		.generated = reader_bool(reader, object, "generated"),
		.inherited = reader_bool(reader, object, "inherited"),
		.sequence = reader_name_or_null(reader, object, "sequence"),
		.drops = read_drops(reader, object),
		.domain = reader_bool(reader, object, "domain"),
		.domain_constrained = reader_bool(reader, object, "domain_constrained"),
	};

	column.dependents = reader_texts(reader, object, "dependents", false, &column.n_dependents);
	column.mentioned_by =
		reader_texts(reader, object, "mentioned_by", false, &column.n_mentioned_by);
	read_attachments(reader, object, &column);
	column.statistics_known = !json_is_null(json_object_get(object, "nulls_per_million"));
	if (column.statistics_known)
		column.null_fraction =
			(double)reader_integer(reader, object, "nulls_per_million") / 1e6;
	return column;
}

static bool kind_of_letter(char letter, enum constraint_kind *kind)
{
	static const struct {
		char letter;
		enum constraint_kind kind;
	} kinds[] = {
		{'c', CONSTRAINT_CHECK},
		{'f', CONSTRAINT_FOREIGN_KEY},
		{'u', CONSTRAINT_UNIQUE},
		{'p', CONSTRAINT_PRIMARY_KEY},
		{'x', CONSTRAINT_EXCLUSION},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].letter == letter) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

/*
 * The conjuncts "c IS NOT NULL" of a CHECK, found by the grammar.  What the grammar does not
 * understand proves nothing.
 */
static void read_proof(struct reader *reader, struct constraint_facts *constraint)
{
	const char *sql =
		arena_printf(reader->arena, "ALTER TABLE x ADD %s", constraint->definition);
	const char *error;
	struct stmts stmts;

	if (stmt_parse(reader->arena, sql, strlen(sql), &stmts, &error) != 0 || stmts.n != 1 ||
		stmts.items[0].n_actions != 1 || stmts.items[0].actions[0].kind != ACTION_ADD_CHECK)
		return;
	constraint->proves_not_null = stmts.items[0].actions[0].constraint->check->not_null_columns;
	constraint->n_proves_not_null =
		stmts.items[0].actions[0].constraint->check->n_not_null_columns;
}

static struct constraint_facts read_constraint(struct reader *reader, const json_t *object)
{
	struct constraint_facts constraint = {
		.name = reader_text(reader, object, "name"),
		.validated = reader_bool(reader, object, "validated"),
		.added_in_transaction = reader_bool(reader, object, "added_in_transaction"),
		.deferrable = reader_bool(reader, object, "deferrable"),
		.definition = reader_text(reader, object, "definition"),
		.comment = reader_text_or_null(reader, object, "comment"),
		.referenced = reader_name_or_null(reader, object, "referenced"),
		.index = reader_name_or_null(reader, object, "index"),
		.no_inherit = reader_bool(reader, object, "no_inherit"),
		.inherited = reader_bool(reader, object, "inherited"),
		.drops = read_drops(reader, object),
	};

	if (!kind_of_letter(reader_letter(reader, object, "kind"), &constraint.kind))
		reader_fail(reader, "is no kind of constraint", "kind");
	constraint.columns = reader_texts(reader, object, "columns", false, &constraint.n_columns);
	if (constraint.kind == CONSTRAINT_CHECK && constraint.validated && !constraint.no_inherit &&
		reader->error == NULL)
		read_proof(reader, &constraint);
	return constraint;
}

static struct index_facts read_index(struct reader *reader, const json_t *object)
{
	struct index_facts index = {
		.name = reader_name(reader, object, "name"),
		.unique = reader_bool(reader, object, "unique"),
		.primary = reader_bool(reader, object, "primary"),
		.valid = reader_bool(reader, object, "valid"),
		.immediate = reader_bool(reader, object, "immediate"),
		.partial = reader_bool(reader, object, "partial"),
		.has_expressions = reader_bool(reader, object, "has_expressions"),
		.plain_order = reader_bool(reader, object, "plain_order"),
		.backs_constraint = reader_bool(reader, object, "backs_constraint"),
		.attached = reader_bool(reader, object, "attached"),
		.nulls_not_distinct = reader_bool(reader, object, "nulls_not_distinct"),
		.definition = reader_text(reader, object, "definition"),
		.tablespace = reader_text_or_null(reader, object, "tablespace"),
		.comment = reader_text_or_null(reader, object, "comment"),
		.peculiar = reader_text_or_null(reader, object, "peculiar"),
	};

	index.columns = reader_texts(reader, object, "columns", true, &index.n_columns);
	index.mentions = reader_texts(reader, object, "mentions", false, &index.n_mentions);
	return index;
}

/* ---- relations ---- */

static struct partition_facts read_partition(struct reader *reader, const json_t *object)
{
	return (struct partition_facts){
		.name = reader_name(reader, object, "name"),
		.parent = reader_name(reader, object, "parent"),
		.kind = reader_letter(reader, object, "kind"),
	};
}

/*
 * Of a partitioned table the leaves are its partitions; of any other table every child is.
 * Multiple inheritance shows a child once for each way to it.
 */
static void read_partitions(
	struct reader *reader, const json_t *object, struct relation_facts *relation)
{
	const struct partition_facts *tree;
	bool partitioned = relation->kind == 'p' || relation->kind == 'I';
	size_t n_tree;
	struct name *names;

	READ_LIST(reader, object, "tree", tree, n_tree, read_partition);
	names = arena_alloc(reader->arena, (n_tree + 1) * sizeof(*names));
	for (size_t i = 0; i < n_tree; i++) {
		bool leaf = tree[i].kind != 'p' && tree[i].kind != 'I', known = false;

		for (size_t j = 0; j < relation->n_partitions; j++)
			known |= !partitioned && name_equal(&names[j], &tree[i].name);
		if ((leaf || !partitioned) && !known)
			names[relation->n_partitions++] = tree[i].name;
	}
	relation->partitions = names;
	if (partitioned) {
		relation->partition_tree = tree;
		relation->n_partition_tree = n_tree;
	}
	relation->default_partition = reader_name_or_null(reader, object, "default_partition");
	relation->has_default_partition = relation->default_partition.name != NULL;
}

static void read_partitioning(
	struct reader *reader, const json_t *object, struct relation_facts *relation)
{
	const char *strategy = reader_text_or_null(reader, object, "partition_strategy");

	relation->partition_strategy = strategy == NULL ? 0 : strategy[0];
	relation->partition_columns = reader_texts(
		reader, object, "partition_columns", true, &relation->n_partition_columns);
	relation->partition_plain = reader_bool(reader, object, "partition_plain");
	relation->partition_bound = reader_text_or_null(reader, object, "partition_bound");
	relation->partition_constraint =
		reader_text_or_null(reader, object, "partition_constraint");
}

static void read_contents(
	struct reader *reader, const json_t *object, struct relation_facts *relation)
{
	READ_LIST(reader, object, "columns", relation->columns, relation->n_columns, read_column);
	READ_LIST(reader, object, "constraints", relation->constraints, relation->n_constraints,
		read_constraint);
	READ_LIST(reader, object, "indexes", relation->indexes, relation->n_indexes, read_index);
	relation->referencing =
		reader_names(reader, object, "referencing", &relation->n_referencing);
	relation->dependents =
		reader_texts(reader, object, "dependents", false, &relation->n_dependents);
	relation->mentioned_by =
		reader_texts(reader, object, "mentioned_by", false, &relation->n_mentioned_by);
	relation->statement_triggers = reader_bool(reader, object, "statement_triggers");
	relation->has_rules = reader_bool(reader, object, "has_rules");
	relation->populated = reader_bool(reader, object, "populated");
	relation->stands_in = reader_bool(reader, object, "stands_in");
	relation->has_policies = reader_bool(reader, object, "has_policies");
	relation->names_taken =
		reader_texts(reader, object, "names_taken", false, &relation->n_names_taken);
}

static struct relation_facts read_relation(struct reader *reader, const json_t *object)
{
	struct relation_facts relation = {.exists = reader_bool(reader, object, "exists")};

	if (!relation.exists)
		return relation;
	relation.oid = (uint32_t)reader_integer(reader, object, "oid");
	relation.name = reader_name(reader, object, "name");
	relation.kind = reader_letter(reader, object, "kind");
	relation.persistence = reader_letter(reader, object, "persistence");
	relation.created_in_transaction = reader_bool(reader, object, "created_in_transaction");
	relation.system = reader_bool(reader, object, "system");
	relation.pages = reader_integer(reader, object, "pages");
	relation.rows = (double)reader_integer(reader, object, "rows");
	relation.empty = reader_bool(reader, object, "empty");
	relation.partition = reader_bool(reader, object, "partition");
	relation.parent = reader_name_or_null(reader, object, "parent");
	read_partitioning(reader, object, &relation);
	relation.table = reader_name_or_null(reader, object, "table");
	relation.tablespace = reader_text_or_null(reader, object, "tablespace");
	relation.access_method = reader_text_or_null(reader, object, "access_method");
	relation.owner = reader_text(reader, object, "owner");
	relation.typed = reader_bool(reader, object, "typed");
	relation.drops = read_drops(reader, object);
	relation.row_triggers = reader_bool(reader, object, "row_triggers");
	relation.attached = reader_texts(reader, object, "attached", false, &relation.n_attached);
	relation.row_security = reader_bool(reader, object, "row_security");
	relation.before_row_triggers = reader_texts(
		reader, object, "before_row_triggers", false, &relation.n_before_row_triggers);
	READ_LIST(reader, object, "grants", relation.grants, relation.n_grants, read_grant);
	read_partitions(reader, object, &relation);
	read_contents(reader, object, &relation);
	return relation;
}

static struct type_facts read_type(struct reader *reader, const json_t *object)
{
	struct type_facts type = {.exists = reader_bool(reader, object, "exists")};

	if (!type.exists)
		return type;
	type.oid = (uint32_t)reader_integer(reader, object, "oid");
	type.base_type = reader_text(reader, object, "base_type");
	type.base_typmod = (int)reader_integer(reader, object, "base_typmod");
	type.domain = reader_bool(reader, object, "domain");
	type.domain_constrained = reader_bool(reader, object, "domain_constrained");
	type.json = reader_bool(reader, object, "json");
	type.used_by = reader_names(reader, object, "used_by", &type.n_used_by);
	type.drops = read_drops(reader, object);
	return type;
}

static struct function_facts read_function(struct reader *reader, const json_t *object)
{
	struct function_facts function = {.exists = reader_bool(reader, object, "exists")};

	if (!function.exists)
		return function;
	function.volatility = reader_letter(reader, object, "volatility");
	function.drops = read_drops(reader, object);
	return function;
}

/* ---- the whole answer ---- */

/* pg_locks.mode, as lock_mode_names in storage/lmgr/lock.c spells it. */
static enum lock_mode mode_of_text(const char *text)
{
	static const struct {
		const char *text;
		enum lock_mode mode;
	} modes[] = {
		{"ShareUpdateExclusiveLock", LOCK_SHARE_UPDATE_EXCLUSIVE},
		{"ShareLock", LOCK_SHARE},
		{"ShareRowExclusiveLock", LOCK_SHARE_ROW_EXCLUSIVE},
		{"ExclusiveLock", LOCK_EXCLUSIVE},
		{"AccessExclusiveLock", LOCK_ACCESS_EXCLUSIVE},
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].text, text) == 0)
			return modes[i].mode;
	return LOCK_NONE;
}

static struct held_lock read_lock(struct reader *reader, const json_t *object)
{
	struct held_lock lock = {
		.relation = reader_name(reader, object, "relation"),
		.mode = mode_of_text(reader_text(reader, object, "mode")),
	};

	if (lock.mode == LOCK_NONE)
		reader_fail(reader, "is no lock mode", "mode");
	return lock;
}

/* A relation locked in several modes is listed once for each; the strongest counts. */
static void read_locks(struct reader *reader, const json_t *root, struct facts *facts)
{
	struct transaction_facts *transaction = &facts->transaction;
	struct held_lock *locks;
	size_t n, kept = 0;

	READ_LIST(reader, root, "locks", locks, n, read_lock);
	for (size_t i = 0; i < n; i++) {
		struct held_lock *last = kept > 0 ? &locks[kept - 1] : NULL;

		if (last == NULL || !name_equal(&last->relation, &locks[i].relation))
			locks[kept++] = locks[i];
		else if (last->mode < locks[i].mode)
			last->mode = locks[i].mode;
	}
	transaction->locks = locks;
	transaction->n_locks = kept;
}

static void read_session(struct reader *reader, const json_t *root, struct facts *facts)
{
	facts->server_version = (int)reader_integer(reader, root, "server_version");
	facts->current_user = reader_text(reader, root, "current_user");
	facts->session_user = reader_text(reader, root, "session_user");
	facts->search_path = reader_text(reader, root, "search_path");
	facts->backend_pid = (int)reader_integer(reader, root, "backend_pid");
	facts->lock_timeout_ms = reader_integer(reader, root, "lock_timeout_ms");
	facts->statement_timeout_ms = reader_integer(reader, root, "statement_timeout_ms");
	facts->idle_in_transaction_timeout_ms =
		reader_integer(reader, root, "idle_in_transaction_timeout_ms");
	facts->application_name = reader_text(reader, root, "application_name");
	facts->settings_sql = reader_text(reader, root, "settings");
	facts->timezone_utc = reader_bool(reader, root, "timezone_utc");
	facts->timezone = reader_text(reader, root, "timezone");
	facts->tablespace = reader_text(reader, root, "tablespace");
	facts->current_schema = reader_text_or_null(reader, root, "current_schema");
	facts->superuser = reader_bool(reader, root, "superuser");
}

/*
 * REPEATABLE READ and up: we look with the transaction's snapshot, the statement that is judged
 * does not.  What we cannot see may be there: nothing is known of it.
 */
static size_t keep_visible(struct relation_facts *relations, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (relations[i].exists)
			relations[kept++] = relations[i];
	return kept;
}

/* What was asked for comes first, in that order; relations looked up besides go by their own names.
 */
static void read_relations(struct reader *reader, const json_t *root,
	const struct facts_request *request, struct facts *facts)
{
	struct relation_facts *relations;

	READ_LIST(reader, root, "relations", relations, facts->n_relations, read_relation);
	if (facts->n_relations < request->n_relations)
		reader_fail(reader, "are fewer than asked for", "relations");
	for (size_t i = 0; i < facts->n_relations; i++)
		relations[i].asked =
			i < request->n_relations ? request->relations[i] : relations[i].name;
	facts->relations = relations;
	if (reader_bool(reader, root, "snapshot_kept"))
		facts->n_relations = keep_visible(relations, facts->n_relations);
}

static void read_types(struct reader *reader, const json_t *root,
	const struct facts_request *request, struct facts *facts)
{
	struct type_facts *types;

	READ_LIST(reader, root, "types", types, facts->n_types, read_type);
	if (facts->n_types != request->n_types) {
		reader_fail(reader, "are not those asked for", "types");
		return;
	}
	for (size_t i = 0; i < facts->n_types; i++)
		types[i].asked = request->types[i];
	facts->types = types;
}

static void read_functions(struct reader *reader, const json_t *root,
	const struct facts_request *request, struct facts *facts)
{
	struct function_facts *functions;

	READ_LIST(reader, root, "functions", functions, facts->n_functions, read_function);
	if (facts->n_functions != request->n_functions) {
		reader_fail(reader, "are not those asked for", "functions");
		return;
	}
	for (size_t i = 0; i < facts->n_functions; i++)
		functions[i].asked = request->functions[i];
	facts->functions = functions;
}

int catalog_decode(struct arena *arena, const char *json, size_t len,
	const struct facts_request *request, struct facts *facts, const char **error)
{
	struct reader reader = {.arena = arena};
	json_error_t json_error;
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &json_error);

	*facts = (struct facts){0};
	if (root == NULL) {
		*error = arena_printf(arena, "catalog answer: %s", json_error.text);
		return -1;
	}
	read_session(&reader, root, facts);
	read_locks(&reader, root, facts);
	read_relations(&reader, root, request, facts);
	read_types(&reader, root, request, facts);
	read_functions(&reader, root, request, facts);
	json_decref(root);
	*error = reader.error;
	if (reader.error != NULL) {
		*facts = (struct facts){0};
		return -1;
	}
	facts->known = true;
	return 0;
}
