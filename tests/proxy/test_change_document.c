/* SPDX-License-Identifier: PostgreSQL */
#include "document.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "plan.h"

static struct arena arena;

static void free_arena(void)
{
	arena_free(&arena);
}

TestSuite(change_document, .fini = free_arena);

static struct plan *sample_plan(void)
{
	static struct backfill_spec fill = {{"public", "t"}, "\"c\" = 1", "\"c\" IS NULL"};
	struct plan *plan = arena_alloc(&arena, sizeof(*plan));

	plan->table = (struct name){"public", "t"};
	plan->relation_oid = 4000000000u;
	plan->rule = "set-not-null";
	plan->tag = "ALTER TABLE";
	plan->summary = "set \"c\" not null";
	plan->n_steps = 2;
	plan->steps[0] = (struct step){.kind = STEP_CATALOG,
		.sql = "ALTER TABLE t",
		.undo = "",
		.lock = LOCK_ACCESS_EXCLUSIVE,
		.purpose = "one",
		.in_client_transaction = true};
	plan->steps[1] = (struct step){.kind = STEP_BACKFILL,
		.sql = "UPDATE",
		.undo = NULL,
		.probe = "SELECT true",
		.repair = "DROP",
		.repair_when = "SELECT false",
		.backfill = &fill,
		.with_previous = true};
	return plan;
}

static struct change_request sample_request(void)
{
	return (struct change_request){
		.database = "d",
		.submitter = "u",
		.session_user = "u",
		.search_path = "\"$user\", public",
		.client_address = "10.0.0.7:5433",
		.application = "psql",
		.original_sql = "ALTER TABLE t -- \xc3\xa9",
		.fingerprint = "0f",
		.plan = sample_plan(),
		.decision = UINT64_MAX,
	};
}

Test(change_document, everything_is_in_it_as_ascii)
{
	struct change_request request = sample_request();
	const char *error = NULL, *text = document_make(&arena, &request, &error);
	json_t *root, *step;

	cr_assert_not_null(text, "%s", error);
	for (const char *p = text; *p != '\0'; p++)
		cr_assert((*p & 0x80) == 0);
	root = json_loads(text, 0, NULL);
	cr_assert_not_null(root);
	cr_expect_str_eq(json_string_value(json_object_get(root, "original_sql")),
		"ALTER TABLE t -- \xc3\xa9");
	cr_expect_str_eq(
		json_string_value(json_object_get(root, "decision")), "18446744073709551615");
	cr_expect_str_eq(
		json_string_value(json_object_get(json_object_get(root, "plan"), "relation")),
		"4000000000");
	step = json_array_get(json_object_get(json_object_get(root, "plan"), "steps"), 1);
	cr_expect_str_eq(json_string_value(json_object_get(step, "kind")), "backfill");
	cr_expect_str_eq(json_string_value(json_object_get(step, "undo")), "");
	cr_expect_str_eq(json_string_value(json_object_get(step, "repair_when")), "SELECT false");
	cr_expect(json_is_true(json_object_get(step, "with_previous")));
	cr_expect_str_eq(
		json_string_value(json_object_get(json_object_get(step, "backfill"), "pending")),
		"\"c\" IS NULL");
	json_decref(root);
}

/* What an operator approves differs in this, and in nothing else. */
Test(change_document, grounds_of_an_approval)
{
	static const struct rule one = {.id = "drop-column"}, other = {.id = "truncate"};
	const struct finding findings[] = {
		{.rule = &one, .held = true, .verdict = VERDICT_PHASE, .message = "300,000 rows"},
		{.rule = &other, .verdict = VERDICT_WARN},
	};
	struct decision approved = {.findings = findings, .n_findings = 2, .plan = sample_plan()};
	const struct finding held[] = {
		{.rule = &one,
			.held = true,
			.verdict = VERDICT_HOLD,
			.message = "300,000 rows",
			.detail = "caf\xe9"},
		{.rule = &other, .verdict = VERDICT_WARN},
	};
	struct decision decision = {
		.findings = held, .n_findings = 2, .cause = held, .approved = &approved};
	static const uint32_t relations[] = {4000000000u, 0};
	struct hold_request request = {
		.change = sample_request(),
		.wording = "ALTER TABLE t",
		.decision = &decision,
		.table = {"public", "t"},
		.relations = relations,
		.n_relations = 2,
		.two_persons = true,
		.lasts_ms = 1000,
	};
	const char *error = NULL, *text = document_hold(&arena, &request, &error);
	json_t *root;
	char *grounds;

	cr_assert_not_null(text, "%s", error);
	root = json_loads(text, 0, NULL);
	grounds = json_dumps(json_object_get(root, "grounds"), JSON_COMPACT);
	cr_expect_str_eq(grounds, "[[[\"drop-column\",\"phase\"]],[\"ALTER TABLE "
				  "t\",\"UPDATE\"],[4000000000,0],true]");
	cr_expect_eq(json_array_size(json_object_get(root, "findings")), 1);
	cr_expect_str_eq(json_string_value(json_object_get(root, "lasts")), "1000 ms");
	cr_expect(json_is_null(json_object_get(root, "approval_lasts")));
	cr_expect_str_eq(json_string_value(json_object_get(root, "summary")), "set \"c\" not null");
	free(grounds);
	json_decref(root);
	request.change.original_sql = "caf\xe9";
	cr_expect_null(document_hold(&arena, &request, &error));
	cr_expect_str_eq(error, "the statement is not valid UTF-8");
}

