/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the owner wants and what the descriptor is watched for are the same thing without TLS.
 * With it a read may have to wait until the socket takes bytes, and a write until it gives some
 * (a handshake, a key update), so the interest is translated on the way to libevent, and
 * readiness on the way back.
 *
 * OpenSSL reads ahead, which saves it the system call for each record's header.  Then a whole
 * record may wait in memory while the socket is empty: conn_pending() says so, unless the last
 * read ended for want of bytes.
 */
#include "conn.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls.h"

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	short ready = what & EV_TIMEOUT;

	(void)fd;
	if (conn->ssl == NULL) {
		conn->ready(conn, what);
		return;
	}
	if (what & (conn->tls_read_wants_write ? EV_WRITE : EV_READ))
		ready |= conn->wanted & EV_READ;
	if (what & (conn->tls_write_wants_read ? EV_READ : EV_WRITE))
		ready |= conn->wanted & EV_WRITE;
	if (ready != 0)
		conn->ready(conn, ready);
}

/* Answers refused for a socket that is not TCP do no harm. */
static void set_options(int fd)
{
	int on = 1;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

void conn_init(struct conn *conn, struct event_base *base, int fd, conn_ready *ready, void *owner)
{
	*conn = (struct conn){.fd = fd, .ready = ready, .owner = owner};
	set_options(fd);
	event_assign(&conn->event, base, fd, EV_PERSIST, on_event, conn);
}

bool conn_open(const struct conn *conn)
{
	/* a conn that was never initialised has no callback */
	return conn->ready != NULL && conn->fd >= 0;
}

/*
 * libevent applies the removal later, when the number may be another descriptor's, even another
 * thread's.  That is harmless: the kernel forgot the closed one, so a removal finds nothing in this
 * worker's epoll set (ENOENT, ignored), and a change falls back to an addition.
 */
void conn_close(struct conn *conn)
{
	if (!conn_open(conn))
		return;
	event_del(&conn->event);
	if (conn->ssl != NULL) {
		if (SSL_is_init_finished(conn->ssl) && !conn->tls_failed)
			SSL_shutdown(conn->ssl);
		SSL_free(conn->ssl);
		ERR_clear_error();
		conn->ssl = NULL;
	}
	close(conn->fd);
	conn->fd = -1;
	conn->wanted = conn->registered = 0;
}

static short translate(const struct conn *conn)
{
	short what = 0;

	if (conn->ssl == NULL)
		return conn->wanted;
	if (conn->wanted & EV_READ)
		what |= conn->tls_read_wants_write ? EV_WRITE : EV_READ;
	if (conn->wanted & EV_WRITE)
		what |= conn->tls_write_wants_read ? EV_READ : EV_WRITE;
	return what;
}

/* EV_TIMEOUT in registered: a timer runs. */
static void watch(struct conn *conn, short what, const struct timeval *timeout)
{
	event_del(&conn->event);
	conn->registered = what | (timeout == NULL ? 0 : EV_TIMEOUT);
	if (conn->registered == 0)
		return;
	event_assign(&conn->event, event_get_base(&conn->event), conn->fd, what | EV_PERSIST,
		on_event, conn);
	event_add(&conn->event, timeout);
}

void conn_want(struct conn *conn, short what)
{
	conn->wanted = what;
	what = translate(conn);
	if (what != conn->registered && conn_open(conn))
		watch(conn, what, NULL);
}

void conn_want_for(struct conn *conn, short what, int timeout_ms)
{
	struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

	conn->wanted = what;
	if (conn_open(conn))
		watch(conn, translate(conn), timeout_ms > 0 ? &timeout : NULL);
}

/* After a TLS call the directions may have changed; a timer that runs is only for startup, which
 * sets it again. */
static void watch_again(struct conn *conn)
{
	if (conn->wanted != 0)
		conn_want(conn, conn->wanted);
}

static ssize_t tls_result(struct conn *conn, int result, bool *wants_other, int other)
{
	int why = SSL_get_error(conn->ssl, result);
	bool before = *wants_other;

	*wants_other = why == other;
	if (*wants_other != before)
		watch_again(conn);
	switch (why) {
	case SSL_ERROR_NONE:
		return result;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return CONN_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return CONN_EOF;
	}
	conn->tls_failed = true;
	return CONN_ERROR;
}

static int clamp(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

/* SSL_read gives one record at most; all that came with one system call are taken together. */
static ssize_t tls_read(struct conn *conn, uint8_t *bytes, size_t n)
{
	size_t got = 0;
	ssize_t result;

	do {
		ERR_clear_error();
		result = SSL_read(conn->ssl, bytes + got, clamp(n - got));
		result = tls_result(
			conn, (int)result, &conn->tls_read_wants_write, SSL_ERROR_WANT_WRITE);
		if (result > 0)
			got += (size_t)result;
	} while (result > 0 && got < n && SSL_has_pending(conn->ssl));
	conn->tls_drained = result == CONN_AGAIN;
	/* an end or a failure behind bytes is found again by the next read */
	return got > 0 ? (ssize_t)got : result;
}

ssize_t conn_read(struct conn *conn, void *bytes, size_t n)
{
	ssize_t got;

	assert(n > 0);
	if (conn->ssl != NULL)
		return tls_read(conn, bytes, n);
	got = recv(conn->fd, bytes, n, 0);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EINTR ? CONN_AGAIN : CONN_ERROR;
}

static ssize_t tls_write(struct conn *conn, const void *bytes, size_t n)
{
	int result;
	ssize_t sent;

	ERR_clear_error();
	result = SSL_write(conn->ssl, bytes, clamp(n));
	sent = tls_result(conn, result, &conn->tls_write_wants_read, SSL_ERROR_WANT_READ);
	return sent == CONN_EOF ? CONN_ERROR : sent;
}

ssize_t conn_write(struct conn *conn, const void *bytes, size_t n)
{
	ssize_t sent;

	assert(n > 0);
	if (conn->ssl != NULL)
		return conn->write_shut ? CONN_ERROR : tls_write(conn, bytes, n);
	sent = send(conn->fd, bytes, n, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EINTR ? CONN_AGAIN : CONN_ERROR;
}

bool conn_pending(const struct conn *conn)
{
	return conn->ssl != NULL && !conn->tls_drained && SSL_has_pending(conn->ssl);
}

void conn_shutdown_write(struct conn *conn)
{
	if (!conn_open(conn) || conn->write_shut)
		return;
	conn->write_shut = true;
	if (conn->ssl != NULL) {
		SSL_shutdown(conn->ssl);
		ERR_clear_error();
	}
	shutdown(conn->fd, SHUT_WR);
}

static int handshake_failed(struct conn *conn, const char **error)
{
	static _Thread_local char text[256];
	long verdict = SSL_get_verify_result(conn->ssl);
	unsigned long code = ERR_peek_last_error();

	if (verdict != X509_V_OK)
		snprintf(text, sizeof(text), "certificate verification failed: %s",
			X509_verify_cert_error_string(verdict));
	else if (code != 0 && ERR_reason_error_string(code) != NULL)
		snprintf(text, sizeof(text), "TLS handshake failed: %s",
			ERR_reason_error_string(code));
	else
		snprintf(
			text, sizeof(text), "TLS handshake failed: the peer closed the connection");
	ERR_clear_error();
	conn->tls_failed = true;
	*error = text;
	return -1;
}

static int handshake(struct conn *conn, const char **error)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(conn->ssl);
	if (result == 1)
		return 1;
	switch (SSL_get_error(conn->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		conn_want(conn, EV_READ);
		return 0;
	case SSL_ERROR_WANT_WRITE:
		conn_want(conn, EV_WRITE);
		return 0;
	}
	return handshake_failed(conn, error);
}

/* False: no memory for it. */
static bool attach(struct conn *conn, SSL_CTX *context)
{
	conn->ssl = SSL_new(context);
	if (conn->ssl == NULL)
		return false;
	SSL_set_read_ahead(conn->ssl, 1);
	return SSL_set_fd(conn->ssl, conn->fd) == 1;
}

int conn_tls_accept(struct conn *conn, SSL_CTX *context, const char **error)
{
	if (conn->ssl == NULL) {
		*error = "out of memory";
		if (!attach(conn, context))
			return -1;
		SSL_set_accept_state(conn->ssl);
	}
	return handshake(conn, error);
}

/* RFC 6066: an address is no server name. */
static bool is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

int conn_tls_connect(
	struct conn *conn, SSL_CTX *context, const char *host, bool direct, const char **error)
{
	int result;

	if (conn->ssl == NULL) {
		*error = "out of memory";
		if (!attach(conn, context))
			return -1;
		SSL_set_connect_state(conn->ssl);
		if (!is_address(host))
			SSL_set_tlsext_host_name(conn->ssl, host);
	}
	result = handshake(conn, error);
	if (result == 1 && direct && !conn_tls_alpn(conn)) {
		*error = "the server did not agree to protocol \"postgresql\" (ALPN); direct TLS "
			 "needs "
			 "PostgreSQL 17";
		return -1;
	}
	return result;
}

bool conn_tls_alpn(const struct conn *conn)
{
	const unsigned char *name;
	unsigned len;

	if (conn->ssl == NULL)
		return false;
	SSL_get0_alpn_selected(conn->ssl, &name, &len);
	return len == strlen(TLS_ALPN) && memcmp(name, TLS_ALPN, len) == 0;
}

void conn_tls_subject(const struct conn *conn, char *out, size_t n)
{
	X509 *certificate = conn->ssl == NULL ? NULL : SSL_get1_peer_certificate(conn->ssl);
	BIO *text = BIO_new(BIO_s_mem());
	int len = 0;

	if (certificate != NULL && text != NULL && SSL_get_verify_result(conn->ssl) == X509_V_OK &&
		X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >=
			0)
		len = BIO_read(text, out, clamp(n - 1));
	out[len > 0 ? len : 0] = '\0';
	BIO_free(text);
	X509_free(certificate);
}
