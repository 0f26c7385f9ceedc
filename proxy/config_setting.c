/* SPDX-License-Identifier: PostgreSQL */
#include "config_setting.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "config.h"
#include "config_keys.h"
#include "config_schema.h"
#include "rule.h"

/* In the order of the enums and bools they stand for. */
static const char *const mode_words[] = {"enforce", "observe", NULL};
static const char *const client_tls_words[] = {"disable", "allow", "require", NULL};
static const char *const server_tls_words[] = {
	"disable", "require", "verify-ca", "verify-full", NULL};
static const char *const scram_words[] = {"relay", "refuse", NULL};
static const char *const bad_rows_words[] = {"undo", "keep", NULL};
static const char *const bad_writes_words[] = {"refuse", "accept", NULL};
static const char *const release_words[] = {"manual", "automatic", NULL};
static const char *const fsync_words[] = {"always", "interval", "never", NULL};

/* clang-format off */
#define SETTING(base, path, name, k, w, type, member, lo, hi) \
	{ \
		.section = path, .key = #name, .kind = SETTING_##k, .words = w, \
		.text_offset = base, \
		.offset = offsetof(struct type, member), \
		.size = sizeof(((struct type *)NULL)->member), \
		.min = lo, .max = hi, \
	},
#define PLACED(s, name, k, w, type, member, lo, hi) \
	SETTING(offsetof(struct document, s.name), PATH_##s, name, k, w, type, member, lo, hi)
#define IN_ENTRY(s, name, k, w, type, member, lo, hi) \
	SETTING(offsetof(struct s##_text, name), #s, name, k, w, type, member, lo, hi)
#define SECTION_PATH(section, path, keys) static const char PATH_##section[] = path;
SECTIONS(SECTION_PATH)
#define SECTION_ROWS(section, path, keys) keys(PLACED)

const struct setting settings[] = {SECTIONS(SECTION_ROWS)};
#define LIST_ROW(name, member) \
	{ \
		.section = "lane", .key = #name, .kind = SETTING_TEXT, \
		.text_offset = offsetof(struct document, lane_##name), \
		.offset = offsetof(struct config, member), \
	},
const struct setting list_settings[] = {LANE_LISTS(LIST_ROW)};
const struct setting listen_settings[] = {LISTEN_KEYS(IN_ENTRY)};
const struct setting rules_settings[] = {RULES_KEYS(IN_ENTRY)};
/* clang-format on */
const size_t n_settings = sizeof(settings) / sizeof(settings[0]);
const size_t n_list_settings = sizeof(list_settings) / sizeof(list_settings[0]);
const size_t n_listen_settings = sizeof(listen_settings) / sizeof(listen_settings[0]);
const size_t n_rules_settings = sizeof(rules_settings) / sizeof(rules_settings[0]);

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit time_units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000},
	{"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit byte_units[] = {{"", 1}, {"B", 1}, {"kB", 1 << 10}, {"MB", 1 << 20},
	{"GB", 1 << 30}, {"TB", (int64_t)1 << 40}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct setting *find_in(
	const struct setting *rows, size_t n, const char *section, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].section, section) == 0 && strcmp(rows[i].key, key) == 0)
			return &rows[i];
	return NULL;
}

const struct setting *setting_find(const char *section, const char *key)
{
	const struct setting *found = find_in(settings, n_settings, section, key);

	if (found == NULL)
		found = find_in(list_settings, n_list_settings, section, key);
	if (found == NULL)
		found = find_in(listen_settings, n_listen_settings, section, key);
	if (found == NULL)
		found = find_in(rules_settings, n_rules_settings, section, key);
	if (found == NULL && strcmp(section, "rules") == 0 && rule_by_id(key) != NULL)
		found = find_in(rules_settings, n_rules_settings, "rules", "verdict");
	return found;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, case ignored; long words count as far. */
static size_t distance(const char *a, const char *b)
{
	enum { LONGEST = 64 };
	size_t row[LONGEST + 1], la = strlen(a), lb = strlen(b);

	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];
			size_t same = strncasecmp(&a[i - 1], &b[j - 1], 1) == 0 ? 0 : 1;

			row[j] = smaller(smaller(row[j - 1] + 1, above + 1), diagonal + same);
			diagonal = above;
		}
	}
	return row[lb];
}

static bool similar(const char *text, const char *word)
{
	size_t len = strlen(text);

	if (len >= 4 && (strstr(word, text) != NULL || strstr(text, word) != NULL))
		return true;
	return distance(text, word) <= (len < 4 ? 1 : len / 4 + 1);
}

const char *near_matches(
	struct arena *arena, const char *text, const char *const *words, size_t n_words)
{
	const char *list = "";
	size_t n = 0;

	for (size_t i = 0; i < n_words && n < 4; i++)
		if (similar(text, words[i]))
			list = arena_printf(arena, "%s%s%s", list, n++ > 0 ? ", " : "", words[i]);
	return n == 0 ? "" : arena_printf(arena, " (did you mean %s?)", list);
}

static const char *wrong_word(
	struct arena *arena, const char *text, const char *const *words, size_t n_words)
{
	const char *list = "";

	for (size_t i = 0; i < n_words; i++) {
		if (strcmp(text, words[i]) == 0)
			return NULL;
		list = arena_printf(arena, "%s%s%s", list, i > 0 ? ", " : "", words[i]);
	}
	return arena_printf(arena, "\"%s\" is none of %s%s", text, list,
		near_matches(arena, text, words, n_words));
}

static size_t count_words(const char *const *words)
{
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	return n;
}

