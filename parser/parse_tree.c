/* SPDX-License-Identifier: PostgreSQL */
#include "parse_tree.h"

#include <string.h>
#include <strings.h>

#include "arena.h"

static const void *member(const ProtobufCMessage *message, unsigned offset)
{
	return (const char *)message + offset;
}

/* How many values a field holds; a oneof's field holds one when its case is set. */
static size_t field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)member(message, field->quantifier_offset) == field->id;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)member(message, field->quantifier_offset);
	return 1;
}

static const ProtobufCMessage *message_at(
	const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i)
{
	const void *place = member(message, field->offset);

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return (*(ProtobufCMessage *const *const *)place)[i];
	return *(ProtobufCMessage *const *)place;
}

static void walk_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
	tree_visitor visit, void *context)
{
	size_t n;

	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return;
	n = field_count(message, field);
	for (size_t i = 0; i < n; i++) {
		const ProtobufCMessage *below = message_at(message, field, i);

		if (below != NULL)
			tree_walk(below, visit, context);
	}
}

/* One oneof of 240 fields: look the set one up instead of trying all. */
static const ProtobufCFieldDescriptor *node_field(const PgQuery__Node *node)
{
	return protobuf_c_message_descriptor_get_field(
		&pg_query__node__descriptor, (unsigned)node->node_case);
}

const ProtobufCMessage *tree_node_message(const PgQuery__Node *node)
{
	const ProtobufCFieldDescriptor *field = node == NULL ? NULL : node_field(node);

	return field == NULL ? NULL : message_at(&node->base, field, 0);
}

void tree_walk(const ProtobufCMessage *root, tree_visitor visit, void *context)
{
	const ProtobufCMessageDescriptor *type = root->descriptor;

	if (!visit(context, root))
		return;
	if (type == &pg_query__node__descriptor) {
		const ProtobufCMessage *below = tree_node_message((const PgQuery__Node *)root);

		if (below != NULL)
			tree_walk(below, visit, context);
		return;
	}
	for (unsigned i = 0; i < type->n_fields; i++)
		walk_field(root, &type->fields[i], visit, context);
}

static bool scalar_equal(
	const ProtobufCMessage *a, const ProtobufCMessage *b, const ProtobufCFieldDescriptor *field)
{
	const void *x = member(a, field->offset), *y = member(b, field->offset);

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return strcmp(*(char *const *)x, *(char *const *)y) == 0;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_INT64:
		return memcmp(x, y, sizeof(uint64_t)) == 0;
	default: /* bool, enumerations and 32-bit numbers; the trees have no other */
		return memcmp(x, y, sizeof(uint32_t)) == 0;
	}
}

static bool tells_a_place(const ProtobufCFieldDescriptor *field)
{
	return strcmp(field->name, "location") == 0 || strcmp(field->name, "stmt_location") == 0 ||
	       strcmp(field->name, "stmt_len") == 0;
}

static bool field_equal(
	const ProtobufCMessage *a, const ProtobufCMessage *b, const ProtobufCFieldDescriptor *field)
{
	size_t n = field_count(a, field);

	if (n != field_count(b, field))
		return false;
	if (n == 0 || tells_a_place(field))
		return true;
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return field->label == PROTOBUF_C_LABEL_REPEATED || scalar_equal(a, b, field);
	for (size_t i = 0; i < n; i++) {
		const ProtobufCMessage *x = message_at(a, field, i), *y = message_at(b, field, i);

		if ((x == NULL) != (y == NULL) || (x != NULL && !tree_equal(x, y)))
			return false;
	}
	return true;
}

bool tree_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	if (a->descriptor != b->descriptor)
		return false;
	for (unsigned i = 0; i < a->descriptor->n_fields; i++)
		if (!field_equal(a, b, &a->descriptor->fields[i]))
			return false;
	return true;
}

static const ProtobufCFieldDescriptor *find_field(
	const ProtobufCMessage *message, const char *name, ProtobufCType type)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

	if (field == NULL || field->type != type || field->label == PROTOBUF_C_LABEL_REPEATED)
		return NULL;
	return field;
}

const char *tree_field_text(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = find_field(message, name, PROTOBUF_C_TYPE_STRING);
	const char *text = field == NULL ? NULL : *(char *const *)member(message, field->offset);

	return text == NULL || *text == '\0' ? NULL : text;
}

