/* SPDX-License-Identifier: PostgreSQL */
/* The key file of the policy log: raw bytes that only its owner may read. */
#ifndef LOG_KEY_H
#define LOG_KEY_H

#include "log_chain.h"

/* Returns 0, or -1 with *error malloc'ed: unreadable, empty, too long, or open to others. */
int log_key_read(const char *path, struct log_key *key, char **error);
/* As log_key_read, but a key that is not there is made of random bytes with mode 0600. */
int log_key_read_or_make(const char *path, struct log_key *key, char **error);

#endif
