/* SPDX-License-Identifier: PostgreSQL */
/*
 * head_scan against libpg_query: over our own body of SQL, over whatever SQL the machine has,
 * over sentences of a small grammar that aims at the edges of what is guarded, and over random
 * mutations of all these.  Seeds are fixed, work is bounded.
 */
#include "head.h"

#include <fts.h>
#include <stdio.h>
#include <time.h>

#include <criterion/criterion.h>

#include "differential.h"
#include "lexer.h"

enum {
	BODY_MAX = 4096,
	FILE_BYTES_MAX = 2 << 20,
	TEXT_MAX = 4096, /* small enough for any stack */
	SENTENCES = 25000,
	MUTATIONS = 100000,
	SECONDS_MAX = 8, /* of each test, on a slow machine */
};

struct text {
	char *bytes;
	size_t len;
};

static struct text body[BODY_MAX];
static size_t n_body;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "r");
	char *bytes = malloc(FILE_BYTES_MAX);

	cr_assert(file != NULL && bytes != NULL, "%s", path);
	*len = fread(bytes, 1, FILE_BYTES_MAX, file);
	fclose(file);
	return bytes;
}

static void add_text(const char *bytes, size_t len)
{
	if (n_body == BODY_MAX)
		return;
	body[n_body].bytes = malloc(len + 1);
	cr_assert_not_null(body[n_body].bytes);
	memcpy(body[n_body].bytes, bytes, len);
	body[n_body++].len = len;
}

static void add_parts(const char *path, const char *separator)
{
	size_t len, separator_len = strlen(separator);
	char *bytes = read_file(path, &len), *at = bytes, *end = bytes + len, *next;

	while ((next = memmem(at, (size_t)(end - at), separator, separator_len)) != NULL) {
		add_text(at, (size_t)(next - at));
		at = next + separator_len;
	}
	free(bytes);
}

static void load_body(void)
{
	static const char *const lines[] = {"queries", "writes", "where", "session", "ddl", "orm"};
	char path[512];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(path, sizeof(path), "%s/tests/parser/sql/lines/%s.sql", SOURCE_DIR,
			lines[i]);
		add_parts(path, "\n");
	}
	snprintf(path, sizeof(path), "%s/tests/parser/sql/texts/lexing.sql", SOURCE_DIR);
	add_parts(path, "\n--;\n");
}

static void free_body(void)
{
	while (n_body > 0)
		free(body[--n_body].bytes);
}

TestSuite(differential, .init = load_body, .fini = free_body);

static void expect_promise(
	const char *text, size_t len, bool precision, const char *origin, struct tally *tally)
{
	const char *broken = broken_promise(text, len, precision, tally);

	cr_expect(broken == NULL, "%s: %s: %.*s", origin, broken, (int)len, text);
}

static void report(const char *name, const struct tally *tally)
{
	printf("%s: %u texts, %u harmless (%u of them unparsable), %u ambiguous when uncertain",
		name, tally->texts, tally->harmless, tally->unparsable, tally->ambiguous);
	if (tally->unguarded > 0)
		printf(", %u unguarded", tally->unguarded);
	printf("\n");
}

Test(differential, body)
{
	struct tally tally = {0};

	for (size_t i = 0; i < n_body; i++)
		expect_promise(body[i].bytes, body[i].len, true, "body", &tally);
	report("body", &tally);
	cr_expect_gt(n_body, 500);
	/* Edges and refusals are most of it; ORM traffic is held to all, below. */
	cr_expect_gt(tally.harmless - tally.unparsable, tally.unguarded / 2);
}

Test(differential, orm_traffic_needs_no_parser)
{
	char path[512];

	free_body();
	snprintf(path, sizeof(path), "%s/tests/parser/sql/lines/orm.sql", SOURCE_DIR);
	add_parts(path, "\n");
	for (size_t i = 0; i < n_body; i++) {
		const struct head_scan scan =
			head_scan(body[i].bytes, body[i].len, &head_limits_default, false);
		const bool ddl = strncmp(body[i].bytes, "vacuum", 6) == 0;

		cr_expect_eq(scan.verdict, ddl ? HEAD_GUARDED : HEAD_HARMLESS, "%.*s",
			(int)body[i].len, body[i].bytes);
	}
}

