/* SPDX-License-Identifier: PostgreSQL */
/* That the query itself tells the truth is tested on a server: tests/e2e/test_catalog_query.py. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <pg_query.h>
#include <string.h>

#include "arena.h"
#include "catalog.h"

/* ---- parameters ---- */

Test(catalog, parameters_are_array_literals)
{
	static const struct name relations[] = {
		{NULL, "t"}, {"s", "we\"ird\\ {x},"}, {NULL, "NULL"}, {"ключ", "'"}};
	struct facts_request request = {.relations = relations, .n_relations = 4};
	const char *parameters[CATALOG_PARAMETERS];
	struct arena arena = {0};

	catalog_parameters(&arena, &request, parameters);
	cr_expect_str_eq(parameters[0],
		"{{\"\",\"t\"},{\"s\",\"we\\\"ird\\\\ {x},\"},{\"\",\"NULL\"},{\"ключ\",\"'\"}}");
	cr_expect_str_eq(parameters[1], "{}");
	cr_expect_str_eq(parameters[2], "{}");
	cr_expect_str_eq(parameters[3], "f");
	arena_free(&arena);
}

/* ---- the answer ---- */

static const char answer[] =
	"{\"server_version\":150020,\"current_user\":\"app\",\"session_user\":\"login\","
	"\"search_path\":\"s, public\",\"backend_pid\":42,\"lock_timeout_ms\":2000,"
	"\"statement_timeout_ms\":0,\"changes_recorded\":false,\"read_only\":false,\"settings\":"
	"\"SET LOCAL x TO "
	"1\",\"timezone_utc\":true,\"timezone\":\"UTC\",\"current_schema\":"
	"\"s\","
	"\"tablespace\":\"pg_default\","
	"\"idle_in_transaction_timeout_ms\":30000,\"application_name\":\"psql\",\"locks\":["
	"{\"relation\":[\"s\",\"o\"],\"mode\":\"AccessExclusiveLock\"},"
	"{\"relation\":[\"s\",\"o\"],\"mode\":\"ShareLock\"},"
	"{\"relation\":[\"public\",\"u\"],\"mode\":\"ShareRowExclusiveLock\"}],"
	"\"superuser\":false,\"snapshot_kept\":false,"
	"\"relations\":[{\"exists\":true,\"oid\":4000000000,\"name\":[\"s\",\"t\"],\"kind\":\"p\","
	"\"persistence\":\"p\",\"created_in_transaction\":true,\"system\":false,\"pages\":7,"
	"\"rows\":-1,\"empty\":false,\"bare\":true,\"unread\":true,\"partition\":true,\"parent\":["
	"\"s\",\"top\"],"
	"\"tree\":[{\"name\":[\"s\",\"p1\"],\"parent\":[\"s\",\"t\"],\"kind\":\"p\"},"
	"{\"name\":[\"s\",\"p1a\"],\"parent\":[\"s\",\"p1\"],\"kind\":\"r\"}],"
	"\"default_partition\":[\"s\",\"d\"],\"partition_strategy\":\"r\","
	"\"partition_columns\":[\"a\",null],\"partition_plain\":true,"
	"\"partition_bound\":\"DEFAULT\",\"partition_constraint\":null,"
	"\"table\":[\"s\",\"u\"],\"tablespace\":\"fast\","
	"\"access_method\":\"heap\",\"owner\":\"me\",\"owned\":null,"
	"\"row_security\":true,\"before_row_triggers\":[\"audit\"],"
	"\"grants\":[{\"privilege\":\"SELECT\",\"grantee\":null,\"grantable\":false}],"
	"\"columns\":[{\"name\":\"a\",\"number\":3,\"type_oid\":23,\"type\":\"integer\",\"base_"
	"type\":\"int4\","
	"\"typmod\":-1,\"collation\":0,\"not_null\":true,\"default\":\"5\",\"default_volatile\":"
	"false,"
	"\"identity\":\"\",\"generated\":false,\"inherited\":true,\"parents\":1,\"local\":false,"
	"\"sequence\":[\"s\",\"q\"],"
	"\"drops\":{\"cascade_needed\":true,\"losers\":[{\"name\":[\"s\",\"v\"],\"kind\":\"v\","
	"\"cascade\":true}],\"along\":[{\"class\":2618,\"oid\":7,\"part\":0,\"cascade\":true}]},"
	"\"domain\":false,\"domain_constrained\":false,"
	"\"dependents\":[\"view s.v\"],\"mentioned_by\":[\"function "
	"s.f\"],\"comment\":\"why\",\"statistics\":500,"
	"\"options\":\"n_distinct=5\","
	"\"grants\":[{\"privilege\":\"UPDATE\",\"grantee\":\"app\",\"grantable\":true}],"
	"\"entangled\":[\"publication p\"],\"nulls_per_million\":250000}],"
	"\"constraints\":[{\"name\":\"k\",\"kind\":\"c\",\"validated\":true,\"added_in_"
	"transaction\":true,"
	"\"deferrable\":false,"
	"\"no_inherit\":false,\"inherited\":false,\"parents\":0,\"local\":true,\"index\":null,"
	"\"drops\":null,"
	"\"columns\":[\"a\","
	"\"b\"],"
	"\"definition\":\"CHECK (((a IS NOT NULL) AND (b > "
	"0)))\",\"comment\":null,\"referenced\":[\"s\",\"u\"]}],"
	"\"indexes\":[{\"name\":[\"s\",\"i\"],\"unique\":true,\"primary\":false,\"valid\":true,"
	"\"immediate\":true,\"partial\":false,\"has_expressions\":true,\"plain_order\":true,"
	"\"attached\":false,\"replica_identity\":false,"
	"\"backs_constraint\":false,\"nulls_not_distinct\":false,\"columns\":[\"a\",null],"
	"\"mentions\":[\"b\"],\"definition\":\"CREATE INDEX ..\","
	"\"tablespace\":null,\"comment\":null,"
	"\"peculiar\":\"is the replica identity\"}],"
	"\"referencing\":[[\"s\",\"child\"]],\"dependents\":[\"view "
	"s.v\"],\"mentioned_by\":[\"publication "
	"p\"],\"statement_triggers\":true,\"emptying_triggers\":true,"
	"\"batches\":{\"has_rules\":false,\"rows_hidden\":true,\"update_rules\":true,"
	"\"leaf_rows_hidden\":true,\"published\":\"publication p\"},"
	"\"unidentified\":\"u\",\"populated\":true,\"stands_in\":"
	"false,\"replaced\":[{\"name\":\"a\",\"here\":true}],\"policies\":null,"
	"\"drops\":null,\"typed\":false,\"row_type_used\":true,\"row_triggers\":true,"
	"\"extended\":[{\"name\":[\"s\",\"st\"],\"visible\":true}],"
	"\"attached\":[{\"kind\":\"t\",\"name\":\"tr\",\"oid\":12,\"of_rows\":true,"
	"\"is_constraint\":true}],"
	"\"names_taken\":[\"t_a_idx\"]}],"
	"\"types\":[{\"exists\":true,\"oid\":9,\"base_type\":\"int4\",\"base_typmod\":-1,"
	"\"domain\":true,"
	"\"kind\":\"d\",\"domain_constrained\":true,\"json\":false,\"used_by\":[[\"s\",\"t\"]],"
	"\"drops\":null,"
	"\"name\":[\"s\",\"d\"],\"base\":\"integer\",\"constraints\":[\"k\"],\"embedded\":true,"
	"\"columns\":[{\"table\":[\"s\",\"t\"],\"column\":\"a\",\"kind\":\"r\",\"list\":true,"
	"\"inherited\":false,\"generated\":false,\"key\":false,\"writable\":true,"
	"\"default\":null}],\"labels\":[\"x\"],"
	"\"named\":[{\"label\":\"x\",\"object\":\"view s.v\",\"text\":false}]}],"
	"\"functions\":[{\"exists\":true,\"volatility\":\"s\",\"drops\":null}]}";

