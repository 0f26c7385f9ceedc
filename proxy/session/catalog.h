/* SPDX-License-Identifier: PostgreSQL */
/*
 * The catalog query: one SELECT, everything in it schema-qualified, operators and types too, that
 * returns one row with one JSON text holding the facts asked for.  Pure translation: it makes
 * the parameters and reads the answer; session/inject sends it on the client's connection.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include <stddef.h>

#include "facts.h"

/* Takes CATALOG_PARAMETERS text parameters: relations, types, functions (text[] literals), drops
 * (bool), labels (text[]). */
enum { CATALOG_PARAMETERS = 5 };
extern const char catalog_sql[];
/* The same without what only drops and changes of types need. */
extern const char catalog_short_sql[];
/* The one that a request needs. */
const char *catalog_text(const struct facts_request *request);

/* Text format for Bind; arena memory. */
void catalog_parameters(struct arena *arena, const struct facts_request *request,
	const char *parameters[CATALOG_PARAMETERS]);

/* Reads the JSON column.  Returns 0, or -1 with *error set when it is not what catalog_sql makes.
 */
int catalog_decode(struct arena *arena, const char *json, size_t len,
	const struct facts_request *request, struct facts *facts, const char **error);

#endif
