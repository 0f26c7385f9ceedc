/* SPDX-License-Identifier: PostgreSQL */
/*
 * The relay: bytes from one side to the other, frame by frame.  Most messages are passed on by
 * their headers alone, straight from the worker's scratch memory; only texts, errors and the
 * few messages that change the session's state are looked into.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stddef.h>
#include <stdint.h>

struct session;

/* Bytes of ours for one side, behind all that was sent before. */
void relay_send_server(struct session *session, const void *bytes, size_t n);
void relay_send_client(struct session *session, const void *bytes, size_t n);

/* The gate is open again: go on with what the client sent meanwhile. */
void relay_resume(struct session *session);

/* Recompute what both connections wait for; call after anything that may have changed it. */
void relay_update(struct session *session);

#endif
