/* SPDX-License-Identifier: PostgreSQL */
#include "session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cancel.h"
#include "change.h"
#include "config.h"
#include "gate.h"
#include "guarded.h"
#include "proxy.h"
#include "startup.h"
#include "startup_packet.h"
#include "timing.h"
#include "wire.h"

static void free_session(struct session *session)
{
	timing_drop(session);
	gate_free(session);
	guarded_free(session);
	barred_free(session);
	pipeline_free(&session->pipeline);
	buffer_clear(&session->to_server.held);
	buffer_clear(&session->to_server.unsent);
	buffer_clear(&session->to_client.held);
	buffer_clear(&session->to_client.unsent);
	startup_free(session);
	free(session->identity.user);
	free(session->identity.database);
	free(session->identity.application);
	free(session->identity.client_address);
	free(session->identity.tls_subject);
	free(session->pending);
	config_release(session->config);
	free(session);
}

static void nothing_of_it(void *arg, int64_t id, const char *text)
{
	(void)arg;
	(void)id;
	(void)text;
}

static void nobody_waits(void *arg, const struct change_outcome *outcome)
{
	(void)arg;
	(void)outcome;
}

/* The COMMIT may have reached the server, or not: the engine looks. */
static void run_pending(struct session *session)
{
	static const struct change_events events = {nothing_of_it, nobody_waits};

	if (session->n_pending == 0)
		return;
	change_wait_forget(change_run(session->worker->proxy->engine, session->identity.database,
		session->pending, session->n_pending, session->worker, &events, NULL));
	session->n_pending = 0;
}

static void unlink_session(struct session *session)
{
	struct worker *worker = session->worker;

	*session->link = session->next;
	if (session->next != NULL)
		session->next->link = session->link;
	atomic_fetch_sub(&worker->n_sessions, 1);
	atomic_fetch_sub(&worker->proxy->n_sessions, 1);
}

void session_end(struct session *session, const char *reason)
{
	if (session->ended)
		return;
	(void)reason; /* for debuggers: the log has no line for every session */
	session->ended = true;
	lane_forget(session);
	if (session->backend_pid != 0)
		cancel_forget(session->worker->proxy->cancels, session->backend_pid, session->id);
	conn_close(&session->client);
	conn_close(&session->server);
	run_pending(session);
	unlink_session(session);
	if (session->held_count == 0)
		free_session(session);
}

void session_hold(struct session *session)
{
	session->held_count++;
}

void session_release(struct session *session)
{
	assert(session->held_count > 0);
	if (--session->held_count == 0 && session->ended)
		free_session(session);
}

void session_fatal(
	struct session *session, const char *sqlstate, const char *message, const char *hint)
{
	struct buffer *out = &session->to_client.unsent;
	struct wire_error error = {
		.severity = "FATAL",
		.severity_plain = "FATAL",
		.sqlstate = sqlstate,
		.message = message,
		.hint = hint,
	};

	if (session->ended)
		return;
	wire_put_error(out, BACKEND_ERROR_RESPONSE, &error);
	conn_write(&session->client, buffer_at(out), buffer_len(out));
	session_end(session, message);
}

bool session_cancel(struct session *session)
{
	return gate_cancel(session);
}

struct log_subject session_subject(const struct session *session)
{
	return (struct log_subject){
		.session = session->id,
		.client_address = session->identity.client_address,
		.user = session->identity.user,
		.database = session->identity.database,
		.application = session->identity.application,
		.tls_subject = session->identity.tls_subject,
	};
}

/* "15.20 (Debian 15.20-0+deb12u1)" is 150020, "9.6.24" 90624. */
static int version_number(const char *text)
{
	char *end;
	long major = strtol(text, &end, 10);
	long minor = *end == '.' ? strtol(end + 1, &end, 10) : 0;

	if (major >= 10)
		return (int)(major * 10000 + minor);
	return (int)(major * 10000 + minor * 100 + (*end == '.' ? strtol(end + 1, NULL, 10) : 0));
}

void session_parameter(struct session *session, const char *name, const char *value)
{
	if (strcmp(name, "standard_conforming_strings") == 0) {
		session->standard_strings = strcmp(value, "on") == 0;
	} else if (strcmp(name, "client_encoding") == 0) {
		session->encoding_safe = encoding_is_safe(value);
	} else if (strcmp(name, "server_version") == 0) {
		session->server_version = version_number(value);
	} else if (strcmp(name, "application_name") == 0) {
		char *copy = strdup(value);

		if (copy == NULL)
			abort();
		free(session->identity.application);
		session->identity.application = copy;
		lane_refresh(session);
	}
}

/* Nothing is under way; half a message of the client may be there. */
static bool waits_for_client(struct session *session)
{
	return session->startup == NULL && session->gate == NULL && session->status == 'I' &&
	       pipeline_idle(&session->pipeline) && !session->pipeline.batch_open &&
	       !lane_waits(session) && buffer_len(&session->to_client.unsent) == 0;
}

bool session_idle(struct session *session)
{
	return waits_for_client(session) && buffer_len(&session->to_server.held) == 0;
}

void session_drained(struct session *session)
{
	if (session_idle(session) || lane_waits(session))
		session_fatal(session, "57P01",
			"terminating connection: phasegate is shutting down", NULL);
}

void session_drain(struct session *session)
{
	session->draining = true;
	session_hold(session);
	if (session->startup != NULL)
		session_fatal(session, "57P03", "phasegate is shutting down", NULL);
	else
		session_drained(session);
	session_release(session);
}

void session_renew_config(struct session *session)
{
	config_release(session->config);
	session->config = proxy_config(session->worker->proxy);
	lane_refresh(session);
}

static void sweep(struct session *session)
{
	uint32_t tick = session->worker->tick, idle_s = tick - session->active_tick;

	lane_tick(session);
	if (!waits_for_client(session)) {
		session->active_tick = tick;
		return;
	}
	if (session_idle(session))
		session_renew_config(session);
	if (session->config->idle_timeout_ms > 0 &&
		idle_s > (uint32_t)(session->config->idle_timeout_ms + 999) / 1000)
		session_fatal(session, "57P05",
			"terminating connection due to idle timeout of phasegate", NULL);
}

void session_sweep(struct worker *worker)
{
	struct session *session, *next;

	for (session = worker->sessions; session != NULL; session = next) {
		next = session->next;
		sweep(session);
	}
}

struct session *session_by_id(struct worker *worker, uint64_t id)
{
	for (struct session *session = worker->sessions; session != NULL; session = session->next)
		if (session->id == id)
			return session;
	return NULL;
}
