/* SPDX-License-Identifier: PostgreSQL */
#include "document.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "must.h"
#include "plan.h"
#include "wording.h"

/* Names of clients are whatever bytes they sent: what is no UTF-8 becomes '?'.  NULL stays null. */
static json_t *lenient(const char *text)
{
	json_t *value;
	char *copy;

	if (text == NULL)
		return json_null();
	value = json_string(text);
	if (value != NULL)
		return value;
	copy = strdup(text);
	if (copy == NULL)
		return NULL;
	for (char *p = copy; *p != '\0'; p++)
		if (*p & 0x80)
			*p = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

static json_t *strict(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

static json_t *backfill_json(const struct backfill_spec *fill)
{
	if (fill == NULL)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "schema", strict(fill->table.schema), "table",
		strict(fill->table.name), "set", strict(fill->set_sql), "pending",
		strict(fill->pending_sql));
}

static json_t *bulk_json(const struct bulk_spec *bulk)
{
	if (bulk == NULL)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
		strict(bulk->table.schema), "table", strict(bulk->table.name), "alias",
		strict(bulk->alias), "set", strict(bulk->set_sql), "where", strict(bulk->where_sql),
		"key", strict(bulk->key_sql), "settings", strict(bulk->settings_sql));
}

static json_t *step_json(const struct step *step)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:b, s:b, s:o, s:o}",
		"kind", step_kind_name(step->kind), "sql", strict(step->sql), "undo",
		strict(step->undo != NULL ? step->undo : ""), "probe", strict(step->probe),
		"repair", strict(step->repair), "repair_when", strict(step->repair_when), "lock",
		lock_mode_name(step->lock), "purpose",
		strict(step->purpose != NULL ? step->purpose : ""), "with_previous",
		step->with_previous, "in_client_transaction", step->in_client_transaction, "final",
		step->final, "backfill", backfill_json(step->backfill), "bulk",
		bulk_json(step->bulk));
}

