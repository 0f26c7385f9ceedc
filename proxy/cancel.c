/* SPDX-License-Identifier: PostgreSQL */
/*
 * Entries are found by process id and then compared by secret.  Two entries may have the same
 * id: a backend's id is used again, or sessions stand with two servers after a failover.
 */
#include "cancel.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "must.h"

/* There is one for every session, so it is as small as its secrets: 8 bytes in protocol 3.0. */
struct entry {
	struct entry *next; /* the same process id */
	struct worker *worker;
	uint64_t session;
	uint32_t pid;
	uint32_t secret_len;
	UT_hash_handle hh; /* of the first of them */
	uint8_t secrets[]; /* the client's, then the server's */
};

struct cancel_registry {
	pthread_mutex_t lock;
	struct entry *entries;
};

struct cancel_registry *cancel_registry_new(void)
{
	struct cancel_registry *registry = must(calloc(1, sizeof(*registry)));

	pthread_mutex_init(&registry->lock, NULL);
	return registry;
}

static void free_chain(struct entry *entry)
{
	while (entry != NULL) {
		struct entry *next = entry->next;

		OPENSSL_cleanse(entry->secrets, 2 * entry->secret_len);
		free(entry);
		entry = next;
	}
}

void cancel_registry_free(struct cancel_registry *registry)
{
	struct entry *entry, *next;

	HASH_ITER(hh, registry->entries, entry, next)
	{
		HASH_DEL(registry->entries, entry);
		free_chain(entry);
	}
	pthread_mutex_destroy(&registry->lock);
	free(registry);
}

static struct entry *first_of(struct cancel_registry *registry, uint32_t pid)
{
	struct entry *entry;

	HASH_FIND(hh, registry->entries, &pid, sizeof(pid), entry);
	return entry;
}

static struct entry *new_entry(const struct cancel_key *key)
{
	struct entry *entry = must(calloc(1, sizeof(*entry) + 2 * key->secret_len));

	entry->worker = key->worker;
	entry->session = key->session;
	entry->pid = key->pid;
	entry->secret_len = (uint32_t)key->secret_len;
	memcpy(entry->secrets, key->client_secret, key->secret_len);
	memcpy(entry->secrets + key->secret_len, key->server_secret, key->secret_len);
	return entry;
}

void cancel_register(struct cancel_registry *registry, struct cancel_key *key)
{
	struct entry *entry, *first;

	assert(key->secret_len <= CANCEL_SECRET_MAX);
	if (RAND_bytes(key->client_secret, (int)key->secret_len) != 1) {
		fputs("phasegate: the system gives no random bytes\n", stderr);
		exit(1);
	}
	entry = new_entry(key);
	pthread_mutex_lock(&registry->lock);
	first = first_of(registry, key->pid);
	if (first == NULL) {
		HASH_ADD(hh, registry->entries, pid, sizeof(entry->pid), entry);
	} else {
		entry->next = first->next;
		first->next = entry;
	}
	pthread_mutex_unlock(&registry->lock);
}

/* The first of a chain is the one that the table knows, so its successor takes its place there. */
static void unlink_first(struct cancel_registry *registry, struct entry *first)
{
	struct entry *second = first->next;

	HASH_DEL(registry->entries, first);
	if (second != NULL)
		HASH_ADD(hh, registry->entries, pid, sizeof(second->pid), second);
	first->next = NULL;
}

static struct entry *unlink_entry(struct cancel_registry *registry, uint32_t pid, uint64_t session)
{
	struct entry *first = first_of(registry, pid);

	if (first != NULL && first->session == session) {
		unlink_first(registry, first);
		return first;
	}
	for (struct entry *before = first; before != NULL; before = before->next) {
		struct entry *entry = before->next;

		if (entry == NULL || entry->session != session)
			continue;
		before->next = entry->next;
		entry->next = NULL;
		return entry;
	}
	return NULL;
}

void cancel_forget(struct cancel_registry *registry, uint32_t pid, uint64_t session)
{
	struct entry *entry;

	pthread_mutex_lock(&registry->lock);
	entry = unlink_entry(registry, pid, session);
	pthread_mutex_unlock(&registry->lock);
	free_chain(entry);
}

static void fill_key(const struct entry *entry, struct cancel_key *out)
{
	*out = (struct cancel_key){.pid = entry->pid,
		.secret_len = entry->secret_len,
		.worker = entry->worker,
		.session = entry->session};
	memcpy(out->client_secret, entry->secrets, entry->secret_len);
	memcpy(out->server_secret, entry->secrets + entry->secret_len, entry->secret_len);
}

bool cancel_find(struct cancel_registry *registry, uint32_t pid, const uint8_t *secret,
	size_t secret_len, struct cancel_key *out)
{
	bool found = false;

	pthread_mutex_lock(&registry->lock);
	for (struct entry *entry = first_of(registry, pid); entry != NULL; entry = entry->next) {
		if (entry->secret_len != secret_len ||
			CRYPTO_memcmp(entry->secrets, secret, secret_len) != 0)
			continue;
		fill_key(entry, out);
		found = true;
	}
	pthread_mutex_unlock(&registry->lock);
	return found;
}
