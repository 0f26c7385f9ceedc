/* SPDX-License-Identifier: PostgreSQL */
#include "catalog_relation.h"

#include <jansson.h>
#include <string.h>

#include "arena.h"
#include "catalog_json.h"

/* ---- columns, constraints, indexes ---- */

static struct loser_facts read_loser(struct reader *reader, const json_t *object)
{
	return (struct loser_facts){
		.name = reader_name(reader, object, "name"),
		.kind = reader_letter(reader, object, "kind"),
		.cascade = reader_bool(reader, object, "cascade"),
	};
}

static struct along_facts read_along(struct reader *reader, const json_t *object)
{
	return (struct along_facts){
		.class_oid = (uint32_t)reader_integer(reader, object, "class"),
		.oid = (uint32_t)reader_integer(reader, object, "oid"),
		.part = (int)reader_integer(reader, object, "part"),
		.cascade = reader_bool(reader, object, "cascade"),
	};
}

struct drop_facts catalog_read_drops(struct reader *reader, const json_t *object)
{
	const json_t *given = json_object_get(object, "drops");
	struct drop_facts drops = {0};

	if (json_is_null(given))
		return drops;
	drops.cascade_needed = reader_bool(reader, given, "cascade_needed");
	READ_LIST(reader, given, "losers", drops.losers, drops.n_losers, read_loser);
	READ_LIST(reader, given, "along", drops.along, drops.n_along, read_along);
	return drops;
}

static struct grant_facts read_grant(struct reader *reader, const json_t *object)
{
	return (struct grant_facts){
		.privilege = reader_text(reader, object, "privilege"),
		.grantee = reader_text_or_null(reader, object, "grantee"),
		.grantable = reader_bool(reader, object, "grantable"),
	};
}

static void read_attachments(
	struct reader *reader, const json_t *object, struct column_facts *column)
{
	column->comment = reader_text_or_null(reader, object, "comment");
	column->statistics_target = (int)reader_integer(reader, object, "statistics");
	column->options_sql = reader_text_or_null(reader, object, "options");
	READ_LIST(reader, object, "grants", column->grants, column->n_grants, read_grant);
	column->entangled = reader_texts(reader, object, "entangled", false, &column->n_entangled);
}

static struct column_facts read_column(struct reader *reader, const json_t *object)
{
	struct column_facts column = {
		.name = reader_text(reader, object, "name"),
		.number = (int)reader_integer(reader, object, "number"),
		.type_oid = (uint32_t)reader_integer(reader, object, "type_oid"),
		.type_sql = reader_text(reader, object, "type"),
		.base_type = reader_text(reader, object, "base_type"),
		.typmod = (int)reader_integer(reader, object, "typmod"),
		.collation_oid = (uint32_t)reader_integer(reader, object, "collation"),
		.not_null = reader_bool(reader, object, "not_null"),
		.default_sql = reader_text_or_null(reader, object, "default"),
		.default_volatile = reader_bool(reader, object, "default_volatile"),
		.identity = reader_letter(reader, object, "identity"),
		.generated = reader_bool(reader, object, "generated"),
		.inherited = reader_bool(reader, object, "inherited"),
		.n_parents = (int)reader_integer(reader, object, "parents"),
		.local = reader_bool(reader, object, "local"),
		.sequence = reader_name_or_null(reader, object, "sequence"),
		.drops = catalog_read_drops(reader, object),
		.domain = reader_bool(reader, object, "domain"),
		.domain_constrained = reader_bool(reader, object, "domain_constrained"),
	};

	column.dependents = reader_texts(reader, object, "dependents", false, &column.n_dependents);
	column.mentioned_by =
		reader_texts(reader, object, "mentioned_by", false, &column.n_mentioned_by);
	read_attachments(reader, object, &column);
	column.statistics_known = !json_is_null(json_object_get(object, "nulls_per_million"));
	if (column.statistics_known)
		column.null_fraction =
			(double)reader_integer(reader, object, "nulls_per_million") / 1e6;
	return column;
}

