/* SPDX-License-Identifier: PostgreSQL */
/* TLS contexts made from the configuration.  They know files and versions; conn drives handshakes.
 */
#ifndef TLS_H
#define TLS_H

#include <openssl/ssl.h>

struct config;

/* https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-SSL */
#define TLS_ALPN "postgresql"

/*
 * The leg to clients: certificate, key and, when a CA is configured, a certificate of it demanded.
 * 0 and *out, NULL when the configuration offers no TLS; or -1 with *error (malloc'ed) naming the
 * file.
 */
int tls_for_clients(const struct config *config, SSL_CTX **out, char **error);

/* The leg to the server: as far verified as configured, host name included.  Likewise. */
int tls_for_server(const struct config *config, SSL_CTX **out, char **error);

#endif
