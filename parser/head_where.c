/* SPDX-License-Identifier: PostgreSQL */
/*
 * A term is what stands between AND, OR and the parentheses of a group.  It is read by a state
 * machine; every token that a state does not expect makes the term unknown, and unknown terms
 * count as always true.  Parentheses that do not open a group (arguments, lists, sub-selects)
 * are skipped whole.  AND binds closer than OR, and NOT, IS and the comparisons closer than AND
 * (https://www.postgresql.org/docs/15/sql-syntax-lexical.html#SQL-PRECEDENCE); the AND of
 * BETWEEN ends a term that is decided by then, and its other half becomes an unknown one.
 */
#include "head_where.h"

#include <string.h>

#include "head_words.h"

enum { GROUPS_MAX = 31 };

static bool is_constant(const struct token *token)
{
	return token->kind == TOKEN_LITERAL || token->kind == TOKEN_NUMBER ||
	       token->kind == TOKEN_PARAMETER;
}

/* = < > <= >= <> != */
static bool is_comparison(const struct token *token)
{
	const unsigned char *op = token->start;

	if (token->kind != TOKEN_OPERATOR || token->len > 2)
		return false;
	if (token->len == 1)
		return *op == '=' || *op == '<' || *op == '>';
	return (op[1] == '=' && (*op == '<' || *op == '>' || *op == '!')) ||
	       (op[0] == '<' && op[1] == '>');
}

static void chain_start(struct column_chain *chain, const struct token *token)
{
	*chain = (struct column_chain){.name = *token};
}

/* A dot or the name behind it.  False: the token does not continue the chain. */
static bool chain_continue(struct column_chain *chain, const struct token *token)
{
	if (!chain->dotted && token->kind == TOKEN_DOT)
		return chain->dotted = true;
	if (!chain->dotted || (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED))
		return false;
	chain->qualifier = chain->name;
	chain->name = *token;
	chain->dotted = false;
	return true;
}

/* Bytes beyond ASCII may fold in ways that only the server knows, and long names are cut. */
static bool names_differ(const struct token *a, const struct token *b)
{
	const size_t len_max = 63;

	if (a->len > len_max || b->len > len_max)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (a->start[i] >= 0x80)
			return false;
	for (size_t i = 0; i < b->len; i++)
		if (b->start[i] >= 0x80)
			return false;
	return a->len != b->len ||
	       strncasecmp((const char *)a->start, (const char *)b->start, a->len) != 0;
}

static bool columns_differ(const struct column_chain *a, const struct column_chain *b)
{
	if (names_differ(&a->name, &b->name))
		return true;
	return a->qualifier.len > 0 && b->qualifier.len > 0 &&
	       names_differ(&a->qualifier, &b->qualifier);
}

static enum term_state before_start(struct where *where, const struct token *token)
{
	(void)where;
	(void)token;
	return TERM_START;
}

static enum term_state at_start(struct where *where, const struct token *token)
{
	static const struct word others[] = {
		WORD("true"), WORD("false"), WORD("null"), WORD("not"), {0}};

	if ((token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED) ||
		token_is_any(token, others))
		return TERM_UNKNOWN;
	chain_start(&where->left, token);
	where->simple = true;
	return TERM_COLUMN;
}

static enum term_state at_operator(struct where *where, const struct token *token)
{
	static const struct word patterns[] = {WORD("like"), WORD("ilike"), {0}};
	static const struct word words[] = {WORD("in"), WORD("between"), {0}};

	where->like = token_is_any(token, patterns);
	if (where->like || is_comparison(token) || token_is_any(token, words))
		return TERM_RIGHT;
	where->simple = false;
	if (token->kind == TOKEN_OPERATOR || token->kind == TOKEN_CAST)
		return TERM_LEFT;
	return TERM_UNKNOWN;
}

static enum term_state null_test(struct where *where)
{
	where->null_tests = true;
	return TERM_WHOLE;
}

static enum term_state in_column(struct where *where, const struct token *token)
{
	static const struct word tests[] = {WORD("isnull"), WORD("notnull"), {0}};

	if (chain_continue(&where->left, token))
		return TERM_COLUMN;
	if (token_is(token, "is"))
		return TERM_IS;
	if (token_is(token, "not"))
		return TERM_COLUMN;
	if (token_is_any(token, tests))
		return null_test(where);
	/* WHERE CURRENT OF cursor */
	if (token_is(token, "of") && token_is(&where->left.name, "current"))
		return TERM_CURSOR;
	return at_operator(where, token);
}

