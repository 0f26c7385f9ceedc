/* SPDX-License-Identifier: PostgreSQL */
/* One relation of the catalog's answer, with its columns, constraints, indexes and partitions. */
#ifndef CATALOG_RELATION_H
#define CATALOG_RELATION_H

#include <jansson.h>

#include "catalog_json.h"
#include "facts.h"

struct relation_facts catalog_read_relation(struct reader *reader, const json_t *object);
/* What goes along when the object is dropped; nothing where the answer has null, which it has for
 * all that was not asked for by name. */
struct drop_facts catalog_read_drops(struct reader *reader, const json_t *object);

#endif
