/* SPDX-License-Identifier: PostgreSQL */
/* What the rules_*.c share: the objects they define and the questions they ask alike. */
#ifndef RULES_H
#define RULES_H

#include "rule.h"

#define RULE(name) extern const struct rule rule_##name;
#include "rules.def"
#undef RULE

bool action_is(const struct rule_context *context, enum action_kind kind);
/* Others can see the table and it is not small: work in proportion to its rows hurts. */
bool large(const struct rule_context *context);
/* Locks are held beyond the action: until COMMIT, or the end of a block of code. */
bool in_one_transaction(const struct rule_context *context);
/* ALTER INDEX or TABLE ... RENAME TO, of what is an index by the catalog, else by that word. */
bool renames_index(const struct rule_context *context);
/* Others can see the table, whatever its size. */
bool shared(const struct rule_context *context);
/* What migration tools keep their books in: a row for each migration, where no catalog tells. */
bool keeps_books(const struct rule_context *context);
bool is_partitioned(const struct rule_context *context);
/* Work in proportion to its rows is brief. */
bool is_small(const struct relation_facts *table, const struct policy_settings *settings);
/* Made by this transaction, or temporary. */
bool is_private(const struct relation_facts *table);
/* Reading all of it takes long, for all that is known; and others can see it. */
bool reads_much(const struct rule_context *context, const struct name *name);
/* The same name, one of them perhaps without its schema. */
bool may_be_same(const struct name *a, const struct name *b);
/* Another action of this statement. */
bool in_statement(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *));
/* Another action of this statement, or a later one of this transaction as far as the text shows. */
bool soon(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *));
/* As soon; where the table is renamed in between, the action at hand has its new name. */
bool soon_by_new_name(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *));
/* An earlier action of this transaction, as far as the text shows. */
bool before(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *));
/* As before, but of whatever transaction. */
bool earlier(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *));
/* As soon, but in whatever transaction. */
bool later(const struct rule_context *context,
	bool (*matches)(const struct rule_context *, const struct action *));
/* The function, sequence or type that the action names, and not just replaced. */
bool made_by_file(const struct rule_context *context);
/* An earlier statement of the text renamed what others knew by that name. */
bool has_vacated(const struct rule_context *context, const struct name *name);
/* Locks of SHARE and up on what others see stop at least their writes. */
bool stops_writes(const struct effects *effects);
/* Such a lock, and no lock_timeout bounds the wait for it. */
bool waits_without_bound(const struct rule_context *context);
/* Work in proportion to the rows of a table that is not small. */
bool works_long(const struct rule_context *context);
/* The strongest lock that this transaction holds on any table others see, but for one relation. */
enum lock_mode strongest_held(const struct rule_context *context, const struct name *but);
/* The column as SQL, quoted. */
const char *column_sql(const struct rule_context *context);

#endif