/* Operands and the words of type names may follow, and parentheses of either. */
static enum term_state in_left(struct where *where, const struct token *token)
{
	static const struct word breaks[] = {WORD("is"), WORD("isnull"), WORD("notnull"), {0}};
	const enum term_state next = at_operator(where, token);

	if (next != TERM_UNKNOWN)
		return next;
	if (token_is_any(token, breaks) || token->kind == TOKEN_BRACKET)
		return TERM_UNKNOWN;
	return TERM_LEFT;
}

static enum term_state in_is(struct where *where, const struct token *token)
{
	static const struct word tests[] = {WORD("true"), WORD("false"), WORD("unknown"), {0}};

	if (token_is(token, "not"))
		return TERM_IS;
	if (token_is(token, "null"))
		return null_test(where);
	return token_is_any(token, tests) ? TERM_WHOLE : TERM_UNKNOWN;
}

/* LIKE '%' takes every text there is, and that pattern has many spellings. */
static bool is_narrow_pattern(const struct token *token)
{
	bool narrow = false;

	if (token->kind == TOKEN_PARAMETER)
		return true;
	if (token->kind != TOKEN_LITERAL || *token->start != '\'')
		return false;
	for (size_t i = 0; i < token->len; i++) {
		const unsigned char c = token->start[i];

		if (c == '\\' || c == '\n' || c == '\r')
			return false;
		narrow |= byte_classes[c] == BYTE_WORD || byte_classes[c] == BYTE_DIGIT;
	}
	return narrow;
}

static enum term_state in_right(struct where *where, const struct token *token)
{
	static const struct word passed[] = {WORD("any"), WORD("some"), WORD("all"), {0}};
	static const struct word breaks[] = {WORD("not"), WORD("array"), WORD("row"), {0}};

	if (where->like)
		return is_narrow_pattern(token) ? TERM_SELECTIVE : TERM_UNKNOWN;
	if (is_constant(token))
		return TERM_SELECTIVE;
	if (token->kind == TOKEN_OPEN) {
		where->cast = false;
		return TERM_RIGHT_LIST;
	}
	if (token_is_any(token, passed) || (token->kind == TOKEN_OPERATOR && token->len == 1))
		return TERM_RIGHT;
	if ((token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED) ||
		token_is_any(token, breaks))
		return TERM_UNKNOWN;
	chain_start(&where->right, token);
	return TERM_RIGHT_COLUMN;
}

/* Constants, cast or not, or a sub-select: the column itself is not among them. */
static enum term_state in_right_list(struct where *where, const struct token *token)
{
	const bool cast = where->cast && token->kind != TOKEN_COMMA;

	where->cast = cast || token->kind == TOKEN_CAST;
	switch (token->kind) {
	case TOKEN_LITERAL:
	case TOKEN_NUMBER:
	case TOKEN_PARAMETER:
	case TOKEN_OPERATOR:
	case TOKEN_BRACKET:
	case TOKEN_CAST:
	case TOKEN_COMMA:
		return TERM_RIGHT_LIST;
	case TOKEN_WORD:
		if (token_is(token, "select"))
			return TERM_SELECTIVE;
		return cast || token_is(token, "array") ? TERM_RIGHT_LIST : TERM_UNKNOWN;
	default:
		return TERM_UNKNOWN;
	}
}

/* What binds weaker than the comparison would take the whole of it as its operand. */
static enum term_state in_selective(struct where *where, const struct token *token)
{
	static const struct word breaks[] = {WORD("is"), WORD("isnull"), WORD("notnull"),
		WORD("not"), WORD("like"), WORD("ilike"), WORD("similar"), WORD("in"),
		WORD("between"), {0}};

	(void)where;
	if (is_comparison(token) || token_is_any(token, breaks) || token->kind == TOKEN_BRACKET ||
		token->kind == TOKEN_COMMA)
		return TERM_UNKNOWN;
	return TERM_SELECTIVE;
}

static enum term_state in_cursor(struct where *where, const struct token *token)
{
	(void)where;
	(void)token;
	return TERM_WHOLE;
}

static enum term_state right_column_done(const struct where *where)
{
	const bool differ = where->simple && !where->right.dotted &&
			    columns_differ(&where->left, &where->right);

	return differ ? TERM_SELECTIVE : TERM_UNKNOWN;
}

static enum term_state in_right_column(struct where *where, const struct token *token)
{
	/* These may yield the very column that is their argument. */
	static const struct word wrappers[] = {WORD("cast"), WORD("coalesce"), WORD("row"),
		WORD("greatest"), WORD("least"), WORD("treat"), {0}};

