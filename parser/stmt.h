/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tier 2: what each SQL statement of a text does, as facts of the text alone.  Opinions about
 * it live in policy/; what the catalog says lives in policy/facts.h.  No libpg_query type
 * leaves parser/.  Trees are walked recursively: the calling thread needs PARSE_STACK_BYTES.
 */
#ifndef STMT_H
#define STMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct arena;

/*
 * Several times what the deepest text within head_limits_default took: tests/parser/test_limits.c
 * measures it, under the sanitizers too.
 */
#define PARSE_STACK_BYTES ((size_t)128 << 20)

enum action_kind {
#define ACTION(name, text) ACTION_##name,
#include "actions.def"
#undef ACTION
	ACTION_KINDS
};

/* Lock modes, weakest first: https://www.postgresql.org/docs/15/explicit-locking.html */
enum lock_mode {
	LOCK_NONE,
	LOCK_ACCESS_SHARE,
	LOCK_ROW_SHARE,
	LOCK_ROW_EXCLUSIVE,
	LOCK_SHARE_UPDATE_EXCLUSIVE,
	LOCK_SHARE,
	LOCK_SHARE_ROW_EXCLUSIVE,
	LOCK_EXCLUSIVE,
	LOCK_ACCESS_EXCLUSIVE,
};
const char *lock_mode_name(enum lock_mode mode); /* "ACCESS EXCLUSIVE" */

/* A type as written.  int4 and integer are both pg_catalog.int4 here, as the grammar makes them. */
struct type_name {
	struct name name; /* of the element for an array */
	const char *sql; /* as written, typmods and array bounds included */
	int typmods[2]; /* as written, e.g. {10, 2} for numeric(10,2) */
	int n_typmods;
	bool array;
	bool serial; /* smallserial, serial, bigserial in any spelling */
};

enum column_test_kind {
	TEST_OTHER, /* anything else */
	TEST_NULL,
	TEST_NOT_NULL,
	TEST_EQUAL,
	TEST_NOT_EQUAL,
	TEST_LESS,
	TEST_LESS_EQUAL,
	TEST_GREATER,
	TEST_GREATER_EQUAL,
};

/* One column compared with a literal. */
struct column_test {
	enum column_test_kind kind;
	const char *column;
	const char *cast; /* to this type before it is compared; NULL: as it is */
	const char *value; /* the literal's text, unquoted */
	const char *type; /* that it is cast to, without schema; NULL: to none */
};

/* Holds where one of its arms does. */
struct expr_clause {
	const struct column_test *arms;
	size_t n;
};

/* An expression of the text. */
struct expr {
	const char *sql; /* as written, on one line, without outer parentheses */
	/* Every function it calls; SQL value functions (now-like) are not listed. */
	const struct name *functions;
	size_t n_functions;
	const char *const *columns; /* unqualified names it refers to */
	size_t n_columns;
	/* Columns that cannot be null where it holds or is null, as PostgreSQL proves it. */
	const char *const *not_null_columns;
	size_t n_not_null_columns;
	const struct expr_clause *clauses; /* it holds where all of them do; NOT pushed down */
	size_t n_clauses;
	bool constant; /* no column, no function, no parameter: a literal, possibly cast */
	bool subquery; /* with a SELECT in it */
	bool null; /* the literal NULL, possibly cast */
	bool column_only; /* just one column, no cast */
	/* Just one column, cast to this; else NULL. */
	const struct type_name *column_cast;
};

enum constraint_kind {
	CONSTRAINT_CHECK,
	CONSTRAINT_FOREIGN_KEY,
	CONSTRAINT_UNIQUE,
	CONSTRAINT_PRIMARY_KEY,
	CONSTRAINT_EXCLUSION,
};

/* A constraint being added, by itself or written inside a column definition. */
struct constraint_def {
	enum constraint_kind kind;
	const char *name; /* NULL when PostgreSQL would choose one */
	const char *const *columns; /* its own columns; the column itself when inline */
	size_t n_columns;
	const char *const *include; /* INCLUDE columns */
	size_t n_include;
	struct name referenced; /* FOREIGN KEY */
	const char *const *referenced_columns; /* empty: the primary key */
	size_t n_referenced_columns;
	struct expr *check;
	const char *using_index; /* ADD ... USING INDEX i */
	bool not_valid;
	bool deferrable, initially_deferred;
	bool no_inherit;
	bool nulls_not_distinct;
	const char *shape; /* of a key, written behind columns: that of its index_def */
	/* From CHECK / FOREIGN KEY / UNIQUE / ... on, table form, without NOT VALID. */
	const char *body_sql;
};

