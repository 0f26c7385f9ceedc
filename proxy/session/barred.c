/* SPDX-License-Identifier: PostgreSQL */
#include "barred.h"

#include <stdlib.h>
#include <string.h>

#include "barrier.h"
#include "gate_internal.h"
#include "must.h"
#include "proxy.h"
#include "relay.h"
#include "session.h"

/*
 * What is remembered of a prepared statement: enough to tell tables apart, in little memory.  A
 * statement that is taken for another, or forgotten because there are too many, waits in vain for
 * a moment or queues in the server.
 */
struct named_words {
	uint32_t name;
	struct word_set words;
};

enum { NAMED_FIRST = 8, NAMED_MAX = 1024 };

static uint32_t hash_name(const char *name)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return hash;
}

static struct named_words *find(const struct barred *barred, uint32_t name)
{
	for (uint32_t i = 0; i < barred->n_named; i++)
		if (barred->named[i].name == name)
			return &barred->named[i];
	return NULL;
}

/* A new place, or the oldest one's. */
static struct named_words *place(struct barred *barred)
{
	uint32_t n = barred->n_named;

	if (n == NAMED_MAX)
		return &barred->named[barred->next_named++ % NAMED_MAX];
	/* It is full whenever n is a power of two. */
	if (n == 0 || (n >= NAMED_FIRST && (n & (n - 1)) == 0)) {
		size_t room = n == 0 ? NAMED_FIRST : 2 * (size_t)n;

		barred->named = must(realloc(barred->named, room * sizeof(barred->named[0])));
	}
	return &barred->named[barred->n_named++];
}

void barred_parsed(struct session *session, const char *name, const char *text, size_t len)
{
	uint32_t hash = hash_name(name);
	struct named_words *found = find(&session->barred, hash);

	if (found == NULL)
		found = place(&session->barred);
	*found = (struct named_words){hash, words_of(text, len)};
}

void barred_free(struct session *session)
{
	free(session->barred.named);
}

/* ---- waiting ---- */

/* Under way: it may hold locks that others, the change among them, wait for. */
static bool has_begun(struct session *session)
{
	return !pipeline_idle(&session->pipeline) || session->pipeline.batch_open ||
	       (session->status != 'I' && !session->just_begun);
}

static void wait(struct session *session, int64_t us)
{
	struct event *timer = session->worker->barrier_timer;
	struct timeval time = {us / 1000000, us % 1000000};

	session->barred.waits = true;
	session->sent_us = 0; /* what waits for us says nothing of the server */
	if (!evtimer_pending(timer, NULL))
		evtimer_add(timer, &time);
}

static bool barred(struct session *session, const struct word_set *words)
{
	struct barriers *barriers = session->worker->proxy->barriers;
	int64_t now_us = clock_us(), until_us;

	until_us = barrier_until_us(barriers, session->identity.database, words, now_us);
	if (session->barred.until_us == 0)
		session->barred.until_us = until_us;
	if (until_us == 0 || session->barred.until_us <= now_us) {
		session->barred.until_us = 0;
		return false;
	}
	wait(session, session->barred.until_us - now_us);
	return true;
}

bool barred_text(struct session *session, const char *text, size_t len)
{
	struct word_set words;

	if (has_begun(session))
		return false;
	words = words_of(text, len);
	return barred(session, &words);
}

bool barred_statement(struct session *session, const char *name)
{
	const struct named_words *found = find(&session->barred, hash_name(name));

	return found != NULL && !has_begun(session) && barred(session, &found->words);
}

void barred_ask_again(struct worker *worker)
{
	struct session *session, *next;

	for (session = worker->sessions; session != NULL; session = next) {
		next = session->next;
		if (!session->barred.waits)
			continue;
		session->barred.waits = false;
		relay_resume(session);
	}
}
