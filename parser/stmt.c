/* SPDX-License-Identifier: PostgreSQL */
#include "stmt.h"

#include <string.h>

#include "expansion.h"
#include "stmt_internal.h"

const char *const grammar_version = PG_MAJORVERSION;

const char *action_name(enum action_kind kind)
{
	static const char *const names[] = {
#define ACTION(name, text) [ACTION_##name] = text,
#include "actions.def"
#undef ACTION
	};

	return names[kind];
}

const char *lock_mode_name(enum lock_mode mode)
{
	static const char *const names[] = {
		[LOCK_NONE] = "no lock",
		[LOCK_ACCESS_SHARE] = "ACCESS SHARE",
		[LOCK_ROW_SHARE] = "ROW SHARE",
		[LOCK_ROW_EXCLUSIVE] = "ROW EXCLUSIVE",
		[LOCK_SHARE_UPDATE_EXCLUSIVE] = "SHARE UPDATE EXCLUSIVE",
		[LOCK_SHARE] = "SHARE",
		[LOCK_SHARE_ROW_EXCLUSIVE] = "SHARE ROW EXCLUSIVE",
		[LOCK_EXCLUSIVE] = "EXCLUSIVE",
		[LOCK_ACCESS_EXCLUSIVE] = "ACCESS EXCLUSIVE",
	};

	return names[mode];
}

static bool harmless(enum action_kind kind)
{
	switch (kind) {
	case ACTION_HARMLESS:
	case ACTION_CALL:
	case ACTION_CHANGE_ROWS:
	case ACTION_TRANSACTION:
	case ACTION_PREPARE_TRANSACTION:
	case ACTION_SET_TIMEOUT:
		return true;
	default:
		return false;
	}
}

void set_kind(struct builder *builder, struct action *action, enum action_kind kind)
{
	action->kind = kind;
	builder->guarded |= !harmless(kind);
}

struct action *add_action(struct builder *builder, enum action_kind kind)
{
	struct action *action;

	if (builder->n_actions == builder->n_actions_max) {
		size_t max = builder->n_actions_max == 0 ? 1 : 2 * builder->n_actions_max;
		struct action *actions = arena_alloc(builder->arena, max * sizeof(*actions));

		if (builder->n_actions > 0)
			memcpy(actions, builder->actions, builder->n_actions * sizeof(*actions));
		builder->actions = actions;
		builder->n_actions_max = max;
	}
	action = &builder->actions[builder->n_actions++];
	*action = (struct action){
		.sql = builder->sql,
		.location = builder->source->tokens[builder->span.first].start,
	};
	set_kind(builder, action, kind);
	return action;
}

bool is_temporary_schema(const char *schema)
{
	return schema != NULL && strncmp(schema, "pg_temp", strlen("pg_temp")) == 0;
}

void set_relation(struct builder *builder, struct action *action, const PgQuery__RangeVar *relation)
{
	if (relation == NULL)
		return;
	action->table = tree_relation_name(builder->arena, relation);
	action->only = !relation->inh;
	action->unlogged = strcmp(relation->relpersistence, "u") == 0;
	action->temporary = strcmp(relation->relpersistence, "t") == 0 ||
			    is_temporary_schema(relation->schemaname);
}

struct action *add_statement(
	struct builder *builder, enum action_kind kind, const ProtobufCMessage *statement)
{
	struct action *action = add_action(builder, kind);

	set_relation(builder, action, tree_field_relation(statement));
	action->if_exists = tree_field_bool(statement, "missing_ok");
	action->if_not_exists = tree_field_bool(statement, "if_not_exists");
	action->replaces = tree_field_bool(statement, "replace");
	action->concurrently = tree_field_bool(statement, "concurrent");
	action->cascade =
		tree_field_number(statement, "behavior") == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	return action;
}

struct span span_from(const struct builder *builder, int location)
{
	return (struct span){
		.first = source_token_at(builder->source, location < 0 ? 0 : (size_t)location),
		.end = builder->span.end,
	};
}

size_t token_behind_relation(const struct builder *builder, const PgQuery__RangeVar *relation)
{
	struct span span = span_from(builder, relation->location);
	size_t token = source_skip_name(builder->source, span, span.first);

	if (source_is(builder->source, span, token, "*") ||
		source_is(builder->source, span, token, ")"))
		token++;
	return token;
}

static size_t one_past_last_byte(const PgQuery__RawStmt *raw, size_t len)
{
	return raw->stmt_len == 0 ? len : (size_t)raw->stmt_location + (size_t)raw->stmt_len;
}

/* NAMEDATALEN - 1 (pg_config_manual.h): the scanner cuts what is longer, with a mere NOTICE. */
enum { IDENTIFIER_BYTES_MAX = 63 };

static const char *long_identifier(const struct builder *builder)
{
	for (size_t i = builder->span.first; i < builder->span.end; i++) {
		const struct source_token *token = &builder->source->tokens[i];
		size_t quotes = token->kind == TOKEN_QUOTED ? 2 : 0;

		if ((token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED) &&
			token->end - token->start > IDENTIFIER_BYTES_MAX + quotes)
			return source_text(
				builder->arena, builder->source, (struct span){i, i + 1});
	}
	return NULL;
}