static const struct name t = {NULL, "t"}, domain = {NULL, "d"}, function = {NULL, "f"};
static const struct facts_request request = {&t, 1, &domain, 1, &function, 1, true, true, NULL, 0};

static int decode(struct arena *arena, const char *json, struct facts *facts, const char **error)
{
	*error = NULL;
	return catalog_decode(arena, json, strlen(json), &request, facts, error);
}

/* What a kept snapshot does not show may be there. */
Test(catalog, an_answer_of_a_kept_snapshot)
{
	static const char *const kept[] = {"false", "true"};
	struct arena arena = {0};

	for (size_t i = 0; i < 2; i++) {
		struct facts facts;
		const char *error, *json = arena_printf(&arena,
					   "{\"server_version\":150020,\"current_user\":\"a\","
					   "\"session_user\":\"a\",\"search_path\":\"s\","
					   "\"backend_pid\":1,\"lock_timeout_ms\":0,"
					   "\"statement_timeout_ms\":0,\"changes_recorded\":false,"
					   "\"read_only\":false,"
					   "\"timezone_utc\":true,"
					   "\"timezone\":\"UTC\",\"settings\":\"\","
					   "\"current_schema\":null,\"tablespace\":\"x\","
					   "\"idle_in_transaction_timeout_ms\":0,"
					   "\"application_name\":\"\",\"locks\":null,"
					   "\"superuser\":false,\"snapshot_kept\":%s,"
					   "\"relations\":[{\"exists\":false}],"
					   "\"types\":[{\"exists\":false}],"
					   "\"functions\":[{\"exists\":false}]}",
					   kept[i]);

		cr_assert_eq(decode(&arena, json, &facts, &error), 0, "%s", error);
		cr_expect_eq(facts.n_relations, 1 - i);
	}
	arena_free(&arena);
}