static bool kind_of_letter(char letter, enum constraint_kind *kind)
{
	static const struct {
		char letter;
		enum constraint_kind kind;
	} kinds[] = {
		{'c', CONSTRAINT_CHECK},
		{'f', CONSTRAINT_FOREIGN_KEY},
		{'u', CONSTRAINT_UNIQUE},
		{'p', CONSTRAINT_PRIMARY_KEY},
		{'x', CONSTRAINT_EXCLUSION},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].letter == letter) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

/*
 * The conjuncts "c IS NOT NULL" of a CHECK, found by the grammar.  What the grammar does not
 * understand proves nothing.
 */
static void read_proof(struct reader *reader, struct constraint_facts *constraint)
{
	const struct expr *check;
	const char *sql =
		arena_printf(reader->arena, "ALTER TABLE x ADD %s", constraint->definition);
	const char *error;
	struct stmts stmts;

	if (stmt_parse(reader->arena, sql, strlen(sql), &stmts, &error) != 0 || stmts.n != 1 ||
		stmts.items[0].n_actions != 1 || stmts.items[0].actions[0].kind != ACTION_ADD_CHECK)
		return;
	check = stmts.items[0].actions[0].constraint->check;
	constraint->proves_not_null = check->not_null_columns;
	constraint->n_proves_not_null = check->n_not_null_columns;
	constraint->clauses = check->clauses;
	constraint->n_clauses = check->n_clauses;
}

static struct constraint_facts read_constraint(struct reader *reader, const json_t *object)
{
	struct constraint_facts constraint = {
		.name = reader_text(reader, object, "name"),
		.validated = reader_bool(reader, object, "validated"),
		.added_in_transaction = reader_bool(reader, object, "added_in_transaction"),
		.deferrable = reader_bool(reader, object, "deferrable"),
		.definition = reader_text(reader, object, "definition"),
		.comment = reader_text_or_null(reader, object, "comment"),
		.referenced = reader_name_or_null(reader, object, "referenced"),
		.index = reader_name_or_null(reader, object, "index"),
		.no_inherit = reader_bool(reader, object, "no_inherit"),
		.inherited = reader_bool(reader, object, "inherited"),
		.n_parents = (int)reader_integer(reader, object, "parents"),
		.local = reader_bool(reader, object, "local"),
		.drops = catalog_read_drops(reader, object),
	};

	if (!kind_of_letter(reader_letter(reader, object, "kind"), &constraint.kind))
		reader_fail(reader, "is no kind of constraint", "kind");
	constraint.columns = reader_texts(reader, object, "columns", false, &constraint.n_columns);
	if (constraint.kind == CONSTRAINT_CHECK && constraint.validated && !constraint.no_inherit &&
		reader->error == NULL)
		read_proof(reader, &constraint);
	return constraint;
}

static struct index_facts read_index(struct reader *reader, const json_t *object)
{
	struct index_facts index = {
		.name = reader_name(reader, object, "name"),
		.unique = reader_bool(reader, object, "unique"),
		.primary = reader_bool(reader, object, "primary"),
		.valid = reader_bool(reader, object, "valid"),
		.immediate = reader_bool(reader, object, "immediate"),
		.partial = reader_bool(reader, object, "partial"),
		.has_expressions = reader_bool(reader, object, "has_expressions"),
		.plain_order = reader_bool(reader, object, "plain_order"),
		.backs_constraint = reader_bool(reader, object, "backs_constraint"),
		.attached = reader_bool(reader, object, "attached"),
		.replica_identity = reader_bool(reader, object, "replica_identity"),
		.nulls_not_distinct = reader_bool(reader, object, "nulls_not_distinct"),
		.definition = reader_text(reader, object, "definition"),
		.tablespace = reader_text_or_null(reader, object, "tablespace"),
		.comment = reader_text_or_null(reader, object, "comment"),
		.peculiar = reader_text_or_null(reader, object, "peculiar"),
	};

