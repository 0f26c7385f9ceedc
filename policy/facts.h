/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the catalog says about the objects that a text names.  proxy/session/catalog fills it on
 * the client's own connection; policy only reads it.  Names are unquoted.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stmt.h"

/* A relation that is locked with ACCESS EXCLUSIVE when some object is dropped. */
struct loser_facts {
	struct name name; /* fully qualified */
	char kind; /* pg_class.relkind */
	bool cascade; /* CASCADE only reaches it */
};

/* An object that goes along and could hang on others by which it may go, too. */
struct along_facts {
	uint32_t class_oid, oid; /* pg_depend.classid, .objid */
	int part; /* .objsubid: a column's number, else 0; oid 0: attached_facts.part */
	bool cascade;
};

struct drop_facts {
	bool cascade_needed; /* dropped alone: without CASCADE the server refuses */
	const struct loser_facts *losers;
	size_t n_losers;
	const struct along_facts *along; /* of what statements name, and of columns */
	size_t n_along;
};

/* A privilege that the owner of a relation granted on it or a column of it. */
struct grant_facts {
	const char *privilege; /* SELECT */
	const char *grantee; /* unquoted; NULL: PUBLIC */
	bool grantable;
};

struct column_facts {
	const char *name;
	int number; /* attnum */
	uint32_t type_oid;
	const char *type_sql; /* format_type(), schema-qualified where needed; NULL: unknown */
	/* typname of the type, or of a domain's base; array types start with _. */
	const char *base_type;
	int typmod; /* atttypmod: -1 none; varchar(n) is n + 4 */
	uint32_t collation_oid;
	bool not_null;
	const char *default_sql; /* pg_get_expr; NULL without a default */
	bool default_volatile; /* the default calls a volatile function */
	char identity; /* 'a', 'd' or 0 */
	bool generated;
	bool inherited; /* from a parent: it cannot be dropped or renamed here alone */
	int n_parents; /* that it is inherited from: attinhcount */
	bool local; /* its table has it for itself, too: attislocal */
	struct name sequence; /* that it owns: serial, identity */
	struct drop_facts drops;
	/* The type is a domain; it or one below it has NOT NULL or CHECK. */
	bool domain, domain_constrained;
	/* Views, rules, policies, generated columns, triggers: "view public.v". */
	const char *const *dependents;
	size_t n_dependents;
	/*
	 * Functions whose text names the column and its table, or that are triggers of it:
	 * PostgreSQL does not know that they depend on it.
	 */
	const char *const *mentioned_by;
	size_t n_mentioned_by;
	bool created_in_transaction; /* by the text itself */
	bool lost_identity; /* by the text itself */
	bool retyped; /* by the text itself: expressions on it may not fit the new type */
	/* What stands on the column besides its definition. */
	const char *comment; /* NULL without one */
	int statistics_target; /* -1: the default */
	const char *options_sql; /* "n_distinct=5"; NULL without any */
	const struct grant_facts *grants;
	size_t n_grants;
	/* What would be lost if another column took its name: "publication p". */
	const char *const *entangled;
	size_t n_entangled;
	bool statistics_known; /* null_fraction is from ANALYZE */
	double null_fraction;
};

struct constraint_facts {
	const char *name;
	enum constraint_kind kind;
	bool validated;
	bool added_in_transaction; /* by this very transaction, or changed by it */
	bool made_by_text; /* at hand, which had lost the table none before */
	bool unseen; /* a file validates it and does not say what it is: NAME is all there is */
	bool deferrable;
	const char *const *columns;
	size_t n_columns;
	const char *definition; /* pg_get_constraintdef */
	const char *comment; /* NULL without one */
	struct name referenced; /* FOREIGN KEY: fully qualified */
	struct name index; /* that backs it; of a FOREIGN KEY the referenced one */
	bool no_inherit, inherited;
	int n_parents; /* that it is inherited from: coninhcount */
	bool local; /* its table has it for itself, too: conislocal */
	struct drop_facts drops;
	/* CHECK, validated, not NO INHERIT-only: columns it implies IS NOT NULL for. */
	const char *const *proves_not_null;
	size_t n_proves_not_null;
	const struct expr_clause *clauses; /* likewise: what it says of columns */
	size_t n_clauses;
};