struct column_def {
	const char *name;
	struct type_name type;
	const char *collation_sql; /* its name, quoted: "pg_catalog"."C"; NULL when not written */
	bool not_null; /* NOT NULL or PRIMARY KEY written */
	struct expr *default_expr; /* NULL when not written */
	struct expr *generated; /* GENERATED ALWAYS AS (expr) STORED */
	char identity; /* 'a' ALWAYS, 'd' BY DEFAULT, 0 none */
	const char *identity_options_sql; /* "(START WITH 5)" or "" */
	const struct constraint_def *constraints; /* CHECK, UNIQUE, PRIMARY KEY, REFERENCES */
	size_t n_constraints;
	const char *storage_sql; /* COMPRESSION and the like; "" when not written */
};

struct index_def {
	const char *name; /* NULL when PostgreSQL would choose one */
	const char *method; /* btree, ... */
	bool unique, nulls_not_distinct;
	const char *const *columns; /* plain key columns, in order; NULL entries are expressions */
	size_t n_columns;
	/* plain_order: no DESC, NULLS, COLLATE, opclass. */
	bool has_expressions, partial, plain_order;
	const char *const *include; /* INCLUDE columns */
	size_t n_include;
	/* Its expressions and predicate: columns and functions alone are told of them. */
	const struct expr *expressions;
	size_t n_expressions;
	const char *shape; /* equal for indexes of the same keys, INCLUDE and WHERE */
	const char *body_sql; /* from USING on: USING btree (a, b) INCLUDE (c) WITH (..) WHERE .. */
};

enum bound_kind { BOUND_VALUE, BOUND_MINVALUE, BOUND_MAXVALUE };

struct bound_value {
	enum bound_kind kind;
	const struct expr *expr; /* of BOUND_VALUE */
};

/* Which rows a partition takes. */
struct partition_bound {
	bool is_default;
	char strategy; /* l IN, r FROM TO, h WITH (MODULUS, REMAINDER); 0 of DEFAULT */
	const struct bound_value *values; /* IN, or FROM */
	const struct bound_value *upper; /* TO: as many as FROM */
	size_t n_values;
	int modulus, remainder;
};

/* What stands in the way of doing an UPDATE or DELETE in several pieces; bits. */
enum bulk_trait {
	BULK_NESTED = 1 << 0, /* in WITH, EXPLAIN, PREPARE or COPY, or behind WITH */
	BULK_JOINS = 1 << 1, /* FROM or USING */
	BULK_RETURNS = 1 << 2, /* RETURNING */
	BULK_SUBQUERY = 1 << 3,
	BULK_PARAMETER = 1 << 4, /* $1 */
	BULK_CLOCK = 1 << 5, /* the time of its statement or transaction: now(), 'today' */
	BULK_SESSION = 1 << 6, /* SESSION_USER */
	BULK_QUALIFIED = 1 << 7, /* a column written with the schema of its table */
	BULK_WHOLE_ROW = 1 << 8, /* the row as a value: t, t.* */
	BULK_UNREAD = 1 << 9, /* its clauses were not told apart */
	BULK_MERGE = 1 << 10, /* a branch of MERGE; nothing else is told of it */
};

/* An UPDATE or DELETE whose WHERE leaves no row out, clause by clause. */
struct bulk_def {
	unsigned traits; /* of enum bulk_trait */
	const char *alias; /* what its expressions may call the table; unquoted */
	const char *set_sql; /* behind SET; NULL for DELETE */
	const char *where_sql; /* the tautology; NULL when none is written */
	const char *const *columns; /* that SET writes */
	size_t n_columns;
	const struct name *functions; /* called anywhere in it */
	size_t n_functions;
};

/* A parameter that is set, space.name = value; value NULL: none is written. */
struct option {
	const char *space, *name, *value;
};

/*
 * One thing a statement does.  Fields that do not apply are NULL or zero.
 * A multi-command ALTER TABLE yields one action per command, each with its own sql.
 */