/* ---- SQL that the machine happens to have ---- */

/* Drops psql's backslash commands, which are lines of their own in scripts. */
static size_t drop_meta_lines(char *bytes, size_t len)
{
	char *to = bytes, *const end = bytes + len;

	for (char *line = bytes; line < end;) {
		char *next = memchr(line, '\n', (size_t)(end - line));
		const size_t line_len =
			next == NULL ? (size_t)(end - line) : (size_t)(next + 1 - line);

		if (*line != '\\') {
			memmove(to, line, line_len);
			to += line_len;
		}
		line += line_len;
	}
	return (size_t)(to - bytes);
}

/* Where to cut does not matter to the promise, so our own lexer may say. */
static void try_statements(const char *bytes, size_t len, const char *path, struct tally *tally)
{
	struct lexer lexer;
	struct token token;
	const char *start = bytes;

	lexer_start(&lexer, bytes, len);
	while (lexer_next(&lexer, &token) != TOKEN_END) {
		const char *end = (const char *)token.start + token.len;

		if (token.kind != TOKEN_SEMICOLON)
			continue;
		if (end - start <= TEXT_MAX)
			expect_promise(start, (size_t)(end - start), true, path, tally);
		start = end;
	}
}

Test(differential, scripts_of_this_machine)
{
	char *roots[] = {"/usr/share/postgresql", "/usr/share/postgresql-common",
		"/usr/lib/postgresql", "/usr/share/doc", NULL};
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const double deadline = seconds() + SECONDS_MAX;
	struct tally tally = {0};
	unsigned files = 0;
	FTSENT *entry;

	cr_assert_not_null(tree);
	while (seconds() < deadline && (entry = fts_read(tree)) != NULL) {
		size_t len = strlen(entry->fts_path);
		char *bytes;

		if (entry->fts_info != FTS_F || len < 4 ||
			strcmp(entry->fts_path + len - 4, ".sql") != 0)
			continue;
		bytes = read_file(entry->fts_path, &len);
		len = drop_meta_lines(bytes, len);
		try_statements(bytes, len, entry->fts_path, &tally);
		free(bytes);
		files++;
	}
	fts_close(tree);
	printf("%u files; ", files);
	report("scripts", &tally);
}

/* ---- sentences ---- */

static uint64_t random_state;

static unsigned pick(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % n);
}

