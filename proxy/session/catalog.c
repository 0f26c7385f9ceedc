/* SPDX-License-Identifier: PostgreSQL */
#include "catalog.h"

#include <jansson.h>
#include <string.h>

#include "arena.h"
#include "catalog_json.h"
#include "catalog_relation.h"

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

/* {{"old","new"},...}: pairs as well. */
static const char *labels_literal(struct arena *arena, const struct facts_request *request)
{
	struct name *pairs = arena_alloc(arena, (request->n_labels + 1) * sizeof(*pairs));

	for (size_t i = 0; i < request->n_labels; i++)
		pairs[i] = (struct name){request->labels[i].from, request->labels[i].to};
	return array_literal(arena, pairs, request->n_labels);
}

void catalog_parameters(struct arena *arena, const struct facts_request *request,
	const char *parameters[CATALOG_PARAMETERS])
{
	parameters[0] = array_literal(arena, request->relations, request->n_relations);
	parameters[1] = array_literal(arena, request->types, request->n_types);
	parameters[2] = array_literal(arena, request->functions, request->n_functions);
	parameters[3] = request->drops ? "t" : "f";
	parameters[4] = labels_literal(arena, request);
}

const char *catalog_text(const struct facts_request *request)
{
	return request->drops || request->own_types ? catalog_sql : catalog_short_sql;
}

/* ---- types, functions ---- */

static struct type_column read_type_column(struct reader *reader, const json_t *object)
{
	return (struct type_column){
		.table = reader_name(reader, object, "table"),
		.column = reader_text(reader, object, "column"),
		.kind = reader_letter(reader, object, "kind"),
		.list = reader_bool(reader, object, "list"),
		.inherited = reader_bool(reader, object, "inherited"),
		.generated = reader_bool(reader, object, "generated"),
		.key = reader_bool(reader, object, "key"),
		.writable = reader_bool(reader, object, "writable"),
		.default_sql = reader_text_or_null(reader, object, "default"),
	};
}

static struct label_facts read_named(struct reader *reader, const json_t *object)
{
	return (struct label_facts){
		.label = reader_text(reader, object, "label"),
		.object = reader_text(reader, object, "object"),
		.by_text = reader_bool(reader, object, "text"),
	};
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
	type.kind = reader_letter(reader, object, "kind");
	type.domain_constrained = reader_bool(reader, object, "domain_constrained");
	type.json = reader_bool(reader, object, "json");
	type.name = reader_name(reader, object, "name");
	type.base_sql = reader_text(reader, object, "base");
	type.constraints = reader_texts(reader, object, "constraints", false, &type.n_constraints);
	type.embedded = reader_bool(reader, object, "embedded");
	type.used_by = reader_names(reader, object, "used_by", &type.n_used_by);
	READ_LIST(reader, object, "columns", type.columns, type.n_columns, read_type_column);
	type.labels = reader_texts(reader, object, "labels", false, &type.n_labels);
	READ_LIST(reader, object, "named", type.named, type.n_named, read_named);
	type.drops = catalog_read_drops(reader, object);
	return type;
}

static struct function_facts read_function(struct reader *reader, const json_t *object)
{
	struct function_facts function = {.exists = reader_bool(reader, object, "exists")};

	if (!function.exists)
		return function;
	function.volatility = reader_letter(reader, object, "volatility");
	function.drops = catalog_read_drops(reader, object);
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
	facts->changes_recorded = reader_bool(reader, root, "changes_recorded");
	facts->read_only = reader_bool(reader, root, "read_only");
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

	READ_LIST(reader, root, "relations", relations, facts->n_relations, catalog_read_relation);
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
