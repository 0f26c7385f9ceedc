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
#include "words.h"

/*
 * What is remembered of a prepared statement: enough to tell tables apart, in little memory and
 * without a search.  A statement that is taken for another waits in vain for a moment; one whose
 * place another has taken queues in the server.
 */
struct named_words {
	uint32_t name; /* its hash */
	struct word_set words;
};

enum { NAMED_PLACES = 128 };

void barred_parsed(struct session *session, const char *name, const char *text, size_t len)
{
	struct barred *barred = &session->barred;
	uint32_t hash = words_hash(name);

	if (session->worker->proxy->engine == NULL)
		return; /* nobody raises barriers */
	if (barred->named == NULL)
		barred->named = must(calloc(NAMED_PLACES, sizeof(barred->named[0])));
	barred->named[hash % NAMED_PLACES] = (struct named_words){hash, words_of(text, len)};
}

const struct word_set *barred_words(const struct session *session, const char *name)
{
	uint32_t hash = words_hash(name);
	const struct named_words *known = session->barred.named;

	if (known == NULL || known[hash % NAMED_PLACES].name != hash)
		return NULL;
	return &known[hash % NAMED_PLACES].words;
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
	timing_drop(session);
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
	const struct word_set *words = barred_words(session, name);

	return words != NULL && !has_begun(session) && barred(session, words);
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