	index.columns = reader_texts(reader, object, "columns", true, &index.n_columns);
	index.mentions = reader_texts(reader, object, "mentions", false, &index.n_mentions);
	return index;
}

/* ---- relations ---- */

static struct partition_facts read_partition(struct reader *reader, const json_t *object)
{
	return (struct partition_facts){
		.name = reader_name(reader, object, "name"),
		.parent = reader_name(reader, object, "parent"),
		.kind = reader_letter(reader, object, "kind"),
	};
}

static struct attached_facts read_attached(struct reader *reader, const json_t *object)
{
	return (struct attached_facts){
		.kind = (enum attached_kind)reader_letter(reader, object, "kind"),
		.name = reader_text(reader, object, "name"),
		.oid = (uint32_t)reader_integer(reader, object, "oid"),
		.of_rows = reader_bool(reader, object, "of_rows"),
		.is_constraint = reader_bool(reader, object, "is_constraint"),
	};
}

/*
 * Of a partitioned table the leaves are its partitions; of any other table every child is.
 * Multiple inheritance shows a child once for each way to it.
 */
static void read_partitions(
	struct reader *reader, const json_t *object, struct relation_facts *relation)
{
	const struct partition_facts *tree;
	bool partitioned = relation->kind == 'p' || relation->kind == 'I';
	size_t n_tree;
	struct name *names;

	READ_LIST(reader, object, "tree", tree, n_tree, read_partition);
	names = arena_alloc(reader->arena, (n_tree + 1) * sizeof(*names));
	for (size_t i = 0; i < n_tree; i++) {
		bool leaf = tree[i].kind != 'p' && tree[i].kind != 'I', known = false;

		for (size_t j = 0; j < relation->n_partitions; j++)
			known |= !partitioned && name_equal(&names[j], &tree[i].name);
		if ((leaf || !partitioned) && !known)
			names[relation->n_partitions++] = tree[i].name;
	}
	relation->partitions = names;
	relation->links = tree;
	relation->n_links = n_tree;
	if (partitioned) {
		relation->partition_tree = tree;
		relation->n_partition_tree = n_tree;
	}
	relation->default_partition = reader_name_or_null(reader, object, "default_partition");
	relation->has_default_partition = relation->default_partition.name != NULL;
}

static void read_partitioning(
	struct reader *reader, const json_t *object, struct relation_facts *relation)
{
	const char *strategy = reader_text_or_null(reader, object, "partition_strategy");

	relation->partition_strategy = strategy == NULL ? 0 : strategy[0];
	relation->partition_columns = reader_texts(
		reader, object, "partition_columns", true, &relation->n_partition_columns);
	relation->partition_plain = reader_bool(reader, object, "partition_plain");
	relation->partition_bound = reader_text_or_null(reader, object, "partition_bound");
	relation->partition_constraint =
		reader_text_or_null(reader, object, "partition_constraint");
}

static void read_batches(
	struct reader *reader, const json_t *object, struct relation_facts *relation)
{
	relation->has_rules = reader_bool(reader, object, "has_rules");
	relation->update_rules = reader_bool(reader, object, "update_rules");
	relation->rows_hidden = reader_bool(reader, object, "rows_hidden");
	relation->leaf_rows_hidden = reader_bool(reader, object, "leaf_rows_hidden");
	relation->published = reader_text_or_null(reader, object, "published");
}

static struct replaced_facts read_replaced(struct reader *reader, const json_t *object)
{
	return (struct replaced_facts){
		.name = reader_text(reader, object, "name"),
		.here = reader_bool(reader, object, "here"),
	};
}

static void read_contents(
	struct reader *reader, const json_t *object, struct relation_facts *relation)
{
	const char *policies;

