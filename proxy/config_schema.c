/* SPDX-License-Identifier: PostgreSQL */
#include "config_schema.h"

#include <string.h>

#include "arena.h"
#include "rule.h"

/* clang-format off */
#define FIELD(section, name, ...) \
	CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
		struct section##_text, name, 0, CYAML_UNLIMITED),
#define FIELDS(section, path, keys) \
	static const cyaml_schema_field_t section##_fields[] = {keys(FIELD) CYAML_FIELD_END};

/* All sections are members of struct document: one nested in another is found behind it. */
#define NESTED(name, outer, section) \
	{ \
		.key = name, \
		.data_offset = offsetof(struct document, section) - offsetof(struct document, outer), \
		.value = {CYAML_VALUE_MAPPING(CYAML_FLAG_OPTIONAL, struct section##_text, section##_fields)}, \
	},

FIELDS(client_tls,  "", CLIENT_TLS_KEYS)
FIELDS(server_tls,  "", SERVER_TLS_KEYS)
FIELDS(control,     "", CONTROL_KEYS)
FIELDS(limits,      "", LIMITS_KEYS)
FIELDS(small_table, "", SMALL_TABLE_KEYS)
FIELDS(changes,     "", CHANGES_KEYS)
FIELDS(approve,     "", APPROVE_KEYS)
FIELDS(throttle,    "", THROTTLE_KEYS)
FIELDS(policy_log,  "", POLICY_LOG_KEYS)
ENTRIES(FIELDS)

static const cyaml_schema_field_t server_fields[] = {
	SERVER_KEYS(FIELD)
	NESTED("tls", server, server_tls)
	CYAML_FIELD_END
};

static const cyaml_schema_field_t policy_fields[] = {
	POLICY_KEYS(FIELD)
	NESTED("small_table", policy, small_table)
	CYAML_FIELD_END
};

static const cyaml_schema_field_t backfill_fields[] = {
	BACKFILL_KEYS(FIELD)
	NESTED("throttle", backfill, throttle)
	CYAML_FIELD_END
};

static const cyaml_schema_value_t name_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)
};

/* Beside struct lane_text, in the document: see NESTED. */
#define LANE_OFFSET(list) \
	offsetof(struct document, list) - offsetof(struct document, lane)
#define LIST_FIELD(name, member) \
	{ \
		.key = #name, \
		.data_offset = LANE_OFFSET(lane_##name.items), \
		.count_offset = LANE_OFFSET(lane_##name.n), \
		.count_size = sizeof(((struct list_text *)NULL)->n), \
		.value = {CYAML_VALUE_SEQUENCE(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
			char *, &name_entry, 0, CYAML_UNLIMITED)}, \
	},

static const cyaml_schema_field_t lane_fields[] = {
	LANE_KEYS(FIELD)
	LANE_LISTS(LIST_FIELD)
	CYAML_FIELD_END
};

static const cyaml_schema_value_t listen_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct listen_text, listen_fields)
};

static const cyaml_schema_value_t rules_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rules_text, rules_fields)
};

static const cyaml_schema_field_t document_fields[] = {
	/* First: config_schema replaces it when the rules stand in a mapping. */
	CYAML_FIELD_SEQUENCE_COUNT("rules", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct document, rules, n_rules, &rules_entry, 0, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE_COUNT("listen", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct document, listen, n_listen, &listen_entry, 0, CYAML_UNLIMITED),
	ROOT_KEYS(FIELD)
	NESTED("client_tls", root, client_tls)
	NESTED("server",     root, server)
	NESTED("control",    root, control)
	NESTED("limits",     root, limits)
	NESTED("policy",     root, policy)
	NESTED("changes",    root, changes)
	NESTED("approve",    root, approve)
	NESTED("backfill",   root, backfill)
	NESTED("lane",       root, lane)
	NESTED("policy_log", root, policy_log)
	CYAML_FIELD_END
};
/* clang-format on */

static const cyaml_config_t reading = {
	.mem_fn = cyaml_mem,
	.log_level = CYAML_LOG_ERROR,
	.flags = CYAML_CFG_IGNORE_UNKNOWN_KEYS,
};

/* The mapping form of `rules:` has one optional key for every rule there is. */
static cyaml_schema_field_t rule_mapping(struct arena *arena)
{
	cyaml_schema_field_t *fields = arena_alloc(arena, (n_rules_all + 1) * sizeof(*fields));

	for (size_t i = 0; i < n_rules_all; i++)
		fields[i] = (cyaml_schema_field_t){
			.key = rules_all[i]->id,
			.data_offset = (uint32_t)(i * sizeof(char *)),
			.value = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, char,
				0, CYAML_UNLIMITED)},
		};
	return (cyaml_schema_field_t){
		.key = "rules",
		.data_offset = offsetof(struct document, rule_verdicts),
		.value = {.type = CYAML_MAPPING,
			.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			.data_size = (uint32_t)(n_rules_all * sizeof(char *)),
			.mapping = {.fields = fields}},
	};
}

const cyaml_schema_value_t *config_schema(struct arena *arena, bool rules_listed)
{
	cyaml_schema_field_t *fields = arena_alloc(arena, sizeof(document_fields));
	cyaml_schema_value_t *schema = arena_alloc(arena, sizeof(*schema));

	memcpy(fields, document_fields, sizeof(document_fields));
	if (!rules_listed)
		fields[0] = rule_mapping(arena);
	*schema = (cyaml_schema_value_t){
		CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct document, fields)};
	return schema;
}

struct complaint {
	struct arena *arena;
	const char *first; /* the lines after it are a backtrace */
};

static void on_complaint(cyaml_log_t level, void *context, const char *fmt, va_list args)
{
	struct complaint *complaint = context;

	(void)level;
	if (complaint->first == NULL)
		complaint->first = arena_vprintf(complaint->arena, fmt, args);
}

int document_load(struct arena *arena, const char *yaml, size_t len,
	const cyaml_schema_value_t *schema, struct document **out, const char **error)
{
	struct complaint complaint = {.arena = arena};
	cyaml_config_t config = reading;
	cyaml_data_t *data = NULL;
	cyaml_err_t status;

	config.log_fn = on_complaint;
	config.log_ctx = &complaint;
	status = cyaml_load_data((const uint8_t *)yaml, len, &config, schema, &data, NULL);
	*out = data;
	if (status == CYAML_OK)
		return 0;
	*error = complaint.first != NULL ? complaint.first : cyaml_strerror(status);
	return -1;
}

void document_free(const cyaml_schema_value_t *schema, struct document *document)
{
	cyaml_free(&reading, schema, document, 0);
}
