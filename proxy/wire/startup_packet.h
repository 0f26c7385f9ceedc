/* SPDX-License-Identifier: PostgreSQL */
/* The first packet of a connection: StartupMessage, SSLRequest, GSSENCRequest or CancelRequest. */
#ifndef STARTUP_PACKET_H
#define STARTUP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffer.h"

enum startup_kind { STARTUP_SSL_REQUEST, STARTUP_GSSENC_REQUEST, STARTUP_CANCEL, STARTUP_MESSAGE };

enum { STARTUP_PARAMETERS_MAX = 64, CANCEL_SECRET_MAX = 256 };

struct startup_parameter {
	const char *name, *value; /* borrowed from the packet */
};

struct startup_packet {
	enum startup_kind kind;
	uint16_t major, minor; /* MESSAGE */
	struct startup_parameter parameters[STARTUP_PARAMETERS_MAX];
	size_t n_parameters;
	uint32_t cancel_pid;
	const uint8_t *cancel_secret;
	size_t cancel_secret_len; /* 4 to 256 (protocol 3.2) */
};

/* Bytes consumed, 0 need more, -1 with *error. */
ssize_t startup_decode(const uint8_t *p, size_t n, struct startup_packet *out, const char **error);

/* Value of the last parameter of that name (the server takes the last), compared as the server
 * does; NULL if none. */
const char *startup_value(const struct startup_packet *packet, const char *name);

/*
 * Would this packet change how the server reads SQL text, openly or hidden in `options` (which is
 * split and unescaped exactly as pg_split_opts and process_postgres_switches do)?
 * NULL: no.  Else the reason for a FATAL, static text.
 */
const char *startup_unsafe(const struct startup_packet *packet);
/* Protocol extensions asked for: parameters named _pq_.something. */
unsigned startup_extensions(const struct startup_packet *packet);
/* replication=database, on, true, yes, 1 in any spelling the server takes; errs on the side of yes.
 */
bool startup_replication(const struct startup_packet *packet);
/* Encodings whose multi-byte characters never hold an ASCII byte; any spelling pg_char_to_encoding
 * takes. */
bool encoding_is_safe(const char *name);

/* The packets that the proxy itself sends to the server. */
void startup_put_ssl_request(struct buffer *out);
void startup_put_cancel(struct buffer *out, uint32_t pid, const uint8_t *secret, size_t secret_len);

#endif
