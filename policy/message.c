/* SPDX-License-Identifier: PostgreSQL */
#include "message.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"

enum { PAGE_BYTES = 8192 }; /* BLCKSZ of every packaged server */

static const char *kind_word(const struct relation_facts *relation)
{
	switch (relation->kind) {
	case 'p':
		return "partitioned table";
	case 'v':
		return "view";
	case 'm':
		return "materialized view";
	case 'i':
	case 'I':
		return "index";
	case 'S':
		return "sequence";
	case 'f':
		return "foreign table";
	default:
		return "table";
	}
}

/* 300,000 */
static const char *grouped(struct arena *arena, double number)
{
	char digits[32], text[48];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%.0f", number), at = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	return arena_strndup(arena, text, at);
}

static const char *bytes_text(struct arena *arena, double bytes)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	size_t unit = 0;

	while (bytes >= 10 * 1024 && unit < sizeof(units) / sizeof(units[0]) - 1) {
		bytes /= 1024;
		unit++;
	}
	return arena_printf(arena, "%.0f %s", bytes, units[unit]);
}

static bool has_rows(const struct relation_facts *relation)
{
	return strchr("rpm", relation->kind) != NULL;
}

static const char *size_text(struct arena *arena, const struct relation_facts *relation)
{
	if (!has_rows(relation))
		return "";
	if (relation->pages < 0 || relation->rows < 0)
		return " (size not known)";
	return arena_printf(arena, " (%s rows, %s)", grouped(arena, relation->rows),
		bytes_text(arena, (double)relation->pages * PAGE_BYTES));
}

/* What the statement names: it may be known by that alone. */
static const struct name *written(const struct action *action)
{
	if (action->table.name != NULL)
		return &action->table;
	/* Of a schema the grammar gives no more than that. */
	return action->n_targets > 0 && action->targets[0].name != NULL ? &action->targets[0]
									: NULL;
}

static const char *table_text(const struct rule_context *context)
{
	const struct relation_facts *table = context->table;
	const struct name *name = written(context->action);

	if (table != NULL)
		return arena_printf(context->arena, "%s %s%s", kind_word(table),
			name_text(context->arena, &table->name), size_text(context->arena, table));
	return name == NULL ? NULL : name_text(context->arena, name);
}

static const char *part_text(const struct rule_context *context)
{
	const struct action *action = context->action;

	if (action->column != NULL)
		return arena_printf(context->arena, "column %s of ", action->column);
	if (action->kind >= ACTION_ADD_CHECK && action->kind <= ACTION_RENAME_CONSTRAINT &&
		action->name != NULL)
		return arena_printf(context->arena, "constraint %s on ", action->name);
	if (action->kind == ACTION_CREATE_INDEX && action->index->name != NULL)
		return arena_printf(context->arena, "index %s on ", action->index->name);
	if (action->kind == ACTION_DROP_INDEX && action->n_targets > 0 && context->table != NULL)
		return arena_printf(context->arena, "index %s on ",
			name_text(context->arena, &action->targets[0]));
	return "";
}

const char *message_object(const struct rule_context *context)
{
	const char *table = table_text(context);
	size_t n = context->action->n_targets;

	if (table == NULL)
		return NULL;
	table = arena_printf(context->arena, "%s%s", part_text(context), table);
	return n > 1 ? arena_printf(context->arena, "%s and %zu more", table, n - 1) : table;
}

const char *message_table_sql(const struct rule_context *context)
{
	const struct name *name =
		context->table != NULL ? &context->table->name : written(context->action);

	return name == NULL ? "\"table\"" : name_sql(context->arena, name);
}

static const char *work_text(const struct effects *effects)
{
	if (effects->rewrite)
		return "while every row is written anew and every index is built again";
	if (effects->index_build)
		return "while every row is read to build the index";
	if (effects->scan)
		return "while every row is read";
	return "until the transaction ends";
}

static const char *waiting_text(enum lock_mode mode)
{
	switch (mode) {
	case LOCK_ACCESS_EXCLUSIVE:
		return "; reads and writes wait, and queue up already while it waits for its turn";
	case LOCK_EXCLUSIVE:
	case LOCK_SHARE_ROW_EXCLUSIVE:
	case LOCK_SHARE:
		return "; writes wait, and queue up already while it waits for its turn";
	default:
		return "; reads and writes go on";
	}
}

