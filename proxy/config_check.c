/* SPDX-License-Identifier: PostgreSQL */
#include "config_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_setting.h"

void problem_add(struct problems *problems, size_t line, const char *fmt, ...)
{
	va_list args;

	if (problems->n == problems->capacity) {
		size_t capacity = problems->capacity == 0 ? 16 : 2 * problems->capacity;
		struct problem *items = arena_alloc(problems->arena, capacity * sizeof(*items));

		if (problems->n > 0)
			memcpy(items, problems->items, problems->n * sizeof(*items));
		problems->items = items;
		problems->capacity = capacity;
	}
	va_start(args, fmt);
	problems->items[problems->n++] =
		(struct problem){line, arena_vprintf(problems->arena, fmt, args)};
	va_end(args);
}

static void sort_by_line(struct problems *problems)
{
	for (size_t i = 1; i < problems->n; i++) {
		struct problem problem = problems->items[i];
		size_t j = i;

		for (; j > 0 && problems->items[j - 1].line > problem.line; j--)
			problems->items[j] = problems->items[j - 1];
		problems->items[j] = problem;
	}
}

char *problems_text(struct problems *problems)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	sort_by_line(problems);
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->items[i];

		if (problem->line > 0)
			fprintf(out, "%s:%zu: %s\n", problems->file, problem->line, problem->text);
		else
			fprintf(out, "%s: %s\n", problems->file, problem->text);
	}
	fclose(out);
	return text;
}

static int load_documents(
	struct problems *problems, yaml_parser_t *parser, yaml_document_t *document)
{
	yaml_document_t second;

	if (!yaml_parser_load(parser, document)) {
		problem_add(problems, parser->problem_mark.line + 1, "not YAML: %s%s%s",
			parser->problem != NULL ? parser->problem : "unreadable",
			parser->context != NULL ? " " : "",
			parser->context != NULL ? parser->context : "");
		return -1;
	}
	if (!yaml_parser_load(parser, &second))
		return 0;
	if (yaml_document_get_root_node(&second) != NULL)
		problem_add(problems, second.start_mark.line + 1,
			"a second document; the configuration is one document");
	yaml_document_delete(&second);
	return 0;
}

int config_parse(struct problems *problems, const char *yaml, size_t len, yaml_document_t *document)
{
	yaml_parser_t parser;
	int status;

	if (!yaml_parser_initialize(&parser)) {
		problem_add(problems, 0, "out of memory");
		return -1;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, len);
	status = load_documents(problems, &parser, document);
	yaml_parser_delete(&parser);
	return status;
}

static size_t line_of(const yaml_node_t *node)
{
	return node->start_mark.line + 1;
}

