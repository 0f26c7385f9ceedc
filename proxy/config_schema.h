/* SPDX-License-Identifier: PostgreSQL */
/*
 * The shape of the configuration file as a libcyaml schema: which keys stand where.  Every value
 * is text here; what it may say is config_setting's matter, because units and near matches are
 * beyond a schema.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>
#include <stdbool.h>

#include "config_keys.h"

struct arena;

#define TEXT_MEMBER(section, key, ...) char *key;
#define TEXT_STRUCT(section, path, keys)                                                           \
	struct section##_text {                                                                    \
		keys(TEXT_MEMBER)                                                                  \
	};
SECTIONS(TEXT_STRUCT)
ENTRIES(TEXT_STRUCT)
#undef TEXT_STRUCT
#undef TEXT_MEMBER

/* Names in a list; items is NULL also for one that is written and empty. */
struct list_text {
	char **items;
	unsigned n;
};

/* A file as written; NULL is "not there". */
struct document {
#define SECTION_MEMBER(section, path, keys) struct section##_text section;
	SECTIONS(SECTION_MEMBER)
#undef SECTION_MEMBER
#define LIST_MEMBER(key, member) struct list_text lane_##key;
	LANE_LISTS(LIST_MEMBER)
#undef LIST_MEMBER
	struct listen_text *listen;
	unsigned n_listen;
	struct rules_text *rules; /* when `rules:` is a list */
	unsigned n_rules;
	char **rule_verdicts; /* when it is a mapping: as many as n_rules_all, in its order */
};

/* rules_listed: the file writes `rules:` as a list.  Arena memory. */
const cyaml_schema_value_t *config_schema(struct arena *arena, bool rules_listed);

/*
 * Reads len bytes of YAML.  Unknown keys are passed over: config_check reports them all.
 * Returns 0 with *out to be freed by document_free (NULL for an empty file), or -1 with *error in
 * the arena.
 */
int document_load(struct arena *arena, const char *yaml, size_t len,
	const cyaml_schema_value_t *schema, struct document **out, const char **error);
void document_free(const cyaml_schema_value_t *schema, struct document *document);

#endif