struct action {
	enum action_kind kind;
	/* The relation acted on: table, index's table, view, ...; name NULL if none. */
	struct name table;
	/* Kind word of the relation as written: "TABLE", "INDEX", "VIEW", ... */
	const char *object;
	/* Unquoted.  CHANGE_ROWS: its WHERE holds only where this one equals constants. */
	const char *column;
	const char *name; /* constraint, trigger, rule, parameter, enum label, ...; unquoted */
	/* Of renames, SET SCHEMA, OWNER TO; SET_PARAMETER's value; ENUM_ADD_VALUE's neighbour;
	 * tablespace of REINDEX; the parameter of ALTER ROLE ... SET; of SET STORAGE and
	 * COMPRESSION the way; of REPLICA IDENTITY all but an index; CREATE_FUNCTION's language. */
	const char *new_name;
	/* All that DROP, TRUNCATE, LOCK or VACUUM list; of REINDEX and DROP INDEX the index. */
	const struct name *targets;
	size_t n_targets;
	/* CREATE TABLE AS, views: what the query reads; CREATE_TABLE: all parents; HARMLESS: what a
	 * SELECT reads all of; CREATE_FUNCTION: its types, but for those of pg_catalog. */
	const struct name *sources;
	size_t n_sources;
	/* CREATE_TRIGGER, _POLICY, _STATISTICS, GRANT: columns of its table that it names. */
	const char *const *uses;
	size_t n_uses;
	struct name other; /* referenced table, partition, source of LIKE, new parent */
	struct column_def *column_def; /* ADD_COLUMN */
	const struct column_def *const
		*columns; /* CREATE_TABLE and CREATE_PARTITION_OF: defined here */
	size_t n_columns;
	const struct constraint_def *constraints; /* likewise, of the table */
	size_t n_constraints;
	struct type_name *type; /* ALTER_COLUMN_TYPE */
	const char *collation_sql; /* ALTER_COLUMN_TYPE ... COLLATE */
	struct expr *expr; /* SET_DEFAULT, USING of ALTER_COLUMN_TYPE */
	struct constraint_def *constraint; /* ADD_CHECK .. ADD_EXCLUSION */
	struct index_def *index; /* CREATE_INDEX */
	/* SET and RESET (...) of relations and columns; ALTER_SEQUENCE. */
	const struct option *options;
	size_t n_options;
	bool resets; /* RESET (...) */
	const struct bulk_def *bulk; /* UPDATE_ and DELETE_WITHOUT_WHERE, always there */
	struct partition_bound *bound; /* ATTACH_PARTITION, CREATE_PARTITION_OF; else NULL */
	/* CREATE_PARTITION_OF: what is written behind the bound; NULL when columns or constraints
	 * of its own stand before it. */
	const char *behind_bound;
	enum lock_mode lock_mode; /* LOCK_TABLE */
	bool only; /* ONLY t */
	bool if_exists, if_not_exists; /* of ALTER TABLE the table; ADD COLUMN IF NOT EXISTS */
	bool part_if_exists; /* ALTER TABLE: the column, constraint, identity or expression */
	bool cascade;
	bool concurrently;
	bool temporary; /* CREATE TEMP ..., or the name is in pg_temp */
	bool for_each_row; /* CREATE_TRIGGER */
	bool instead_of, transition_tables; /* CREATE_TRIGGER: INSTEAD OF; REFERENCING */
	bool on_truncate; /* CREATE_TRIGGER: for TRUNCATE */
	bool restrictive; /* CREATE_POLICY */
	bool is_constraint; /* CREATE CONSTRAINT TRIGGER */
	bool unlogged; /* CREATE UNLOGGED ... */
	bool with_foreign_key; /* CREATE_TABLE with REFERENCES; targets are the referenced tables */
	bool replaces; /* OR REPLACE */
	bool primary_key; /* CREATE_TABLE: with one */
	bool partitioned; /* CREATE_TABLE ... PARTITION BY */
	bool constrained; /* CREATE_DOMAIN with CHECK or NOT NULL */
	/* DO_BLOCK: its body has a word that could change the schema or run SQL text. */
	bool opaque;
	bool nowait; /* LOCK_TABLE, SET_TABLESPACE of all, SKIP_LOCKED of VACUUM and ANALYZE */
	bool inherits; /* other is a parent: CREATE_TABLE, not the source of LIKE; INHERIT, not NO
			  INHERIT */
	bool finalize; /* DETACH_PARTITION ... FINALIZE */
	bool local; /* SET_PARAMETER, SET_TIMEOUT: SET LOCAL */
	bool chain; /* TRANSACTION: AND CHAIN */
	bool restarts_identity; /* TRUNCATE ... RESTART IDENTITY */
	bool few_rows; /* CHANGE_ROWS: an INSERT of what the text spells out; CREATE TABLE AS: of
			  none */
	char volatility; /* CREATE_FUNCTION, ALTER_FUNCTION: i, s or v; 0 when not written */
	bool with_data; /* CREATE TABLE AS, matviews: not WITH NO DATA */
	bool every_row; /* CREATE TABLE AS: of all rows of what its query reads */
	const char *sql; /* this action alone as one complete statement */
	size_t location; /* byte offset of its clause in the text */
};