Test(catalog, a_whole_answer)
{
	struct arena arena = {0};
	const struct relation_facts *table;
	const struct column_facts *column;
	struct facts facts;
	const char *error;

	cr_assert_eq(decode(&arena, answer, &facts, &error), 0, "%s", error);
	cr_expect(facts.known && facts.timezone_utc && !facts.superuser && !facts.in_transaction);
	cr_expect_eq(facts.server_version, 150020);
	cr_expect_eq(facts.backend_pid, 42);
	cr_expect_eq(facts.lock_timeout_ms, 2000);
	cr_expect_str_eq(facts.current_user, "app");
	cr_expect_str_eq(facts.search_path, "s, public");
	cr_expect_eq(facts.idle_in_transaction_timeout_ms, 30000);
	cr_expect_str_eq(facts.application_name, "psql");
	cr_expect_eq(facts.transaction.n_locks, 2u);
	cr_expect_eq(facts_held(&facts, &(struct name){NULL, "o"}), LOCK_ACCESS_EXCLUSIVE);
	cr_expect_eq(facts_held(&facts, &(struct name){"public", "u"}), LOCK_SHARE_ROW_EXCLUSIVE);
	cr_expect_eq(facts_held(&facts, &(struct name){"public", "o"}), LOCK_NONE);

	table = facts_relation(&facts, &t);
	cr_assert_not_null(table);
	cr_expect_eq(table->oid, 4000000000u);
	cr_expect(
		table->created_in_transaction && table->partition && !table->empty && table->bare);
	cr_expect_str_eq(table->parent.name, "top");
	cr_expect_eq(table->rows, -1);
	cr_expect_eq(table->pages, 7);
	cr_expect(table->unread && table->has_default_partition);
	cr_expect(table->row_type_used && table->owned == 0);
	cr_expect_eq(table->n_partition_tree, 2u);
	cr_expect_eq(table->partition_strategy, 'r');
	cr_expect_eq(table->n_partition_columns, 2u);
	cr_expect_null(table->partition_columns[1]);
	cr_expect_str_eq(table->partition_bound, "DEFAULT");
	cr_expect_eq(table->n_partitions, 1u);
	cr_expect_str_eq(table->partitions[0].name, "p1a");
	cr_expect_str_eq(table->names_taken[0], "t_a_idx");
	cr_expect_str_eq(table->referencing[0].name, "child");
	cr_expect_str_eq(table->mentioned_by[0], "publication p");
	cr_assert_eq(table->n_statistics, 1u);
	cr_expect(table->statistics[0].visible);
	cr_expect_str_eq(table->statistics[0].name.name, "st");
	cr_expect(table->populated && !table->has_policies);
	cr_assert_eq(table->n_replaced, 1u);
	cr_expect_str_eq(table->replaced[0].name, "a");
	cr_expect(table->replaced[0].here);
	cr_expect(table->rows_hidden && table->leaf_rows_hidden && table->update_rules);
	cr_expect_str_eq(table->published, "publication p");
	cr_expect_str_eq(table->unidentified, "u");
	cr_expect(table->statement_triggers && table->emptying_triggers && !table->has_rules);
	cr_expect_str_eq(facts.settings_sql, "SET LOCAL x TO 1");

	column = facts_column(table, "a");
	cr_assert_not_null(column);
	cr_expect(column->not_null && column->statistics_known && column->identity == 0);
	cr_expect(column->inherited && column->drops.cascade_needed);
	cr_assert_eq(column->drops.n_losers, 1u);
	cr_expect_str_eq(column->drops.losers[0].name.name, "v");
	cr_expect(column->drops.losers[0].cascade);
	cr_assert_eq(column->drops.n_along, 1u);
	cr_expect(column->drops.along[0].oid == 7 && column->drops.along[0].cascade);
	cr_expect_str_eq(column->sequence.name, "q");
	cr_assert_eq(table->n_attached, 1u);
	cr_expect_eq(table->attached[0].kind, ATTACHED_TRIGGER);
	cr_expect_str_eq(table->attached[0].name, "tr");
	cr_expect(table->attached[0].oid == 12 && table->attached[0].of_rows);
	cr_expect(table->attached[0].is_constraint);
	cr_expect_float_eq(column->null_fraction, 0.25, 1e-9);
	cr_expect_str_eq(column->default_sql, "5");
	cr_expect_str_eq(column->mentioned_by[0], "function s.f");
	cr_expect_eq(column->number, 3);
	cr_expect_str_eq(column->comment, "why");
	cr_expect_eq(column->statistics_target, 500);
	cr_expect_str_eq(column->options_sql, "n_distinct=5");
	cr_expect_str_eq(column->grants[0].grantee, "app");
	cr_expect_str_eq(column->entangled[0], "publication p");
	cr_expect(table->row_security && table->grants[0].grantee == NULL);
	cr_expect_str_eq(table->before_row_triggers[0], "audit");
	cr_expect_str_eq(facts_index(table, "i")->peculiar, "is the replica identity");
	cr_expect_null(facts_index(table, "i")->columns[1]);
	cr_expect_str_eq(facts_type(&facts, &domain)->used_by[0].name, "t");
	cr_expect(facts_type(&facts, &domain)->columns[0].list);
	cr_expect_str_eq(facts_type(&facts, &domain)->named[0].object, "view s.v");
	cr_expect_str_eq(facts_type(&facts, &domain)->columns[0].column, "a");
	cr_expect_str_eq(facts_type(&facts, &domain)->constraints[0], "k");
	cr_expect_str_eq(facts_type(&facts, &domain)->base_sql, "integer");
	cr_expect(facts_type(&facts, &domain)->embedded);
	cr_expect_eq(facts_volatility(&facts, &function), 's');
	arena_free(&arena);
}

