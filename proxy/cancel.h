/* SPDX-License-Identifier: PostgreSQL */
/*
 * Cancel keys: which session a CancelRequest means.  Clients see the server's process id with a
 * secret of ours; the server's own secret never leaves the proxy.  Thread-safe.
 */
#ifndef CANCEL_H
#define CANCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "startup_packet.h"

struct cancel_registry;
struct worker;

/* A session as other threads may know it. */
struct cancel_key {
	uint32_t pid;
	uint8_t client_secret[CANCEL_SECRET_MAX]; /* random, as long as the server's */
	uint8_t server_secret[CANCEL_SECRET_MAX];
	size_t secret_len;
	struct worker *worker;
	uint64_t session;
};

struct cancel_registry *cancel_registry_new(void);
void cancel_registry_free(struct cancel_registry *registry);
/* Fills key->client_secret. */
void cancel_register(struct cancel_registry *registry, struct cancel_key *key);
void cancel_forget(struct cancel_registry *registry, uint32_t pid, uint64_t session);
/* Compares every candidate in constant time.  false: nobody has that key. */
bool cancel_find(struct cancel_registry *registry, uint32_t pid, const uint8_t *secret,
	size_t secret_len, struct cancel_key *out);

#endif
