/* SPDX-License-Identifier: PostgreSQL */
/* What the stmt_*.c share: the statement under construction and the table of node kinds. */
#ifndef STMT_INTERNAL_H
#define STMT_INTERNAL_H

#include <string.h>

#include "arena.h"
#include "parse_tree.h"
#include "source.h"
#include "stmt.h"

/* Collects the actions of one statement. */
struct builder {
	struct arena *arena;
	const struct source *source;
	struct span span; /* the statement's tokens */
	const char *sql;
	const char *tag;
	struct action *actions;
	size_t n_actions, n_actions_max;
	bool guarded;
	bool no_transaction;
	bool executes_prepared;
	const char *prepared_name;
	bool not_understood; /* becomes an ACTION_UNCLASSIFIED in the end */
	bool stored; /* its queries are kept, and no query starts a write of theirs */
	unsigned habits;
};

/* Valid until the next one is added. */
struct action *add_action(struct builder *builder, enum action_kind kind);
/* As add_action, with table, name and flags taken from fields that all statements spell alike. */
struct action *add_statement(
	struct builder *builder, enum action_kind kind, const ProtobufCMessage *statement);
/* Classifies a statement, top-level or inside another one. */
void classify(struct builder *builder, const PgQuery__Node *node);
/* Finds what queries and expressions anywhere below do: bulk writes, catalog writes, dynamic SQL.
 */
void classify_queries(struct builder *builder, const ProtobufCMessage *root);
/* Changes the kind; guards the statement accordingly. */
void set_kind(struct builder *builder, struct action *action, enum action_kind kind);

/* The relations named anywhere below, but for WITH queries and the new table itself. */
void set_sources(struct builder *builder, struct action *action, const ProtobufCMessage *query);
void add_uses(struct builder *builder, struct action *action, const char *const *names, size_t n);
/* Of a function: its types, which may be the rows of tables. */
void set_row_types(struct builder *builder, struct action *action, const ProtobufCMessage *create);
void set_relation(
	struct builder *builder, struct action *action, const PgQuery__RangeVar *relation);
/* Of temporary tables, this session's or another's; NULL: none is written. */
bool is_temporary_schema(const char *schema);
/* The tokens of the statement from this byte of the text on. */
struct span span_from(const struct builder *builder, int location);
/* The first token behind a relation's name: ONLY (t) and t * are spellings of it too. */
size_t token_behind_relation(const struct builder *builder, const PgQuery__RangeVar *relation);
/* The grammar makes such nodes, and the table says what they are. */
bool node_known(const PgQuery__Node *node);

/* What PostgreSQL calls a kind of object, and which actions meet it. */
enum object_shape {
	OBJECT_RELATION, /* in pg_class: table */
	OBJECT_PART, /* of a relation: table and name */
	OBJECT_ALONE, /* targets[0] and name */
};
struct object_kind {
	const char *word; /* as in ALTER <word>, also in tags; NULL for an unknown kind */
	enum object_shape shape;
	enum action_kind rename, drop;
};
const struct object_kind *object_kind(PgQuery__ObjectType type);
/* Fills object, table, column, name or targets from a node that names an object of this kind. */
void set_object(struct builder *builder, struct action *action, PgQuery__ObjectType type,
	const PgQuery__Node *node);
struct name object_name(struct builder *builder, const PgQuery__Node *node);
void set_targets(
	struct builder *builder, struct action *action, PgQuery__Node *const *nodes, size_t n);
/* targets[0] and name from the parts of one name. */
void set_name(
	struct builder *builder, struct action *action, PgQuery__Node *const *parts, size_t n);
/* The tag "<verb> <kind of object>". */
void set_tag(struct builder *builder, const char *verb, PgQuery__ObjectType type);
/* Of an option list of CREATE or ALTER FUNCTION: i, s or v; 0 when none is written. */
char function_volatility(PgQuery__Node *const *options, size_t n);
const char *role_text(struct builder *builder, const PgQuery__RoleSpec *role);

/* stmt_column.c: definitions inside a span of the source */
struct column_def *make_column(
	struct builder *builder, const PgQuery__ColumnDef *def, struct span span);
struct constraint_def *make_constraint(
	struct builder *builder, const PgQuery__Constraint *constraint, struct span span);