/* @X is replaced by one of the alternatives of rule X; the first ones do not recurse. */
static const struct rule {
	char name;
	const char *const *alternatives;
} rules[] = {
	{'S', (const char *const[]){"DELETE FROM @N WHERE @W", "UPDATE @N SET @A WHERE @W",
		      "SELECT @C FROM @N WHERE @W", "DELETE FROM @N", "UPDATE @N SET @A",
		      "INSERT INTO @N @Q", "@Q", "WITH @I AS (@S RETURNING *) @S",
		      "WITH @I AS (@Q), @I AS (@S) @S", "EXPLAIN @O @S", "PREPARE @I AS @S",
		      "COPY (@S) TO STDOUT", "DELETE FROM @N USING @N AS @I WHERE @W RETURNING @C",
		      "UPDATE @N SET @A FROM @N AS @I WHERE @W RETURNING @C", "@S; @S",
		      "DECLARE @I CURSOR FOR @Q",
		      "MERGE INTO @N USING @N AS @I ON @W WHEN MATCHED AND @W THEN UPDATE SET @A "
		      "WHEN NOT MATCHED THEN INSERT VALUES (@V)",
		      "INSERT INTO @N VALUES (@V) ON CONFLICT (@I) DO UPDATE SET @A WHERE @W",
		      NULL}},
	{'Q', (const char *const[]){"SELECT @C FROM @N WHERE @W", "SELECT @C", "TABLE @N",
		      "VALUES (@V), (@V)", "(@Q)", "@Q UNION @Q", "SELECT @C INTO @I FROM @N",
		      "SELECT @C FROM @N FOR UPDATE", "SELECT @C FROM (@Q) @I", NULL}},
	{'W', (const char *const[]){"@T", "@T AND @T", "@T OR @T", "(@W)", "(@W) AND @T",
		      "(@W) OR (@W)", "NOT @T", "NOT (@W)", "@W AND @W", "@W OR @W", "(@W) = (@W)",
		      "(@W) IS @K", "CASE WHEN @W THEN @W ELSE @W END", "EXISTS (@Q)", NULL}},
	{'T', (const char *const[]){"@F = @V", "@F = @F", "@F @P @V", "@V @P @V", "@F IS @K",
		      "@F IN (@V, @V)", "@F NOT IN (@V)", "@F IN (@F, @V)", "@F BETWEEN @V AND @V",
		      "@F NOT BETWEEN @F AND @V", "@F LIKE @L", "@F NOT ILIKE @L",
		      "@F::text LIKE @L", "true", "false", "null", "@F = ANY (@V)",
		      "@F::@Y = @F::@Y", "@F = @F @P @V", "@F = (@Q)", "@V", "@F", "CURRENT OF @I",
		      "@F @P (@F)", "@F @P @V::@Y", "@F || @V = @V", "f(@F) = @V", "@F = f(@F)",
		      "@F ISNULL", "@F NOTNULL", "@F IS NOT DISTINCT FROM @F",
		      "(@F, @F) = (@V, @V)", "@F[1] = @V", "@F = ALL (ARRAY[@V, @F])",
		      "@F = @V COLLATE \"C\"", "@T IS @K", "@T = @T",
		      "@F OPERATOR(pg_catalog.=) @F", "@F = - @V", "1 = 1", NULL}},
	{'K', (const char *const[]){"NULL", "NOT NULL", "TRUE", "NOT TRUE", "FALSE", "NOT FALSE",
		      "UNKNOWN", "NOT UNKNOWN", NULL}},
	{'F', (const char *const[]){"a", "b", "t.a", "u.a", "\"a\"", "\"t\".\"a\"", "A", "t.where",
		      "current", "u.\"or\"", "public.t.a", NULL}},
	{'V', (const char *const[]){"1", "0", "'a'", "$1", "true", "null", "E'a\\'b'", "'x\\y'",
		      "$$q$$", "date '2020-01-01'", "-1", "now()", "current_date", "b", "2.5",
		      NULL}},
	{'P', (const char *const[]){"=", "<>", "<", ">=", "!=", "@>", "~", "IS DISTINCT FROM",
		      NULL}},
	{'L', (const char *const[]){"'%'", "'a%'", "$1", "'%%'", "E'\\x25'", "a", "'%'::text",
		      "'%' ESCAPE '!'", NULL}},
	{'Y', (const char *const[]){"int", "text", "numeric(10, 2)", "timestamp with time zone",
		      "int[]", NULL}},
	{'N', (const char *const[]){"t", "public.t", "\"T\"", "u", "pg_class", "pg_catalog.pg_type",
		      "ONLY t", "pg_temp.t", "information_schema.x", "update", "\"pg_x\"", NULL}},
	{'A', (const char *const[]){"a = @V", "a = @V, b = @F", "(a, b) = (@V, @V)", "a = (@Q)",
		      "a = t.where", NULL}},
	{'C', (const char *const[]){"*", "@F", "@V", "f(@V)", "@F AS x", "insert", "@F delete",
		      "set_config(@V, @V, true)", "dblink(@V)", "@V AS where", "(@Q)", NULL}},
	{'I', (const char *const[]){"x", "y", "key", "no", "insert", "transaction", "\"q\"", NULL}},
	{'O', (const char *const[]){"", "ANALYZE", "(ANALYZE)", "VERBOSE", "(FORMAT JSON)", NULL}},
};

