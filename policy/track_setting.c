/* SPDX-License-Identifier: PostgreSQL */
/* Settings, search_path above all, and the types and functions that a text makes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "model.h"
#include "track.h"

struct track_settings track_settings_of(const struct facts *facts)
{
	return (struct track_settings){
		.lock_timeout_ms = facts->lock_timeout_ms,
		.statement_timeout_ms = facts->statement_timeout_ms,
		.idle_in_transaction_timeout_ms = facts->idle_in_transaction_timeout_ms,
		.lock_timeout_set = facts->lock_timeout_set,
		.timezone_utc = facts->timezone_utc,
		.timezone = facts->timezone,
		.current_schema = facts->current_schema,
	};
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
	double number;

	if (value == NULL)
		return 0;
	number = strtod(value, &end);
	end += strspn(end, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0)
			number *= units[i].ms;
	return number > 0 && number < 1e12 ? (int64_t)number : 0;
}

static void set_lock_timeout(struct facts *facts, const char *value)
{
	facts->lock_timeout_ms = timeout_ms(value);
	facts->lock_timeout_set = value != NULL;
	if (facts->lock_timeout_ms > 0)
		facts->waited_unbounded = false;
}

static void set_statement_timeout(struct facts *facts, const char *value)
{
	facts->statement_timeout_ms = timeout_ms(value);
}

static void set_idle_timeout(struct facts *facts, const char *value)
{
	facts->idle_in_transaction_timeout_ms = timeout_ms(value);
}

static void set_application_name(struct facts *facts, const char *value)
{
	facts->application_name = value;
}

/* Without a value it goes back to what nobody has looked up. */
static void set_timezone(struct facts *facts, const char *value)
{
	static const char *const names[] = {
		"utc", "uct", "universal", "zulu", "gmt", "gmt0", "gmt+0", "gmt-0", "greenwich"};
	const char *name = value;

	if (name != NULL && strncasecmp(name, "etc/", strlen("etc/")) == 0)
		name += strlen("etc/");
	facts->timezone = value;
	facts->timezone_utc = false;
	for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		facts->timezone_utc |= strcasecmp(name, names[i]) == 0;
}

/* The first of the list; "$user" may be anything, and who quotes may mean anything. */
static const char *first_schema(struct arena *arena, const char *path)
{
	size_t len = path == NULL ? 0 : strcspn(path, ", ");

	if (len == 0 || memchr(path, '"', len) != NULL || *path == '$')
		return NULL;
	return arena_strndup(arena, path, len);
}

void track_setting(struct facts_track *track, const struct action *action)
{
	static const struct {
		const char *name;
		void (*set)(struct facts *facts, const char *value);
	} settings[] = {
		{"lock_timeout", set_lock_timeout},
		{"statement_timeout", set_statement_timeout},
		{"idle_in_transaction_session_timeout", set_idle_timeout},
		{"application_name", set_application_name},
		{"timezone", set_timezone},
	};
	struct facts *facts = &track->facts;

	if (action->name == NULL)
		return;
	if (strcmp(action->name, "search_path") == 0)
		facts->current_schema = first_schema(track->arena, action->new_name);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(action->name, settings[i].name) == 0)
			settings[i].set(facts, action->new_name);
	if (!action->local)
		track->session = track_settings_of(facts);
}

/* ---- types and functions ---- */

/* New or stricter: assume that a domain has constraints where its definition does not tell. */
void track_type(struct facts_track *track, const struct action *action)
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
	if (action->kind == ACTION_CREATE_TYPE || action->kind == ACTION_CREATE_DOMAIN) {
		types[i].created_in_transaction = true;
		types[i].kind = 0; /* the old one is gone, and its labels with it */
		types[i].n_labels = 0;
	}
	types[i].domain |= domain;
	types[i].domain_constrained |=
		domain && (action->kind != ACTION_CREATE_DOMAIN || action->constrained);
}

static struct type_facts *known_type(struct facts_track *track, const struct action *action)
{
	return action->n_targets == 0
		       ? NULL
		       : (struct type_facts *)facts_type(&track->facts, &action->targets[0]);
}

/* A label that is added or takes the place of another. */
void track_label(struct facts_track *track, const struct action *action)
{
	struct type_facts *type = known_type(track, action);
	const char **labels;
	size_t at = 0;

	if (type == NULL || type->kind != 'e' ||
		names_contain(type->labels, type->n_labels, action->name) ==
			(action->kind == ACTION_ENUM_ADD_VALUE))
		return;
	labels = track_copy(track->arena, type->labels, type->n_labels, 1, sizeof(*labels));
	while (at < type->n_labels && strcmp(labels[at], action->name) != 0)
		at++;
	type->n_labels += at == type->n_labels;
	labels[at] = action->kind == ACTION_ENUM_ADD_VALUE ? action->name : action->new_name;
	type->labels = labels;
}

static void rename_type(struct facts_track *track, const struct action *action)
{
	struct type_facts *types = (struct type_facts *)track->facts.types;
	struct type_facts *known = known_type(track, action), renamed;
	size_t i = 0;

	if (known == NULL)
		return;
	renamed = *known;
	renamed.asked.name = renamed.name.name = action->new_name;
	known->exists = false;
	while (i < track->facts.n_types && !name_equal(&types[i].asked, &renamed.asked))
		i++;
	types[i] = renamed;
	if (i == track->facts.n_types)
		track->facts.n_types++;
}

