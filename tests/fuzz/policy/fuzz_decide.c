/* SPDX-License-Identifier: PostgreSQL */
/*
 * Any text that parses gets a decision, with a catalog that answers at random: the first bytes
 * of the input choose the facts, the rest is SQL.  Crashes and sanitizer reports are one thing
 * to find; the other is a decision that contradicts itself.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "decide.h"

/* Short texts: the fuzzer's thread has an ordinary stack, see PARSE_STACK_BYTES. */
enum { HEADER_BYTES = 8, SQL_BYTES_MAX = 1024 };

static const char *const words[] = {"id", "a", "b", "c", "qty"};
static const char *const types[] = {"int4", "int8", "text", "varchar", "numeric", "timestamp"};
enum { WORDS = sizeof(words) / sizeof(words[0]), TYPES = sizeof(types) / sizeof(types[0]) };

/* Bits of the header, used again and again. */
struct dice {
	uint8_t bytes[HEADER_BYTES];
	size_t thrown;
};

static unsigned throw(struct dice * dice, unsigned sides)
{
	size_t at = dice->thrown++;

	return (dice->bytes[at % HEADER_BYTES] + (unsigned)at) % sides;
}

static struct column_facts make_column(struct dice *dice, const char *name)
{
	return (struct column_facts){
		.name = name,
		.base_type = types[throw(dice, TYPES)],
		.type_sql = "something",
		.typmod = (int) throw(dice, 20) - 1,
		.not_null = throw(dice, 2),
		.dependents = words,
		.n_dependents = throw(dice, 8) == 0,
	};
}

static struct relation_facts make_relation(
	struct arena *arena, struct dice *dice, const struct name *asked)
{
	static const char kinds[] = "rrrrpviIfmS";
	struct column_facts *columns = arena_alloc(arena, WORDS * sizeof(*columns));
	struct index_facts *index = arena_alloc(arena, sizeof(*index));
	struct constraint_facts *check = arena_alloc(arena, sizeof(*check));

	for (size_t i = 0; i < WORDS; i++)
		columns[i] = make_column(dice, words[i]);
	*index = (struct index_facts){.name = {"public", "i"},
		.valid = throw(dice, 2),
		.unique = throw(dice, 2),
		.primary = throw(dice, 2),
		.columns = words,
		.n_columns = 1 + throw(dice, WORDS)};
	*check = (struct constraint_facts){.name = "k",
		.kind = (enum constraint_kind) throw(dice, 5),
		.validated = throw(dice, 2),
		.columns = words,
		.n_columns = 1,
		.referenced = {"public", "other"},
		.proves_not_null = words,
		.n_proves_not_null = throw(dice, 3)};
	return (struct relation_facts){
		.asked = *asked,
		.exists = throw(dice, 5) != 0,
		.oid = 1 + throw(dice, 100),
		.name = {"public", asked->name},
		.kind = kinds[throw(dice, sizeof(kinds) - 1)],
		.persistence = "ppput"[throw(dice, 5)],
		.created_in_transaction = throw(dice, 5) == 0,
		.pages = (int64_t) throw(dice, 4) * 1000 - 1,
		.rows = throw(dice, 4) * 10000.0 - 1,
		.table = {"public", "t"},
		.columns = columns,
		.n_columns = throw(dice, WORDS + 1),
		.indexes = index,
		.n_indexes = throw(dice, 2),
		.constraints = check,
		.n_constraints = throw(dice, 2),
	};
}

static struct facts make_facts(struct arena *arena, struct dice *dice, const struct stmts *stmts)
{
	struct facts_request request = facts_request(arena, stmts);
	struct relation_facts *relations =
		arena_alloc(arena, (request.n_relations + 1) * sizeof(*relations));
	struct function_facts *functions =
		arena_alloc(arena, (request.n_functions + 1) * sizeof(*functions));

	for (size_t i = 0; i < request.n_relations; i++)
		relations[i] = make_relation(arena, dice, &request.relations[i]);
	for (size_t i = 0; i < request.n_functions; i++)
		functions[i] = (struct function_facts){
			.asked = request.functions[i],
			.exists = true,
			.volatility = "isv"[throw(dice, 3)],
		};
	return (struct facts){
		.known = throw(dice, 8) != 0,
		.server_version = (int)(10 + throw(dice, 8)) * 10000,
		.in_transaction = throw(dice, 2),
		.search_path = "public",
		.current_user = "app",
		.session_user = "app",
		.lock_timeout_ms = throw(dice, 2) * 1000,
		.relations = relations,
		.n_relations = request.n_relations,
		.functions = functions,
		.n_functions = request.n_functions,
	};
}

static bool carried_out(enum verdict verdict)
{
	return verdict == VERDICT_REWRITE || verdict == VERDICT_PHASE;
}

/* What decide.h promises. */
static void check(const struct decision *decision, const struct stmts *stmts)
{
	assert((decision->cause != NULL) == (decision->verdict > VERDICT_ALLOW));
	assert((decision->sqlstate != NULL) == (decision->verdict >= VERDICT_HOLD));
	assert((decision->plan != NULL) == carried_out(decision->verdict));
	assert(decision->lock_timeout_ms == 0 || decision->verdict <= VERDICT_WARN);
	for (size_t i = 0; i < decision->n_findings; i++) {
		const struct finding *finding = &decision->findings[i];

		assert(finding->verdict <= decision->verdict);
		assert(finding->statement < stmts->n);
		assert(finding->message != NULL && finding->hint != NULL);
	}
	for (size_t i = 0; decision->plan != NULL && i < decision->plan->n_steps; i++)
		assert(decision->plan->steps[i].sql != NULL &&
			decision->plan->steps[i].undo != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct dice dice = {0};
	struct stmts stmts;
	const char *error;

	if (size <= HEADER_BYTES || size > HEADER_BYTES + SQL_BYTES_MAX)
		return 0;
	memcpy(dice.bytes, data, HEADER_BYTES);
	if (stmt_parse(&arena, (const char *)data + HEADER_BYTES, size - HEADER_BYTES, &stmts,
		    &error) == 0) {
		struct facts facts = make_facts(&arena, &dice, &stmts);
		struct decision decision =
			policy_decide(&arena, &(struct decide_input){
						      .stmts = &stmts,
						      .facts = &facts,
						      .settings = &policy_settings_default,
						      .engine_available = true,
					      });

		check(&decision, &stmts);
	}
	arena_free(&arena);
	return 0;
}
