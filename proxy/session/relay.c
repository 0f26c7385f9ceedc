/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where bytes stand, for each direction:
 *
 *   source socket -> scratch or flow.held -> [passed] -> flow.unsent -> destination socket
 *
 * One read goes to the worker's scratch memory, is walked, and what may pass is written from
 * there at once.  Only what cannot go on is copied: an incomplete header or text to held, what
 * the socket does not take to unsent.  While unsent holds a byte, the source is not read.
 */
#include "relay.h"

#include <assert.h>
#include <string.h>

#include "config.h"
#include "gate.h"
#include "relay_internal.h"
#include "session.h"
#include "wire.h"

/* ---- sending ---- */

static void send_flow(
	struct session *session, struct flow *flow, struct conn *to, const void *bytes, size_t n)
{
	if (session->ended || n == 0)
		return;
	if (buffer_len(&flow->unsent) == 0) {
		ssize_t sent = conn_write(to, bytes, n);

		if (sent == CONN_ERROR) {
			/* What the peer sent before it went away must still be read: its EOF ends
			 * the session. */
			if (to == &session->client)
				session_end(session, "client went away");
			return;
		}
		if (sent > 0) {
			bytes = (const uint8_t *)bytes + sent;
			n -= (size_t)sent;
		}
	}
	buffer_append(&flow->unsent, bytes, n);
}

void relay_send_server(struct session *session, const void *bytes, size_t n)
{
	send_flow(session, &session->to_server, &session->server, bytes, n);
}

void relay_send_client(struct session *session, const void *bytes, size_t n)
{
	send_flow(session, &session->to_client, &session->client, bytes, n);
}

static void flush_unsent(struct session *session, struct flow *flow, struct conn *to)
{
	size_t n = buffer_len(&flow->unsent);
	ssize_t sent;

	if (n == 0)
		return;
	sent = conn_write(to, buffer_at(&flow->unsent), n);
	if (sent > 0)
		buffer_consume(&flow->unsent, (size_t)sent);
	else if (sent == CONN_ERROR && to == &session->client)
		session_end(session, "client went away");
	else if (sent == CONN_ERROR)
		buffer_clear(&flow->unsent);
}

/* ---- readiness ---- */

/* Ends are passed on once all bytes before them are. */
static void pass_ends(struct session *session)
{
	if (session->to_client.eof && buffer_len(&session->to_client.unsent) == 0) {
		session_end(session, "server closed the connection");
		return;
	}
	if (session->to_server.eof && session->gate == NULL &&
		buffer_len(&session->to_server.unsent) == 0 && !session->server.write_shut)
		conn_shutdown_write(&session->server);
}

void relay_update(struct session *session)
{
	short client = 0, server = 0;

	if (session->ended)
		return;
	pass_ends(session);
	if (session->ended)
		return;
	if (relay_client_readable(session))
		client |= EV_READ;
	if (buffer_len(&session->to_client.unsent) > 0)
		client |= EV_WRITE;
	if (relay_server_readable(session))
		server |= EV_READ;
	if (buffer_len(&session->to_server.unsent) > 0)
		server |= EV_WRITE;
	if (client != session->client.wanted)
		conn_want(&session->client, client);
	if (server != session->server.wanted)
		conn_want(&session->server, server);
}

static void on_client(struct conn *conn, short what)
{
	struct session *session = conn->owner;
	bool was_blocked;

	session_hold(session);
	lane_heard(session);
	was_blocked = buffer_len(&session->to_client.unsent) > 0;
	if (what & EV_WRITE)
		flush_unsent(session, &session->to_client, &session->client);
	if ((what & EV_READ) && !session->ended && relay_client_readable(session))
		relay_read_client(session);
	/* TLS may hold what no event will tell of. */
	if (was_blocked && !session->ended && relay_server_readable(session) &&
		conn_pending(&session->server))
		relay_read_server(session);
	relay_update(session);
	session_release(session);
}

static void on_server(struct conn *conn, short what)
{
	struct session *session = conn->owner;
	bool was_blocked;

	session_hold(session);
	was_blocked = !relay_client_readable(session);
	if (what & EV_WRITE)
		flush_unsent(session, &session->to_server, &session->server);
	if ((what & EV_READ) && !session->ended && relay_server_readable(session))
		relay_read_server(session);
	if (was_blocked && !session->ended && relay_client_readable(session) &&
		conn_pending(&session->client))
		relay_read_client(session);
	relay_update(session);
	session_release(session);
}

void relay_start(struct session *session)
{
	session_hold(session);
	session->client.ready = on_client;
	session->server.ready = on_server;
	session->active_tick = session->worker->tick;
	lane_refresh(session);
	if (buffer_len(&session->to_client.held) > 0)
		relay_take_server_bytes(session, NULL, 0);
	if (!session->ended && conn_pending(&session->server) && relay_server_readable(session))
		relay_read_server(session);
	if (!session->ended)
		relay_resume(session);
	if (!session->ended && conn_pending(&session->client) && relay_client_readable(session))
		relay_read_client(session);
	relay_update(session);
	session_release(session);
}
