/* SPDX-License-Identifier: PostgreSQL */
/*
 * The words of a text, as bits: has it all the words of a name, it may mention that name; misses it
 * one, it does not.  Letters count as PostgreSQL folds them, and quotes not at all.  Cheap enough
 * to ask of statements that nobody parses; to be wrong now and then must do no harm.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORD_SET_LONGS = 4 };

struct word_set {
	uint64_t bits[WORD_SET_LONGS];
};

struct word_set words_of(const char *text, size_t len);
/* Are all of these among them? */
bool words_have(const struct word_set *words, const struct word_set *these);
void words_join(struct word_set *words, const struct word_set *more);

/* Of a name as it stands, for telling names apart in little memory. */
uint32_t words_hash(const char *name);

#endif