	if (chain_continue(&where->right, token))
		return TERM_RIGHT_COLUMN;
	if (token->kind == TOKEN_OPEN)
		return token_is_any(&where->right.name, wrappers) ? TERM_UNKNOWN : TERM_SELECTIVE;
	if (right_column_done(where) == TERM_UNKNOWN)
		return TERM_UNKNOWN;
	return in_selective(where, token);
}

static enum term_state stay_unknown(struct where *where, const struct token *token)
{
	(void)where;
	(void)token;
	return TERM_UNKNOWN;
}

static enum term_state (*const states[TERM_STATES])(struct where *, const struct token *) = {
	[TERM_BEFORE] = before_start,
	[TERM_START] = at_start,
	[TERM_COLUMN] = in_column,
	[TERM_LEFT] = in_left,
	[TERM_IS] = in_is,
	[TERM_RIGHT] = in_right,
	[TERM_RIGHT_LIST] = in_right_list,
	[TERM_RIGHT_COLUMN] = in_right_column,
	[TERM_SELECTIVE] = in_selective,
	[TERM_CURSOR] = in_cursor,
	[TERM_WHOLE] = stay_unknown,
	[TERM_UNKNOWN] = stay_unknown,
};

void where_begin(struct where *where, unsigned depth)
{
	where->depth = depth;
	where->groups = 0;
	where->branch_may_hold = 1;
	where->group_may_hold = 0;
	where->state = TERM_BEFORE;
	where->null_tests = where->branches = false;
}

static void end_term(struct where *where)
{
	if (where->state == TERM_RIGHT_COLUMN)
		where->state = right_column_done(where);
	if (where->state == TERM_SELECTIVE || where->state == TERM_WHOLE)
		where->branch_may_hold &= ~1u;
	where->state = TERM_START;
}

/* At OR, and at the end of a group or of everything. */
static void end_branch(struct where *where)
{
	end_term(where);
	where->group_may_hold |= where->branch_may_hold & 1;
	where->branch_may_hold |= 1;
}

static void next_branch(struct where *where)
{
	where->branches = true;
	end_branch(where);
}

static void open_group(struct where *where)
{
	where->depth++;
	where->groups++;
	where->branch_may_hold = where->branch_may_hold << 1 | 1;
	where->group_may_hold <<= 1;
}

static void close_group(struct where *where)
{
	end_branch(where);
	where->state = (where->group_may_hold & 1) != 0 ? TERM_UNKNOWN : TERM_WHOLE;
	where->depth--;
	where->groups--;
	where->branch_may_hold >>= 1;
	where->group_may_hold >>= 1;
}

bool where_takes_column(const unsigned char *word, size_t len, const unsigned char *text_end)
{
	static const uint64_t others[] = {WORD_KEY("true"), WORD_KEY("false"), WORD_KEY("null"),
		WORD_KEY("not"), WORD_KEY("and"), WORD_KEY("or"), WORD_KEY("case"),
		WORD_KEY("select")};
	const uint64_t key = word_key(word, len, text_end);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (key == others[i])
			return false;
	return true;
}

/* A token of the current group. */
static void group_token(struct where *where, const struct token *token)
{
	/* Their own ANDs and ORs stand at the same depth as ours. */
	static const struct word beyond_us[] = {WORD("case"), WORD("select"), {0}};

	if (token->kind == TOKEN_WORD && token_is_any(token, beyond_us))
		where->group_may_hold = UINT32_MAX;
	else if (token_is(token, "and"))
		end_term(where);
	else if (token_is(token, "or"))
		next_branch(where);
	else if (token->kind == TOKEN_OPEN && where->state == TERM_START &&
		 where->groups < GROUPS_MAX)
		open_group(where);
	else
		where->state = states[where->state](where, token);
}

void where_token(struct where *where, const struct token *token, unsigned depth)
{
	const bool listing = where->state == TERM_RIGHT_LIST;

	if (token->kind == TOKEN_CLOSE && depth + 1 == where->depth && where->groups > 0)
		close_group(where);
	else if (listing && token->kind == TOKEN_CLOSE && depth == where->depth)
		where->state = TERM_SELECTIVE;
	else if (listing && depth == where->depth + 1)
		where->state = in_right_list(where, token);
	else if (depth == where->depth && token->kind != TOKEN_CLOSE)
		group_token(where, token);
}

bool where_is_selective(struct where *where)
{
	if (where->groups > 0 || (where->null_tests && where->branches))
		return false;
	end_branch(where);
	return (where->group_may_hold & 1) == 0;
}
