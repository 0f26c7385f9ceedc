/* SPDX-License-Identifier: PostgreSQL */
/* Shared by relay.c (readiness, sending), relay_client.c and relay_server.c (walking the frames).
 */
#ifndef RELAY_INTERNAL_H
#define RELAY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/* May this side be read now?  Not while what came before waits for the other side. */
bool relay_client_readable(const struct session *session);
bool relay_server_readable(const struct session *session);

/* Read and pass on; the session may have ended afterwards. */
void relay_read_client(struct session *session);
void relay_read_server(struct session *session);

/* Bytes of the server, behind those held. */
void relay_take_server_bytes(struct session *session, const uint8_t *bytes, size_t n);

#endif
