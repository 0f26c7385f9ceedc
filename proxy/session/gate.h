/* SPDX-License-Identifier: PostgreSQL */
/*
 * The gate of a session: while it is there, one message of the client (at the start of
 * to_server.held) waits for a judgement or for what the judgement ordered, and nothing behind it
 * is passed on.  It first lets the pipeline drain, so that the transaction status and the
 * parameters are known; all that it sends then is answered before it goes on.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer;
struct session;
struct wire_header;

/* Judge the whole message at the start of held.  May be closed again on return. */
void gate_open(struct session *session);

/* Answers came: go on if the pipeline has drained.  Resumes the relay when the gate closes. */
void gate_progress(struct session *session);

/* A swallowed or marked answer, whole.  True: pass the message on as it is. */
bool gate_answer(struct session *session, const struct answer *answer,
	const struct wire_header *header, const uint8_t *body);

/* ReadyForQuery is about to be passed on.  False: it is kept until the changes just committed are
 * carried out. */
bool gate_ready(struct session *session, const uint8_t *body);

/* Bytes of held that belong to the message being judged. */
size_t gate_message_bytes(const struct session *session);

/* The client wants to cancel; true when the wait was ours. */
bool gate_cancel(struct session *session);

/* The session ends: waits are given up, changes go on. */
void gate_free(struct session *session);

/* Functions that FunctionCall may call: those of libpq's large objects. */
bool gate_function_harmless(uint32_t oid);

/* May the text EXECUTE a prepared statement by SQL?  Asked only while a guarded one has a name. */
bool gate_may_execute(const char *text, size_t len);

/* A replication command of a walsender, or SQL that is harmless. */
bool gate_replication_harmless(const char *text, size_t len);

#endif