struct index_facts {
	struct name name; /* fully qualified */
	bool unique, primary, valid, immediate;
	bool partial, has_expressions;
	/* Default opclass, collation of the column, ascending, nulls last: fit for USING INDEX. */
	bool plain_order;
	bool backs_constraint;
	bool attached; /* to an index of the partitioned table above */
	bool replica_identity;
	bool nulls_not_distinct;
	const char *const *columns; /* key columns; NULL entries are expressions */
	size_t n_columns;
	const char *const *mentions; /* columns of its expressions and predicate */
	size_t n_mentions;
	const char *definition; /* pg_get_indexdef */
	const char *tablespace; /* NULL: the database's */
	const char *comment; /* NULL without one */
	/* What its definition does not tell, as the end of a sentence: "is the replica identity";
	 * or NULL. */
	const char *peculiar;
};

/* One table below a partitioned one. */
struct partition_facts {
	struct name name; /* fully qualified */
	struct name parent; /* the partitioned table that holds it directly */
	char kind; /* p: partitioned itself; r or f: a leaf */
};

enum attached_kind {
	ATTACHED_NOTHING,
	ATTACHED_POLICY = 'p',
	ATTACHED_RULE = 'r',
	ATTACHED_TRIGGER = 't',
};

/* A policy, a rule, or a trigger that is not internal. */
struct attached_facts {
	enum attached_kind kind;
	const char *name;
	uint32_t oid; /* 0: made by the text */
	int part; /* made by the text: tells it from others in along_facts */
	bool of_rows; /* a trigger FOR EACH ROW */
	bool is_constraint; /* a trigger that is one, of the same name */
};

/* What CREATE STATISTICS made. */
struct statistics_facts {
	struct name name;
	bool visible; /* by its name without schema */
};

/* Begins the comment of a view that a change left in the place of its table. */
#define STAND_IN_MARK "phasegate: stands in for "
/* Begin the names of triggers that keep a column equal to the one that it will replace. */
#define SYNC_TRIGGER_MARK "~phasegate"

/* A column that a change is filling the successor of. */
struct replaced_facts {
	const char *name;
	bool here; /* begun by this transaction */
};

struct relation_facts {
	struct name asked; /* as the text wrote it */
	bool exists;
	uint32_t oid;
	struct name name; /* fully qualified */
	char kind; /* pg_class.relkind: r p i I v m S f c t */
	bool typed; /* CREATE TABLE ... OF a type */
	bool row_type_used; /* a column of another table holds rows of it, in an array as well */
	char persistence; /* p u t */
	/* By this very transaction, or by the text at hand: nobody else uses it. */
	bool created_in_transaction;
	bool filled; /* by the text at hand, with more rows than it spells out */
	bool system; /* in pg_catalog, information_schema or pg_toast */
	/* relpages, summed over partitions; -1 unknown (never vacuumed or analysed). */
	int64_t pages;
	double rows; /* reltuples, summed likewise; -1 unknown */
	/* Known to hold no row: relpages and reltuples are 0 after a VACUUM, in partitions too. */
	bool empty;
	/* Likewise of itself alone: its children by inheritance may hold rows. */
	bool bare;
	/* No statement has read it for a day or more, in which it was there and was counted. */
	bool unread;
	bool partition; /* it is one */
	struct name parent; /* when it is a partition or an inheritance child */
	/* Leaf partitions or inheritance children, all levels; of a composite type its typed
	 * tables. */
	const struct name *partitions;
	size_t n_partitions;
	/* Of a partitioned table: every level, parents first. */
	const struct partition_facts *partition_tree;
	size_t n_partition_tree;
	/* Every relation below, by inheritance as well: once for each parent that it has there. */
	const struct partition_facts *links;
	size_t n_links;
	bool has_default_partition;
	struct name default_partition;
	/* Of a partitioned table: l, r or h; its key columns, NULL entries are expressions. */
	char partition_strategy;
	const char *const *partition_columns;
	size_t n_partition_columns;
	/* Default operator classes, and the collations of the columns. */
	bool partition_plain;
	const char *partition_bound; /* of a partition: "FOR VALUES ..." or DEFAULT; else NULL */
	/* Of a partition that is partitioned itself: its rows' condition, ancestors' included. */
	const char *partition_constraint;
	struct name table; /* of an index: its table */
	const char *tablespace, *access_method; /* names; tablespace NULL: the database's */
	const char *owner;
	char owned; /* of a sequence, by a column: i as its identity, a else; 0 by none */
	bool row_security;
	const char *const *before_row_triggers; /* by name, which is the order they fire in */
	size_t n_before_row_triggers;
	const struct grant_facts *grants; /* to others than the owner */
	size_t n_grants;
	const struct column_facts *columns;
	size_t n_columns;
	const struct constraint_facts *constraints;
	size_t n_constraints;
	const struct index_facts *indexes; /* of an index itself: that one */
	size_t n_indexes;
	const struct name *referencing; /* tables with a foreign key to this one */
	size_t n_referencing;
	const char *const *dependents; /* views and the like on the relation as a whole */
	size_t n_dependents;
	/* Functions whose text names it, publications of it: they do not keep it from going. */
	const char *const *mentioned_by;
	size_t n_mentioned_by;
	/* It or one below has a trigger that runs once for a whole UPDATE or DELETE. */
	bool statement_triggers;
	/* It or one below has a trigger for DELETE or TRUNCATE, which do not fire each other's; a
	 * foreign key to it has one for DELETE. */
	bool emptying_triggers;
	bool has_rules; /* it or one below: what is written is not what is done */
	/* Letters of what publications tell of its rows, which have no replica identity: u for
	 * UPDATE, d for DELETE; NULL of what the text makes. */
	const char *unidentified;
	bool populated; /* of a materialized view: it can be read */
	bool has_policies;
	bool has_permissive_policies; /* without one no row is let through */
	/* One that is for UPDATE, and on: what an UPDATE of rows by their place writes is not what
	 * is done. */
	bool update_rules;
	/* Row security hides rows of it from the session's user, by force from the owner as well;
	 * and of what holds rows, itself or below, by that one's own name. */
	bool rows_hidden, leaf_rows_hidden;
	/* "publication p": one that sends every column there is, without a list of them; NULL. */
	const char *published;
	bool stands_in; /* a view whose comment begins with STAND_IN_MARK */
	const struct replaced_facts *replaced;
	size_t n_replaced;
	/* A view that the text at hand makes, over relations that were there before. */
	bool leads_on;
	bool lost_constraint; /* the text at hand dropped one that it had not made */
	struct drop_facts drops;
	bool row_triggers; /* FOR EACH ROW, those of foreign keys too */
	/* Where drop_facts are asked for. */
	const struct statistics_facts *statistics;
	size_t n_statistics;
	const struct attached_facts *attached;
	size_t n_attached;
	/*
	 * Relations and constraints in its schema, and in those of its partitions, whose names
	 * PostgreSQL could choose for an index, constraint or sequence of it: what a new name has
	 * to avoid.
	 */
	const char *const *names_taken;
	size_t n_names_taken;
};

