/* SPDX-License-Identifier: PostgreSQL */
#include "endpoints.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "must.h"

static struct endpoints *new_endpoints(size_t n)
{
	struct endpoints *endpoints =
		must(calloc(1, sizeof(*endpoints) + n * sizeof(endpoints->items[0])));

	endpoints->n = n;
	atomic_init(&endpoints->references, 1);
	return endpoints;
}

struct endpoints *endpoints_hold(struct endpoints *endpoints)
{
	atomic_fetch_add(&endpoints->references, 1);
	return endpoints;
}

void endpoints_release(struct endpoints *endpoints)
{
	if (endpoints != NULL && atomic_fetch_sub(&endpoints->references, 1) == 1)
		free(endpoints);
}

int endpoint_unix(const char *directory, uint16_t port, struct endpoint *out)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&out->address;
	int n;

	*out = (struct endpoint){.len = sizeof(*address)};
	address->sun_family = AF_UNIX;
	n = snprintf(
		address->sun_path, sizeof(address->sun_path), "%s/.s.PGSQL.%u", directory, port);
	return n < 0 || (size_t)n >= sizeof(address->sun_path) ? -1 : 0;
}

static struct endpoints *resolve_unix(const char *directory, uint16_t port, char **error)
{
	struct endpoints *endpoints = new_endpoints(1);

	if (endpoint_unix(directory, port, &endpoints->items[0]) == 0)
		return endpoints;
	if (asprintf(error, "the socket path in %s is too long", directory) < 0)
		*error = NULL;
	endpoints_release(endpoints);
	return NULL;
}

static struct endpoints *from_list(const struct addrinfo *list)
{
	struct endpoints *endpoints;
	size_t n = 0;

	for (const struct addrinfo *p = list; p != NULL; p = p->ai_next)
		n++;
	endpoints = new_endpoints(n);
	for (size_t i = 0; i < n; i++, list = list->ai_next) {
		endpoints->items[i].len = list->ai_addrlen;
		memcpy(&endpoints->items[i].address, list->ai_addr, list->ai_addrlen);
	}
	return endpoints;
}

struct endpoints *endpoints_resolve(const char *host, uint16_t port, char **error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list;
	struct endpoints *endpoints;
	char service[8];
	int failure;

	if (host[0] == '/')
		return resolve_unix(host, port, error);
	snprintf(service, sizeof(service), "%u", port);
	failure = getaddrinfo(host, service, &hints, &list);
	if (failure != 0) {
		if (asprintf(error, "cannot look up server \"%s\": %s", host,
			    gai_strerror(failure)) < 0)
			*error = NULL;
		return NULL;
	}
	endpoints = from_list(list);
	freeaddrinfo(list);
	return endpoints;
}

struct endpoints *endpoints_of_peer(int fd)
{
	struct endpoints *endpoints = new_endpoints(1);
	struct endpoint *endpoint = &endpoints->items[0];

	endpoint->len = sizeof(endpoint->address);
	if (getpeername(fd, (struct sockaddr *)&endpoint->address, &endpoint->len) == 0)
		return endpoints;
	endpoints_release(endpoints);
	return NULL;
}

void endpoint_text(const struct endpoint *endpoint, char out[ENDPOINT_TEXT_BYTES])
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool v6 = endpoint->address.ss_family == AF_INET6;

	if (endpoint->address.ss_family == AF_UNIX ||
		getnameinfo((const struct sockaddr *)&endpoint->address, endpoint->len, host,
			sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, ENDPOINT_TEXT_BYTES, "[local]");
	else
		snprintf(
			out, ENDPOINT_TEXT_BYTES, v6 ? "[%.100s]:%.8s" : "%.100s:%.8s", host, port);
}
