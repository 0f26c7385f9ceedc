/* SPDX-License-Identifier: PostgreSQL */
/*
 * A branch that depends on the next token is mispredicted about once a token, which costs more
 * than all that is done there.  So 64 bytes are classified at once into words of one bit a byte,
 * without a branch, and only what those cannot decide is looked at: names one after the other
 * for the words that may matter, and the bytes of stops.
 *
 *   text    SELECT "o"."id", 1.5 FROM o WHERE o.id = $1
 *   starts  1        1   1   1 1 1    1 1     1 1    1
 *   stops          1 1 1  1   1                    1       quotes, the dot of a number, operators
 */
#include "head_plain.h"

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "head_words.h"
#include "skip.h"

enum { BLOCK_BYTES = 64 };

/* One bit a byte, the first byte lowest. */
struct classes {
	uint64_t names; /* bytes of names and numbers, but for $ */
	uint64_t digits;
	uint64_t high; /* >= 0x80: also in names */
	uint64_t between; /* white space, commas, dots, colons */
	uint64_t touching; /* ', & and $: mean something else directly behind a name */
	uint64_t double_quotes;
	uint64_t literal_ends; /* ' and backslash */
};

/* Written once for every width: the compiler takes vectors apart where registers are smaller. */
enum { VECTOR_BYTES = 32 };
typedef unsigned char vector __attribute__((vector_size(VECTOR_BYTES)));
#define IS(bytes, byte) ((bytes) == (byte))
#define IN_RANGE(bytes, first, last) ((bytes) - (first) <= (unsigned char)((last) - (first)))

/* mask(bytes): the top bits of the bytes, as a number. */
#define CLASSIFY_VECTOR(classes, bytes, mask, at)                                                  \
	do {                                                                                       \
		const vector digit = (vector)IN_RANGE(bytes, '0', '9');                            \
		const vector letter = (vector)IN_RANGE((bytes) | 0x20, 'a', 'z');                  \
		const vector quote = (vector)IS(bytes, '\'');                                      \
		const vector blank = (vector)(IS(bytes, ' ') | IN_RANGE(bytes, '\t', '\r'));       \
                                                                                                   \
		(classes)->digits |= mask(digit) << (at);                                          \
		(classes)->high |= mask(bytes) << (at);                                            \
		(classes)->names |= mask(letter | digit | (vector)IS(bytes, '_') | (bytes))        \
				    << (at);                                                       \
		(classes)->between |=                                                              \
			mask(blank | (vector)(IS(bytes, '.') | IS(bytes, ',') | IS(bytes, ':')))   \
			<< (at);                                                                   \
		(classes)->touching |= mask(quote | (vector)(IS(bytes, '&') | IS(bytes, '$')))     \
				       << (at);                                                    \
		(classes)->double_quotes |= mask((vector)IS(bytes, '"')) << (at);                  \
		(classes)->literal_ends |= mask(quote | (vector)IS(bytes, '\\')) << (at);          \
	} while (0)

#define DEFINE_CLASSIFY(name, mask)                                                                \
	static struct classes name(const unsigned char *p)                                         \
	{                                                                                          \
		struct classes classes = {0};                                                      \
		vector first, second;                                                              \
                                                                                                   \
		memcpy(&first, p, sizeof(first));                                                  \
		memcpy(&second, p + sizeof(first), sizeof(second));                                \
		CLASSIFY_VECTOR(&classes, first, mask, 0);                                         \
		CLASSIFY_VECTOR(&classes, second, mask, VECTOR_BYTES);                             \
		return classes;                                                                    \
	}

typedef struct classes classify_fn(const unsigned char *p);

#ifdef __SSE2__
/* What came with AVX2, for bits. */
#define TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2")))

#define MASK_SSE2(bytes)                                                                           \
	((uint64_t)(unsigned)_mm_movemask_epi8(((const union halves){bytes}).half[0]) |            \
		(uint64_t)(unsigned)_mm_movemask_epi8(((const union halves){bytes}).half[1])       \
			<< 16)
#define MASK_AVX2(bytes) ((uint64_t)(uint32_t)_mm256_movemask_epi8((__m256i)(bytes)))

union halves {
	vector whole;
	__m128i half[2];
};

DEFINE_CLASSIFY(classify_sse2, MASK_SSE2)
TARGET_AVX2 DEFINE_CLASSIFY(classify_avx2, MASK_AVX2)
#else
static uint64_t mask_of(vector bytes)
{
	uint64_t bits = 0;

	for (int i = 0; i < VECTOR_BYTES; i++)
		bits |= (uint64_t)(bytes[i] >> 7) << i;
	return bits;
}

DEFINE_CLASSIFY(classify_portable, mask_of)
#endif

	/* The bits below n, which is at most 64, and those from n on, which is less. */
	static inline uint64_t below(unsigned n)
{
	return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

static inline uint64_t from(size_t n)
{
	return UINT64_MAX << n;
}

static inline unsigned lowest(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits);
}

static inline unsigned highest(uint64_t bits)
{
	return 63 - (unsigned)__builtin_clzll(bits);
}

