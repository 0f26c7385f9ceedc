/* SPDX-License-Identifier: PostgreSQL */
/* Which databases have schema phasegate, and the key of each.  Installs it at the first question.
 */
#ifndef INSTALL_H
#define INSTALL_H

#include <stdbool.h>
#include <stdint.h>

#include "change.h"
#include "document.h"

/* See change_engine_ready, which is this. */
int install_ready(struct change_engine *engine, const char *database, struct worker *worker,
	void (*on_ready)(struct worker *worker, void *arg, bool usable, const char *because),
	void *arg, const char **because);

/* False when it is not known to be usable. */
bool install_key(struct change_engine *engine, const char *database, uint8_t key[SUBMIT_KEY_BYTES]);

struct control;
/* Installs schema phasegate, or brings it up to this version.  0, or -1 with control->error set. */
int install_current(struct control *control);

void install_free(struct change_engine *engine);

#endif