/* Locks on other relations that somebody waits for. */
static const char *other_locks(const struct rule_context *context)
{
	const struct effects *effects = context->effects;
	const char *text = "";
	size_t shown = 0, more = 0;

	for (size_t i = 1; i < effects->n_locks; i++) {
		const struct lock_effect *lock = &effects->locks[i];

		if (!lock->existing || lock->part || lock->mode < LOCK_SHARE)
			continue;
		if (shown == 3) {
			more++;
			continue;
		}
		text = arena_printf(context->arena, "%s%s%s (%s)", text,
			shown++ == 0 ? " Also locked: " : ", ",
			name_text(context->arena, &lock->relation), lock_mode_name(lock->mode));
	}
	if (shown == 0)
		return "";
	return more > 0 ? arena_printf(context->arena, "%s and %zu more.", text, more)
			: arena_printf(context->arena, "%s.", text);
}

static const char *lock_text(const struct rule_context *context)
{
	const struct effects *effects = context->effects;
	const struct lock_effect *lock;

	if (effects->n_locks == 0 && (effects->rewrite || effects->index_build))
		return arena_printf(
			context->arena, "Each table in turn is locked %s.", work_text(effects));
	if (effects->n_locks == 0)
		return "";
	lock = &effects->locks[0];
	return arena_printf(context->arena, "%s lock on %s %s%s.%s", lock_mode_name(lock->mode),
		name_text(context->arena, &lock->relation), work_text(effects),
		waiting_text(lock->mode), other_locks(context));
}

/* What would break is named, up to this many. */
enum { USERS_SHOWN_MAX = 6 };

struct list {
	struct arena *arena;
	const char *text;
	size_t n;
};

static void list_add(struct list *list, const char *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list->n++ < USERS_SHOWN_MAX)
			list->text = arena_printf(list->arena, "%s%s%s", list->text,
				*list->text == '\0' ? "" : ", ", items[i]);
}

/* Of the column alone where the action is about one. */
static struct list list_users(const struct rule_context *context)
{
	struct list list = {context->arena, "", 0};
	const struct relation_facts *table = context->table;
	const struct column_facts *column;

	if (table == NULL)
		return list;
	if (context->action->column == NULL) {
		list_add(&list, table->dependents, table->n_dependents);
		list_add(&list, table->mentioned_by, table->n_mentioned_by);
		return list;
	}
	column = facts_column(table, context->action->column);
	if (column != NULL) {
		list_add(&list, column->dependents, column->n_dependents);
		list_add(&list, column->mentioned_by, column->n_mentioned_by);
	}
	return list;
}

const char *message_users(const struct rule_context *context)
{
	struct list list = list_users(context);

	if (list.n <= USERS_SHOWN_MAX)
		return list.text;
	return arena_printf(context->arena, "%s and %zu more", list.text, list.n - USERS_SHOWN_MAX);
}

/* A new column breaks no user of the others. */
static bool breaks_users(const struct rule_context *context)
{
	return (context->effects->breaks_clients && context->action->kind != ACTION_ADD_COLUMN) ||
	       context->action->kind == ACTION_ALTER_COLUMN_TYPE;
}

static const char *sentence(
	struct arena *arena, const char *text, const char *head, const char *body)
{
	return arena_printf(arena, "%s%s%s: %s.", text, *text == '\0' ? "" : " ", head, body);
}

const char *message_detail(const struct rule_context *context)
{
	const struct effects *effects = context->effects;
	const char *text = lock_text(context);
	const char *users = breaks_users(context) ? message_users(context) : "";

	if (effects->error != NULL)
		text = sentence(context->arena, text, "PostgreSQL would answer", effects->error);
	if (effects->cause != NULL)
		text = sentence(context->arena, text, "The reason", effects->cause);
	if (*users != '\0')
		text = sentence(context->arena, text, "It is used by", users);
	return *text == '\0' ? NULL : text;
}

const char *message_of(const struct rule *rule, const struct rule_context *context)
{
	const char *object;

	if (rule->message != NULL)
		return rule->message(context);
	object = message_object(context);
	return object == NULL ? rule->title
			      : arena_printf(context->arena, "%s: %s", rule->title, object);
}
