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
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "relation", relation,
		"schema", strict(plan->table.schema), "table", strict(plan->table.name),
		"moved_schema", strict(plan->moved.schema), "moved_table", strict(plan->moved.name),
		"rule", strict(plan->rule), "tag", strict(plan->tag), "summary",
		strict(plan->summary != NULL ? plan->summary : ""), "steps", steps);
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

const char *document_make(
	struct arena *arena, const struct change_request *request, const char **error)
{
	char nonce[37], decision[24], *text = NULL;
	const char *copy = NULL;
	json_t *root;

	if (make_nonce(nonce) < 0) {
		*error = "no random numbers to be had";
		return NULL;
	}
	snprintf(decision, sizeof(decision), "%llu", (unsigned long long)request->decision);
	root = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "nonce", nonce,
		"database", strict(request->database), "original_sql",
		strict(request->original_sql), "fingerprint", strict(request->fingerprint),
		"search_path", strict(request->search_path != NULL ? request->search_path : ""),
		"client_address", lenient(request->client_address), "application",
		lenient(request->application), "decision", decision, "plan",
		plan_json(request->plan));
	/* ASCII survives every client_encoding on its way to the server. */
	if (root != NULL)
		text = json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text != NULL)
		copy = arena_strdup(arena, text);
	else
		*error = "the statement is not valid UTF-8";
	free(text);
	json_decref(root);
	return copy;
}

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
	const char *document)
{
	uint8_t code[SUBMIT_CODE_BYTES];
	char hex[2 * SUBMIT_CODE_BYTES + 1];

	submit_code(key, backend_pid, document, code);
	for (size_t i = 0; i < SUBMIT_CODE_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", code[i]);
	/* decode() instead of a bytea literal: no backslash to be read in two ways. */
	return arena_printf(arena,
		"SELECT phasegate.submit(%s, pg_catalog.decode('%s', 'hex')) AS change",
		quote_literal(arena, document), hex);
}
