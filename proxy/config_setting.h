/* SPDX-License-Identifier: PostgreSQL */
/*
 * The values of the configuration file: what the text of each key may be, and how it becomes a
 * member of struct config.  Knows nothing of YAML.
 */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum setting_kind {
	SETTING_TEXT,
	SETTING_FILE, /* must be readable */
	SETTING_DIRECTORY, /* must exist */
	SETTING_BOOL, /* true or false, as YAML 1.1 spells them */
	SETTING_COUNT, /* a whole number */
	SETTING_REAL, /* a whole number too, stored as a double */
	SETTING_BYTES, /* B, kB, MB, GB, TB or none: powers of 1024, as in postgresql.conf */
	SETTING_MS, /* ms, s, min, h, d; a bare number is milliseconds, as in postgresql.conf */
	SETTING_WORD, /* one of words; stored as its place there */
	SETTING_RULE, /* the id of a rule */
	SETTING_VERDICT,
};

struct setting {
	const char *section; /* path of the mapping it stands in, "" for the document itself */
	const char *key;
	enum setting_kind kind;
	const char *const *words;
	size_t text_offset; /* in struct document, or in the entry of a list */
	size_t offset, size; /* of the member in struct config, or in the entry's struct */
	int64_t min, max;
};

/* Those that stand once in a document. */
extern const struct setting settings[];
extern const size_t n_settings;
/* Lists of names: struct list_text there, struct text_list in struct config. */
extern const struct setting list_settings[];
extern const size_t n_list_settings;
/* Those of one entry of `listen:` and `rules:`. */
extern const struct setting listen_settings[], rules_settings[];
extern const size_t n_listen_settings, n_rules_settings;

/* Any of these, by path and key.  Keys of the mapping form of `rules:` are verdicts.  NULL: no
 * such key. */
const struct setting *setting_find(const char *section, const char *key);

/* NULL when text is a value for it; else what is wrong and what would be right, in the arena. */
const char *setting_wrong(struct arena *arena, const struct setting *setting, const char *text);

/* text must not be wrong.  Stores into the struct at base; strings are copied to the arena. */
void setting_store(
	struct arena *arena, const struct setting *setting, const char *text, void *base);

/* " (did you mean a, b?)" of the words that text is a slip of; "" when there is none. */
const char *near_matches(
	struct arena *arena, const char *text, const char *const *words, size_t n_words);

#endif
