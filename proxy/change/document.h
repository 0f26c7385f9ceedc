/* SPDX-License-Identifier: PostgreSQL */
/* A change on its way into the database: request and plan as one JSON text, and the code that
 * vouches for it. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "change.h"
#include "hold.h"

enum { SUBMIT_KEY_BYTES = 64, SUBMIT_CODE_BYTES = 32 };

/* What phasegate.record takes; ASCII only.  NULL with *error set for a request that cannot be
 * recorded. */
const char *document_make(
	struct arena *arena, const struct change_request *request, const char **error);

/* The key from its inner pad as phasegate.key holds it in hex ("\\x..."); 0 or -1. */
int submit_key_decode(const char *ipad_hex, uint8_t key[SUBMIT_KEY_BYTES]);

/* HMAC-SHA-256 over backend pid and document, as phasegate.submit computes it. */
void submit_code(const uint8_t key[SUBMIT_KEY_BYTES], int backend_pid, const char *document,
	uint8_t code[SUBMIT_CODE_BYTES]);

/* SELECT phasegate.FUNCTION(...) in arena memory: submit, or pass. */
const char *submit_sql(struct arena *arena, const uint8_t key[SUBMIT_KEY_BYTES], int backend_pid,
	const char *function, const char *document);

/* A statement that fails with the reason, like any other. */
const char *submit_failure(struct arena *arena, const char *reason);

/* What phasegate.ask_approval takes; likewise. */
const char *document_hold(
	struct arena *arena, const struct hold_request *request, const char **error);
/* What phasegate.pass takes. */
const char *document_pass(struct arena *arena, int64_t approval, uint64_t decision);

#endif