static const struct {
	const char *from, *to, *proven;
} proofs[] = {
	{"", "", "a"},
	{"\"validated\":true", "\"validated\":false", ""},
	{"\"no_inherit\":false", "\"no_inherit\":true", ""},
	{"CHECK (((a IS NOT NULL) AND (b > 0)))", "CHECK (((a IS NOT NULL) AND (b IS NOT NULL)))",
		"a b"},
	{"CHECK (((a IS NOT NULL) AND (b > 0)))", "CHECK (((a IS NOT NULL) OR (b > 0)))", ""},
	{"CHECK (((a IS NOT NULL) AND (b > 0)))", "CHECK ((a = 'b IS NOT NULL'::text))", ""},
	{"CHECK (((a IS NOT NULL) AND (b > 0)))", "CHECK (of a grammar to come)", ""},
	{"CHECK (((a IS NOT NULL) AND (b > 0)))", "CHECK ((a IS NOT NULL)); DROP TABLE t", ""},
};

static const char *replaced(struct arena *arena, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	cr_assert_not_null(at, "%s", from);
	return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

Test(catalog, only_a_validated_check_proves)
{
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
		const char *proven = "", *error;
		const struct constraint_facts *constraint;
		struct facts facts;

		cr_assert_eq(decode(&arena, replaced(&arena, answer, proofs[i].from, proofs[i].to),
				     &facts, &error),
			0, "%s", error);
		constraint = facts_constraint(facts_relation(&facts, &t), "k");
		for (size_t k = 0; k < constraint->n_proves_not_null; k++)
			proven = arena_printf(&arena, "%s%s%s", proven, k > 0 ? " " : "",
				constraint->proves_not_null[k]);
		cr_expect_str_eq(proven, proofs[i].proven, "%s", proofs[i].to);
	}
	arena_free(&arena);
}

