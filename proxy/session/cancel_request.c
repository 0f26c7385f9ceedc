/* SPDX-License-Identifier: PostgreSQL */
/*
 * A CancelRequest: whose key it is, whether that session's own worker deals with it (a change
 * being waited for), and else the server's own request, sent to the very server of that session.
 * The client learns only that it is done, by our closing, as from the server.
 */
#include "startup_internal.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "cancel.h"
#include "endpoints.h"

/* Travels from the asking worker to the session's and back. */
struct cancel_order {
	struct worker *asking;
	uint64_t asking_session;
	struct cancel_key key;
	struct endpoints *server; /* NULL: nothing is left to do */
};

static void send_to_server(struct session *session, void *arg)
{
	struct cancel_order *order = arg;
	struct startup *startup = session->startup;

	if (order->server == NULL) {
		session_end(session, "cancelled");
		return;
	}
	endpoints_release(startup->settings.server);
	startup->settings.server = endpoints_hold(order->server);
	buffer_clear(&startup->opening);
	startup_put_cancel(
		&startup->opening, order->key.pid, order->key.server_secret, order->key.secret_len);
	server_leg_start(session);
}

static void answer(struct worker *worker, void *arg)
{
	struct cancel_order *order = arg;
	struct session *session = session_by_id(worker, order->asking_session);

	if (session != NULL && session->startup != NULL)
		startup_run(session, send_to_server, order);
	endpoints_release(order->server);
	OPENSSL_cleanse(order, sizeof(*order));
	free(order);
}

static void ask(struct worker *worker, void *arg)
{
	struct cancel_order *order = arg;
	struct session *session = session_by_id(worker, order->key.session);

	if (session != NULL && (session->startup != NULL || !session_cancel(session)))
		order->server = endpoints_of_peer(session->server.fd);
	worker_post(order->asking, answer, order);
}

void cancel_request(struct session *session, const struct startup_packet *packet)
{
	struct cancel_order *order = calloc(1, sizeof(*order));

	session->startup->cancels = true;
	if (order == NULL ||
		!cancel_find(session->worker->proxy->cancels, packet->cancel_pid,
			packet->cancel_secret, packet->cancel_secret_len, &order->key)) {
		free(order);
		session_end(session, "cancel request with an unknown key");
		return;
	}
	order->asking = session->worker;
	order->asking_session = session->id;
	startup_enter(session, STARTUP_CANCEL_ASKED);
	worker_post(order->key.worker, ask, order);
}

void cancel_request_sent(struct session *session)
{
	char ignored[64];
	ssize_t n;

	if (!startup_flush(session, &session->server, &session->to_server.unsent))
		return;
	do
		n = conn_read(&session->server, ignored, sizeof(ignored));
	while (n > 0);
	if (n != CONN_AGAIN)
		session_end(session, "cancel request passed on");
}
