/* SPDX-License-Identifier: PostgreSQL */
/*
 * Read as PostgreSQL's ProcessStartupPacket reads it; `options` as pg_split_opts splits it and
 * process_postgres_switches' getopt takes it.  What we would read differently from the server
 * is a way to change how it lexes SQL behind our back, so whatever is not understood is unsafe.
 */
#include "startup_packet.h"

#include <string.h>

#include "wire.h"

enum {
	/* src/include/libpq/pqcomm.h: 1234 in the upper half, where a version has its major number
	 */
	CANCEL_REQUEST_CODE = 80877102,
	SSL_REQUEST_CODE = 80877103,
	GSSENC_REQUEST_CODE = 80877104,
	IDENTIFIER_BYTES = 64, /* NAMEDATALEN */
};

/* A packet without parameters; the length word is in n. */
static int decode_request(
	enum startup_kind kind, size_t n, struct startup_packet *out, const char **error)
{
	out->kind = kind;
	if (n == 8)
		return 0;
	*error = "invalid length of negotiation packet";
	return -1;
}

static int decode_cancel(const uint8_t *p, size_t n, struct startup_packet *out, const char **error)
{
	out->kind = STARTUP_CANCEL;
	if (n < 16 || n > 12 + CANCEL_SECRET_MAX) {
		*error = "invalid length of cancel request";
		return -1;
	}
	out->cancel_pid = wire_u32(p + 8);
	out->cancel_secret = p + 12;
	out->cancel_secret_len = n - 12;
	return 0;
}

/* Advances *p past one string; NULL when it is not terminated before end. */
static const char *next_string(const uint8_t **p, const uint8_t *end)
{
	const uint8_t *start = *p;
	const uint8_t *nul = start == end ? NULL : memchr(start, 0, (size_t)(end - start));

	if (nul == NULL)
		return NULL;
	*p = nul + 1;
	return (const char *)start;
}

static int decode_parameters(
	const uint8_t *p, const uint8_t *end, struct startup_packet *out, const char **error)
{
	const char *name, *value;

	while ((name = next_string(&p, end)) != NULL && *name != '\0') {
		value = next_string(&p, end);
		if (value == NULL)
			break;
		if (out->n_parameters == STARTUP_PARAMETERS_MAX) {
			*error = "too many startup parameters";
			return -1;
		}
		out->parameters[out->n_parameters++] =
			(struct startup_parameter){.name = name, .value = value};
	}
	if (name != NULL && *name == '\0' && p == end)
		return 0;
	*error = "invalid startup packet layout: expected terminator as last byte";
	return -1;
}

static int decode_packet(const uint8_t *p, size_t n, struct startup_packet *out, const char **error)
{
	uint32_t code = wire_u32(p + 4);

	switch (code) {
	case SSL_REQUEST_CODE:
		return decode_request(STARTUP_SSL_REQUEST, n, out, error);
	case GSSENC_REQUEST_CODE:
		return decode_request(STARTUP_GSSENC_REQUEST, n, out, error);
	case CANCEL_REQUEST_CODE:
		return decode_cancel(p, n, out, error);
	}
	out->kind = STARTUP_MESSAGE;
	out->major = (uint16_t)(code >> 16);
	out->minor = (uint16_t)code;
	if (out->major != 3) /* another layout: the caller refuses the version */
		return 0;
	return decode_parameters(p + 8, p + n, out, error);
}

ssize_t startup_decode(const uint8_t *p, size_t n, struct startup_packet *out, const char **error)
{
	uint32_t length;

	if (n < 4)
		return 0;
	length = wire_u32(p);
	if (length < 8 || length - 4 > WIRE_STARTUP_BYTES_MAX) {
		*error = "invalid length of startup packet";
		return -1;
	}
	if (n < length)
		return 0;
	*out = (struct startup_packet){0};
	return decode_packet(p, length, out, error) == 0 ? (ssize_t)length : -1;
}

