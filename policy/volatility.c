/* SPDX-License-Identifier: PostgreSQL */
/*
 * Is a default computed once or for every row?  ADD COLUMN stores the value once when no
 * function of the default is volatile (ATExecAddColumn: contain_volatile_functions); the catalog
 * says which are.  Without it only the lists below are believed.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

/*
 * Functions of pg_catalog that defaults may be made of, by the worst provolatile of their overloads
 * in PostgreSQL 11 to 18.  Sorted.
 */
/* clang-format off */
static const char *const immutable[] = {
	"abs", "acos", "acosd", "acosh", "area", "array_append", "array_cat", "array_dims",
	"array_fill", "array_length", "array_lower", "array_ndims", "array_position",
	"array_positions", "array_prepend", "array_remove", "array_replace",
	"array_to_tsvector", "array_upper", "ascii", "asin", "asind", "asinh", "atan", "atan2",
	"atan2d", "atand", "atanh", "bit", "bit_count", "bit_length", "bool", "box",
	"broadcast", "cardinality", "cbrt", "ceil", "ceiling", "center", "char", "char_length",
	"character_length", "chr", "cidr", "circle", "cos", "cosd", "cosh", "cot", "cotd",
	"date_bin", "datemultirange", "daterange", "decode", "degrees", "diagonal", "diameter",
	"div", "encode", "exp", "factorial", "family", "float4", "float8", "floor", "gcd",
	"get_bit", "get_byte", "height", "host", "hostmask", "initcap", "int2", "int4",
	"int4multirange", "int4range", "int8", "int8multirange", "int8range", "is_normalized",
	"isclosed", "isempty", "isfinite", "ishorizontal", "isopen", "isparallel", "isperp",
	"isvertical", "json_array_length", "json_object", "json_strip_nulls", "json_typeof",
	"jsonb_array_length", "jsonb_insert", "jsonb_object", "jsonb_path_exists",
	"jsonb_path_match", "jsonb_path_query_array", "jsonb_path_query_first", "jsonb_pretty",
	"jsonb_set", "jsonb_set_lax", "jsonb_strip_nulls", "jsonb_typeof", "justify_days",
	"justify_hours", "justify_interval", "lcm", "left", "line", "ln", "log", "log10",
	"lower", "lower_inc", "lower_inf", "lpad", "lseg", "ltrim", "macaddr", "macaddr8",
	"make_date", "make_interval", "make_time", "make_timestamp", "masklen", "md5",
	"min_scale", "mod", "multirange", "name", "netmask", "network", "normalize", "npoints",
	"num_nonnulls", "num_nulls", "nummultirange", "numrange", "octet_length", "oid",
	"overlay", "parse_ident", "path", "pg_lsn", "pg_size_bytes", "pg_size_pretty", "pi",
	"point", "polygon", "position", "pow", "power", "quote_ident", "radians", "radius",
	"range_merge", "regexp_count", "regexp_instr", "regexp_like", "regexp_match",
	"regexp_replace", "regexp_split_to_array", "regexp_substr", "repeat", "replace",
	"reverse", "right", "round", "rpad", "rtrim", "scale", "set_bit", "set_byte",
	"setweight", "sha224", "sha256", "sha384", "sha512", "sign", "sin", "sind", "sinh",
	"slope", "split_part", "sqrt", "string_to_array", "strip", "strpos", "substr",
	"substring", "tan", "tand", "tanh", "text", "to_ascii", "to_hex", "translate",
	"trim_array", "trim_scale", "trunc", "ts_delete", "ts_filter", "ts_lexize", "ts_rank",
	"ts_rank_cd", "tsmultirange", "tsrange", "tstzmultirange", "tstzrange",
	"tsvector_to_array", "txid_snapshot_xmax", "txid_snapshot_xmin",
	"txid_visible_in_snapshot", "unistr", "upper", "upper_inc", "upper_inf", "varbit",
	"varchar", "width", "width_bucket", "xid", "xml_is_well_formed_content",
	"xml_is_well_formed_document", "xmlcomment", "xpath", "xpath_exists",
};

static const char *const stable[] = {
	"age", "array_to_json", "array_to_string", "concat", "concat_ws", "convert",
	"convert_from", "convert_to", "current_database", "current_schema", "current_schemas",
	"current_setting", "current_user", "date", "date_part", "date_trunc", "enum_first",
	"enum_last", "enum_range", "extract", "format", "format_type", "get_current_ts_config",
	"getdatabaseencoding", "getpgusername", "inet_client_addr", "inet_client_port",
	"inet_server_addr", "inet_server_port", "json_build_array", "json_build_object",
	"json_populate_record", "json_to_record", "json_to_tsvector", "jsonb_build_array",
	"jsonb_build_object", "jsonb_path_exists_tz", "jsonb_path_match_tz",
	"jsonb_path_query_array_tz", "jsonb_path_query_first_tz", "jsonb_populate_record",
	"jsonb_to_record", "jsonb_to_tsvector", "length", "make_timestamptz", "money", "now",
	"numeric", "overlaps", "pg_backend_pid", "pg_char_to_encoding", "pg_client_encoding",
	"pg_column_size", "pg_conf_load_time", "pg_current_snapshot", "pg_current_xact_id",
	"pg_current_xact_id_if_assigned", "pg_my_temp_schema", "pg_postmaster_start_time",
	"pg_trigger_depth", "pg_typeof", "phraseto_tsquery", "plainto_tsquery",
	"quote_literal", "quote_nullable", "regclass", "row_to_json", "session_user",
	"statement_timestamp", "time", "timestamp", "timestamptz", "timetz", "timezone",
	"to_char", "to_date", "to_json", "to_jsonb", "to_number", "to_regclass",
	"to_regcollation", "to_regnamespace", "to_regoper", "to_regoperator", "to_regproc",
	"to_regprocedure", "to_regrole", "to_regtype", "to_timestamp", "to_tsquery",
	"to_tsvector", "transaction_timestamp", "ts_headline", "txid_current",
	"txid_current_if_assigned", "txid_current_snapshot", "version", "websearch_to_tsquery",
	"xml", "xml_is_well_formed",
};
/* clang-format on */

static int by_name(const void *name, const void *row)
{
	return strcmp(name, *(const char *const *)row);
}

static bool listed(const char *name, const char *const *names, size_t n)
{
	return bsearch(name, names, n, sizeof(*names), by_name) != NULL;
}

static char volatility_without_catalog(const struct name *function)
{
	if (function->schema != NULL && strcmp(function->schema, "pg_catalog") != 0)
		return 'v';
	if (listed(function->name, immutable, sizeof(immutable) / sizeof(immutable[0])))
		return 'i';
	return listed(function->name, stable, sizeof(stable) / sizeof(stable[0])) ? 's' : 'v';
}

char expr_volatility(
	const struct facts *facts, const struct expr *expr, const struct name **function)
{
	char worst = 'i';

	*function = NULL;
	for (size_t i = 0; i < expr->n_functions; i++) {
		const struct name *name = &expr->functions[i];
		bool known = facts->known || facts_function(facts, name) != NULL;
		char volatility =
			known ? facts_volatility(facts, name) : volatility_without_catalog(name);

		if (volatility == 'v') {
			*function = name;
			return 'v';
		}
		if (volatility == 's')
			worst = 's';
	}
	return worst;
}
