/* SPDX-License-Identifier: PostgreSQL */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "debug_log.h"
#include "endpoints.h"
#include "proxy.h"
#include "session.h"
#include "wire.h"
#include "worker.h"

enum {
	LISTEN_BACKLOG = 1024, /* the kernel lowers it to net.core.somaxconn */
	ACCEPT_BURST_MAX = 64, /* then signals and other listeners get their turn */
	RETRY_MS = 100, /* after EMFILE and the like */
};

struct listener {
	struct listener *next;
	struct listeners *all;
	struct endpoint endpoint;
	struct event *event, *retry;
	int fd;
	bool lane; /* what comes in here is backfill */
};

enum { WORKER_SESSIONS_PACKED = 16 };

struct listeners {
	struct proxy *proxy;
	struct event_base *base;
	struct listener *first;
	bool short_of_descriptors; /* told about once */
};

struct accepted {
	int fd;
	bool lane;
	char address[ENDPOINT_TEXT_BYTES];
};

static void start_session(struct worker *worker, void *arg)
{
	struct accepted *accepted = arg;

	session_new(worker, accepted->fd, accepted->address, accepted->lane);
	free(accepted);
}

/*
 * One worker is filled up before the next is used: a loop that finds several sockets ready pays
 * one epoll_wait for all of them.  Beyond that the least busy one.
 */
static struct worker *choose_worker(struct proxy *proxy)
{
	struct worker *chosen = &proxy->workers[0];

	for (unsigned i = 0; i < proxy->n_workers; i++) {
		struct worker *worker = &proxy->workers[i];

		if (atomic_load(&worker->n_sessions) < WORKER_SESSIONS_PACKED)
			return worker;
		if (atomic_load(&worker->n_sessions) < atomic_load(&chosen->n_sessions))
			chosen = worker;
	}
	return chosen;
}

static void hand_over(const struct listener *listener, int fd, const struct endpoint *peer)
{
	struct proxy *proxy = listener->all->proxy;
	struct accepted *accepted = malloc(sizeof(*accepted));
	struct worker *worker = choose_worker(proxy);

	if (accepted == NULL) {
		close(fd);
		return;
	}
	accepted->fd = fd;
	accepted->lane = listener->lane;
	endpoint_text(peer, accepted->address);
	/* Counted here, not when it starts: many may be accepted before the worker runs. */
	atomic_fetch_add(&worker->n_sessions, 1);
	worker_post(worker, start_session, accepted);
}

/*
 * The limit on sessions is startup's to tell, in words and behind TLS.  Twice as many may be
 * there, as in PostgreSQL (MaxLivePostmasterChildren), so that cancel requests get through and
 * refusals can be sent; beyond that this is all they are told.
 */
static bool over_capacity(const struct proxy *proxy, const struct config *config)
{
	return atomic_load(&proxy->n_sessions) >= 2 * config->sessions_max;
}

static void refuse(int fd)
{
	struct buffer out = {0};
	struct wire_error error = {.severity = "FATAL",
		.sqlstate = "53300",
		.message = "sorry, too many clients already"};

	wire_put_error(&out, BACKEND_ERROR_RESPONSE, &error);
	/* whether it arrives or not, the connection is closed */
	(void)!send(fd, buffer_at(&out), buffer_len(&out), MSG_NOSIGNAL | MSG_DONTWAIT);
	buffer_clear(&out);
	close(fd);
}

/* A level-triggered event would spin while there is no descriptor to accept into. */
static void back_off(struct listener *listener)
{
	struct timeval delay = {RETRY_MS / 1000, RETRY_MS % 1000 * 1000};

	if (!listener->all->short_of_descriptors)
		log_error("cannot accept connections: %s; trying again every %d ms",
			strerror(errno), RETRY_MS);
	listener->all->short_of_descriptors = true;
	event_del(listener->event);
	event_add(listener->retry, &delay);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)fd;
	(void)what;
	event_add(listener->event, NULL);
}

static bool accept_one(struct listener *listener, const struct config *config)
{
	struct listeners *all = listener->all;
	struct endpoint peer = {.len = sizeof(peer.address)};
	int fd = accept4(listener->fd, (struct sockaddr *)&peer.address, &peer.len,
		SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			back_off(listener);
		return errno == ECONNABORTED || errno == EINTR;
	}
	all->short_of_descriptors = false;
	if (over_capacity(all->proxy, config))
		refuse(fd);
	else
		hand_over(listener, fd, &peer);
	return true;
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;
	struct config *config = proxy_config(listener->all->proxy);

	(void)fd;
	(void)what;
	for (int i = 0; i < ACCEPT_BURST_MAX && accept_one(listener, config); i++)
		continue;
	config_release(config);
}

