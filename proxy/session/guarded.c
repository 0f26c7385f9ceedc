/* SPDX-License-Identifier: PostgreSQL */
#include "guarded.h"

#include <stdlib.h>
#include <string.h>

#include "must.h"
#include "session.h"
#include "text.h"

enum name_kind { NAME_STATEMENT, NAME_PORTAL };

/* A portal owns a copy of its text: the statement may be closed or replaced while it is open. */
struct guarded_name {
	struct guarded_name *next;
	enum name_kind kind;
	char name[NAME_BYTES_MAX + 1];
	struct guarded_text meaning;
	char bytes[]; /* of the text and of the types */
};

struct guarded_names {
	struct guarded_name *first;
	unsigned n;
	bool overflown;
};

static struct guarded_name **find(
	const struct session *session, enum name_kind kind, const char *name)
{
	static struct guarded_name *nothing = NULL;
	struct guarded_name **link;

	if (session->guarded == NULL)
		return &nothing;
	for (link = &session->guarded->first; *link != NULL; link = &(*link)->next)
		if ((*link)->kind == kind && strncmp((*link)->name, name, NAME_BYTES_MAX) == 0)
			return link;
	return link;
}

bool guarded_full(const struct session *session)
{
	return session->guarded != NULL && session->guarded->n >= GUARDED_NAMES_MAX;
}

bool guarded_overflown(const struct session *session)
{
	return session->guarded != NULL && session->guarded->overflown;
}

bool guarded_statement(const struct session *session, const char *name)
{
	return session->guarded != NULL && *find(session, NAME_STATEMENT, name) != NULL;
}

bool guarded_portal(const struct session *session, const char *name)
{
	return session->guarded != NULL && *find(session, NAME_PORTAL, name) != NULL;
}

static const struct guarded_text *meaning(
	const struct session *session, enum name_kind kind, const char *name)
{
	const struct guarded_name *found = *find(session, kind, name);

	return found == NULL ? NULL : &found->meaning;
}

const struct guarded_text *guarded_statement_text(const struct session *session, const char *name)
{
	return meaning(session, NAME_STATEMENT, name);
}

const struct guarded_text *guarded_portal_text(const struct session *session, const char *name)
{
	return meaning(session, NAME_PORTAL, name);
}

static void remove_link(struct session *session, struct guarded_name **link)
{
	struct guarded_name *gone = *link;

	*link = gone->next;
	free(gone);
	session->guarded->n--;
}

/* Without names, ordinary messages need not be asked about any. */
static void forget_empty(struct session *session)
{
	if (session->guarded->first != NULL || session->guarded->overflown)
		return;
	free(session->guarded);
	session->guarded = NULL;
}

static void remove_name(struct session *session, enum name_kind kind, const char *name)
{
	struct guarded_name **link = find(session, kind, name);

	if (*link == NULL)
		return;
	remove_link(session, link);
	forget_empty(session);
}

static void add_name(struct session *session, enum name_kind kind, const char *name,
	const struct guarded_text *what)
{
	struct guarded_name *added;
	uint8_t *types;

	if (guarded_full(session) && *find(session, kind, name) == NULL) {
		session->guarded->overflown = true;
		return;
	}
	added = must(calloc(1, sizeof(*added) + what->len + 1 + what->types_len));
	types = (uint8_t *)added->bytes + what->len + 1;
	added->kind = kind;
	strncpy(added->name, name, NAME_BYTES_MAX);
	memcpy(added->bytes, what->text, what->len);
	if (what->types_len > 0)
		memcpy(types, what->types, what->types_len);
	added->meaning = *what;
	added->meaning.text = added->bytes;
	added->meaning.types = types;
	remove_name(session, kind, name);
	if (session->guarded == NULL)
		session->guarded = must(calloc(1, sizeof(*session->guarded)));
	added->next = session->guarded->first;
	session->guarded->first = added;
	session->guarded->n++;
}

void guarded_add_statement(
	struct session *session, const char *name, const struct guarded_text *what)
{
	add_name(session, NAME_STATEMENT, name, what);
}

void guarded_remove_statement(struct session *session, const char *name)
{
	remove_name(session, NAME_STATEMENT, name);
}

void guarded_bind(
	struct session *session, const char *portal, const char *statement, const char *with_values)
{
	const struct guarded_text *what = guarded_statement_text(session, statement);

	if (what == NULL)
		remove_name(session, NAME_PORTAL, portal);
	else if (with_values == NULL)
		add_name(session, NAME_PORTAL, portal, what);
	else
		add_name(session, NAME_PORTAL, portal,
			&(struct guarded_text){.text = with_values, .len = strlen(with_values)});
}

void guarded_remove_portal(struct session *session, const char *name)
{
	remove_name(session, NAME_PORTAL, name);
}

static void remove_kind(struct session *session, enum name_kind kind)
{
	struct guarded_name **link;

	if (session->guarded == NULL)
		return;
	for (link = &session->guarded->first; *link != NULL;)
		if ((*link)->kind == kind)
			remove_link(session, link);
		else
			link = &(*link)->next;
	forget_empty(session);
}

void guarded_remove_statements(struct session *session)
{
	if (session->guarded != NULL)
		session->guarded->overflown = false;
	remove_kind(session, NAME_STATEMENT);
}

void guarded_end_transaction(struct session *session)
{
	remove_kind(session, NAME_PORTAL);
}

void guarded_free(struct session *session)
{
	guarded_remove_statements(session);
	guarded_end_transaction(session);
}