/* NULL, where one is no UTF-8. */
static json_t *names_json(const struct plan_names *names)
{
	json_t *array = json_array();

	for (size_t i = 0; i < names->n; i++) {
		if (json_array_append_new(array, json_string(names->names[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *plan_json(const struct plan *plan)
{
	json_t *steps = json_array();
	char relation[16];

	/* Appending NULL, a step that is no UTF-8, fails. */
	for (size_t i = 0; i < plan->n_steps; i++) {
		if (json_array_append_new(steps, step_json(&plan->steps[i])) < 0) {
			json_decref(steps);
			return NULL;
		}
	}
	snprintf(relation, sizeof(relation), "%u", plan->relation_oid);
	return json_pack(
		"{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}",
		"version", PLAN_VERSION, "relation", relation, "schema", strict(plan->table.schema),
		"table", strict(plan->table.name), "moved_schema", strict(plan->moved.schema),
		"moved_table", strict(plan->moved.name), "replaces", strict(plan->replaces),
		"replaced_by", strict(plan->replaced_by), "rule", strict(plan->rule), "tag",
		strict(plan->tag), "summary", strict(plan->summary != NULL ? plan->summary : ""),
		"steps", steps, "keeps", "columns", names_json(&plan->columns), "constraints",
		names_json(&plan->constraints));
}

/* A random (version 4) UUID: the server refuses to take the same document twice. */
static int make_nonce(char text[37])
{
	uint8_t b[16];

	if (RAND_bytes(b, sizeof(b)) != 1)
		return -1;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		b[13], b[14], b[15]);
	return 0;
}

/* ASCII survives every client_encoding on its way to the server.  Takes the reference; NULL when
 * root is. */
static const char *dump(struct arena *arena, json_t *root)
{
	char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII);
	const char *copy = arena_strdup(arena, text);

	free(text);
	json_decref(root);
	return copy;
}

static json_t *number_or_null(int64_t number)
{
	return number == 0 ? json_null() : json_integer((json_int_t)number);
}

const char *document_make(
	struct arena *arena, const struct change_request *request, const char **error)
{
	char nonce[37], decision[24];
	const char *text;

	if (make_nonce(nonce) < 0) {
		*error = "no random numbers to be had";
		return NULL;
	}
	snprintf(decision, sizeof(decision), "%llu", (unsigned long long)request->decision);
	text = dump(arena,
		json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "nonce", nonce,
			"database", strict(request->database), "original_sql",
			strict(request->original_sql), "fingerprint", strict(request->fingerprint),
			"search_path",
			strict(request->search_path != NULL ? request->search_path : ""),
			"client_address", lenient(request->client_address), "application",
			lenient(request->application), "decision", decision, "approval",
			number_or_null(request->approval), "plan", plan_json(request->plan)));
	if (text == NULL)
		*error = "the statement is not valid UTF-8";
	return text;
}

/* ---- statements that are held ---- */

static json_t *held_findings(const struct decision *decision)
{
	json_t *list = json_array();

	for (size_t i = 0; i < decision->n_findings; i++) {
		const struct finding *finding = &decision->findings[i];

		if (finding->verdict == VERDICT_HOLD)
			json_array_append_new(
				list, json_pack("{s:s, s:o, s:o}", "rule", finding->rule->id,
					      "message", lenient(finding->message), "detail",
					      lenient(finding->detail)));
	}
	return list;
}

/* What the operator is asked about besides the statement: when it differs, the answer is none.
 * Steps quote the statement, so they are compared as it is. */
static json_t *grounds(struct arena *arena, const struct hold_request *request)
{
	const struct decision *decision = request->decision->approved;
	json_t *hazards = json_array(), *steps = json_array(), *relations = json_array();

	for (size_t i = 0; i < decision->n_findings; i++)
		if (decision->findings[i].held || decision->findings[i].verdict > VERDICT_WARN)
			json_array_append_new(
				hazards, json_pack("[ss]", decision->findings[i].rule->id,
						 verdict_name(decision->findings[i].verdict)));
	for (size_t i = 0; decision->plan != NULL && i < decision->plan->n_steps; i++)
		json_array_append_new(steps, strict(wording(arena, decision->plan->steps[i].sql,
						     strlen(decision->plan->steps[i].sql))));
	for (size_t i = 0; i < request->n_relations; i++)
		json_array_append_new(relations, json_integer(request->relations[i]));
	return json_pack("[o, o, o, b]", hazards, steps, relations, request->two_persons);
}

/* 0 is null: for good. */
static json_t *interval(int ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%d ms", ms);
	return ms == 0 ? json_null() : json_string(text);
}

const char *document_hold(
	struct arena *arena, const struct hold_request *request, const char **error)
{
	const struct change_request *change = &request->change;
	const struct plan *plan = request->decision->approved->plan;
	const char *text = dump(arena,
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, "
			  "s:o}",
			"original_sql", strict(change->original_sql), "wording",
			strict(request->wording), "fingerprint", strict(change->fingerprint),
			"search_path",
			strict(change->search_path != NULL ? change->search_path : ""),
			"client_address", lenient(change->client_address), "application",
			lenient(change->application), "summary",
			lenient(plan != NULL ? plan->summary : request->decision->cause->message),
			"schema", strict(request->table.schema), "table",
			strict(request->table.name), "findings", held_findings(request->decision),
			"plan", plan != NULL ? plan_json(plan) : json_null(), "grounds",
			grounds(arena, request), "two_persons", request->two_persons, "lasts",
			interval(request->lasts_ms), "approval_lasts",
			interval(request->approval_lasts_ms)));

	if (text == NULL)
		*error = "the statement is not valid UTF-8";
	return text;
}

const char *document_pass(struct arena *arena, int64_t approval, uint64_t decision)
{
	return arena_printf(arena, "{\"passes\":%lld,\"decision\":\"%llu\"}", (long long)approval,
		(unsigned long long)decision);
}

/* ---- the code that vouches ---- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits);
}

int submit_key_decode(const char *ipad_hex, uint8_t key[SUBMIT_KEY_BYTES])
{
	if (strncmp(ipad_hex, "\\x", 2) != 0 || strlen(ipad_hex) != 2 + 2 * SUBMIT_KEY_BYTES)
		return -1;
	for (size_t i = 0; i < SUBMIT_KEY_BYTES; i++) {
		int high = hex_digit(ipad_hex[2 + 2 * i]), low = hex_digit(ipad_hex[3 + 2 * i]);

		if (high < 0 || low < 0)
			return -1;
		key[i] = (uint8_t)((high << 4 | low) ^ 0x36);
	}
	return 0;
}

void submit_code(const uint8_t key[SUBMIT_KEY_BYTES], int backend_pid, const char *document,
	uint8_t code[SUBMIT_CODE_BYTES])
{
	size_t n = strlen(document) + 16;
	char *message = must(malloc(n));
	unsigned len = SUBMIT_CODE_BYTES;

	snprintf(message, n, "%d\n%s", backend_pid, document);
	HMAC(EVP_sha256(), key, SUBMIT_KEY_BYTES, (const uint8_t *)message, strlen(message), code,
		&len);
	free(message);
}

const char *submit_sql(struct arena *arena, const uint8_t key[SUBMIT_KEY_BYTES], int backend_pid,
	const char *function, const char *document)
{
	uint8_t code[SUBMIT_CODE_BYTES];
	char hex[2 * SUBMIT_CODE_BYTES + 1];

	submit_code(key, backend_pid, document, code);
	for (size_t i = 0; i < SUBMIT_CODE_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", code[i]);
	/* decode() instead of a bytea literal: no backslash to be read in two ways. */
	return arena_printf(arena,
		"SELECT phasegate.%s(%s, pg_catalog.decode('%s', 'hex')) AS change", function,
		quote_literal(arena, document), hex);
}

const char *submit_failure(struct arena *arena, const char *reason)
{
	return arena_printf(arena, "DO %s",
		quote_literal(arena,
			arena_printf(arena,
				"BEGIN RAISE EXCEPTION USING ERRCODE = 'PG004', MESSAGE = %s; END",
				quote_literal(arena, reason))));
}