static inline size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Bit n: an odd number of bits is set up to n. */
static inline uint64_t parity(uint64_t bits)
{
	for (int shift = 1; shift < 64; shift *= 2)
		bits ^= bits << shift;
	return bits;
}

/*
 * The opening quotes of the block's "names", if all of these are made of nothing but bytes of names
 * and close in it or are cut off: then what is quoted is found like what is not, and quotes mean
 * nothing.  0 otherwise.  Quotes inside a literal or comment cannot be mistaken for such: there,
 * something that is not of names stands between the last one and the next outside.
 */
static inline uint64_t find_opens(const struct classes *classes)
{
	const uint64_t quotes = classes->double_quotes, opens = quotes & parity(quotes);
	const uint64_t behind = (classes->names + (opens << 1)) & ~classes->names;
	const bool last = opens >> (BLOCK_BYTES - 1) != 0;

	return last || (behind & ~quotes) != 0 ? 0 : opens;
}

/*
 * Adding a bit to the first digit of a number carries it to the byte behind.  What 123abc means
 * depends on the server.
 */
static inline void find_stops(struct block *block, const struct classes *classes)
{
	const uint64_t numbers = block->starts & classes->digits;
	const uint64_t behind = (classes->digits + numbers) & ~classes->digits;

	block->words = block->starts & ~classes->digits;
	block->lexer = classes->high | (behind & classes->names) |
		       (classes->touching & classes->names << 1);
	block->stops = ~(classes->names | classes->between) | block->lexer;
	block->opens = classes->double_quotes == 0 ? 0 : find_opens(classes);
	if (block->opens != 0)
		block->stops &= ~classes->double_quotes;
}

/* Where the name starts, its quote included, of which byte at is one or stands right behind. */
static inline unsigned start_of_name(const struct block *block, unsigned at)
{
	const unsigned start = highest(block->starts & below(at + 1));

	return start - (start > 0 && (block->opens >> (start - 1) & 1) != 0);
}

static inline struct classes classify_rest(
	classify_fn *classify, const unsigned char *p, size_t left)
{
	unsigned char copy[BLOCK_BYTES] = {0};

	memcpy(copy, p, left);
	return classify(copy);
}

/* A token starts at p. */
static inline void read_block(classify_fn *classify, struct block *block, const unsigned char *p,
	const unsigned char *end)
{
	const size_t left = (size_t)(end - p);
	const struct classes classes =
		left < BLOCK_BYTES ? classify_rest(classify, p, left) : classify(p);

	block->base = p;
	block->n = left < BLOCK_BYTES ? (unsigned)left : BLOCK_BYTES;
	block->double_quotes = classes.double_quotes;
	block->literal_ends = classes.literal_ends;
	block->starts = classes.names & ~(classes.names << 1);
	block->inside = classes.names & ~block->starts;
	find_stops(block, &classes);
	if (classes.names >> (BLOCK_BYTES - 1) != 0) {
		block->n = start_of_name(block, BLOCK_BYTES - 1);
		block->stops |= UINT64_C(1) << block->n;
		block->words &= below(block->n);
	}
}

/* Of one skip_plain. */
struct progress {
	const struct dml *dml;
	const unsigned char *word, *word_before;
	unsigned links;
};

static inline bool may_matter(
	const struct reading *reading, const struct progress *progress, const unsigned char *word)
{
	const unsigned char *const end = reading->lexer.end;
	size_t len;

	if (end - word < WORD_FOUR_BYTES || word_find_four(word) == NULL)
		return false;
	len = (size_t)(skip_word(reading->lexer.text, word, end) - word);
	return word_may_matter(word, len) && !(progress->dml == NULL && word_is_clause(word, len));
}

/* The names among the bytes at..to; returns where one may matter, or to. */
static inline unsigned skip_words(const struct reading *reading, struct progress *progress,
	const struct block *block, size_t at, unsigned to)
{
	uint64_t words = block->words & below(to) & from(at);

	for (; words != 0; words &= words - 1) {
		const unsigned char *word = block->base + lowest(words);

		if (may_matter(reading, progress, word))
			return lowest(words);
		progress->word_before = progress->word;
		progress->word = word;
		progress->links++;
	}
	return to;
}

/* Behind the name or literal that opens at p, which is byte at of the block. */
static inline const unsigned char *skip_quotes(
	const struct reading *reading, const struct block *block, const unsigned char *p)
{
	const unsigned char *const begin = reading->lexer.text, *const end = reading->lexer.end;
	const uint64_t behind = UINT64_MAX << (p - block->base) << 1;
	const bool name = *p == '"';
	const uint64_t ends = (name ? block->double_quotes : block->literal_ends) & behind;
	const unsigned char *stop;

	if (ends != 0)
		stop = block->base + lowest(ends);
	else if (end - block->base <= BLOCK_BYTES)
		return NULL;
	else
		stop = find_either(begin, block->base + BLOCK_BYTES, end, *p, name ? *p : '\\');
	if (stop == end || *stop == '\\')
		return NULL;
	if (name && word_may_matter(p + 1, (size_t)(stop - p - 1)))
		return NULL;
	return stop + 1; /* a doubled quote goes on as another one */
}