Test(change_document, no_two_are_the_same)
{
	struct change_request request = sample_request();
	const char *error = NULL;

	cr_expect_str_neq(
		document_make(&arena, &request, &error), document_make(&arena, &request, &error));
}

Test(change_document, what_runs_must_be_utf8_and_what_names_need_not)
{
	struct change_request request = sample_request();
	struct plan *plan = sample_plan();
	const char *error = NULL;

	request.application = "caf\xe9";
	cr_expect_not_null(document_make(&arena, &request, &error));
	request.original_sql = "caf\xe9";
	cr_expect_null(document_make(&arena, &request, &error));
	cr_expect_str_eq(error, "the statement is not valid UTF-8");

	request = sample_request();
	plan->steps[1].sql = "caf\xe9";
	request.plan = plan;
	cr_expect_null(document_make(&arena, &request, &error));
}

static void key_of(const char *pads, uint8_t key[SUBMIT_KEY_BYTES])
{
	cr_assert_eq(submit_key_decode(pads, key), 0);
}

Test(change_document, key_is_the_inner_pad_without_the_padding)
{
	char hex[2 + 2 * SUBMIT_KEY_BYTES + 1] = "\\x";
	uint8_t key[SUBMIT_KEY_BYTES];

	for (int i = 0; i < SUBMIT_KEY_BYTES; i++)
		snprintf(hex + 2 + 2 * i, 3, "%02x", i ^ 0x36);
	key_of(hex, key);
	for (int i = 0; i < SUBMIT_KEY_BYTES; i++)
		cr_expect_eq(key[i], i);
	hex[10] = 'g';
	cr_expect_eq(submit_key_decode(hex, key), -1);
	cr_expect_eq(submit_key_decode("\\x00", key), -1);
	cr_expect_eq(submit_key_decode("", key), -1);
}

/* The expected code was made with Python's hmac; a short key and one padded with zeros are the
 * same. */
Test(change_document, code_covers_pid_and_document)
{
	uint8_t key[SUBMIT_KEY_BYTES] = "Jefe", code[SUBMIT_CODE_BYTES], other[SUBMIT_CODE_BYTES];
	char hex[2 * SUBMIT_CODE_BYTES + 1];

	submit_code(key, 7, "what do ya want for nothing?", code);
	for (size_t i = 0; i < SUBMIT_CODE_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", code[i]);
	cr_expect_str_eq(hex, "da8953b74a07304eb1f7f846b18172cd2bd617dfa6c9fb38b7d854ed0615f941");
	submit_code(key, 8, "what do ya want for nothing?", other);
	cr_expect_neq(memcmp(code, other, sizeof(code)), 0);
	submit_code(key, 7, "what do ya want for nothing!", other);
	cr_expect_neq(memcmp(code, other, sizeof(code)), 0);
	key[0] ^= 1;
	submit_code(key, 7, "what do ya want for nothing?", other);
	cr_expect_neq(memcmp(code, other, sizeof(code)), 0);
}

Test(change_document, submit_is_one_statement)
{
	static const char begins[] = "SELECT phasegate.submit(E'{\"a\":\"it''s \\\\u00e9\"}', "
				     "pg_catalog.decode('";
	uint8_t key[SUBMIT_KEY_BYTES] = {0};
	const char *sql = submit_sql(&arena, key, 7, "submit", "{\"a\":\"it's \\u00e9\"}");

	cr_expect(strncmp(sql, begins, strlen(begins)) == 0, "%s", sql);
}
