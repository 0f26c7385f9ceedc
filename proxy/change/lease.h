/* SPDX-License-Identifier: PostgreSQL */
/*
 * The claim to a change runs out unless it is renewed, by the server's clock.  Who works on it
 * renews while it works and while it waits; when a proxy is killed, stopped or cut off, another one
 * ends what is left of it on the server and goes on.  The lease says when that may be done; that
 * a worker which wakes up again does no harm is due to the epoch alone (store.h).
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdint.h>

struct run;

enum { LEASE_RENEWALS = 3 }; /* in the time of a lease */

/* Renews when it is time; to be called at least once a second by whoever works or waits. */
void lease_keep(struct run *run);
/* Gives it up: others may go on at once. */
void lease_give_up(struct run *run);
/* Ends the server process of whoever let the lease of the change run out.  0, or -1 with the error.
 */
int lease_break(struct run *run, int64_t id);

#endif
