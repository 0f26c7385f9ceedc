/* SPDX-License-Identifier: PostgreSQL */
/*
 * Everything that is wrong with a configuration file, each with its line.  libcyaml stops at the
 * first fault, and people want them all: so the same schema is walked over libyaml's document
 * before libcyaml loads it.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "arena.h"

struct problem {
	size_t line; /* 0: of the file as a whole */
	const char *text;
};

struct problems {
	struct arena *arena;
	const char *file; /* as it is named in them */
	struct problem *items;
	size_t n, capacity;
};

void problem_add(struct problems *problems, size_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* malloc'ed, one a line, by line of the file: "file:line: what and what to do". */
char *problems_text(struct problems *problems);

/* Returns 0 and a document to be deleted by yaml_document_delete, or -1 with the problem added. */
int config_parse(
	struct problems *problems, const char *yaml, size_t len, yaml_document_t *document);

/* Are the rules of this document a list (and not a mapping)? */
bool config_rules_listed(yaml_document_t *document);

/*
 * Unknown, repeated and misplaced keys, and values that setting_wrong objects to.
 * Returns false when the shape is not the schema's, so that libcyaml would refuse it.
 */
bool config_check(
	struct problems *problems, yaml_document_t *document, const cyaml_schema_value_t *schema);

/* The line of a key such as "server.tls.mode", or of what comes nearest to it above; 0 at the
 * worst. */
size_t config_line(yaml_document_t *document, const char *path);
/* Is that key written? */
bool config_has(yaml_document_t *document, const char *path);
/* The line of entry i of the list of that key. */
size_t config_entry_line(yaml_document_t *document, const char *key, size_t i);

#endif