bool tree_field_bool(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = find_field(message, name, PROTOBUF_C_TYPE_BOOL);

	return field != NULL && *(const protobuf_c_boolean *)member(message, field->offset);
}

int tree_field_number(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = find_field(message, name, PROTOBUF_C_TYPE_ENUM);

	return field == NULL ? 0 : *(const int *)member(message, field->offset);
}

const PgQuery__RangeVar *tree_field_relation(const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned i = 0; i < type->n_fields; i++)
		if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
			type->fields[i].label != PROTOBUF_C_LABEL_REPEATED &&
			type->fields[i].descriptor == &pg_query__range_var__descriptor)
			return (const PgQuery__RangeVar *)message_at(message, &type->fields[i], 0);
	return NULL;
}

const char *tree_first_text(const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned i = 0; i < type->n_fields; i++)
		if (type->fields[i].type == PROTOBUF_C_TYPE_STRING &&
			type->fields[i].label != PROTOBUF_C_LABEL_REPEATED)
			return tree_field_text(message, type->fields[i].name);
	return NULL;
}

const char *tree_text(struct arena *arena, const char *text)
{
	return text == NULL || *text == '\0' ? NULL : arena_strdup(arena, text);
}

struct name tree_relation_name(struct arena *arena, const PgQuery__RangeVar *relation)
{
	if (relation == NULL)
		return (struct name){0};
	return (struct name){
		.schema = tree_text(arena, relation->schemaname),
		.name = tree_text(arena, relation->relname),
	};
}

struct name tree_name(struct arena *arena, PgQuery__Node *const *parts, size_t n)
{
	struct name name = {0};

	if (n > 0)
		name.name = tree_text(arena, tree_string(parts[n - 1]));
	if (n > 1)
		name.schema = tree_text(arena, tree_string(parts[n - 2]));
	return name;
}

const char *tree_string(const PgQuery__Node *node)
{
	while (node != NULL && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	if (node == NULL)
		return NULL;
	if (node->node_case == PG_QUERY__NODE__NODE_STRING)
		return node->string->sval;
	if (node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
		node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL)
		return node->a_const->sval->sval;
	return NULL;
}

const char *tree_constant(struct arena *arena, const PgQuery__Node *node)
{
	while (node != NULL && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_A_CONST)
		return arena_strdup(arena, tree_string(node));
	switch (node->a_const->val_case) {
	case PG_QUERY__A__CONST__VAL_IVAL:
		return arena_printf(arena, "%d", node->a_const->ival->ival);
	case PG_QUERY__A__CONST__VAL_FVAL:
		return arena_strdup(arena, node->a_const->fval->fval);
	case PG_QUERY__A__CONST__VAL_BOOLVAL:
		return node->a_const->boolval->boolval ? "true" : "false";
	case PG_QUERY__A__CONST__VAL_SVAL:
		return arena_strdup(arena, node->a_const->sval->sval);
	default:
		return NULL;
	}
}

size_t tree_list(const PgQuery__Node *node, PgQuery__Node ***items)
{
	if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_LIST)
		return 0;
	*items = node->list->items;
	return node->list->n_items;
}

/* defGetBoolean (commands/define.c): no value, 1, true and on; anything odd is an error there. */
static bool option_value(const PgQuery__Node *value)
{
	const char *text;

	if (value == NULL)
		return true;
	if (value->node_case == PG_QUERY__NODE__NODE_INTEGER)
		return value->integer->ival != 0;
	text = tree_string(value);
	return text == NULL || (strcasecmp(text, "false") != 0 && strcasecmp(text, "off") != 0);
}

bool tree_option_on(PgQuery__Node *const *options, size_t n, const char *name, bool otherwise)
{
	bool on = otherwise;

	for (size_t i = 0; i < n; i++)
		if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
			strcmp(options[i]->def_elem->defname, name) == 0)
			on = option_value(options[i]->def_elem->arg);
	return on;
}

const char *tree_option_text(PgQuery__Node *const *options, size_t n, const char *name)
{
	const char *text = NULL;

	for (size_t i = 0; i < n; i++)
		if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
			strcmp(options[i]->def_elem->defname, name) == 0 &&
			options[i]->def_elem->arg != NULL)
			text = tree_string(options[i]->def_elem->arg);
	return text;
}