/* How its queries and data changes are written; bits. */
enum stmt_habit {
	HABIT_INSERT_WITHOUT_COLUMNS = 1 << 0,
	HABIT_ORDER_BY_RANDOM = 1 << 1,
	HABIT_LEADING_WILDCARD = 1 << 2, /* LIKE '%x' */
};

/*
 * One statement of the text.  guarded is false only for what cannot change the schema, hide code
 * from us, or change how text is read: queries without INTO; INSERT, UPDATE, DELETE and MERGE
 * on ordinary tables, UPDATE and DELETE with a WHERE that is no tautology, in WITH too; COPY
 * without PROGRAM; transaction control; SET, RESET and set_config() of anything but
 * client_encoding/NAMES and standard_conforming_strings to an unsafe value (a computed name is
 * let through: head_scan's readings and ParameterStatus cover it); SHOW, LISTEN, NOTIFY, cursors,
 * CALL, PREPARE and EXPLAIN of such statements (EXPLAIN without ANALYZE of anything), EXECUTE,
 * DEALLOCATE, DISCARD, CHECKPOINT, SET CONSTRAINTS; and none of them calling a function that
 * runs SQL text (query_to_xml, dblink_exec, ...).  Everything else is guarded.
 */
struct stmt {
	const char *sql; /* its own slice of the text, trimmed */
	size_t location, len; /* where that slice is in the text */
	/* CommandComplete tag on success where it is fixed ("ALTER TABLE"), else NULL. */
	const char *tag;
	const struct action *actions;
	size_t n_actions;
	bool guarded; /* could change the schema, hide code, or change how text is read */
	/* PostgreSQL refuses it in a transaction block (CONCURRENTLY, VACUUM, ...). */
	bool no_transaction;
	bool executes_prepared; /* EXECUTE or CREATE TABLE AS EXECUTE */
	const char *prepared_name; /* of that prepared statement */
	bool inside_code; /* actions are those of statements in a DO block, or in what it calls */
	unsigned habits; /* of enum stmt_habit */
	const char *long_identifier; /* the first of more than 63 bytes, as written; NULL: none */
};

struct stmts {
	const struct stmt *items;
	size_t n;
	bool guarded; /* any of them */
	/* Of the whole text, by stmt_identify; else NULL. */
	const char *fingerprint; /* pg_query_fingerprint, hex */
	const char *normalized; /* literals replaced by $n; "" when that failed */
	size_t error_at; /* byte at which the grammar gave up, when it did */
};

/*
 * Parse a text of any number of statements into out; all memory belongs to the arena.
 * Refuses NUL bytes inside.  Returns 0, or -1 with *error the grammar's message.
 * Anything the classifier does not know is an ACTION_UNCLASSIFIED and guarded.
 */
int stmt_parse(
	struct arena *arena, const char *text, size_t len, struct stmts *out, const char **error);

/*
 * For records: fills fingerprint and normalized.  Each is a pass of the grammar over the whole text
 * again.  text is what stmt_parse has taken.
 */
void stmt_identify(struct arena *arena, const char *text, size_t len, struct stmts *stmts);

/*
 * The text with every parameter $i replaced by values[i - 1], which is SQL; NULL when it has one
 * beyond n.
 */
const char *stmt_with_values(
	struct arena *arena, const char *text, size_t len, const char *const *values, size_t n);

const char *action_name(enum action_kind kind);

/* index_def.shape of a btree of these; NULL when one of them is no column. */
const char *shape_of_columns(struct arena *arena, const char *const *columns, size_t n);

/* The grammar's version for messages, "15". */
extern const char *const grammar_version;

#endif