/* A socket file without a listener is what a crash left; one with a listener is somebody's. */
static int remove_stale(const struct endpoint *endpoint)
{
	const struct sockaddr_un *address = (const struct sockaddr_un *)&endpoint->address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result, error;

	if (fd < 0)
		return -1;
	result = connect(fd, (const struct sockaddr *)address, endpoint->len);
	error = errno;
	close(fd);
	if (result == 0 || error == EAGAIN) {
		errno = EADDRINUSE;
		return -1;
	}
	if (error == ECONNREFUSED)
		return unlink(address->sun_path);
	return 0;
}

static bool is_unix(const struct listener *listener)
{
	return listener->endpoint.address.ss_family == AF_UNIX;
}

static const char *socket_path(const struct listener *listener)
{
	return ((const struct sockaddr_un *)&listener->endpoint.address)->sun_path;
}

/* 0, or -1 with errno set. */
static int bind_and_listen(struct listener *listener)
{
	const struct sockaddr *address = (const struct sockaddr *)&listener->endpoint.address;
	int on = 1;

	if (is_unix(listener) && remove_stale(&listener->endpoint) != 0)
		return -1;
	listener->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -1;
	setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->sa_family == AF_INET6) /* 0.0.0.0 is listed beside it when both are wanted */
		setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(listener->fd, address, listener->endpoint.len) != 0 ||
		(is_unix(listener) && chmod(socket_path(listener), 0777) != 0) ||
		listen(listener->fd, LISTEN_BACKLOG) != 0) {
		int saved_errno = errno;

		close(listener->fd);
		errno = saved_errno;
		return -1;
	}
	return 0;
}

static int add(struct listeners *all, const struct listen_config *wanted,
	const struct endpoint *endpoint, char **error)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	char text[ENDPOINT_TEXT_BYTES];

	if (listener == NULL)
		return -1;
	listener->all = all;
	listener->endpoint = *endpoint;
	listener->lane = wanted->lane;
	if (bind_and_listen(listener) != 0) {
		endpoint_text(endpoint, text);
		if (asprintf(error, "cannot listen on %s: %s",
			    is_unix(listener) ? socket_path(listener) : text, strerror(errno)) < 0)
			*error = NULL;
		free(listener);
		return -1;
	}
	listener->event =
		event_new(all->base, listener->fd, EV_READ | EV_PERSIST, on_accept, listener);
	listener->retry = event_new(all->base, -1, 0, on_retry, listener);
	event_add(listener->event, NULL);
	listener->next = all->first;
	all->first = listener;
	return 0;
}

static int add_unix(struct listeners *all, const struct listen_config *wanted, char **error)
{
	struct endpoint endpoint;

	if (endpoint_unix(wanted->unix_dir, wanted->port, &endpoint) == 0)
		return add(all, wanted, &endpoint, error);
	if (asprintf(error, "cannot listen in %s: the path is too long", wanted->unix_dir) < 0)
		*error = NULL;
	return -1;
}

/* A name with several addresses needs one of them, as in PostgreSQL: "localhost" where there is no
 * IPv6. */
static int add_tcp(struct listeners *all, const struct listen_config *wanted, char **error)
{
	struct endpoints *endpoints = endpoints_resolve(wanted->address, wanted->port, error);
	bool bound = false;

	for (size_t i = 0; endpoints != NULL && i < endpoints->n; i++) {
		free(*error);
		*error = NULL;
		if (add(all, wanted, &endpoints->items[i], error) == 0)
			bound = true;
		else if (endpoints->n > 1)
			log_warn("%s", *error);
	}
	endpoints_release(endpoints);
	if (bound) {
		free(*error);
		*error = NULL;
	}
	return bound ? 0 : -1;
}

struct listeners *listen_open(
	struct proxy *proxy, struct event_base *base, const struct config *config, char **error)
{
	struct listeners *all = calloc(1, sizeof(*all));
	int status = all == NULL ? -1 : 0;

	*error = NULL;
	if (all != NULL)
		*all = (struct listeners){.proxy = proxy, .base = base};
	for (size_t i = 0; status == 0 && i < config->n_listen; i++) {
		const struct listen_config *wanted = &config->listen[i];

		if (wanted->address != NULL)
			status = add_tcp(all, wanted, error);
		if (status == 0 && wanted->unix_dir != NULL)
			status = add_unix(all, wanted, error);
	}
	if (status == 0)
		return all;
	listen_close(all);
	return NULL;
}

char *listen_describe(const struct listeners *listeners)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	const char *comma = "";

	for (const struct listener *p = listeners->first; p != NULL; p = p->next, comma = ", ") {
		char address[ENDPOINT_TEXT_BYTES];

		endpoint_text(&p->endpoint, address);
		fprintf(out, "%s%s", comma, is_unix(p) ? socket_path(p) : address);
	}
	fclose(out);
	return text;
}

void listen_close(struct listeners *listeners)
{
	struct listener *listener, *next;

	if (listeners == NULL)
		return;
	for (listener = listeners->first; listener != NULL; listener = next) {
		next = listener->next;
		event_free(listener->event);
		event_free(listener->retry);
		close(listener->fd);
		if (is_unix(listener))
			unlink(socket_path(listener));
		free(listener);
	}
	free(listeners);
}
