/* SPDX-License-Identifier: PostgreSQL */
/*
 * A session's life before it relays: negotiation, TLS, the checks on its startup packet, the
 * connection to the server, login.  Login is the server's; here it is only passed on, frame by
 * frame, with our own cancel key in place of the server's.
 */
#ifndef STARTUP_H
#define STARTUP_H

struct session;

/* Release what login needs; harmless when it is over.  For session_end. */
void startup_free(struct session *session);

#endif
