/* SPDX-License-Identifier: PostgreSQL */
/* Texts whose comment says that they are backfill, and the prepared statements made of them. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "lane_session.h"
#include "must.h"
#include "session.h"
#include "tag.h"
#include "text.h"

enum { TAGGED_NAMES_MAX = 256 }; /* of more the oldest are forgotten, and not held any more */

bool lane_tagged(const struct session *session, const char *text, size_t len)
{
	const struct text_list *tags = &session->config->lane.tags;

	for (size_t i = 0; i < tags->n; i++)
		if (tag_says(text, len, "lane", tags->items[i]))
			return true;
	return false;
}

struct tagged_name {
	struct tagged_name *next;
	char name[NAME_BYTES_MAX + 1];
};

static struct tagged_name **find_name(struct tagged_name **link, const char *name)
{
	while (*link != NULL && strncmp((*link)->name, name, NAME_BYTES_MAX) != 0)
		link = &(*link)->next;
	return link;
}

/* The last one in the row. */
static void add_name(struct session *session, const char *name)
{
	struct tagged_name **link = &session->lane.tagged, *oldest = *link;
	size_t n = 0;

	for (; *link != NULL; link = &(*link)->next)
		n++;
	*link = must(calloc(1, sizeof(**link)));
	strncpy((*link)->name, name, NAME_BYTES_MAX);
	if (n < TAGGED_NAMES_MAX)
		return;
	session->lane.tagged = oldest->next;
	free(oldest);
}

/* Should the Parse fail, the name means nothing, and nobody can bind it. */
void lane_parsed(struct session *session, const char *name, bool tagged)
{
	struct tagged_name **link = find_name(&session->lane.tagged, name), *found = *link;

	if (tagged && found == NULL) {
		add_name(session, name);
	} else if (!tagged && found != NULL) {
		*link = found->next;
		free(found);
	}
}

bool lane_statement(const struct session *session, const char *name)
{
	struct tagged_name *first = session->lane.tagged;

	return *find_name(&first, name) != NULL;
}

void lane_tags_free(struct session *session)
{
	struct tagged_name *name, *next;

	for (name = session->lane.tagged; name != NULL; name = next) {
		next = name->next;
		free(name);
	}
	session->lane.tagged = NULL;
}