static void classify_raw(struct arena *arena, const struct source *source,
	const PgQuery__RawStmt *raw, struct stmt *out)
{
	struct builder builder = {.arena = arena, .source = source};
	size_t start, end;

	builder.span = source_span(
		source, (size_t)raw->stmt_location, one_past_last_byte(raw, source->len));
	start = source->tokens[builder.span.first].start;
	end = builder.span.end > builder.span.first ? source->tokens[builder.span.end - 1].end
						    : start;
	builder.sql = arena_strndup(arena, source->text + start, end - start);
	classify(&builder, raw->stmt);
	if (builder.not_understood)
		add_action(&builder, ACTION_UNCLASSIFIED);
	*out = (struct stmt){
		.sql = builder.sql,
		.location = start,
		.len = end - start,
		.tag = builder.tag,
		.actions = builder.actions,
		.n_actions = builder.n_actions,
		.guarded = builder.guarded,
		.no_transaction = builder.no_transaction,
		.executes_prepared = builder.executes_prepared,
		.prepared_name = builder.prepared_name,
		.habits = builder.habits,
		.long_identifier = long_identifier(&builder),
	};
}

static void classify_all(struct arena *arena, const struct source *source,
	const PgQuery__ParseResult *tree, struct stmts *out)
{
	struct stmt *items = arena_alloc(arena, (tree->n_stmts + 1) * sizeof(*items));

	for (size_t i = 0; i < tree->n_stmts; i++) {
		classify_raw(arena, source, tree->stmts[i], &items[i]);
		out->guarded |= items[i].guarded;
	}
	out->items = items;
	out->n = tree->n_stmts;
}

/* What the library must not see: it would read a part of it, or more than there is. */
static const char *unreadable(struct arena *arena, const struct source *source)
{
	if (memchr(source->text, '\0', source->len) != NULL)
		return "the text contains a NUL byte";
	if (expands_too_far(arena, source))
		return "a list of columns is assigned too large an expression";
	return NULL;
}

/* The grammar counts characters, from 1. */
static size_t byte_of_character(const char *text, int position)
{
	size_t at = 0;

	for (int i = 1; i < position && text[at] != '\0'; i++)
		do
			at++;
		while (((unsigned char)text[at] & 0xc0) == 0x80);
	return at;
}

/* The same text with spaces for the comments between its tokens, behind which one may not end;
 * NULL: there are none. */
static const char *without_comments(struct arena *arena, const struct source *source)
{
	char *copy = arena_strndup(arena, source->text, source->len);
	bool blanked = false;
	size_t at = 0;

	for (size_t i = 0; i < source->n_tokens; i++) {
		for (; at < source->tokens[i].start; at++)
			if (byte_classes[(unsigned char)copy[at]] != BYTE_SPACE) {
				copy[at] = ' ';
				blanked = true;
			}
		at = source->tokens[i].end;
	}
	return blanked ? copy : NULL;
}

/*
 * The server's grammar sees no comments.  The library's trips over one between words that it reads
 * together: NOT IN, NULLS LAST, WITH ORDINALITY (base_yylex in its parser.c).
 */
static PgQueryProtobufParseResult parse(struct arena *arena, const struct source *source)
{
	PgQueryProtobufParseResult result = pg_query_parse_protobuf(source->text), again;
	const char *blanked = result.error == NULL ? NULL : without_comments(arena, source);

	if (blanked == NULL)
		return result;
	again = pg_query_parse_protobuf(blanked);
	if (again.error != NULL) {
		pg_query_free_protobuf_parse_result(again);
		return result; /* whose error is about the text as written */
	}
	pg_query_free_protobuf_parse_result(result);
	return again;
}

static void *alloc_in_tree(void *tree, size_t size)
{
	return arena_alloc(tree, size);
}

/* The tree goes as a whole. */
static void keep_in_tree(void *tree, void *part)
{
	(void)tree, (void)part;
}

int stmt_parse(
	struct arena *arena, const char *text, size_t len, struct stmts *out, const char **error)
{
	const char *copy = arena_strndup(arena, text, len);
	struct source source = source_read(arena, copy, len);
	PgQueryProtobufParseResult result = {0};
	struct arena nodes = {0};
	ProtobufCAllocator allocator = {alloc_in_tree, keep_in_tree, &nodes};
	const PgQuery__ParseResult *tree;
	int status = -1;

	*out = (struct stmts){0};
	if ((*error = unreadable(arena, &source)) != NULL)
		return -1;
	result = parse(arena, &source);
	if (result.error != NULL) {
		*error = arena_strdup(arena, result.error->message);
		out->error_at = byte_of_character(copy, result.error->cursorpos);
		goto out;
	}
	tree = pg_query__parse_result__unpack(
		&allocator, result.parse_tree.len, (const uint8_t *)result.parse_tree.data);
	if (tree == NULL) {
		*error = "the parse tree cannot be read";
		goto out;
	}
	classify_all(arena, &source, tree, out);
	status = 0;
out:
	arena_free(&nodes);
	pg_query_free_protobuf_parse_result(result);
	return status;
}

static const char *fingerprint(struct arena *arena, const char *text)
{
	PgQueryFingerprintResult result = pg_query_fingerprint(text);
	const char *hex = result.error == NULL ? result.fingerprint_str : "";
	const char *copy = arena_strdup(arena, hex);

	pg_query_free_fingerprint_result(result);
	return copy;
}

static const char *normalize(struct arena *arena, const char *text)
{
	PgQueryNormalizeResult result = pg_query_normalize(text);
	const char *query = result.error == NULL ? result.normalized_query : "";
	const char *copy = arena_strdup(arena, query);

	pg_query_free_normalize_result(result);
	return copy;
}

void stmt_identify(struct arena *arena, const char *text, size_t len, struct stmts *stmts)
{
	const char *copy = arena_strndup(arena, text, len);

	stmts->fingerprint = fingerprint(arena, copy);
	stmts->normalized = normalize(arena, copy);
}