static const char *scalar_text(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* Pair of that key in a mapping; NULL: none, or no mapping. */
static const yaml_node_pair_t *find_pair(
	yaml_document_t *document, const yaml_node_t *mapping, const char *key, size_t len)
{
	if (mapping == NULL || mapping->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
		pair < mapping->data.mapping.pairs.top; pair++) {
		const char *text = scalar_text(yaml_document_get_node(document, pair->key));

		if (text != NULL && strlen(text) == len && memcmp(text, key, len) == 0)
			return pair;
	}
	return NULL;
}

/* True when it leads to the end of the path; *line is that of the last key on it that is there. */
static bool follow_path(yaml_document_t *document, const char *path, size_t *line)
{
	const yaml_node_t *node = yaml_document_get_root_node(document);

	*line = 0;
	for (const char *key = path; node != NULL;) {
		size_t len = strcspn(key, ".");
		const yaml_node_pair_t *pair = find_pair(document, node, key, len);

		if (pair == NULL)
			return false;
		*line = line_of(yaml_document_get_node(document, pair->key));
		if (key[len] == '\0')
			return true;
		node = yaml_document_get_node(document, pair->value);
		key += len + 1;
	}
	return false;
}

size_t config_line(yaml_document_t *document, const char *path)
{
	size_t line;

	follow_path(document, path, &line);
	return line;
}

bool config_has(yaml_document_t *document, const char *path)
{
	size_t line;

	return follow_path(document, path, &line);
}

static const yaml_node_t *find_value(yaml_document_t *document, const char *key)
{
	const yaml_node_pair_t *pair =
		find_pair(document, yaml_document_get_root_node(document), key, strlen(key));

	return pair == NULL ? NULL : yaml_document_get_node(document, pair->value);
}

size_t config_entry_line(yaml_document_t *document, const char *key, size_t i)
{
	const yaml_node_t *list = find_value(document, key);

	if (list == NULL || list->type != YAML_SEQUENCE_NODE ||
		i >= (size_t)(list->data.sequence.items.top - list->data.sequence.items.start))
		return config_line(document, key);
	return line_of(yaml_document_get_node(document, list->data.sequence.items.start[i]));
}

bool config_rules_listed(yaml_document_t *document)
{
	const yaml_node_t *rules = find_value(document, "rules");

	return rules != NULL && rules->type == YAML_SEQUENCE_NODE;
}

/* One walk over a document. */
struct walk {
	struct problems *problems;
	yaml_document_t *document;
	bool shape_ok;
};

static void check_value(struct walk *walk, const char *path, const yaml_node_t *node,
	const cyaml_schema_value_t *schema);

static const char *join(struct walk *walk, const char *section, const char *key)
{
	return arena_printf(
		walk->problems->arena, "%s%s%s", section, *section != '\0' ? "." : "", key);
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_field_t *fields, const char *key)
{
	for (; fields->key != NULL; fields++)
		if (strcmp(fields->key, key) == 0)
			return fields;
	return NULL;
}

static void report_unknown(struct walk *walk, const char *path, size_t line, const char *key,
	const cyaml_schema_field_t *fields)
{
	struct arena *arena = walk->problems->arena;
	const char **words;
	size_t n = 0;

	while (fields[n].key != NULL)
		n++;
	words = arena_alloc(arena, (n + 1) * sizeof(*words));
	for (size_t i = 0; i < n; i++)
		words[i] = fields[i].key;
	if (strcmp(path, "rules") == 0 && config_rules_listed(walk->document) == false)
		problem_add(walk->problems, line,
			"there is no rule \"%s\"%s; `phasegate rules` lists them", key,
			near_matches(arena, key, words, n));
	else
		problem_add(walk->problems, line, "unknown key \"%s\"%s",
			*path == '\0' ? key : join(walk, path, key),
			near_matches(arena, key, words, n));
}

static void check_pair(struct walk *walk, const char *path, const yaml_node_t *mapping,
	const yaml_node_pair_t *pair, const cyaml_schema_field_t *fields)
{
	const yaml_node_t *node = yaml_document_get_node(walk->document, pair->key);
	const char *key = scalar_text(node);
	const cyaml_schema_field_t *field;

	if (key == NULL) {
		problem_add(walk->problems, line_of(node), "a key must be a word");
		walk->shape_ok = false;
		return;
	}
	field = find_field(fields, key);
	if (field == NULL) {
		report_unknown(walk, path, line_of(node), key, fields);
		return;
	}
	if (find_pair(walk->document, mapping, key, strlen(key)) != pair) {
		problem_add(walk->problems, line_of(node), "\"%s\" stands here twice",
			join(walk, path, key));
		walk->shape_ok = false;
		return;
	}
	check_value(walk, join(walk, path, key),
		yaml_document_get_node(walk->document, pair->value), &field->value);
}

static void check_mapping(struct walk *walk, const char *path, const yaml_node_t *node,
	const cyaml_schema_value_t *schema)
{
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++)
		check_pair(walk, path, node, pair, schema->mapping.fields);
}

static void check_sequence(struct walk *walk, const char *path, const yaml_node_t *node,
	const cyaml_schema_value_t *schema)
{
	for (const yaml_node_item_t *item = node->data.sequence.items.start;
		item < node->data.sequence.items.top; item++)
		check_value(walk, path, yaml_document_get_node(walk->document, *item),
			schema->sequence.entry);
}

static const struct setting *setting_of(struct walk *walk, const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot == NULL)
		return setting_find("", path);
	return setting_find(
		arena_strndup(walk->problems->arena, path, (size_t)(dot - path)), dot + 1);
}

static void check_text(struct walk *walk, const char *path, const yaml_node_t *node)
{
	const struct setting *setting = setting_of(walk, path);
	const char *text = scalar_text(node), *wrong;

	if (*text == '\0' && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		problem_add(walk->problems, line_of(node),
			"%s has no value: write one, or remove the line for the default", path);
		return;
	}
	wrong = setting_wrong(walk->problems->arena, setting, text);
	if (wrong != NULL)
		problem_add(walk->problems, line_of(node), "%s: %s", path, wrong);
}

static void check_value(struct walk *walk, const char *path, const yaml_node_t *node,
	const cyaml_schema_value_t *schema)
{
	static const struct {
		enum cyaml_type schema;
		yaml_node_type_t node;
		const char *text;
	} shapes[] = {
		{CYAML_MAPPING, YAML_MAPPING_NODE, "a mapping (key: value, ...)"},
		{CYAML_SEQUENCE, YAML_SEQUENCE_NODE, "a list (- ...)"},
		{CYAML_STRING, YAML_SCALAR_NODE, "one value"},
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].schema == schema->type && shapes[i].node != node->type) {
			problem_add(walk->problems, line_of(node), "%s must be %s",
				*path == '\0' ? "the document" : path, shapes[i].text);
			walk->shape_ok = false;
			return;
		}
	if (node->type == YAML_MAPPING_NODE)
		check_mapping(walk, path, node, schema);
	else if (node->type == YAML_SEQUENCE_NODE)
		check_sequence(walk, path, node, schema);
	else
		check_text(walk, path, node);
}

bool config_check(
	struct problems *problems, yaml_document_t *document, const cyaml_schema_value_t *schema)
{
	struct walk walk = {.problems = problems, .document = document, .shape_ok = true};

	check_value(&walk, "", yaml_document_get_root_node(document), schema);
	return walk.shape_ok;
}
