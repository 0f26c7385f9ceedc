/* SPDX-License-Identifier: PostgreSQL */
#include "timing.h"

#include <string.h>

#include "barred.h"
#include "gate_internal.h"
#include "latency.h"
#include "proxy.h"
#include "session.h"

static struct table_latency *tables_of(const struct session *session)
{
	return session->worker->proxy->latency->tables;
}

static void count_waiting(struct session *session, bool waits)
{
	if (session->timing.waits != waits)
		latency_wait(session->worker->latency, waits ? 1 : -1);
	session->timing.waits = waits;
}

/* Is the exchange that begins now to be timed?  All of a transaction are, or none. */
static bool is_due(struct session *session)
{
	if (session->status == 'I')
		session->timing.waited_us = 0;
	return session->status == 'I' ? latency_due(session->worker->latency)
				      : session->timing.waited_us > 0;
}

void timing_begin(struct session *session)
{
	int64_t now_us;

	count_waiting(session, true);
	if (!is_due(session))
		return;
	now_us = clock_us();
	session->timing = (struct timing){
		.waits = true,
		.sent_us = now_us,
		.waited_us = session->timing.waited_us,
		.interest = table_latency_interest(tables_of(session), now_us),
	};
}

void timing_drop(struct session *session)
{
	count_waiting(session, false);
	session->timing.sent_us = session->timing.waited_us = 0;
	session->timing.interest = INTEREST_NONE;
}

static void note_time(struct session *session)
{
	const struct timing *timing = &session->timing;
	int64_t now_us = clock_us(), waited_us = timing->waited_us + now_us - timing->sent_us;

	if (session->status == 'I')
		latency_add(session->worker->latency, waited_us);
	if (timing->interest != INTEREST_NONE)
		table_latency_add(tables_of(session), timing->interest, session->identity.database,
			&timing->words, timing->sent_us, now_us);
	timing_drop(session);
	session->timing.waited_us = waited_us > 0 ? waited_us : 1;
}

void timing_end(struct session *session)
{
	if (session->timing.sent_us != 0)
		note_time(session);
	count_waiting(session, false);
}

void timing_text(struct session *session, const char *text, size_t len)
{
	struct word_set words = words_of(text, len);

	words_join(&session->timing.words, &words);
}

/* The portal's name, then the statement's. */
void timing_bind(struct session *session, const uint8_t *body, size_t n)
{
	const uint8_t *name = memchr(body, 0, n);
	const struct word_set *words;

	if (name == NULL || memchr(name + 1, 0, n - (size_t)(name + 1 - body)) == NULL)
		return;
	words = barred_words(session, (const char *)name + 1);
	if (words != NULL)
		words_join(&session->timing.words, words);
}
