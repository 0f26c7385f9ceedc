/* SPDX-License-Identifier: PostgreSQL */
/*
 * Socket addresses: those of the server, looked up once for all sessions (at start and at each
 * reload, because a name server must not block a worker), and any of them as text.
 */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct endpoint {
	struct sockaddr_storage address;
	socklen_t len;
};

/* Immutable and counted. */
struct endpoints {
	atomic_uint references;
	size_t n;
	struct endpoint items[];
};

/*
 * The addresses of a host name, of a numeric address, or of the socket in a directory when host
 * starts with a slash.  Blocks.  NULL with *error (malloc'ed) set.
 */
struct endpoints *endpoints_resolve(const char *host, uint16_t port, char **error);
/* The very address that an open socket is connected to; a reference for the caller. */
struct endpoints *endpoints_of_peer(int fd);
struct endpoints *endpoints_hold(struct endpoints *endpoints);
void endpoints_release(struct endpoints *endpoints);

/* Path of the socket of PostgreSQL in a directory.  0, or -1 when it is too long for an address. */
int endpoint_unix(const char *directory, uint16_t port, struct endpoint *out);

enum { ENDPOINT_TEXT_BYTES = 128 };
/* "10.0.0.7:5433", "[::1]:5433", or "[local]". */
void endpoint_text(const struct endpoint *endpoint, char out[ENDPOINT_TEXT_BYTES]);

#endif
