/* SPDX-License-Identifier: PostgreSQL */
#include "suppression.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "rule.h"

#define FORM "write -- phasegate: allow RULE, ... because REASON"

static const char *skip_spaces(const char *p)
{
	return p + strspn(p, " \t\r");
}

/* p is behind word when it stands there, else NULL. */
static const char *take_word(const char *p, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(p, word, n) != 0 || (p[n] != '\0' && strchr(" \t\r", p[n]) == NULL))
		return NULL;
	return skip_spaces(p + n);
}

static const char *trimmed(struct arena *arena, const char *text)
{
	size_t n = strlen(text);

	while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL)
		n--;
	return arena_strndup(arena, text, n);
}

/* Takes one id and the comma behind it. */
static const char *take_rule(struct arena *arena, const char *p, struct suppression *suppression)
{
	size_t n = strcspn(p, ", \t\r");
	const char *id = arena_strndup(arena, p, n);
	const struct rule *rule = rule_by_id(id);

	if (rule == NULL)
		suppression->error = arena_printf(
			arena, "there is no rule \"%s\" to allow; phasegate rules lists them", id);
	else if (suppression->n_rules == SUPPRESSED_RULES_MAX)
		suppression->error = "the comment names too many rules";
	else
		suppression->rules[suppression->n_rules++] = rule;
	p = skip_spaces(p + n);
	return *p == ',' ? skip_spaces(p + 1) : p;
}

static void read_allow(struct arena *arena, const char *p, struct suppression *suppression)
{
	const char *reason = NULL;

	while (*p != '\0' && (reason = take_word(p, "because")) == NULL &&
		suppression->error == NULL)
		p = take_rule(arena, p, suppression);
	if (suppression->error != NULL)
		return;
	if (suppression->n_rules == 0)
		suppression->error = "the comment names no rule to allow: " FORM;
	else if (reason == NULL || *reason == '\0')
		suppression->error = "the comment gives no reason for what it allows: " FORM;
	else
		suppression->reason = trimmed(arena, reason);
}

bool suppression_read(
	struct arena *arena, const char *comment, size_t len, struct suppression *suppression)
{
	static const char name[] = "phasegate:";
	const char *p = arena_strndup(arena, comment, len);

	*suppression = (struct suppression){0};
	p = skip_spaces(p + strspn(p, "-"));
	if (strncasecmp(p, name, strlen(name)) != 0)
		return false;
	p = take_word(skip_spaces(p + strlen(name)), "allow");
	if (p == NULL)
		suppression->error = "the comment says nothing that is understood: " FORM;
	else
		read_allow(arena, p, suppression);
	return true;
}

bool suppression_covers(const struct suppression *suppression, const struct rule *rule)
{
	for (size_t i = 0; i < suppression->n_rules && suppression->error == NULL; i++)
		if (suppression->rules[i] == rule)
			return true;
	return false;
}