/* One character, or a comparison of two; longer ones may hide a comment. */
static inline const unsigned char *skip_operator(const unsigned char *p, const unsigned char *end)
{
	if (end - p < 3)
		return NULL;
	if (byte_classes[p[1]] != BYTE_OPERATOR)
		return p + 1;
	return (p[1] == '=' || p[1] == '>') && byte_classes[p[2]] != BYTE_OPERATOR ? p + 2 : NULL;
}

/* Past the token at a stop; NULL: it takes more than a look. */
static inline const unsigned char *skip_stop(struct reading *reading, struct progress *progress,
	const struct block *block, const unsigned char *p)
{
	const unsigned char *const end = reading->lexer.end;

	switch (byte_classes[*p]) {
	case BYTE_QUOTE:
	case BYTE_DOUBLE_QUOTE:
		return skip_quotes(reading, block, p);
	case BYTE_OPERATOR:
		p = skip_operator(p, end);
		progress->links += p != NULL;
		return p;
	case BYTE_DOLLAR:
		return end - p < 2 || byte_classes[p[1]] != BYTE_DIGIT ? NULL
								       : skip_number(p + 1, end);
	case BYTE_BRACKET:
		reading_bracket(reading, *p);
		return p + 1;
	case BYTE_OPEN:
		reading_open(reading);
		return p + 1;
	case BYTE_CLOSE:
		if (reading->depth == (progress->dml != NULL ? progress->dml->depth : 0))
			return NULL;
		reading->depth--;
		reading->selects >>= 1;
		return p + 1;
	default:
		return NULL;
	}
}

/* A token starts at byte at: what the bits tell from there on holds only if it touches no name. */
static inline bool fits(const struct block *block, size_t at)
{
	return at < block->n && (block->inside >> at & 1) == 0;
}

/*
 * From byte *at on, to the end of the block, or to what the lexer has to read: then it returns
 * false.
 */
static inline bool skip_block(
	struct reading *reading, struct progress *progress, const struct block *block, size_t *at)
{
	do {
		const uint64_t stops = block->stops & from(*at);
		const unsigned stop = stops != 0 ? lowest(stops) : BLOCK_BYTES;
		const unsigned word = skip_words(reading, progress, block, *at, stop);
		const size_t begun = *at;
		const unsigned char *p;

		*at = word;
		if (word == block->n)
			return true;
		if (word < stop || (block->lexer >> stop & 1) != 0) {
			/* the lexer may have read the name already */
			*at = larger(start_of_name(block, word), begun);
			return false;
		}
		p = skip_stop(reading, progress, block, block->base + stop);
		if (p == NULL)
			return false;
		*at = (size_t)(p - block->base);
	} while (fits(block, *at));
	return true;
}

/* Does a dot stand before p that is no number's, with nothing but white space between? */
static bool behind_dot(const unsigned char *start, const unsigned char *p)
{
	while (p > start && byte_classes[p[-1]] == BYTE_SPACE)
		p--;
	if (p == start || p[-1] != '.')
		return false;
	while (p > start && (byte_classes[p[-1]] == BYTE_DIGIT || p[-1] == '.'))
		p--;
	return byte_classes[*p] != BYTE_DIGIT || (p > start && is_identifier_byte(p[-1]));
}

static inline void skip_plain_by(
	classify_fn *classify, struct reading *reading, struct block *block)
{
	const unsigned char *const start = reading->lexer.at, *const end = reading->lexer.end;
	const unsigned char *p = start;
	struct progress progress = {
		.dml = reading_dml(reading),
		.word = reading->word,
		.word_before = reading->word_before,
	};
	bool going = true;

	/* Nothing more often stands behind a statement of one word. */
	if (p < end && *p == ';')
		return;
	while (going && p < end) {
		size_t at = (size_t)(p - block->base);

		if (!fits(block, at)) {
			read_block(classify, block, p, end);
			at = 0;
		}
		if (block->n == 0)
			break;
		going = skip_block(reading, &progress, block, &at);
		p = block->base + at;
	}
	if (p > start)
		reading->last = behind_dot(start, p) ? TOKEN_DOT : TOKEN_OTHER;
	reading->word = progress.word;
	reading->word_before = progress.word_before;
	reading->links += progress.links;
	reading->lexer.at = p;
}

/* Flattened: all of it is compiled for the processor at hand, once for each kind. */
#ifdef __SSE2__
__attribute__((flatten)) TARGET_AVX2 static void skip_plain_avx2(
	struct reading *reading, struct block *block)
{
	skip_plain_by(classify_avx2, reading, block);
}

__attribute__((flatten)) static void skip_plain_sse2(struct reading *reading, struct block *block)
{
	skip_plain_by(classify_sse2, reading, block);
}

void skip_plain(struct reading *reading, struct block *block)
{
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2"))
		skip_plain_avx2(reading, block);
	else
		skip_plain_sse2(reading, block);
}
#else
void skip_plain(struct reading *reading, struct block *block)
{
	skip_plain_by(classify_portable, reading, block);
}
#endif