void startup_put_ssl_request(struct buffer *out)
{
	uint8_t packet[8];

	wire_set_u32(packet, sizeof(packet));
	wire_set_u32(packet + 4, SSL_REQUEST_CODE);
	buffer_append(out, packet, sizeof(packet));
}

void startup_put_cancel(struct buffer *out, uint32_t pid, const uint8_t *secret, size_t secret_len)
{
	uint8_t head[12];

	wire_set_u32(head, (uint32_t)(sizeof(head) + secret_len));
	wire_set_u32(head + 4, CANCEL_REQUEST_CODE);
	wire_set_u32(head + 8, pid);
	buffer_append(out, head, sizeof(head));
	buffer_append(out, secret, secret_len);
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* guc_name_compare: ASCII case only, whatever the locale. */
static bool same_setting(const char *a, const char *b)
{
	while (*a != '\0' && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

/* What ProcessStartupPacket compares with strcmp itself; anything else it hands on as a setting. */
static bool is_packet_key(const char *name)
{
	static const char *const keys[] = {"database", "user", "options", "replication"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(name, keys[i]) == 0)
			return true;
	return false;
}

const char *startup_value(const struct startup_packet *packet, const char *name)
{
	bool exact = is_packet_key(name);

	for (size_t i = packet->n_parameters; i-- > 0;) {
		const struct startup_parameter *parameter = &packet->parameters[i];

		if (exact ? strcmp(parameter->name, name) == 0
			  : same_setting(parameter->name, name))
			return parameter->value;
	}
	return NULL;
}

unsigned startup_extensions(const struct startup_packet *packet)
{
	unsigned n = 0;

	for (size_t i = 0; i < packet->n_parameters; i++)
		n += strncmp(packet->parameters[i].name, "_pq_.", 5) == 0;
	return n;
}

/* Is value a prefix of word of at least min bytes?  parse_bool's idea of a boolean. */
static bool abbreviates(const char *value, const char *word, size_t min)
{
	size_t len = strlen(value);

	if (len < min || len > strlen(word))
		return false;
	for (size_t i = 0; i < len; i++)
		if (ascii_lower(value[i]) != word[i])
			return false;
	return true;
}

static bool says_true(const char *value)
{
	return abbreviates(value, "true", 1) || abbreviates(value, "yes", 1) ||
	       abbreviates(value, "on", 2) || abbreviates(value, "1", 1);
}

static bool says_false(const char *value)
{
	return abbreviates(value, "false", 1) || abbreviates(value, "no", 1) ||
	       abbreviates(value, "off", 2) || abbreviates(value, "0", 1);
}

bool startup_replication(const struct startup_packet *packet)
{
	for (size_t i = 0; i < packet->n_parameters; i++)
		if (same_setting(packet->parameters[i].name, "replication") &&
			!says_false(packet->parameters[i].value))
			return true;
	return false;
}

/*
 * Client encodings of src/common/encnames.c (names as clean_encoding_name leaves them) in which
 * every byte of a multi-byte character has its high bit set.  Not here, so unsafe: sjis, shiftjis,
 * mskanji, shiftjis2004, big5, gbk, uhc, gb18030, johab, win and windows 932, 936, 949, 950,
 * and whatever a later server knows.
 */
static const char *const safe_encodings[] = {
	"unicode",
	"utf8",
	"sqlascii",
	"euccn",
	"eucjis2004",
	"eucjp",
	"euckr",
	"euctw",
	"muleinternal",
	"iso88591",
	"iso88592",
	"iso88593",
	"iso88594",
	"iso88595",
	"iso88596",
	"iso88597",
	"iso88598",
	"iso88599",
	"iso885910",
	"iso885913",
	"iso885914",
	"iso885915",
	"iso885916",
	"latin1",
	"latin2",
	"latin3",
	"latin4",
	"latin5",
	"latin6",
	"latin7",
	"latin8",
	"latin9",
	"latin10",
	"koi8",
	"koi8r",
	"koi8u",
	"abc",
	"alt",
	"tcvn",
	"tcvn5712",
	"vscii",
	"win",
	"win866",
	"win874",
	"win1250",
	"win1251",
	"win1252",
	"win1253",
	"win1254",
	"win1255",
	"win1256",
	"win1257",
	"win1258",
	"windows866",
	"windows874",
	"windows1250",
	"windows1251",
	"windows1252",
	"windows1253",
	"windows1254",
	"windows1255",
	"windows1256",
	"windows1257",
	"windows1258",
};

/* clean_encoding_name; a byte above ASCII may or may not be a letter to the server: no name of
 * ours. */
static bool clean_name(const char *name, char out[IDENTIFIER_BYTES])
{
	size_t n = 0;

	if (strlen(name) >= IDENTIFIER_BYTES)
		return false;
	for (; *name != '\0'; name++) {
		char c = ascii_lower(*name);

		if ((unsigned char)c >= 0x80)
			return false;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

bool encoding_is_safe(const char *name)
{
	char clean[IDENTIFIER_BYTES];

	if (!clean_name(name, clean))
		return false;
	for (size_t i = 0; i < sizeof(safe_encodings) / sizeof(safe_encodings[0]); i++)
		if (strcmp(clean, safe_encodings[i]) == 0)
			return true;
	return false;
}

static const char unsafe_encoding[] =
	"client_encoding must be UTF8 or another encoding whose characters hold no ASCII bytes";
static const char unsafe_strings[] = "standard_conforming_strings must be on";
static const char unclear_options[] =
	"startup options must be of the form -c name=value or --name=value";

/* NULL when this setting leaves the lexing of SQL alone. */
static const char *setting_unsafe(const char *name, const char *value)
{
	if (same_setting(name, "client_encoding") && !encoding_is_safe(value))
		return unsafe_encoding;
	if (same_setting(name, "standard_conforming_strings") && !says_true(value))
		return unsafe_strings;
	return NULL;
}

/* isspace() of the C locale, which the server has when it splits options. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* pg_split_opts: the next word, a backslash making any character an ordinary one; NULL at the end.
 */
static char *next_word(const char **options, char *out)
{
	const char *p = *options;
	char *start = out;

	while (is_space(*p))
		p++;
	if (*p == '\0')
		return NULL;
	while (*p != '\0' && !is_space(*p)) {
		if (*p == '\\' && *++p == '\0')
			break;
		*out++ = *p++;
	}
	*out++ = '\0';
	*options = p;
	return start;
}

/* ParseLongOption: name=value, where a dash in the name stands for an underscore. */
static const char *assignment_unsafe(char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL)
		return unclear_options;
	*equals = '\0';
	for (char *p = text; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	return setting_unsafe(text, equals + 1);
}

/*
 * One switch as getopt reads it.  The server has more of them (-e, -d 1, in clusters too), which
 * differ from version to version; a client can say what they say by -c.
 */
static const char *switch_unsafe(char *word, const char **options, char *room)
{
	char *value = word + 2;

	if (word[0] != '-' || (word[1] != 'c' && word[1] != '-'))
		return unclear_options;
	if (*value == '\0' && word[1] == 'c')
		value = next_word(options, room);
	return value == NULL ? unclear_options : assignment_unsafe(value);
}

static const char *options_unsafe(const char *options)
{
	char words[WIRE_STARTUP_BYTES_MAX + 2]; /* a word is never longer than options */
	char *word;

	while ((word = next_word(&options, words)) != NULL) {
		const char *reason = switch_unsafe(word, &options, words + strlen(words) + 1);

		if (reason != NULL)
			return reason;
	}
	return NULL;
}

/* Every occurrence is judged, not just the last: that cannot miss, and no honest client repeats
 * one. */
const char *startup_unsafe(const struct startup_packet *packet)
{
	for (size_t i = 0; i < packet->n_parameters; i++) {
		const struct startup_parameter *parameter = &packet->parameters[i];
		const char *reason = strcmp(parameter->name, "options") == 0
					     ? options_unsafe(parameter->value)
					     : setting_unsafe(parameter->name, parameter->value);

		if (reason != NULL)
			return reason;
	}
	return NULL;
}
