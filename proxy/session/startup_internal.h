/* SPDX-License-Identifier: PostgreSQL */
/* The inside of startup, shared by startup.c, client_leg.c, server_leg.c, login.c and
 * cancel_request.c. */
#ifndef STARTUP_INTERNAL_H
#define STARTUP_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy.h"
#include "session.h"
#include "startup_packet.h"

enum startup_state {
	STARTUP_PACKETS, /* the client's first packets */
	STARTUP_CLIENT_TLS,
	STARTUP_CANCEL_ASKED, /* the worker of the session to be cancelled has the word */
	STARTUP_CONNECT,
	STARTUP_CONNECT_AGAIN, /* a unix socket's backlog is full */
	STARTUP_SERVER_ANSWER, /* S or N to our SSLRequest */
	STARTUP_SERVER_TLS,
	STARTUP_LOGIN,
	STARTUP_CANCEL_SENT, /* the server says that it is done by closing */
	STARTUP_FAREWELL, /* the server's last words are on their way to the client */
	STARTUP_STATES
};

struct startup {
	enum startup_state state;
	struct proxy_settings settings;
	int64_t login_deadline_ms, step_deadline_ms; /* on the monotonic clock; 0: none */
	size_t endpoint; /* of settings.server, being tried */
	struct buffer opening; /* what the server is told first, as the client sent it */
	char problem[320]; /* why the last address could not be reached */
	bool spoken; /* the client's first byte was seen */
	bool ssl_asked, gssenc_asked, direct; /* direct: TLS without SSLRequest */
	bool cancels; /* this is a CancelRequest */
	bool refused; /* the server sent an error */
	bool ready;
	unsigned minor, extensions; /* of the protocol, as asked for, then as the server agreed */
};

/* Enter a state; what it waits for is set when the handler returns. */
void startup_enter(struct session *session, enum startup_state state);
/* The current step may take this long; 0: as long as login may. */
void startup_allow_ms(struct session *session, int64_t ms);
int64_t startup_left_ms(const struct session *session); /* of login; 0: no limit */
/* For events that come from outside: run fn as a handler of this session. */
void startup_run(
	struct session *session, void (*fn)(struct session *session, void *arg), void *arg);

/* End with a FATAL, or silently where the protocol has no room for words (CancelRequest). */
void startup_refuse(
	struct session *session, const char *sqlstate, const char *message, const char *hint);
/* End when the client has taken what stands in to_client.unsent. */
void startup_farewell(struct session *session);
/* A line in the policy log: a refusal, or in observe mode what would have been one. */
void startup_note(struct session *session, const char *event, const char *reason);

/* Reads once; false when nothing came, and the session may be over. */
bool startup_read(struct session *session, struct conn *conn, struct buffer *into);
/* Writes what it can; false when the session is over. */
bool startup_flush(struct session *session, struct conn *conn, struct buffer *unsent);

char *startup_copy(const char *text, size_t len_max);
bool startup_local(const struct conn *conn); /* a unix socket: TLS is never spoken there */

/* For server conns. */
conn_ready startup_on_server;

/* client_leg.c: negotiation, TLS, the startup packet and its checks */
void client_leg_packets(struct session *session);
void client_leg_handshake(struct session *session);

/* server_leg.c: connect, TLS, send the opening */
void server_leg_start(struct session *session);
void server_leg_connected(struct session *session);
void server_leg_next(struct session *session);
void server_leg_answer(struct session *session);
void server_leg_handshake(struct session *session);
void server_leg_timeout(struct session *session);

/* login.c */
void login_step(struct session *session);
short login_client_wants(const struct session *session);
short login_server_wants(const struct session *session);

/* cancel_request.c */
void cancel_request(struct session *session, const struct startup_packet *packet);
void cancel_request_sent(struct session *session);

#endif
