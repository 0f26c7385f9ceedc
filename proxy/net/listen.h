/* SPDX-License-Identifier: PostgreSQL */
/*
 * The listening sockets.  They accept on the main thread's event base and hand descriptors to the
 * workers in turn; who connects and what is said they do not know.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <event2/event.h>

struct config;
struct listeners;
struct proxy;

/*
 * Bind every address of the configuration and listen.  NULL with *error (malloc'ed) naming the
 * one that failed; nothing stays bound then.
 */
struct listeners *listen_open(
	struct proxy *proxy, struct event_base *base, const struct config *config, char **error);

/* "127.0.0.1:6432, [::1]:6432, /run/postgresql/.s.PGSQL.6432", for the start line; malloc'ed. */
char *listen_describe(const struct listeners *listeners);

/* Close them and remove the socket files. */
void listen_close(struct listeners *listeners);

#endif