/* Of a type's words, before end. */
struct span type_span(const struct builder *builder, const PgQuery__TypeName *type, size_t end);
struct type_name make_type(
	struct builder *builder, const PgQuery__TypeName *type, struct span span);
/* Functions, columns and what else is told of an expression without its text. */
void read_names(struct builder *builder, const PgQuery__Node *node, struct expr *expr);
struct expr *make_expr(struct builder *builder, const PgQuery__Node *node, struct span span);
const char *collation_sql(struct builder *builder, const PgQuery__CollateClause *clause);
enum action_kind constraint_action(const PgQuery__Constraint *constraint);

/* stmt_partition.c: the span starts at the bound's location */
struct partition_bound *make_bound(
	struct builder *builder, const PgQuery__PartitionBoundSpec *spec, struct span span);
const char *behind_bound(
	struct builder *builder, const PgQuery__PartitionBoundSpec *spec, struct span span);

/* stmt_shape.c: fills index_def.shape, and constraint_def.shape of UNIQUE and PRIMARY KEY. */
const char *index_shape(struct builder *builder, const PgQuery__IndexStmt *index);
const char *key_shape(struct builder *builder, const PgQuery__Constraint *key);

/* stmt_options.c */
const char *option_value(struct builder *builder, const PgQuery__Node *node);
void read_options(
	struct builder *builder, struct action *action, PgQuery__Node *const *nodes, size_t n);

/* stmt_bulk.c */
const struct bulk_def *update_def(struct builder *builder, const PgQuery__UpdateStmt *update);
const struct bulk_def *delete_def(struct builder *builder, const PgQuery__DeleteStmt *delete);

/* What the names in a WHERE clause may belong to. */
struct where_scope {
	const PgQuery__RangeVar *target; /* whose rows are changed */
	bool others; /* there are other relations beside it */
	bool of_target; /* only columns of the target leave rows out */
};

/*
 * stmt_where.c: true when a WHERE clause holds for every row, but for NULLs in it, holds for all or
 * none because it looks at no column, or is missing.
 */
bool where_is_tautology(const PgQuery__Node *where, const struct where_scope *scope);
/* It holds for no row, so that nothing is read. */
bool where_is_contradiction(const PgQuery__Node *where);

/* stmt_proof.c: fills expr->not_null_columns. */
void prove_not_null(struct builder *builder, const PgQuery__Node *check, struct expr *expr);

/* stmt_clauses.c: fills expr->clauses. */
void read_clauses(struct builder *builder, const PgQuery__Node *check, struct expr *expr);

/* stmt_query.c: an ACTION_CHANGE_ROWS; stmt_rows.c says of it how many they may be. */
struct action *add_rows(
	struct builder *builder, const char *how, const PgQuery__RangeVar *relation);
/* Nothing in it leaves rows of its tables out, as far as its own text shows. */
bool reads_every_row(const PgQuery__SelectStmt *select);
/* LIMIT 0, or a WHERE that no row meets: how a table's columns are copied. */
bool reads_no_row(const PgQuery__SelectStmt *select);
void note_insert(struct builder *builder, const PgQuery__InsertStmt *insert);
void note_update(struct builder *builder, const PgQuery__UpdateStmt *update);
void note_delete(struct builder *builder, const PgQuery__DeleteStmt *delete);

/* stmt_set.c */
bool lexing_parameter(const char *name);
/* A parameter is set: what kind of action that is, and whether text may be read differently after.
 */
void add_parameter(struct builder *builder, const char *name, const char *value, bool local);

/* stmt_opaque.c: a function that runs SQL text handed to it, in whatever schema. */
bool runs_sql(const char *function);
/* A word that can start a schema change, run SQL text, or change how text is read. */
bool opaque_word(const char *word, size_t len);
/* stmt_query.c: a function is called, or will be under another name: what if it runs SQL text? */
struct action *note_function(struct builder *builder, PgQuery__Node *const *parts, size_t n);

/* Handlers fill in the action that the table made for them; those of COMPOUND rows get NULL. */
#define STATEMENT(node, kind, tag, handler)                                                        \
	void handler(struct builder *builder, const PgQuery__Node *node_, struct action *action_);
#define COMPOUND(node, tag, handler)                                                               \
	void handler(struct builder *builder, const PgQuery__Node *node_, struct action *action_);
#define EXPRESSION(node)
#define CLAUSE(node)
#define NEVER(node)
#include "nodes.def"

#endif
