/* SPDX-License-Identifier: PostgreSQL */
/* From how many parents a table has what it inherits, counted as the server counts them. */
#include "model.h"

static bool same_link(const struct partition_facts *a, const struct partition_facts *b)
{
	return name_equal(&a->name, &b->name) && name_equal(&a->parent, &b->parent);
}

/* From there downwards, along what is told of the tree of top. */
static bool reaches(
	const struct relation_facts *top, const struct name *from, const struct name *below)
{
	if (name_equal(from, &top->name) || name_equal(from, below))
		return true;
	for (size_t i = 0; i < top->n_links; i++)
		if (name_equal(&top->links[i].name, below) &&
			reaches(top, from, &top->links[i].parent))
			return true;
	return false;
}

/* The number that find_all_inheritors counts when it begins there (pg_inherits.c). */
static int parents_below(
	const struct relation_facts *top, const struct name *from, const struct name *child)
{
	int n = 0;

	for (size_t i = 0; i < top->n_links; i++) {
		const struct partition_facts *link = &top->links[i];
		bool counted =
			!name_equal(&link->name, child) || !reaches(top, from, &link->parent);

		for (size_t k = 0; k < i && !counted; k++)
			counted = same_link(&top->links[k], link);
		n += !counted;
	}
	return n;
}

/* Each table of a composite type is gone through for itself. */
static bool a_typed_table_lacks_parents(
	const struct relation_facts *type, const struct name *child, int n_parents)
{
	for (size_t i = 0; i < type->n_links; i++) {
		const struct partition_facts *link = &type->links[i];

		if (name_equal(&link->parent, &type->name) && reaches(type, &link->name, child) &&
			n_parents > parents_below(type, &link->name, child))
			return true;
	}
	return false;
}

bool model_has_other_parent(
	const struct model *model, const struct relation_facts *table, int n_parents)
{
	const struct relation_facts *top = model->table;

	return top->kind == 'c' ? a_typed_table_lacks_parents(top, &table->name, n_parents)
				: n_parents > parents_below(top, &top->name, &table->name);
}