static const char *const *alternatives(char name)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].name == name)
			return rules[i].alternatives;
	cr_assert_fail("rule %c", name);
	return NULL;
}

static size_t expand(char *out, size_t max, char name, unsigned depth)
{
	const char *const *choices = alternatives(name);
	const char *text;
	size_t n = 0, len = 0;

	while (choices[n] != NULL)
		n++;
	text = choices[depth > 5 && n > 5 ? pick(3) : pick(n)];
	for (; *text != '\0' && len < max; text++) {
		if (*text == '@' && text[1] >= 'A' && text[1] <= 'Z')
			len += expand(out + len, max - len, *++text, depth + 1);
		else
			out[len++] = *text;
	}
	return len;
}

Test(differential, sentences)
{
	const double deadline = seconds() + SECONDS_MAX;
	struct tally tally = {0};
	char text[TEXT_MAX];

	random_state = 20240501;
	for (int i = 0; i < SENTENCES && seconds() < deadline; i++) {
		size_t len = expand(text, sizeof(text), 'S', 0);

		expect_promise(text, len, true, "sentence", &tally);
	}
	report("sentences", &tally);
}

/* ---- mutations ---- */

static const char *const splinters[] = {"'", "''", "\"", "\\", "\\'", "$$", "$a$", "E'", "U&\"",
	"U&'", "N'", "X'", "/*", "*/", "--", "\n", "\r", ";", "(", ")", "[", "]", ".", ",",
	"::", "*", "$1", " INTO x ", " WHERE ", " AND ", " OR ", " OR true ", " DELETE FROM t ",
	" UPDATE t SET a = 1 ", " SELECT ", " a = a ", "a = 1", " true ", "\x83\\", "\x83",
	"\xc3\xa9", "\\\\", " RETURNING ", " INSERT INTO t ", " DROP TABLE t ", " NOT ",
	" IS NULL ", " AS ", "set_config(", " dblink(", " FOR ", " DO ", " THEN ", " no key ",
	" CASE ", "$\x83$", " pg_class ", "; DROP TABLE t; --", "' \n '", " E'\\\\' ", "@", "+-",
	" "};

static size_t replace(
	char *text, size_t len, size_t at, size_t cut, const char *with, size_t with_len)
{
	if (cut > len - at)
		cut = len - at;
	if (len - cut + with_len > TEXT_MAX)
		return len;
	memmove(text + at + with_len, text + at + cut, len - at - cut);
	memcpy(text + at, with, with_len);
	return len - cut + with_len;
}

static size_t mutate(char *text, size_t len)
{
	const char *splinter = splinters[pick(sizeof(splinters) / sizeof(*splinters))];
	const struct text *other = &body[pick(n_body)];
	const size_t at = pick(len + 1);
	size_t from, part;

	switch (pick(4)) {
	case 0:
		return replace(text, len, at, pick(8), "", 0);
	case 1: /* a piece of another text */
		from = pick(other->len + 1);
		part = pick(other->len - from + 1);
		return replace(text, len, at, pick(4), other->bytes + from, part);
	default:
		return replace(text, len, at, pick(3), splinter, strlen(splinter));
	}
}

Test(differential, mutations)
{
	const double deadline = seconds() + SECONDS_MAX;
	struct tally tally = {0};
	char text[TEXT_MAX];

	random_state = 19970129;
	for (int i = 0; i < MUTATIONS && seconds() < deadline; i++) {
		const struct text *base = &body[pick(n_body)];
		size_t len = base->len < TEXT_MAX ? base->len : TEXT_MAX;

		if (pick(4) == 0)
			len = expand(text, sizeof(text), 'S', 2);
		else
			memcpy(text, base->bytes, len);
		for (unsigned n = pick(4) + 1; n > 0; n--)
			len = mutate(text, len);
		expect_promise(text, len, false, "mutation", &tally);
	}
	report("mutations", &tally);
}
