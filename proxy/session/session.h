/* SPDX-License-Identifier: PostgreSQL */
/*
 * A session: one client with its server connection, on one worker for life.  Its life:
 * startup (negotiation, TLS, login: startup.c) -> relay (relay.c) -> session_end.
 * An idle session owns no buffer: struct session itself is what it costs.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "barred.h"
#include "buffer.h"
#include "conn.h"
#include "lane_session.h"
#include "pipeline.h"
#include "policy_log.h"
#include "timing.h"
#include "worker.h"

struct config;
struct gate; /* judging of held statements: gate.h; only while there is one */
struct guarded_names; /* names of guarded texts: guarded.h; only when there are */
struct startup; /* only until login is done */

/* Who the client is; each string an allocation of its own. */
struct identity {
	char *user, *database, *application; /* application follows ParameterStatus */
	char *client_address; /* "10.0.0.7:5433" or "[local]" */
	char *tls_subject; /* or NULL */
};

/* One direction's bytes. */
struct flow {
	/* Read, not yet passed on: an incomplete header, or a text being judged. */
	struct buffer held;
	struct buffer unsent; /* passed on, not yet taken by the socket */
	uint32_t skip; /* bytes of the current message that still pass unread */
	bool swallow; /* ... or are dropped */
	bool eof; /* the reading side ended */
};

struct session {
	struct session *next, **link; /* worker's list */
	struct worker *worker;
	struct config *config; /* reference; renewed between statements after a reload */
	uint64_t id;
	struct conn client, server;
	struct flow to_server, to_client;
	struct pipeline pipeline;
	struct startup *startup;
	struct gate *gate;
	struct guarded_names *guarded;
	struct lane_seat lane;
	struct barred barred;
	struct identity identity;
	int64_t *pending; /* changes recorded in the client's open transaction; n_pending of them */
	unsigned n_pending;
	struct timing timing;
	uint32_t active_tick; /* worker->tick when the client last said something */
	uint32_t backend_pid;
	uint32_t tag_bytes; /* of the last CommandComplete */
	int server_version; /* 150020, 0 until told */
	char status; /* of the last ReadyForQuery: I, T, E; 0 before the first */
	bool just_begun; /* its transaction block has seen nothing but its beginning */
	bool standard_strings; /* standard_conforming_strings as the server last said */
	bool encoding_safe; /* client_encoding likewise */
	bool replication; /* a walsender: judged by another table */
	bool draining; /* ends when its transaction does */
	bool ended;
	unsigned held_count; /* session_hold depth: freed when it falls to zero after the end */
};

/* Takes the accepted descriptor; on the worker's thread.  address is copied.  lane: the listener
 * is one for backfill. */
void session_new(struct worker *worker, int fd, const char *address, bool lane);

/* Login is over: bytes already read from either side stand in the flows' held buffers. */
void relay_start(struct session *session);

/*
 * End it now: both connections closed, everything owned released.  reason is for whoever reads
 * the code.
 * Safe in any callback between session_hold and session_release.
 */
void session_end(struct session *session, const char *reason);
void session_hold(struct session *session);
void session_release(struct session *session);

/* Send FATAL to the client, as far as it takes it at once, then end. */
void session_fatal(
	struct session *session, const char *sqlstate, const char *message, const char *hint);

/* The client asked to cancel what this session does; on its worker's thread.  True: handled here,
 * do not tell the server. */
bool session_cancel(struct session *session);

/* The server reported a parameter; keeps those that matter here. */
void session_parameter(struct session *session, const char *name, const char *value);

/* The configuration in force from here on; between its statements only. */
void session_renew_config(struct session *session);

/* Ends sessions of this worker that were idle too long; called at each tick, one a second. */
void session_sweep(struct worker *worker);

struct log_subject session_subject(const struct session *session);

/* Ends the session when it is idle, else after its current transaction. */
void session_drain(struct session *session);
/* Waits for nothing and is in no transaction. */
bool session_idle(struct session *session);
/* A drained session that has become idle ends here. */
void session_drained(struct session *session);

/* The session of that number on this worker, or NULL. */
struct session *session_by_id(struct worker *worker, uint64_t id);

#endif
