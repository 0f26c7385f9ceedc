/* SPDX-License-Identifier: PostgreSQL */
/*
 * A small catalog to judge against: tables large and small, new and temporary, partitioned, with
 * constraints that prove things and some that do not.  fixture_facts answers a text's requests
 * from it as the proxy would from a server whose search_path is public.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "facts.h"

struct facts fixture_facts(struct arena *arena, const struct stmts *stmts);
/* Parses, or ends the test. */
struct stmts fixture_parse(struct arena *arena, const char *sql);

#endif
