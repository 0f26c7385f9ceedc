/* SPDX-License-Identifier: PostgreSQL */
#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIST(...) (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))
#define ITEMS(array) array, COUNT(array)
#define PUBLIC(text)                                                                               \
	{                                                                                          \
		.schema = "public", .name = text                                                   \
	}

enum { OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25, OID_VARCHAR = 1043, OID_POSITIVE = 5001 };
enum { DEFAULT_COLLATION = 100 };

#define COLUMN(column, base, sql, mod, ...)                                                        \
	{                                                                                          \
		.name = column, .base_type = base, .type_sql = sql, .typmod = mod, ##__VA_ARGS__   \
	}
#define TEXT(column, base, sql, mod, ...)                                                          \
	COLUMN(column, base, sql, mod, .collation_oid = DEFAULT_COLLATION, ##__VA_ARGS__)

#define ALONG(losers_, needed)                                                                     \
	{                                                                                          \
		.cascade_needed = needed, .losers = losers_, .n_losers = COUNT(losers_)            \
	}

/* What loses something when something else is dropped. */
static const struct loser_facts users_and_view[] = {
	{.name = PUBLIC("users"), .kind = 'r'},
	{.name = PUBLIC("v_orders"), .kind = 'v', .cascade = true},
};
static const struct loser_facts users_alone[] = {{.name = PUBLIC("users"), .kind = 'r'}};
static const struct loser_facts view_alone[] = {
	{.name = PUBLIC("v_orders"), .kind = 'v', .cascade = true}};
static const struct loser_facts orders_alone[] = {
	{.name = PUBLIC("orders"), .kind = 'r', .cascade = true}};
static const struct loser_facts events_parts[] = {
	{.name = PUBLIC("events_2025"), .kind = 'r'},
	{.name = PUBLIC("events_2026"), .kind = 'r'},
};
static const struct loser_facts events_alone[] = {{.name = PUBLIC("events"), .kind = 'p'}};

/* The trigger is one AFTER UPDATE OF watched. */
enum { OID_TRIGGER = 7001, PG_TRIGGER = 2620 };
static const struct attached_facts orders_attached[] = {
	{.kind = ATTACHED_POLICY, .name = "p", .oid = 7000},
	{.kind = ATTACHED_RULE, .name = "r", .oid = 7002},
	{.kind = ATTACHED_TRIGGER, .name = "tr", .oid = OID_TRIGGER, .of_rows = true},
};
static const struct along_facts trigger_along[] = {
	{.class_oid = PG_TRIGGER, .oid = OID_TRIGGER, .cascade = true}};

static const struct column_facts orders_columns[] = {
	COLUMN("id", "int8", "bigint", -1, .not_null = true),
	COLUMN("user_id", "int4", "integer", -1, .drops = ALONG(users_alone, false)),
	COLUMN("qty", "int4", "integer", -1),
	COLUMN("total", "numeric", "numeric(10,2)", ((10 << 16) | 2) + 4),
	COLUMN("price", "numeric", "numeric", -1),
	TEXT("status", "varchar", "character varying(20)", 24),
	TEXT("note", "text", "text", -1),
	TEXT("free", "varchar", "character varying", -1),
	TEXT("code", "varchar", "character varying(10)", 14),
	TEXT("email", "text", "text", -1),
	TEXT("phone", "text", "text", -1),
	TEXT("tag", "varchar", "character varying(50)", 54),
	TEXT("slug", "varchar", "character varying(50)", 54),
	TEXT("fixed", "bpchar", "character(10)", 14),
	COLUMN("made", "timestamp", "timestamp without time zone", -1),
	COLUMN("made3", "timestamp", "timestamp(3) without time zone", 3),
	COLUMN("took", "interval", "interval", -1),
	COLUMN("took3", "interval", "interval(3)", (0x7fff << 16) | 3),
	COLUMN("bits", "varbit", "bit varying(8)", 8),
	COLUMN("flags", "bit", "bit(8)", 8),
	TEXT("names", "_varchar", "character varying(5)[]", 9),
	COLUMN("german", "varchar", "character varying(10)", 14, .collation_oid = 12345),
	COLUMN("net", "cidr", "cidr", -1),
	COLUMN("addr", "inet", "inet", -1),
	COLUMN("doc", "json", "json", -1),
	COLUMN("page", "xml", "xml", -1),
	COLUMN("mood", "mood", "mood", -1),
	TEXT("ci", "citext", "citext", -1),
	COLUMN("seen", "int4", "integer", -1, .dependents = LIST("view public.v_orders"),
		.mentioned_by = LIST("function public.count_seen"),
		.drops = ALONG(view_alone, true)),
	COLUMN("watched", "int4", "integer", -1, .dependents = LIST("trigger tr on public.orders"),
		.drops = {.cascade_needed = true, .along = ITEMS(trigger_along)}),
	COLUMN("amount", "int4", "positive", -1, .type_oid = OID_POSITIVE, .domain = true,
		.domain_constrained = true),
};

static const struct constraint_facts orders_constraints[] = {
	{.name = "orders_pkey",
		.kind = CONSTRAINT_PRIMARY_KEY,
		.validated = true,
		.columns = LIST("id"),
		.definition = "PRIMARY KEY (id)"},
	{.name = "orders_user_id_fkey",
		.kind = CONSTRAINT_FOREIGN_KEY,
		.validated = true,
		.columns = LIST("user_id"),
		.definition = "FOREIGN KEY (user_id) REFERENCES users(id)",
		.referenced = PUBLIC("users")},
	{.name = "email_nn",
		.kind = CONSTRAINT_CHECK,
		.validated = true,
		.columns = LIST("email"),
		.definition = "CHECK ((email IS NOT NULL))",
		.proves_not_null = LIST("email")},
	{.name = "phone_nn",
		.kind = CONSTRAINT_CHECK,
		.validated = false,
		.columns = LIST("phone"),
		.definition = "CHECK ((phone IS NOT NULL)) NOT VALID",
		.proves_not_null = LIST("phone")},
	{.name = "id_nn",
		.kind = CONSTRAINT_CHECK,
		.validated = true,
		.columns = LIST("id"),
		.definition = "CHECK ((id IS NOT NULL))",
		.proves_not_null = LIST("id")},
	{.name = "code_check",
		.kind = CONSTRAINT_CHECK,
		.validated = true,
		.columns = LIST("code"),
		.definition = "CHECK (((code)::text <> ''::text))"},
};

static const struct index_facts orders_indexes[] = {
	{.name = PUBLIC("orders_pkey"),
		.unique = true,
		.primary = true,
		.valid = true,
		.immediate = true,
		.plain_order = true,
		.backs_constraint = true,
		.columns = LIST("id")},
	{.name = PUBLIC("orders_tag_idx"),
		.valid = true,
		.plain_order = true,
		.columns = LIST("tag"),
		.definition = "CREATE INDEX orders_tag_idx ON public.orders USING btree (tag)"},
	{.name = PUBLIC("orders_slug_idx"),
		.valid = true,
		.has_expressions = true,
		.columns = LIST(NULL),
		.mentions = LIST("slug")},
	{.name = PUBLIC("orders_ci_idx"),
		.valid = true,
		.plain_order = true,
		.columns = LIST("ci")},
	{.name = PUBLIC("orders_german_idx"), .valid = true, .columns = LIST("german")},
	{.name = PUBLIC("orders_bad_idx"),
		.valid = false,
		.plain_order = true,
		.columns = LIST("qty")},
};

static const struct column_facts users_columns[] = {
	COLUMN("id", "int4", "integer", -1, .not_null = true),
	TEXT("name", "text", "text", -1),
};

static const struct constraint_facts users_constraints[] = {
	{.name = "users_pkey",
		.kind = CONSTRAINT_PRIMARY_KEY,
		.validated = true,
		.columns = LIST("id"),
		.definition = "PRIMARY KEY (id)",
		.drops = ALONG(orders_alone, true)},
};

static const struct index_facts users_indexes[] = {
	{.name = PUBLIC("users_pkey"),
		.unique = true,
		.primary = true,
		.valid = true,
		.immediate = true,
		.plain_order = true,
		.backs_constraint = true,
		.columns = LIST("id")},
};

static const struct column_facts logs_columns[] = {
	COLUMN("id", "int8", "bigint", -1, .not_null = true),
	COLUMN("ref", "int8", "bigint", -1),
	COLUMN("user_id", "int4", "integer", -1),
};

static const struct index_facts logs_indexes[] = {
	{.name = PUBLIC("logs_id_uq"),
		.unique = true,
		.valid = true,
		.immediate = true,
		.plain_order = true,
		.columns = LIST("id"),
		.definition = "CREATE UNIQUE INDEX logs_id_uq ON public.logs USING btree (id)"},
	{.name = PUBLIC("logs_user_ref_idx"),
		.valid = true,
		.plain_order = true,
		.columns = LIST("user_id", "ref"),
		.definition =
			"CREATE INDEX logs_user_ref_idx ON public.logs USING btree (user_id, ref)"},
	{.name = PUBLIC("logs_ref_uq"),
		.unique = true,
		.valid = true,
		.immediate = true,
		.plain_order = true,
		.columns = LIST("ref")},
	{.name = PUBLIC("logs_user_id_idx"),
		.valid = true,
		.plain_order = true,
		.columns = LIST("user_id")},
};

static const struct column_facts small_columns[] = {
	COLUMN("id", "int4", "integer", -1, .not_null = true),
	COLUMN("a", "int4", "integer", -1),
	COLUMN("user_id", "int4", "integer", -1),
	TEXT("b", "varchar", "character varying(10)", 14),
};

static const struct index_facts small_indexes[] = {
	{.name = PUBLIC("small_a_idx"), .valid = true, .plain_order = true, .columns = LIST("a")},
};

static const struct column_facts events_columns[] = {
	COLUMN("id", "int8", "bigint", -1, .not_null = true),
	COLUMN("at", "timestamptz", "timestamp with time zone", -1, .not_null = true),
	COLUMN("user_id", "int4", "integer", -1),
};

static const struct name events_partitions[] = {PUBLIC("events_2025"), PUBLIC("events_2026")};
static const struct partition_facts events_tree[] = {
	{.name = PUBLIC("events_2025"), .parent = PUBLIC("events"), .kind = 'r'},
	{.name = PUBLIC("events_2026"), .parent = PUBLIC("events"), .kind = 'r'},
};

static const struct name orders_only[] = {PUBLIC("orders")};
static const struct name small_only[] = {PUBLIC("small_t")};

static const struct constraint_facts unread_constraints[] = {{.name = "unread_user_id_fkey",
	.kind = CONSTRAINT_FOREIGN_KEY,
	.validated = true,
	.columns = LIST("user_id"),
	.referenced = PUBLIC("users")}};

static const struct type_column positive_columns[] = {{.table = PUBLIC("orders"), .column = "qty"}};
static const struct type_column mood_columns[] = {{.table = PUBLIC("orders"),
	.column = "tag",
	.kind = 'r',
	.writable = true,
	.default_sql = "'happy'::mood"}};

static const struct name measures_partitions[] = {PUBLIC("measures_rest")};
static const struct partition_facts measures_tree[] = {
	{.name = PUBLIC("measures_rest"), .parent = PUBLIC("measures"), .kind = 'r'},
};

static const struct index_facts totals_indexes[] = {
	{.name = PUBLIC("totals_key"),
		.unique = true,
		.valid = true,
		.immediate = true,
		.plain_order = true,
		.columns = LIST("id")},
};

#define TABLE(table, id, rows_, pages_, ...)                                                       \
	{                                                                                          \
		.name = PUBLIC(table), .oid = id, .kind = 'r', .persistence = 'p', .rows = rows_,  \
		.pages = pages_, .owner = "app", .access_method = "heap", ##__VA_ARGS__            \
	}

static const struct name numbers_partitions[] = {PUBLIC("numbers_rest")};
static const struct partition_facts numbers_tree[] = {
	{.name = PUBLIC("numbers_rest"), .parent = PUBLIC("numbers"), .kind = 'r'},
};

/* id IS NOT NULL AND id >= 0 AND id < 100; the rest: id < 0 OR id >= 100 */
static const struct column_test not_null_id[] = {{.kind = TEST_NOT_NULL, .column = "id"}};
static const struct column_test outside_of_100[] = {
	{.kind = TEST_LESS, .column = "id", .value = "0"},
	{.kind = TEST_GREATER_EQUAL, .column = "id", .value = "100"}};
static const struct column_test from_0[] = {
	{.kind = TEST_GREATER_EQUAL, .column = "id", .value = "0"}};
static const struct column_test below_100[] = {{.kind = TEST_LESS, .column = "id", .value = "100"}};
static const struct expr_clause within_100[] = {{not_null_id, 1}, {from_0, 1}, {below_100, 1}};
static const struct expr_clause not_within_100[] = {{outside_of_100, 2}};
static const struct constraint_facts numbers_new_constraints[] = {{.name = "within",
	.kind = CONSTRAINT_CHECK,
	.validated = true,
	.columns = LIST("id"),
	.definition = "CHECK (((id IS NOT NULL) AND (id >= 0) AND (id < 100)))",
	.clauses = ITEMS(within_100)}};
static const struct constraint_facts numbers_rest_constraints[] = {{.name = "rest",
	.kind = CONSTRAINT_CHECK,
	.validated = true,
	.columns = LIST("id"),
	.definition = "CHECK (((id < 0) OR (id >= 100)))",
	.clauses = ITEMS(not_within_100)}};

static const struct replaced_facts replaced[] = {{.name = "a"}};
static const struct replaced_facts replaced_here[] = {{.name = "a", .here = true}};

static const struct relation_facts relations[] = {
	TABLE("orders", 100, 300000, 3072, .columns = orders_columns,
		.n_columns = COUNT(orders_columns), .constraints = orders_constraints,
		.n_constraints = COUNT(orders_constraints), .indexes = orders_indexes,
		.n_indexes = COUNT(orders_indexes), .dependents = LIST("view public.v_orders"),
		.drops = ALONG(users_and_view, true), .attached = ITEMS(orders_attached)),
	TABLE("users", 101, 500000, 8192, .columns = users_columns,
		.n_columns = COUNT(users_columns), .constraints = users_constraints,
		.n_constraints = COUNT(users_constraints), .indexes = users_indexes,
		.n_indexes = COUNT(users_indexes), .referencing = ITEMS(orders_only),
		.drops = ALONG(orders_alone, true)),
	TABLE("logs", 102, 9000000, 90000, .columns = logs_columns,
		.n_columns = COUNT(logs_columns), .indexes = logs_indexes,
		.n_indexes = COUNT(logs_indexes)),
	TABLE("unread_t", 114, 9000000, 90000, .unread = true, .columns = logs_columns,
		.n_columns = COUNT(logs_columns), .constraints = unread_constraints,
		.n_constraints = COUNT(unread_constraints)),
	TABLE("small_t", 103, 200, 3, .columns = small_columns, .n_columns = COUNT(small_columns),
		.indexes = small_indexes, .n_indexes = COUNT(small_indexes)),
	TABLE("unanalyzed", 104, -1, -1, .columns = small_columns,
		.n_columns = COUNT(small_columns)),
	TABLE("fresh_t", 105, 900000, 9000, .created_in_transaction = true, .columns = logs_columns,
		.n_columns = COUNT(logs_columns), .indexes = logs_indexes,
		.n_indexes = COUNT(logs_indexes)),
	TABLE("empty_t", 106, 0, 0, .empty = true, .columns = small_columns,
		.n_columns = COUNT(small_columns)),
	TABLE("events_new", 113, 2000000, 20000, .columns = events_columns,
		.n_columns = COUNT(events_columns)),
	TABLE("events_2025", 111, 2000000, 20000, .partition = true, .parent = PUBLIC("events"),
		.partition_bound = "FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2026-01-01 "
				   "00:00:00+00')",
		.columns = events_columns, .n_columns = COUNT(events_columns),
		.drops = ALONG(events_alone, false)),
	TABLE("events_2026", 112, 2000000, 20000, .partition = true, .parent = PUBLIC("events"),
		.columns = events_columns, .n_columns = COUNT(events_columns),
		.drops = ALONG(events_alone, false)),
	{.name = PUBLIC("events"),
		.oid = 110,
		.kind = 'p',
		.persistence = 'p',
		.rows = 4000000,
		.pages = 40000,
		.columns = ITEMS(events_columns),
		.partition_strategy = 'r',
		.partition_columns = LIST("at"),
		.partition_plain = true,
		.partitions = ITEMS(events_partitions),
		.partition_tree = ITEMS(events_tree),
		.drops = ALONG(events_parts, false)},
	/* with a default partition, large and small */
	{.name = PUBLIC("measures"),
		.oid = 140,
		.kind = 'p',
		.persistence = 'p',
		.rows = 4000000,
		.pages = 40000,
		.columns = ITEMS(events_columns),
		.partition_strategy = 'r',
		.partition_columns = LIST("id"),
		.partition_plain = true,
		.partitions = ITEMS(measures_partitions),
		.partition_tree = ITEMS(measures_tree),
		.has_default_partition = true,
		.default_partition = PUBLIC("measures_rest")},
	/* whose tables know what they hold */
	{.name = PUBLIC("numbers"),
		.oid = 148,
		.kind = 'p',
		.persistence = 'p',
		.rows = 2000000,
		.pages = 20000,
		.columns = ITEMS(events_columns),
		.partition_strategy = 'r',
		.partition_columns = LIST("id"),
		.partition_plain = true,
		.partitions = ITEMS(numbers_partitions),
		.partition_tree = ITEMS(numbers_tree),
		.has_default_partition = true,
		.default_partition = PUBLIC("numbers_rest")},
	TABLE("numbers_rest", 149, 2000000, 20000, .partition = true, .parent = PUBLIC("numbers"),
		.columns = events_columns, .n_columns = COUNT(events_columns),
		.constraints = numbers_rest_constraints,
		.n_constraints = COUNT(numbers_rest_constraints)),
	TABLE("numbers_new", 150, 2000000, 20000, .columns = events_columns,
		.n_columns = COUNT(events_columns), .constraints = numbers_new_constraints,
		.n_constraints = COUNT(numbers_new_constraints)),
	{.name = PUBLIC("rooms"),
		.oid = 141,
		.kind = 'p',
		.persistence = 'p',
		.rows = 4000000,
		.pages = 40000,
		.columns = ITEMS(events_columns),
		.has_default_partition = true,
		.default_partition = PUBLIC("small_t")},
	TABLE("measures_rest", 142, 2000000, 20000, .partition = true, .parent = PUBLIC("measures"),
		.columns = events_columns, .n_columns = COUNT(events_columns)),
	{.name = PUBLIC("totals"),
		.oid = 143,
		.kind = 'm',
		.persistence = 'p',
		.rows = 2000000,
		.pages = 20000,
		.populated = true,
		.indexes = ITEMS(totals_indexes)},
	{.name = PUBLIC("keyless"),
		.oid = 144,
		.kind = 'm',
		.persistence = 'p',
		.rows = 2000000,
		.pages = 20000,
		.populated = true},
	{.name = PUBLIC("unfilled"), .oid = 145, .kind = 'm', .persistence = 'p'},
	TABLE("ruled", 146, 900000, 9000, .has_policies = true, .has_permissive_policies = true,
		.columns = small_columns, .n_columns = COUNT(small_columns)),
	{.name = PUBLIC("orders_id_seq"), .oid = 147, .kind = 'S', .persistence = 'p'},
	{.name = {.schema = "pg_temp_3", .name = "temp_t"},
		.oid = 113,
		.kind = 'r',
		.persistence = 't',
		.rows = 900000,
		.pages = 9000,
		.columns = ITEMS(small_columns)},
	{.name = PUBLIC("v_orders"), .oid = 120, .kind = 'v', .persistence = 'p'},
	{.name = PUBLIC("people"), .oid = 121, .kind = 'v', .persistence = 'p', .stands_in = true},
	TABLE("retyped", 122, 900000, 9000, .replaced = ITEMS(replaced),
		.columns = ITEMS(small_columns)),
	TABLE("retyped_here", 123, 900000, 9000, .replaced = ITEMS(replaced_here),
		.columns = ITEMS(small_columns)),
	{.name = PUBLIC("orders_tag_idx"),
		.oid = 130,
		.kind = 'i',
		.persistence = 'p',
		.pages = 900,
		.rows = 300000,
		.table = PUBLIC("orders"),
		.indexes = &orders_indexes[1],
		.n_indexes = 1},
	{.name = PUBLIC("orders_pkey"),
		.oid = 131,
		.kind = 'i',
		.persistence = 'p',
		.pages = 900,
		.rows = 300000,
		.table = PUBLIC("orders"),
		.indexes = &orders_indexes[0],
		.n_indexes = 1},
	{.name = PUBLIC("orders_bad_idx"),
		.oid = 132,
		.kind = 'i',
		.persistence = 'p',
		.pages = 900,
		.rows = 300000,
		.table = PUBLIC("orders"),
		.indexes = &orders_indexes[5],
		.n_indexes = 1},
	{.name = PUBLIC("small_a_idx"),
		.oid = 133,
		.kind = 'i',
		.persistence = 'p',
		.pages = 2,
		.rows = 200,
		.tablespace = "slow",
		.table = PUBLIC("small_t"),
		.indexes = small_indexes,
		.n_indexes = 1},
	{.name = PUBLIC("events_at_idx"),
		.oid = 134,
		.kind = 'I',
		.persistence = 'p',
		.table = PUBLIC("events")},
	{.name = PUBLIC("logs_id_uq"),
		.oid = 135,
		.kind = 'i',
		.persistence = 'p',
		.pages = 20000,
		.rows = 9000000,
		.tablespace = "fast",
		.table = PUBLIC("logs"),
		.indexes = &logs_indexes[0],
		.n_indexes = 1},
};

static const char *const mood_labels[] = {"sad", "ok"};

static const struct type_facts types[] = {
	{.asked = {.name = "mood_enum"},
		.oid = 5010,
		.name = PUBLIC("mood_enum"),
		.base_type = "mood_enum",
		.base_sql = "mood_enum",
		.base_typmod = -1,
		.kind = 'e',
		.labels = ITEMS(mood_labels)},
	{.asked = {.name = "positive"},
		.oid = OID_POSITIVE,
		.name = PUBLIC("positive"),
		.base_type = "int4",
		.base_sql = "integer",
		.constraints = LIST("positive_check"),
		.base_typmod = -1,
		.domain = true,
		.domain_constrained = true,
		.columns = ITEMS(positive_columns),
		.used_by = ITEMS(orders_only)},
	{.asked = {.name = "small_dom"},
		.oid = 5002,
		.name = PUBLIC("small_dom"),
		.base_type = "int4",
		.base_typmod = -1,
		.domain = true,
		.used_by = ITEMS(small_only)},
	{.asked = {.name = "plain_dom"},
		.oid = 5003,
		.base_type = "int4",
		.base_typmod = -1,
		.domain = true},
	{.asked = {.name = "mood"},
		.oid = 5004,
		.name = PUBLIC("mood"),
		.base_type = "mood",
		.base_typmod = -1,
		.used_by = ITEMS(orders_only),
		.columns = ITEMS(mood_columns)},
	{.asked = {.name = "citext"}, .oid = 5005, .base_type = "citext", .base_typmod = -1},
	{.asked = {.name = "json"},
		.oid = 114,
		.base_type = "json",
		.base_typmod = -1,
		.json = true},
};

static const struct function_facts functions[] = {
	{.asked = {.name = "now"}, .volatility = 's'},
	{.asked = {.name = "lower"}, .volatility = 'i'},
	{.asked = {.name = "tenant"}, .volatility = 's'},
	{.asked = {.name = "random"}, .volatility = 'v'},
	{.asked = {.name = "gen_random_uuid"}, .volatility = 'v'},
	{.asked = {.name = "nextval"}, .volatility = 'v'},
};

static struct relation_facts answer_relation(const struct name *asked)
{
	struct relation_facts missing = {.asked = *asked};

	for (size_t i = 0; i < COUNT(relations); i++) {
		struct relation_facts found = relations[i];
		bool path = asked->schema == NULL;

		if (strcmp(found.name.name, asked->name) != 0 ||
			(!path && strcmp(found.name.schema, asked->schema) != 0))
			continue;
		found.asked = *asked;
		found.exists = true;
		return found;
	}
	return missing;
}

/* An index brings its table along, a partitioned table its partitions, the default one first, as
 * the catalog query does: no more than these three. */
enum { ALONG_MAX = 3 };

static void add_relation(struct facts *facts, struct relation_facts *all, const struct name *asked)
{
	struct relation_facts found = answer_relation(asked);

	all[facts->n_relations++] = found;
	if (found.table.name != NULL)
		all[facts->n_relations++] = answer_relation(&found.table);
	if (found.has_default_partition)
		all[facts->n_relations++] = answer_relation(&found.default_partition);
	for (size_t i = 0; i < found.n_partitions; i++)
		all[facts->n_relations++] = answer_relation(&found.partitions[i]);
}

/* A domain brings along who uses it. */
static void add_users(
	struct facts *facts, struct relation_facts *all, const struct type_facts *type)
{
	for (size_t i = 0; i < type->n_used_by && i < ALONG_MAX; i++)
		if (facts_relation(facts, &type->used_by[i]) == NULL)
			all[facts->n_relations++] = answer_relation(&type->used_by[i]);
}

static struct type_facts answer_type(const struct name *asked)
{
	struct type_facts missing = {.asked = *asked};
	bool builtin = asked->schema != NULL && strcmp(asked->schema, "pg_catalog") == 0;

	for (size_t i = 0; i < COUNT(types); i++)
		if (strcmp(types[i].asked.name, asked->name) == 0) {
			struct type_facts found = types[i];

			found.asked = *asked;
			found.exists = true;
			return found;
		}
	if (builtin) {
		missing.exists = true;
		missing.base_type = asked->name;
		missing.base_typmod = -1;
	}
	return missing;
}

static struct function_facts answer_function(const struct name *asked)
{
	for (size_t i = 0; i < COUNT(functions); i++)
		if (strcmp(functions[i].asked.name, asked->name) == 0)
			return (struct function_facts){
				.asked = *asked,
				.exists = true,
				.volatility = functions[i].volatility,
			};
	return (struct function_facts){.asked = *asked};
}

struct facts fixture_facts(struct arena *arena, const struct stmts *stmts)
{
	struct facts_request request = facts_request(arena, stmts);
	struct relation_facts *some_relations = arena_alloc(
		arena, ((1 + ALONG_MAX) * request.n_relations + ALONG_MAX * request.n_types + 1) *
			       sizeof(*some_relations));
	struct type_facts *some_types =
		arena_alloc(arena, (request.n_types + 1) * sizeof(*some_types));
	struct function_facts *some_functions =
		arena_alloc(arena, (request.n_functions + 1) * sizeof(*some_functions));
	struct facts facts = {
		.known = true,
		.server_version = 150020,
		.current_user = "app",
		.session_user = "app",
		.search_path = "public",
		.timezone = "UTC",
		.current_schema = "public",
		.tablespace = "pg_default",
		.backend_pid = 4711,
		.relations = some_relations,
		.types = some_types,
		.n_types = request.n_types,
		.functions = some_functions,
		.n_functions = request.n_functions,
	};

	for (size_t i = 0; i < request.n_relations; i++)
		add_relation(&facts, some_relations, &request.relations[i]);
	for (size_t i = 0; i < request.n_types; i++) {
		some_types[i] = answer_type(&request.types[i]);
		add_users(&facts, some_relations, &some_types[i]);
	}
	for (size_t i = 0; i < request.n_functions; i++)
		some_functions[i] = answer_function(&request.functions[i]);
	return facts;
}

struct stmts fixture_parse(struct arena *arena, const char *sql)
{
	struct stmts stmts;
	const char *error = NULL;

	cr_assert_eq(stmt_parse(arena, sql, strlen(sql), &stmts, &error), 0, "%s\n%s", sql,
		error == NULL ? "" : error);
	return stmts;
}