struct type_column {
	struct name table; /* fully qualified */
	const char *column;
	char kind; /* of the table: pg_class.relkind */
	bool list; /* an array of the type */
	bool inherited; /* from a parent, which is among them */
	bool generated;
	bool key; /* of a unique or exclusion index, or of partitioning */
	bool writable; /* the table is the user's, and row security hides none of its rows */
	const char *default_sql; /* pg_get_expr; of a generated column, its expression */
};

/* What names a label of an enum that is to be renamed, and not the new one: "view public.v". */
struct label_facts {
	const char *label;
	const char *object;
	bool by_text; /* of a function, which may mean something else by it */
};

struct type_facts {
	struct name asked;
	bool exists;
	uint32_t oid;
	struct name name; /* fully qualified */
	const char *base_type; /* typname, of the base for a domain */
	int base_typmod; /* of a domain's base, else -1 */
	char kind; /* pg_type.typtype, t of the rows of a table; 0 of what the text makes */
	bool domain, domain_constrained;
	bool json; /* json has no equality */
	bool created_in_transaction; /* by the text itself */
	/* Of a domain: format_type() of what it stands on in the end; the names of its own
	 * constraints. */
	const char *base_sql;
	const char *const *constraints;
	size_t n_constraints;
	/* A column holds it inside an array or a row, where the server checks no new constraint; of
	 * an enum whose labels were asked about: another type than its array does. */
	bool embedded;
	/* Tables with a column of this domain, or of one over it; where that of an enum begins. */
	const struct name *used_by;
	size_t n_used_by;
	/* Those columns; likewise of an enum whose labels were asked about, in every table below.
	 */
	const struct type_column *columns;
	size_t n_columns;
	const char *const *labels; /* of an enum, in order */
	size_t n_labels;
	const struct label_facts *named;
	size_t n_named;
	struct drop_facts drops;
};

struct function_facts {
	struct name asked;
	bool exists;
	char volatility; /* worst of the overloads: i, s, v */
	struct drop_facts drops; /* of the first overload */
};

/* Taken before the statement at hand and kept until the transaction ends. */
struct held_lock {
	struct name relation; /* fully qualified, as far as that is known */
	enum lock_mode mode;
	bool any_table; /* below the index named: nobody has looked up which it is */
};

