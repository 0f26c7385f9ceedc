/* SPDX-License-Identifier: PostgreSQL */
/*
 * The yardstick: the least that a program between client and server can do.  One thread, epoll,
 * recv into 64 KiB, send; it knows nothing of the protocol.  What phasegate costs above this is
 * the price of reading and judging.
 *
 *   relay LISTEN_PORT SERVER_HOST SERVER_PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 64 * 1024, EVENTS_MAX = 64, BACKLOG = 1024 };

/* One socket of a pair.  What its peer sent and it did not take yet stands in unsent. */
struct side {
	struct side *peer;
	int fd;
	uint32_t interest;
	char *unsent;
	size_t unsent_at, unsent_end;
	int eof; /* this side sends no more */
	int closed; /* freed after the batch of events that it may still appear in */
	struct side *next_closed;
};

static int epoll_fd;
static struct addrinfo *server_address;
static struct side *closed_sides;
static char buffer[BUFFER_BYTES];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void side_watch(struct side *side)
{
	uint32_t interest =
		(side->eof || side->peer->unsent ? 0 : EPOLLIN) | (side->unsent ? EPOLLOUT : 0);
	struct epoll_event event = {.events = interest, .data.ptr = side};

	if (interest != side->interest)
		epoll_ctl(epoll_fd, EPOLL_CTL_MOD, side->fd, &event);
	side->interest = interest;
}

static void pair_close(struct side *side)
{
	struct side *const both[] = {side, side->peer};

	if (side->closed)
		return;
	for (int i = 0; i < 2; i++) {
		close(both[i]->fd);
		both[i]->closed = 1;
		both[i]->next_closed = closed_sides;
		closed_sides = both[i];
	}
}

static void free_closed(void)
{
	while (closed_sides) {
		struct side *side = closed_sides;

		closed_sides = side->next_closed;
		free(side->unsent);
		free(side);
	}
}

/* The reader ended and nothing waits for the other side any more: pass the end on. */
static void pass_eof(struct side *side)
{
	struct side *peer = side->peer;

	if (!side->eof || peer->unsent)
		return;
	if (peer->eof)
		pair_close(side);
	else
		shutdown(peer->fd, SHUT_WR);
}

static void keep_unsent(struct side *to, const char *bytes, size_t len)
{
	to->unsent = malloc(len);
	if (!to->unsent)
		die("malloc");
	memcpy(to->unsent, bytes, len);
	to->unsent_at = 0;
	to->unsent_end = len;
	side_watch(to);
	side_watch(to->peer);
}

static void on_readable(struct side *side)
{
	ssize_t n = recv(side->fd, buffer, sizeof(buffer), 0);
	ssize_t sent;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		pair_close(side);
		return;
	}
	if (n == 0) {
		side->eof = 1;
		side_watch(side);
		pass_eof(side);
		return;
	}
	sent = send(side->peer->fd, buffer, (size_t)n, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN) {
		pair_close(side);
		return;
	}
	if (sent < n)
		keep_unsent(side->peer, buffer + (sent < 0 ? 0 : sent),
			(size_t)(n - (sent < 0 ? 0 : sent)));
}

static void on_writable(struct side *side)
{
	ssize_t sent;

	if (!side->unsent)
		return;
	sent = send(side->fd, side->unsent + side->unsent_at, side->unsent_end - side->unsent_at,
		MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN) {
		pair_close(side);
		return;
	}
	side->unsent_at += sent < 0 ? 0 : (size_t)sent;
	if (side->unsent_at < side->unsent_end)
		return;
	free(side->unsent);
	side->unsent = NULL;
	side_watch(side);
	side_watch(side->peer);
	pass_eof(side->peer);
}

static struct side *side_new(int fd)
{
	struct side *side = calloc(1, sizeof(*side));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = side};
	int on = 1;

	if (!side)
		die("calloc");
	side->fd = fd;
	side->interest = EPOLLIN;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
	return side;
}

static void on_accept(int listen_fd)
{
	int client = accept(listen_fd, NULL, NULL);
	int server;
	struct side *a, *b;

	if (client < 0)
		return;
	server = socket(server_address->ai_family, SOCK_STREAM, 0);
	/* Blocking: it is a loopback yardstick. */
	if (server < 0 ||
		connect(server, server_address->ai_addr, server_address->ai_addrlen) < 0) {
		if (server >= 0)
			close(server);
		close(client);
		return;
	}
	a = side_new(client);
	b = side_new(server);
	a->peer = b;
	b->peer = a;
}

static int listen_on(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		die("socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0)
		die("listen");
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
	return fd;
}

static void on_event(const struct epoll_event *event)
{
	struct side *side = event->data.ptr;

	if (side->closed)
		return;
	if (event->events & EPOLLOUT)
		on_writable(side);
	if (!side->closed && event->events & EPOLLIN)
		on_readable(side);
	else if (!side->closed && event->events & EPOLLERR)
		pair_close(side);
	/* Both directions shut, and no interest left that would tell. */
	else if (!side->closed && event->events & EPOLLHUP && !side->peer->unsent)
		pair_close(side);
}

int main(int argc, char **argv)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct epoll_event events[EVENTS_MAX];
	int listen_fd;

	if (argc != 4 || getaddrinfo(argv[2], argv[3], &hints, &server_address) != 0) {
		fprintf(stderr, "usage: relay LISTEN_PORT SERVER_HOST SERVER_PORT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	listen_fd = listen_on(argv[1]);
	for (;;) {
		int n = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				on_event(&events[i]);
			else
				on_accept(listen_fd);
		}
		free_closed();
	}
}
