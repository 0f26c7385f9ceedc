/* SPDX-License-Identifier: PostgreSQL */
/*
 * Finding the end of a run of bytes, sixteen at a time where the machine has SSE2 (every x86-64
 * has) and one at a time elsewhere.  Nothing is read before begin, or at or beyond end.
 */
#ifndef SKIP_H
#define SKIP_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* [A-Za-z0-9_$] and every byte of a multi-byte character: scan.l, ident_cont. */
static inline bool is_identifier_byte(unsigned char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10 ||
	       c == '_' || c == '$' || c >= 0x80;
}

#ifdef __SSE2__
/* A bit for each of sixteen bytes: set where it is not part of an identifier. */
static inline unsigned word_ends_16(const unsigned char *p)
{
	const __m128i letters = _mm_set1_epi8(25), digits = _mm_set1_epi8(9);
	const __m128i c = _mm_loadu_si128((const __m128i *)p);
	const __m128i letter =
		_mm_sub_epi8(_mm_or_si128(c, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
	const __m128i digit = _mm_sub_epi8(c, _mm_set1_epi8('0'));
	__m128i in = _mm_cmpeq_epi8(_mm_min_epu8(letter, letters), letter);

	in = _mm_or_si128(in, _mm_cmpeq_epi8(_mm_min_epu8(digit, digits), digit));
	in = _mm_or_si128(in, _mm_cmpeq_epi8(c, _mm_set1_epi8('_')));
	in = _mm_or_si128(in, _mm_cmpeq_epi8(c, _mm_set1_epi8('$')));
	/* movemask reads the top bits, so a byte >= 0x80 counts by itself. */
	return ~(unsigned)_mm_movemask_epi8(_mm_or_si128(in, c)) & 0xffff;
}

static inline unsigned either_16(const unsigned char *p, unsigned char a, unsigned char b)
{
	const __m128i c = _mm_loadu_si128((const __m128i *)p);
	const __m128i as = _mm_set1_epi8((char)a), bs = _mm_set1_epi8((char)b);

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(_mm_cmpeq_epi8(c, as), _mm_cmpeq_epi8(c, bs)));
}

/*
 * Goes on with bits while there are sixteen bytes; the rest is read together with bytes before
 * it, unless begin forbids that.
 */
#define SKIP_BY_16(bits)                                                                           \
	for (; end - p >= 16; p += 16) {                                                           \
		const unsigned found = bits(p);                                                    \
		if (found != 0)                                                                    \
			return p + __builtin_ctz(found);                                           \
	}                                                                                          \
	if (end - begin >= 16) {                                                                   \
		const unsigned found = p < end ? bits(end - 16) >> (16 - (end - p)) : 0;           \
		return found != 0 ? p + __builtin_ctz(found) : end;                                \
	}
#else
#define SKIP_BY_16(bits) (void)begin;
#endif

static inline const unsigned char *skip_word_slowly(
	const unsigned char *begin, const unsigned char *p, const unsigned char *end)
{
	SKIP_BY_16(word_ends_16)
	while (p < end && is_identifier_byte(*p))
		p++;
	return p;
}

/* The first byte from p that is not part of an identifier, or end.  The text starts at begin. */
static inline __attribute__((always_inline)) const unsigned char *skip_word(
	const unsigned char *begin, const unsigned char *p, const unsigned char *end)
{
#ifdef __SSE2__
	if (end - p >= 16) {
		const unsigned found = word_ends_16(p);

		if (found != 0)
			return p + __builtin_ctz(found);
	}
#endif
	return skip_word_slowly(begin, p, end);
}

/* The first byte from p that is a or b, or end. */
static inline const unsigned char *find_either(const unsigned char *begin, const unsigned char *p,
	const unsigned char *end, unsigned char a, unsigned char b)
{
#define EITHER(at) either_16(at, a, b)
	SKIP_BY_16(EITHER)
#undef EITHER
	while (p < end && *p != a && *p != b)
		p++;
	return p;
}

#endif
