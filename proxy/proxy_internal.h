/* SPDX-License-Identifier: PostgreSQL */
/* What proxy.c does for serve.c. */
#ifndef PROXY_INTERNAL_H
#define PROXY_INTERNAL_H

#include "change.h"
#include "policy_log.h"
#include "proxy.h"

/* Contexts and addresses for a configuration; holds it too.  0, or -1 with *error (malloc'ed). */
int proxy_settings_make(struct config *config, struct proxy_settings *out, char **error);
/* For sessions to come; *settings is taken over. */
void proxy_settings_replace(struct proxy *proxy, struct proxy_settings *settings);
/* SIGHUP.  What does not load is reported, and everything stays as it was. */
void proxy_reload(struct proxy *proxy);
/* Each line of a list of problems on standard error. */
void proxy_print_problems(const char *text);

#endif