void track_rename_object(struct facts_track *track, const struct action *action)
{
	if (names_type(action))
		rename_type(track, action);
	else
		track_attached(track, action);
}

static char worse(char a, char b)
{
	if (a == 'v' || b == 'v')
		return 'v';
	return a == 's' || b == 's' ? 's' : 'i';
}

/* Any function of that name may be meant by a call; CREATE FUNCTION without a word is volatile. */
void track_function(struct facts_track *track, const struct action *action)
{
	struct function_facts *functions = (struct function_facts *)track->facts.functions;
	char volatility = action->volatility != 0 ? action->volatility : 'v';
	size_t n = track->facts.n_functions;
	bool listed = false;

	if (action->n_targets == 0 ||
		(action->kind == ACTION_ALTER_FUNCTION && action->volatility == 0))
		return;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(functions[i].asked.name, action->targets[0].name) != 0)
			continue;
		functions[i].volatility = functions[i].exists
						  ? worse(functions[i].volatility, volatility)
						  : volatility;
		functions[i].exists = true;
		listed |= name_equal(&functions[i].asked, &action->targets[0]);
	}
	if (listed)
		return;
	functions[n] = (struct function_facts){
		.asked = action->targets[0], .exists = true, .volatility = volatility};
	track->facts.n_functions = n + 1;
}

/* It brings types and functions: which of those that were not there, nobody knows. */
void track_extension(struct facts_track *track, const struct action *action)
{
	struct facts *facts = &track->facts;
	struct type_facts *types = (struct type_facts *)facts->types;
	struct function_facts *functions = (struct function_facts *)facts->functions;

	(void)action;
	for (size_t i = facts->n_types; i-- > 0;)
		if (!types[i].exists)
			track_remove(types, &facts->n_types, i, sizeof(*types));
	for (size_t i = facts->n_functions; i-- > 0;)
		if (!functions[i].exists)
			track_remove(functions, &facts->n_functions, i, sizeof(*functions));
}

/* ---- names ---- */

/*
 * Names resolve anew: only what is known by its full name keeps its facts, and that only under it.
 */
static void keep_qualified(struct facts_track *track)
{
	struct facts *facts = &track->facts;
	size_t n = 0;

	for (size_t i = 0; i < facts->n_relations; i++) {
		struct relation_facts *relation = &track->relations[i];

		/* Whoever puts pg_temp last in search_path does not do so in a file. */
		bool temporary = track->separate && relation->persistence == 't';

		if (relation->asked.schema == NULL && relation->exists && !temporary)
			relation->asked = relation->name;
		if (relation->asked.schema != NULL || temporary)
			track->relations[n++] = *relation;
	}
	facts->n_relations = n;
	facts->known = false;
	track_move(track);
	if (track->separate)
		return;
	facts->n_types = 0;
	facts->n_functions = 0;
}

void track_restore_settings(struct facts_track *track)
{
	if (track->facts.current_schema != track->session.current_schema)
		keep_qualified(track); /* SET LOCAL search_path ends */
	track->facts.lock_timeout_ms = track->session.lock_timeout_ms;
	track->facts.statement_timeout_ms = track->session.statement_timeout_ms;
	track->facts.idle_in_transaction_timeout_ms = track->session.idle_in_transaction_timeout_ms;
	track->facts.lock_timeout_set = track->session.lock_timeout_set;
	track->facts.timezone_utc = track->session.timezone_utc;
	track->facts.timezone = track->session.timezone;
	track->facts.current_schema = track->session.current_schema;
}

static bool starts_with_any(const char *sql, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strncasecmp(sql, *words, strlen(*words)) == 0)
			return true;
	return false;
}

/* set_config() anywhere; SET [SESSION | LOCAL] and RESET of what decides how names resolve. */
static bool changes_names(const char *sql, const char *const *settings)
{
	static const char *const commands[] = {"set", "reset", "discard", NULL};

	if (strcasestr(sql, "set_config") != NULL)
		return true;
	for (; *settings != NULL && starts_with_any(sql, commands); settings++)
		if (strcasestr(sql, *settings) != NULL)
			return true;
	return false;
}

/*
 * A message: whatever might have changed how names resolve is taken to have done it, and code that
 * runs unseen too.  A file is judged on its own, and nothing runs on the strength of it: there only
 * a search_path that it writes down counts.
 */
static bool renames_everything(const struct facts_track *track, const char *sql)
{
	static const char *const written[] = {"search_path", "schema", NULL};
	static const char *const any[] = {
		"search_path", "role", "authorization", "all", "schema", NULL};
	static const char *const unseen[] = {"execute", "call", "do", NULL};

	if (track->separate)
		return changes_names(sql, written);
	return changes_names(sql, any) || starts_with_any(sql, unseen);
}

static bool only_stores_code(const struct stmt *stmt)
{
	return stmt->n_actions == 1 && stmt->actions[0].kind == ACTION_CREATE_FUNCTION;
}

void track_statement(struct facts_track *track, const struct stmt *stmt)
{
	static const char *const discard[] = {"discard", NULL};

	if (starts_with_any(stmt->sql, discard))
		track_forget_temporary(track);
	if (!only_stores_code(stmt) && renames_everything(track, stmt->sql)) {
		keep_qualified(track);
		if (!track->separate)
			track->facts.current_schema = track->session.current_schema = NULL;
	}
	/* A file that says no BEGIN may well be run in one transaction. */
	if (!track->facts.in_transaction && !track->separate)
		track_publish(track);
}
