/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading libpg_query's trees without a line of code for each of their 240 node types: every
 * message carries a descriptor of its fields.  Absent text is NULL here, not "".
 */
#ifndef PARSE_TREE_H
#define PARSE_TREE_H

#include <stdbool.h>

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "text.h"

struct arena;

/* Called for every message below and including root, parents first; false: not below this one. */
typedef bool (*tree_visitor)(void *context, const ProtobufCMessage *message);
void tree_walk(const ProtobufCMessage *root, tree_visitor visit, void *context);

/* Same tree, wherever in a text it stood. */
bool tree_equal(const ProtobufCMessage *a, const ProtobufCMessage *b);

/* The message in a node; NULL without one. */
const ProtobufCMessage *tree_node_message(const PgQuery__Node *node);

/* Fields by name; NULL, false or 0 where the message has no such field or it is empty. */
const char *tree_field_text(const ProtobufCMessage *message, const char *field);
bool tree_field_bool(const ProtobufCMessage *message, const char *field);
int tree_field_number(const ProtobufCMessage *message, const char *field); /* enumerations */
/* The first field of its kind. */
const PgQuery__RangeVar *tree_field_relation(const ProtobufCMessage *message);
const char *tree_first_text(const ProtobufCMessage *message);

/* Copies into the arena: nothing of a tree outlives it.  "" gives NULL. */
const char *tree_text(struct arena *arena, const char *text);
struct name tree_relation_name(struct arena *arena, const PgQuery__RangeVar *relation);
/* From the nodes of a dotted name; a third part from the right, the catalog, is dropped. */
struct name tree_name(struct arena *arena, PgQuery__Node *const *parts, size_t n);
/* The text of a String or string constant, possibly cast; else NULL. Borrowed. */
const char *tree_string(const PgQuery__Node *node);
/* Any constant as text: true, 5, 1.5, x. */
const char *tree_constant(struct arena *arena, const PgQuery__Node *node);
/* The items of a List node; none for another node. */
size_t tree_list(const PgQuery__Node *node, PgQuery__Node ***items);

/* An option of a list as PostgreSQL's defGetBoolean reads it; the last one wins, if there is any.
 */
bool tree_option_on(PgQuery__Node *const *options, size_t n, const char *name, bool otherwise);
/* The last string given for it; NULL when there is none. */
const char *tree_option_text(PgQuery__Node *const *options, size_t n, const char *name);

#endif