Test(catalog, what_is_not_there_needs_no_more_keys)
{
	struct arena arena = {0};
	struct facts facts;
	const char *error;

	cr_assert_eq(
		decode(&arena,
			"{\"server_version\":150020,\"current_user\":\"\",\"session_user\":\"\","
			"\"search_path\":\"\",\"backend_pid\":1,\"lock_timeout_ms\":0,"
			"\"statement_timeout_ms\":0,\"changes_recorded\":false,\"read_only\":false,"
			"\"timezone_utc\":true,"
			"\"timezone\":\"UTC\","
			"\"settings\":\"\",\"current_schema\":null,\"tablespace\":\"pg_default\","
			"\"idle_in_transaction_timeout_ms\":0,\"application_name\":\"\",\"locks\":"
			"null,"
			"\"superuser\":false,\"snapshot_kept\":false,"
			"\"relations\":[{\"exists\":false}],\"types\":[{\"exists\":false}],"
			"\"functions\":[{\"exists\":false,\"volatility\":null}]}",
			&facts, &error),
		0, "%s", error);
	cr_expect_null(facts_relation(&facts, &t));
	cr_expect_null(facts_type(&facts, &domain));
	cr_expect_eq(facts_volatility(&facts, &function), 'v');
	cr_expect(name_equal(&facts.relations[0].asked, &t));
	arena_free(&arena);
}

static const char *const broken[] = {
	"",
	"null",
	"[]",
	"{}",
	"{",
	"{\"relations\":[]}",
	"\xff\xfe",
	"{\"server_version\":150020,\"server_version\":150020}",
};

Test(catalog, what_is_no_answer_is_an_error)
{
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct facts facts;
		const char *error;

		cr_expect_eq(decode(&arena, broken[i], &facts, &error), -1, "%s", broken[i]);
		cr_expect_not_null(error, "%s", broken[i]);
		cr_expect_not(facts.known, "%s", broken[i]);
	}
	arena_free(&arena);
}

static void expect_refused(json_t *root, const char *what, const char *key)
{
	struct arena arena = {0};
	char *json = json_dumps(root, JSON_COMPACT);
	struct facts facts;
	const char *error;

	cr_expect_eq(decode(&arena, json, &facts, &error), -1, "%s %s", key, what);
	cr_expect_not(facts.known, "%s %s", key, what);
	free(json);
	arena_free(&arena);
}

static void break_key(json_t *root, json_t *object, const char *key)
{
	json_t *whole = json_incref(json_object_get(object, key));

	json_object_set_new(object, key, json_object());
	expect_refused(root, "of another type", key);
	json_object_del(object, key);
	expect_refused(root, "missing", key);
	json_object_set_new(object, key, whole);
}

/* Breaks every key at and below this value in turn; one is whole again before the next. */
static void break_each(json_t *root, json_t *value)
{
	json_t *keys, *item;
	const char *key;
	size_t i;

	if (json_is_array(value)) {
		json_array_foreach(value, i, item) break_each(root, item);
	} else if (json_is_object(value)) {
		keys = json_copy(value); /* what is deleted and set again moves to the end */
		json_object_foreach(keys, key, item)
		{
			break_each(root, item);
			break_key(root, value, key);
		}
		json_decref(keys);
	}
}

Test(catalog, every_key_is_needed_and_typed)
{
	json_t *root = json_loads(answer, 0, NULL);

	cr_assert_not_null(root);
	break_each(root, root);
	json_decref(root);
}

/* ---- the query ---- */