/* What the transaction under way has done so far. */
struct transaction_facts {
	bool block; /* BEGIN was said */
	/* SHARE UPDATE EXCLUSIVE and up, on tables that others can see; the strongest of each. */
	const struct held_lock *locks;
	size_t n_locks;
};

struct facts {
	/* false: nothing could be looked up, assume that all exists, is large and busy. */
	bool known;
	int server_version; /* 150020 */
	/* The client's BEGIN block, or the implicit one of a multi-statement Query. */
	bool in_transaction;
	struct transaction_facts transaction;
	/* Where a name without schema is made, and first looked for; NULL: nobody knows. */
	const char *current_schema;
	/* search_path as current_setting gives it. */
	const char *current_user, *session_user, *search_path;
	int backend_pid;
	/* In force; 0 none. */
	int64_t lock_timeout_ms, statement_timeout_ms, idle_in_transaction_timeout_ms;
	bool lock_timeout_set; /* by the text at hand */
	bool moved_statistics; /* the text at hand made or renamed some */
	bool waited_unbounded; /* for a strong lock, earlier in the text at hand */
	const char *application_name; /* NULL: not known */
	/* SET LOCAL of the settings that expressions read, and of which triggers fire; NULL: not
	 * known. */
	const char *settings_sql;
	bool changes_recorded; /* schema phasegate is there */
	bool read_only; /* the transaction: PostgreSQL would refuse to write in it */
	bool timezone_utc; /* timestamp <-> timestamptz is binary then */
	const char *timezone;
	const char *tablespace; /* of the database */
	bool superuser;
	/* What was asked for, then its children and both ends of its foreign keys. */
	const struct relation_facts *relations;
	size_t n_relations;
	const struct relation_index *index; /* of relations; NULL: none, they are few */
	const struct type_facts *types;
	size_t n_types;
	const struct function_facts *functions;
	size_t n_functions;
	const struct name *vacated; /* that RENAME took from what others knew by it */
	size_t n_vacated;
	/* All of the statement at hand, done or to come: what a column's constraints are made
	 * after. */
	const struct action *const *commands;
	size_t n_commands;
};

struct label_rename {
	const char *from, *to;
};

/* The objects to look up for a text; each listed once. */
struct facts_request {
	/* Tables, indexes, views, sequences: one namespace in pg_class. */
	const struct name *relations;
	size_t n_relations;
	const struct name *types;
	size_t n_types;
	const struct name *functions;
	size_t n_functions;
	bool drops; /* what goes along with them is needed, too: struct drop_facts */
	bool own_types; /* and who uses the types */
	/* Of enums: where their values are and what names these is needed, too. */
	const struct label_rename *labels;
	size_t n_labels;
};

/* Its object is a type or domain. */
bool names_type(const struct action *action);
bool names_statistics(const struct action *action);

/* What policy needs to judge these statements; empty when the text alone decides. */
struct facts_request facts_request(struct arena *arena, const struct stmts *stmts);

/*
 * NULL when it was not looked up or does not exist.  name: as the text wrote it, or fully
 * qualified.  The table of an index that was asked for is looked up with it.
 */
const struct relation_facts *facts_relation(const struct facts *facts, const struct name *name);
/* What was looked up for this very spelling, there or not. */
const struct relation_facts *facts_asked(const struct facts *facts, const struct name *name);
const struct type_facts *facts_type(const struct facts *facts, const struct name *name);
/* NULL when nobody looked it up, it does not exist or was not made by the text. */
const struct function_facts *facts_function(const struct facts *facts, const struct name *function);
/* 'v' when unknown: user functions that nobody can see are unsafe. */
char facts_volatility(const struct facts *facts, const struct name *function);
/* With the schema it resolves to, where that is known. */
struct name facts_qualified(const struct facts *facts, const struct name *name);
/* The lock that this transaction holds on a relation already; LOCK_NONE for none. */
enum lock_mode facts_held(const struct facts *facts, const struct name *relation);
const struct column_facts *facts_column(const struct relation_facts *relation, const char *column);
const struct index_facts *facts_index(const struct relation_facts *relation, const char *index);
const struct constraint_facts *facts_constraint(
	const struct relation_facts *relation, const char *name);
/* NULL when it has none of that kind and name. */
const struct attached_facts *facts_attached(
	const struct relation_facts *relation, enum attached_kind kind, const char *name);
/* As those who write CHECK (column IS NOT NULL) call it: users_email_not_null, email_nn. */
bool facts_says_not_null(const char *constraint, const char *column);
/* One of its words, as underscores part them. */
bool name_has_word(const char *text, const char *word);

#endif
