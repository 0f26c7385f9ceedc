/* SPDX-License-Identifier: PostgreSQL */
/*
 * One socket with or without TLS: readiness events in, bytes in and out.  It keeps no bytes of
 * its own and knows no protocol.  One event is registered for each conn, whose interest is
 * changed only when it differs.  Every call is made on the worker's thread.
 */
#ifndef CONN_H
#define CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CONN_EOF = 0, CONN_ERROR = -1, CONN_AGAIN = -2 };

struct conn;
/* what: EV_READ and/or EV_WRITE as far as the caller wanted them, or EV_TIMEOUT.  May free the
 * conn's owner. */
typedef void conn_ready(struct conn *conn, short what);

struct conn {
	struct event event;
	SSL *ssl; /* NULL: plain */
	conn_ready *ready;
	void *owner;
	int fd; /* -1: closed */
	short wanted; /* what the owner asked for: EV_READ | EV_WRITE */
	/* What the event is for; differs when TLS must read to write.  EV_TIMEOUT: a timer runs. */
	short registered;
	bool tls_read_wants_write, tls_write_wants_read;
	bool tls_drained; /* the last read ended for want of bytes */
	bool tls_failed; /* no close_notify after a fatal error */
	bool write_shut;
};

/* Takes the descriptor over and makes it non-blocking (TCP_NODELAY, keepalive for TCP). */
void conn_init(struct conn *conn, struct event_base *base, int fd, conn_ready *ready, void *owner);
bool conn_open(const struct conn *conn);
/* Closes at once; harmless when closed.  TLS sends close_notify if that needs no waiting. */
void conn_close(struct conn *conn);

/* Bytes read (> 0), CONN_EOF, CONN_AGAIN, or CONN_ERROR. */
ssize_t conn_read(struct conn *conn, void *bytes, size_t n);
/* Bytes written (may be short), CONN_AGAIN, or CONN_ERROR. */
ssize_t conn_write(struct conn *conn, const void *bytes, size_t n);
/* Decrypted bytes wait inside TLS: no readiness event will tell of them. */
bool conn_pending(const struct conn *conn);
/* Half-close: the peer reads EOF, we can still read. */
void conn_shutdown_write(struct conn *conn);

/* Change the interest: any of EV_READ, EV_WRITE, or 0. */
void conn_want(struct conn *conn, short what);
/* As conn_want, and ready(EV_TIMEOUT) when nothing happened for timeout_ms; 0: none. */
void conn_want_for(struct conn *conn, short what, int timeout_ms);

/*
 * Drive a TLS handshake; call again at each readiness.  1 done, 0 wants what conn_want was set
 * to, -1 failed with *error a static or OpenSSL text valid until the next call on this thread.
 */
int conn_tls_accept(struct conn *conn, SSL_CTX *context, const char **error);
/* host is told to the server (SNI); whether it is verified is the context's matter. */
int conn_tls_connect(
	struct conn *conn, SSL_CTX *context, const char *host, bool direct, const char **error);

/* The handshake agreed on protocol "postgresql": direct TLS demands that. */
bool conn_tls_alpn(const struct conn *conn);

/* Subject of the peer's verified certificate as RFC 2253 text in out; "" when there is none. */
void conn_tls_subject(const struct conn *conn, char *out, size_t n);

#endif