static const char *string_at(const json_t *list, size_t i)
{
	return json_string_value(
		json_object_get(json_object_get(json_array_get(list, i), "String"), "sval"));
}

static bool qualified(const json_t *names)
{
	const char *schema = string_at(names, 0);

	return json_array_size(names) == 2 && schema != NULL && strcmp(schema, "pg_catalog") == 0;
}

static bool operator_of_ours(const json_t *node)
{
	const char *kind = json_string_value(json_object_get(node, "kind"));

	/* IN, BETWEEN, LIKE, NULLIF and DISTINCT make operator names of their own. */
	return kind != NULL &&
	       (strcmp(kind, "AEXPR_OP") == 0 || strcmp(kind, "AEXPR_OP_ANY") == 0) &&
	       qualified(json_object_get(node, "name"));
}

static bool is_cte(const json_t *ctes, const char *name)
{
	return name != NULL && json_object_get(ctes, name) != NULL;
}

static bool relation_of_ours(const json_t *node, const json_t *ctes)
{
	const char *schema = json_string_value(json_object_get(node, "schemaname"));

	if (schema == NULL)
		return is_cte(ctes, json_string_value(json_object_get(node, "relname")));
	return strcmp(schema, "pg_catalog") == 0;
}

static void check_node(const char *kind, const json_t *node, const json_t *ctes, char *text)
{
	if (strcmp(kind, "A_Expr") == 0)
		cr_expect(operator_of_ours(node), "%s", text);
	else if (strcmp(kind, "FuncCall") == 0)
		cr_expect(qualified(json_object_get(node, "funcname")), "%s", text);
	else if (strcmp(kind, "typeName") == 0)
		cr_expect(qualified(json_object_get(node, "names")), "%s", text);
	else if (strcmp(kind, "RangeVar") == 0)
		cr_expect(relation_of_ours(node, ctes), "%s", text);
	else if (strcmp(kind, "CaseExpr") == 0)
		cr_expect_null(json_object_get(node, "arg"), "%s", text);
	else if (strcmp(kind, "JoinExpr") == 0)
		cr_expect(json_object_get(node, "usingClause") == NULL &&
				  json_object_get(node, "isNatural") == NULL,
			"%s", text);
	else if (strcmp(kind, "SubLink") == 0)
		cr_expect(json_object_get(node, "testexpr") == NULL, "%s", text);
	else if (strcmp(kind, "SortBy") == 0)
		cr_expect_null(json_object_get(node, "useOp"), "%s", text);
}

static void walk(const json_t *value, const json_t *ctes, size_t *n)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_array(value)) {
		json_array_foreach(value, i, item) walk(item, ctes, n);
	} else if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, item)
		{
			char *text = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);

			check_node(key, item, ctes, text);
			free(text);
			(*n)++;
			walk(item, ctes, n);
		}
	}
}

static void collect_ctes(const json_t *value, json_t *ctes)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_array(value)) {
		json_array_foreach(value, i, item) collect_ctes(item, ctes);
	} else if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, item)
		{
			if (strcmp(key, "ctename") == 0)
				json_object_set(ctes, json_string_value(item), item);
			collect_ctes(item, ctes);
		}
	}
}

static const char *const texts[] = {catalog_sql, catalog_short_sql};

static void leaves_nothing_to_the_search_path(const char *sql)
{
	PgQueryParseResult result = pg_query_parse(sql);
	json_t *tree, *ctes = json_object();
	size_t n = 0;

	cr_assert_null(result.error);
	tree = json_loads(result.parse_tree, 0, NULL);
	cr_assert_not_null(tree);
	collect_ctes(tree, ctes);
	walk(tree, ctes, &n);
	cr_expect_gt(n, (size_t)1000);
	json_decref(tree);
	json_decref(ctes);
	pg_query_free_parse_result(result);
}

Test(catalog, the_query_leaves_nothing_to_the_search_path)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		leaves_nothing_to_the_search_path(texts[i]);
}

Test(catalog, the_query_reads_the_same_in_every_lexing_mode)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_expect_null(strchr(texts[i], '\\'));
		cr_expect_null(strstr(texts[i], "NULL\"}"));
		cr_expect_null(strstr(texts[i], "--"));
	}
}