static const char *wrong_verdict(struct arena *arena, const char *text)
{
	const char *names[VERDICT_REJECT + 1];

	for (int i = 0; i <= VERDICT_REJECT; i++)
		names[i] = verdict_name((enum verdict)i);
	return wrong_word(arena, text, names, VERDICT_REJECT + 1);
}

static const char *wrong_rule(struct arena *arena, const char *text)
{
	const char **ids;

	if (rule_by_id(text) != NULL)
		return NULL;
	ids = arena_alloc(arena, (n_rules_all + 1) * sizeof(*ids));
	for (size_t i = 0; i < n_rules_all; i++)
		ids[i] = rules_all[i]->id;
	return arena_printf(arena, "there is no rule \"%s\"%s; `phasegate rules` lists them", text,
		near_matches(arena, text, ids, n_rules_all));
}

static int bool_value(const char *text)
{
	static const struct {
		const char *word;
		bool value;
	} spellings[] = {
		{"true", true},
		{"yes", true},
		{"on", true},
		{"false", false},
		{"no", false},
		{"off", false},
	};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (strcasecmp(text, spellings[i].word) == 0)
			return spellings[i].value;
	return -1;
}

static const struct unit *units_of(enum setting_kind kind)
{
	return kind == SETTING_MS ? time_units : kind == SETTING_BYTES ? byte_units : no_units;
}

/* Digits, at most one space, a unit.  false when it is not that or too large for 64 bits. */
static bool number_value(const char *text, const struct unit *units, int64_t *out)
{
	char *end;
	long long number;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0)
		return false;
	if (*end == ' ')
		end++;
	for (; units->name != NULL; units++)
		if (strcasecmp(end, units->name) == 0)
			return !__builtin_mul_overflow(number, units->factor, out);
	return false;
}

static const char *number_in_words(struct arena *arena, enum setting_kind kind, int64_t value)
{
	const char *unit = kind == SETTING_MS ? " ms" : kind == SETTING_BYTES ? " bytes" : "";

	return arena_printf(arena, "%lld%s", (long long)value, unit);
}

static const char *wrong_number(
	struct arena *arena, const struct setting *setting, const char *text)
{
	static const char *const expected[] = {
		[SETTING_COUNT] = "a whole number",
		[SETTING_REAL] = "a whole number",
		[SETTING_BYTES] = "a size such as 512kB, 8MB or 2GB",
		[SETTING_MS] = "a duration such as 200ms, 2s or 5min",
	};
	int64_t value;

	if (!number_value(text, units_of(setting->kind), &value))
		return arena_printf(arena, "\"%s\" is not %s", text, expected[setting->kind]);
	if (value < setting->min)
		return arena_printf(arena, "%s is less than %s", text,
			number_in_words(arena, setting->kind, setting->min));
	if (value > setting->max)
		return arena_printf(arena, "%s is more than %s", text,
			number_in_words(arena, setting->kind, setting->max));
	return NULL;
}

static const char *wrong_path(struct arena *arena, const char *text, bool directory)
{
	struct stat status;

	if (stat(text, &status) != 0 || access(text, R_OK) != 0)
		return arena_printf(arena, "cannot read %s: %s", text, strerror(errno));
	if (directory && !S_ISDIR(status.st_mode))
		return arena_printf(arena, "%s is not a directory", text);
	if (!directory && !S_ISREG(status.st_mode))
		return arena_printf(arena, "%s is not a regular file", text);
	return NULL;
}

const char *setting_wrong(struct arena *arena, const struct setting *setting, const char *text)
{
	switch (setting->kind) {
	case SETTING_TEXT:
		return NULL;
	case SETTING_FILE:
	case SETTING_DIRECTORY:
		return wrong_path(arena, text, setting->kind == SETTING_DIRECTORY);
	case SETTING_BOOL:
		return bool_value(text) >= 0
			       ? NULL
			       : arena_printf(arena, "\"%s\" is neither true nor false", text);
	case SETTING_COUNT:
	case SETTING_REAL:
	case SETTING_BYTES:
	case SETTING_MS:
		return wrong_number(arena, setting, text);
	case SETTING_WORD:
		return wrong_word(arena, text, setting->words, count_words(setting->words));
	case SETTING_RULE:
		return wrong_rule(arena, text);
	case SETTING_VERDICT:
		return wrong_verdict(arena, text);
	}
	return NULL;
}

static int64_t integer_value(const struct setting *setting, const char *text)
{
	int64_t value = 0;

	switch (setting->kind) {
	case SETTING_BOOL:
		return bool_value(text);
	case SETTING_WORD:
		while (strcmp(setting->words[value], text) != 0)
			value++;
		return value;
	case SETTING_VERDICT:
		return verdict_from_name(text);
	default:
		number_value(text, units_of(setting->kind), &value);
		return value;
	}
}

static void store_integer(void *member, size_t size, int64_t value)
{
	switch (size) {
	case 1:
		*(uint8_t *)member = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)member = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)member = (uint32_t)value;
		break;
	default:
		assert(size == 8);
		*(uint64_t *)member = (uint64_t)value;
	}
}

void setting_store(struct arena *arena, const struct setting *setting, const char *text, void *base)
{
	void *member = (char *)base + setting->offset;

	switch (setting->kind) {
	case SETTING_TEXT:
	case SETTING_FILE:
	case SETTING_DIRECTORY:
		*(const char **)member = arena_strdup(arena, text);
		break;
	case SETTING_RULE:
		*(const char **)member = rule_by_id(text)->id;
		break;
	case SETTING_REAL:
		*(double *)member = (double)integer_value(setting, text);
		break;
	default:
		store_integer(member, setting->size, integer_value(setting, text));
	}
}