	READ_LIST(reader, object, "columns", relation->columns, relation->n_columns, read_column);
	READ_LIST(reader, object, "constraints", relation->constraints, relation->n_constraints,
		read_constraint);
	READ_LIST(reader, object, "indexes", relation->indexes, relation->n_indexes, read_index);
	relation->referencing =
		reader_names(reader, object, "referencing", &relation->n_referencing);
	relation->dependents =
		reader_texts(reader, object, "dependents", false, &relation->n_dependents);
	relation->mentioned_by =
		reader_texts(reader, object, "mentioned_by", false, &relation->n_mentioned_by);
	relation->statement_triggers = reader_bool(reader, object, "statement_triggers");
	relation->emptying_triggers = reader_bool(reader, object, "emptying_triggers");
	read_batches(reader, json_object_get(object, "batches"), relation);
	relation->unidentified = reader_text(reader, object, "unidentified");
	relation->populated = reader_bool(reader, object, "populated");
	relation->stands_in = reader_bool(reader, object, "stands_in");
	READ_LIST(reader, object, "replaced", relation->replaced, relation->n_replaced,
		read_replaced);
	policies = reader_text_or_null(reader, object, "policies");
	relation->has_policies = policies != NULL;
	relation->has_permissive_policies = policies != NULL && strcmp(policies, "permissive") == 0;
	relation->names_taken =
		reader_texts(reader, object, "names_taken", false, &relation->n_names_taken);
}

static char owned(struct reader *reader, const json_t *object)
{
	const char *how = reader_text_or_null(reader, object, "owned");

	return how == NULL ? 0 : how[0];
}

static struct statistics_facts read_statistics(struct reader *reader, const json_t *object)
{
	return (struct statistics_facts){
		.name = reader_name(reader, object, "name"),
		.visible = reader_bool(reader, object, "visible"),
	};
}

struct relation_facts catalog_read_relation(struct reader *reader, const json_t *object)
{
	struct relation_facts relation = {.exists = reader_bool(reader, object, "exists")};

	if (!relation.exists)
		return relation;
	relation.oid = (uint32_t)reader_integer(reader, object, "oid");
	relation.name = reader_name(reader, object, "name");
	relation.kind = reader_letter(reader, object, "kind");
	relation.persistence = reader_letter(reader, object, "persistence");
	relation.created_in_transaction = reader_bool(reader, object, "created_in_transaction");
	relation.system = reader_bool(reader, object, "system");
	relation.pages = reader_integer(reader, object, "pages");
	relation.rows = (double)reader_integer(reader, object, "rows");
	relation.empty = reader_bool(reader, object, "empty");
	relation.bare = reader_bool(reader, object, "bare");
	relation.unread = reader_bool(reader, object, "unread");
	relation.partition = reader_bool(reader, object, "partition");
	relation.parent = reader_name_or_null(reader, object, "parent");
	read_partitioning(reader, object, &relation);
	relation.table = reader_name_or_null(reader, object, "table");
	relation.tablespace = reader_text_or_null(reader, object, "tablespace");
	relation.access_method = reader_text_or_null(reader, object, "access_method");
	relation.owner = reader_text(reader, object, "owner");
	relation.owned = owned(reader, object);
	relation.typed = reader_bool(reader, object, "typed");
	relation.row_type_used = reader_bool(reader, object, "row_type_used");
	relation.drops = catalog_read_drops(reader, object);
	relation.row_triggers = reader_bool(reader, object, "row_triggers");
	READ_LIST(reader, object, "extended", relation.statistics, relation.n_statistics,
		read_statistics);
	READ_LIST(
		reader, object, "attached", relation.attached, relation.n_attached, read_attached);
	relation.row_security = reader_bool(reader, object, "row_security");
	relation.before_row_triggers = reader_texts(
		reader, object, "before_row_triggers", false, &relation.n_before_row_triggers);
	READ_LIST(reader, object, "grants", relation.grants, relation.n_grants, read_grant);
	read_partitions(reader, object, &relation);
	read_contents(reader, object, &relation);
	return relation;
}
