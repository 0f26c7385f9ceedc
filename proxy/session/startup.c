/* SPDX-License-Identifier: PostgreSQL */
/*
 * One row for each state: who is called when a side is ready, what is waited for, what happens
 * when the step takes too long.  All time limits run on the client's conn.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */
#include "startup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "must.h"
#include "policy_log.h"
#include "startup_internal.h"

enum {
	KEEP = -1, /* the handshake knows what it waits for */
};

typedef void startup_handler(struct session *session);

static startup_handler end_silently;

static const struct state {
	startup_handler *client, *server, *too_long;
	short client_wants, server_wants;
} states[STARTUP_STATES] = {
	[STARTUP_PACKETS] = {.client = client_leg_packets, .client_wants = EV_READ},
	[STARTUP_CLIENT_TLS] = {.client = client_leg_handshake,
		.client_wants = KEEP,
		.too_long = end_silently},
	[STARTUP_CANCEL_ASKED] = {0},
	[STARTUP_CONNECT] = {.server = server_leg_connected,
		.server_wants = EV_WRITE,
		.too_long = server_leg_next},
	[STARTUP_CONNECT_AGAIN] = {.too_long = server_leg_start},
	[STARTUP_SERVER_ANSWER] = {.server = server_leg_answer,
		.server_wants = EV_READ,
		.too_long = server_leg_timeout},
	[STARTUP_SERVER_TLS] = {.server = server_leg_handshake,
		.server_wants = KEEP,
		.too_long = server_leg_timeout},
	[STARTUP_LOGIN] = {.client = login_step, .server = login_step},
	[STARTUP_CANCEL_SENT] = {.server = cancel_request_sent, .server_wants = EV_READ},
	[STARTUP_FAREWELL] = {.client = startup_farewell},
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void startup_enter(struct session *session, enum startup_state state)
{
	session->startup->state = state;
	session->startup->step_deadline_ms = 0;
}

void startup_allow_ms(struct session *session, int64_t ms)
{
	session->startup->step_deadline_ms = ms > 0 ? now_ms() + ms : 0;
}

int64_t startup_left_ms(const struct session *session)
{
	int64_t deadline_ms = session->startup->login_deadline_ms;
	int64_t left_ms = deadline_ms - now_ms();

	if (deadline_ms == 0)
		return 0;
	return left_ms > 1 ? left_ms : 1;
}

static int next_timeout_ms(const struct startup *startup)
{
	int64_t deadline_ms = startup->login_deadline_ms;
	int64_t left_ms;

	if (deadline_ms == 0 ||
		(startup->step_deadline_ms != 0 && startup->step_deadline_ms < deadline_ms))
		deadline_ms = startup->step_deadline_ms;
	if (deadline_ms == 0)
		return 0;
	left_ms = deadline_ms - now_ms();
	return left_ms > 1 ? (int)left_ms : 1;
}

static short interest(const struct conn *conn, short wants, const struct buffer *unsent)
{
	if (wants == KEEP)
		return conn->wanted;
	return wants | (buffer_len(unsent) > 0 ? EV_WRITE : 0);
}

static void watch(struct session *session)
{
	const struct startup *startup = session->startup;
	const struct state *state = &states[startup->state];
	bool login = startup->state == STARTUP_LOGIN;
	short client = login ? login_client_wants(session) : state->client_wants;
	short server = login ? login_server_wants(session) : state->server_wants;

	conn_want_for(&session->client,
		interest(&session->client, client, &session->to_client.unsent),
		next_timeout_ms(startup));
	conn_want(&session->server, interest(&session->server, server, &session->to_server.unsent));
}

void startup_run(struct session *session, void (*fn)(struct session *session, void *arg), void *arg)
{
	session_hold(session);
	fn(session, arg);
	if (!session->ended && session->startup != NULL)
		watch(session);
	session_release(session);
}

static void call(struct session *session, void *arg)
{
	startup_handler **handler = arg;

	if (*handler != NULL)
		(*handler)(session);
}

static void run(struct session *session, startup_handler *handler)
{
	startup_run(session, call, &handler);
}

static void login_too_long(struct session *session)
{
	startup_refuse(session, "08006", "login took too long",
		"login_timeout sets how long it may take.");
}

static void on_timeout(struct session *session)
{
	struct startup *startup = session->startup;

	if (startup->login_deadline_ms != 0 && now_ms() >= startup->login_deadline_ms)
		run(session, login_too_long);
	else if (startup->step_deadline_ms != 0 && now_ms() >= startup->step_deadline_ms)
		run(session, states[startup->state].too_long);
	else
		run(session, NULL);
}

static void on_client(struct conn *conn, short what)
{
	struct session *session = conn->owner;

	if (what & EV_TIMEOUT)
		on_timeout(session);
	else
		run(session, states[session->startup->state].client);
}

void startup_on_server(struct conn *conn, short what)
{
	struct session *session = conn->owner;

	(void)what;
	run(session, states[session->startup->state].server);
}

static void link_session(struct session *session, struct worker *worker)
{
	session->worker = worker;
	session->next = worker->sessions;
	session->link = &worker->sessions;
	if (session->next != NULL)
		session->next->link = &session->next;
	worker->sessions = session;
	atomic_fetch_add(&worker->proxy->n_sessions, 1);
}

char *startup_copy(const char *text, size_t len_max)
{
	size_t len = strnlen(text, len_max);

	return memcpy(must(calloc(1, len + 1)), text, len);
}

void session_new(struct worker *worker, int fd, const char *address, bool lane)
{
	struct session *session = must(calloc(1, sizeof(*session)));
	struct startup *startup = must(calloc(1, sizeof(*startup)));
	const struct config *config;

	link_session(session, worker);
	session->id = atomic_fetch_add(&worker->proxy->next_session, 1) + 1;
	session->startup = startup;
	session->identity.client_address = must(strdup(address));
	session->lane.listener = lane;
	pipeline_init(&session->pipeline);
	startup->settings = proxy_settings_hold(worker->proxy);
	session->config = config_hold(startup->settings.config);
	config = session->config;
	if (config->login_timeout_ms > 0)
		startup->login_deadline_ms = now_ms() + config->login_timeout_ms;
	conn_init(&session->client, worker->base, fd, on_client, session);
	run(session, atomic_load(&worker->proxy->draining) ? end_silently : NULL);
}

void startup_free(struct session *session)
{
	struct startup *startup = session->startup;

	if (startup == NULL)
		return;
	session->startup = NULL;
	proxy_settings_release(&startup->settings);
	buffer_clear(&startup->opening);
	free(startup);
}

void startup_refuse(
	struct session *session, const char *sqlstate, const char *message, const char *hint)
{
	if (session->startup->cancels)
		session_end(session, message);
	else
		session_fatal(session, sqlstate, message, hint);
}

void startup_note(struct session *session, const char *event, const char *reason)
{
	const struct identity *identity = &session->identity;
	bool observe = session->config->policy.observe;
	char detail[512];

	snprintf(detail, sizeof(detail), "session %llu from %.80s, user %.64s, database %.64s: %s",
		(unsigned long long)session->id, identity->client_address,
		identity->user == NULL ? "" : identity->user,
		identity->database == NULL ? "" : identity->database, reason);
	policy_log_event(session->worker->proxy->log, event, detail, observe);
}

bool startup_read(struct session *session, struct conn *conn, struct buffer *into)
{
	uint8_t *scratch = session->worker->scratch;
	ssize_t n = conn_read(conn, scratch, WORKER_SCRATCH_BYTES);

	if (n > 0)
		buffer_append(into, scratch, (size_t)n);
	else if (n != CONN_AGAIN && conn == &session->client)
		session_end(session, "the client left during startup");
	return n > 0;
}

bool startup_flush(struct session *session, struct conn *conn, struct buffer *unsent)
{
	while (buffer_len(unsent) > 0) {
		ssize_t n = conn_write(conn, buffer_at(unsent), buffer_len(unsent));

		if (n == CONN_AGAIN)
			break;
		if (n < 0) {
			session_end(session, "a connection broke during startup");
			return false;
		}
		buffer_consume(unsent, (size_t)n);
	}
	return true;
}

static void end_silently(struct session *session)
{
	session_end(session, "startup ended without words");
}

void startup_farewell(struct session *session)
{
	startup_enter(session, STARTUP_FAREWELL);
	if (!startup_flush(session, &session->client, &session->to_client.unsent))
		return;
	if (buffer_len(&session->to_client.unsent) == 0)
		session_end(session, "the server refused the login");
}
