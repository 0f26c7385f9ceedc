-- SPDX-License-Identifier: PostgreSQL
-- embed: qualify-operators
--
-- What struct facts holds, for the names in $1 (relations), $2 (types) and $3 (functions): text[][]
-- of {schema, name} pairs, schema '' where none was written; with what goes along when one of them is
-- dropped, if $4 (bool) says so: below a table that all others refer to, that is the whole database.
-- And where enums are, and what names a label of theirs, for the labels in $5: {old, new} pairs.
-- Planning it takes longer than running it: what stands in "rare" is left out for texts that neither
-- drop anything nor alter a type.
--
-- It runs on a client's connection, as the client, in its transaction, under any search_path:
--   * Everything is schema-qualified.  Operators between blanks are, when this file is embedded;
--     they then share one precedence, so every pair of them stands in brackets.  IN, BETWEEN, LIKE,
--     USING, CASE x WHEN, IS DISTINCT FROM and NULLIF look their operators up by search_path and
--     cannot be used.  No backslash: standard_conforming_strings may be off.  No NULL in an array
--     literal: array_nulls may be off.  No float is printed: extra_float_digits may be anything.
--   * Nothing raises: names are joined, never cast (::regclass; to_regclass of a schema without
--     USAGE), pg_xact_status is only asked about what was assigned.
--   * No relation is locked by it; the pg_get_*def functions hold ACCESS SHARE while they look.
--   * JIT has to be off, or the server would compile it for seconds (jit_above_cost).  mod(x, 1) = 0 holds
--     always, and the planner takes it for one row in 200.
--   * What is looked up for a few of many stands in a LATERAL with OFFSET 0, which the planner does not
--     pull up: else it may read all of a large catalog to join it.
--   * Columns newer than PostgreSQL 13 are read through to_jsonb(row).
WITH RECURSIVE
me AS MATERIALIZED (
	SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version,
		pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text::pg_catalog.int8 AS top,
		pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())
			::pg_catalog.text::pg_catalog.int8 AS xmax,
		(pg_catalog.now() - '1 day'::pg_catalog.interval) AS yesterday
),
asked AS MATERIALIZED (
	SELECT 'r' AS list, i AS ord, ($1::pg_catalog.text[])[i][1] AS nsp, ($1::pg_catalog.text[])[i][2] AS name
	FROM pg_catalog.generate_subscripts($1::pg_catalog.text[], 1) AS g(i)
	UNION ALL
	SELECT 't', i, ($2::pg_catalog.text[])[i][1], ($2::pg_catalog.text[])[i][2]
	FROM pg_catalog.generate_subscripts($2::pg_catalog.text[], 1) AS g(i)
	UNION ALL
	SELECT 'f', i, ($3::pg_catalog.text[])[i][1], ($3::pg_catalog.text[])[i][2]
	FROM pg_catalog.generate_subscripts($3::pg_catalog.text[], 1) AS g(i)
),
-- ord NULL: looked up besides, because what was asked for lies on it or below it
targets AS MATERIALIZED (
	SELECT a.ord, found.oid
	FROM asked a
		LEFT JOIN LATERAL (
			SELECT pg_catalog.to_regclass(pg_catalog.quote_ident(a.name))::pg_catalog.oid AS oid
			WHERE a.nsp = '' AND a.name <> ''
			UNION ALL
			SELECT c.oid
			FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
			WHERE a.nsp <> '' AND c.relname = a.name::pg_catalog.name
				AND (n.nspname = a.nsp::pg_catalog.name
					OR (a.nsp = 'pg_temp' AND n.oid = pg_catalog.pg_my_temp_schema()))
			LIMIT 1
		) AS found ON true
	WHERE a.list = 'r' AND pg_catalog.mod(a.ord, 1) = 0
),
type_targets AS MATERIALIZED (
	SELECT a.ord, found.oid
	FROM asked a
		LEFT JOIN LATERAL (
			SELECT pg_catalog.to_regtype(pg_catalog.quote_ident(a.name))::pg_catalog.oid AS oid
			WHERE a.nsp = '' AND a.name <> ''
			UNION ALL
			SELECT t.oid
			FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
			WHERE a.nsp <> '' AND t.typname = a.name::pg_catalog.name
				AND (n.nspname = a.nsp::pg_catalog.name
					OR (a.nsp = 'pg_temp' AND n.oid = pg_catalog.pg_my_temp_schema()))
			LIMIT 1
		) AS found ON true
	WHERE a.list = 't' AND pg_catalog.mod(a.ord, 1) = 0
),
function_targets AS MATERIALIZED (
	SELECT a.ord, f.oid, f.provolatile
	FROM asked a
		LEFT JOIN LATERAL (
			SELECT p.oid, p.provolatile
			FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
			WHERE p.proname = a.name::pg_catalog.name AND (CASE
					WHEN a.nsp = '' THEN pg_catalog.pg_function_is_visible(p.oid)
					WHEN a.nsp = 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema()
					ELSE n.nspname = a.nsp::pg_catalog.name
				END)
		) AS f ON true
	WHERE a.list = 'f' AND pg_catalog.mod(a.ord, 1) = 0
),
-- Tables of a composite type: what is done to the type is done to them.
typed_tables AS MATERIALIZED (
	SELECT t.oid AS root, d.objid AS oid
	FROM targets t
		JOIN pg_catalog.pg_class c ON c.oid = t.oid AND c.relkind = 'c'
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
			AND d.refobjid = c.reltype AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0
		JOIN pg_catalog.pg_class follower ON follower.oid = d.objid AND follower.reloftype = c.reltype
),
related AS MATERIALIZED (
	SELECT i.indrelid AS oid FROM targets t JOIN pg_catalog.pg_index i ON i.indexrelid = t.oid
	UNION
	SELECT h.inhparent FROM targets t JOIN pg_catalog.pg_inherits h ON h.inhrelid = t.oid
	UNION
	SELECT p.partdefid FROM targets t JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = t.oid
	WHERE p.partdefid <> 0
	-- rare {
	-- a name of CREATE STATISTICS: what it is on
	UNION
	SELECT s.stxrelid
	FROM asked a
		JOIN pg_catalog.pg_statistic_ext s ON s.stxname = a.name::pg_catalog.name
		JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
	WHERE a.list = 'r' AND CASE WHEN a.nsp = '' THEN pg_catalog.pg_statistics_obj_is_visible(s.oid)
		ELSE n.nspname = a.nsp::pg_catalog.name END
	-- } instead:
),
-- whose locks, files and rows the statement may reach as well: children at every level, both ends of
-- foreign keys; of those beyond the first 64 their names are told, and not what they are made of
below AS (
	SELECT h.inhrelid AS oid, 1 AS depth
	FROM (SELECT t.oid FROM targets t
			UNION SELECT i.indrelid FROM targets t JOIN pg_catalog.pg_index i ON i.indexrelid = t.oid) AS top
		JOIN pg_catalog.pg_inherits h ON h.inhparent = top.oid
	UNION
	SELECT follower.oid, 1 FROM typed_tables follower
	UNION
	SELECT h.inhrelid, below.depth + 1 FROM below JOIN pg_catalog.pg_inherits h ON h.inhparent = below.oid
),
keyed AS MATERIALIZED (
	SELECT t.oid FROM targets t UNION SELECT below.oid FROM below
),
keys AS (
	SELECT k.conrelid, k.confrelid, 1 AS depth
	FROM keyed JOIN pg_catalog.pg_constraint k ON k.conrelid = keyed.oid AND k.contype = 'f'
	UNION
	SELECT k.conrelid, k.confrelid, top.depth + 1
	FROM (SELECT keyed.oid, 0 AS depth FROM keyed UNION ALL SELECT keys.conrelid, keys.depth FROM keys) AS top
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = top.oid
			AND d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
		JOIN pg_catalog.pg_constraint k ON k.oid = d.objid AND k.contype = 'f' AND k.confrelid = top.oid
	WHERE top.depth < 4
),
-- A partitioned table's key to a single partition is not its partitions' own: they have one to the whole.
key_parts AS (
	SELECT h.inhrelid AS oid, keys.depth
	FROM keys
		JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = keys.conrelid
		JOIN pg_catalog.pg_inherits h ON h.inhparent = p.partrelid
	UNION
	SELECT h.inhrelid, key_parts.depth FROM key_parts JOIN pg_catalog.pg_inherits h ON h.inhparent = key_parts.oid
),
-- rare {
labels AS MATERIALIZED (
	SELECT ($5::pg_catalog.text[])[i][1] AS old, ($5::pg_catalog.text[])[i][2] AS new
	FROM pg_catalog.generate_subscripts($5::pg_catalog.text[], 1) AS g(i)
),
-- Domains asked for and those over them, and enums whose labels change; and who has a column of one, or of
-- an array of such an enum: where values of it are.
own_types AS (
	SELECT t.oid AS root, t.oid, t.typtype
	FROM type_targets a
		JOIN pg_catalog.pg_type t ON t.oid = a.oid
			AND (t.typtype = 'd' OR (t.typtype = 'e' AND EXISTS (SELECT FROM labels)))
	UNION
	SELECT own_types.root, t.oid, own_types.typtype
	FROM own_types
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
			AND d.refobjid = own_types.oid AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
		JOIN pg_catalog.pg_type t ON t.oid = d.objid AND t.typtype = 'd'
),
held_types AS (
	SELECT own_types.root, own_types.typtype, own_types.oid, false AS list FROM own_types
	UNION ALL
	SELECT own_types.root, own_types.typtype, t.typarray, true
	FROM own_types JOIN pg_catalog.pg_type t ON t.oid = own_types.oid AND t.typarray <> 0::pg_catalog.oid
	WHERE own_types.typtype = 'e'
),
uses AS MATERIALIZED (
	SELECT h.root, h.typtype, h.list, c.oid, n.nspname AS nsp, c.relname AS name, c.relkind AS kind,
		a.attname AS col, a.attnum AS sub, a.attinhcount > 0 AS inherited, a.attgenerated <> '' AS generated,
		pg_catalog.pg_has_role(c.relowner, 'USAGE') AND NOT pg_catalog.row_security_active(c.oid) AS writable,
		-- what tells rows apart or where they go by it
		EXISTS (SELECT
			FROM pg_catalog.pg_index i
			WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion)
				AND (a.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:(i.indnkeyatts - 1)]) OR (i.indexprs IS NOT NULL
					AND EXISTS (SELECT FROM pg_catalog.pg_depend x
						WHERE x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.objid = i.indexrelid
							AND x.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.refobjid = c.oid
							AND x.refobjsubid = a.attnum))))
			OR EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p
				WHERE p.partrelid = c.oid
					AND (a.attnum = ANY (p.partattrs::pg_catalog.int2[]) OR p.partexprs IS NOT NULL)) AS key
	FROM held_types h
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
			AND d.refobjid = h.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
			AND d.objsubid > 0
		JOIN pg_catalog.pg_class c ON c.oid = d.objid AND (c.relkind = 'r' OR c.relkind = 'm'
			OR (h.typtype = 'e' AND (c.relkind = 'p' OR c.relkind = 'f')))
			AND (h.typtype = 'd' OR c.relpersistence <> 't')
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND a.atttypid = h.oid
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
),
-- } instead: uses AS (SELECT 0::pg_catalog.oid AS oid, ''::pg_catalog.text AS typtype, false AS inherited WHERE $4::pg_catalog.bool AND $5::pg_catalog.text[] IS NULL),
family AS MATERIALIZED (
	SELECT kin.oid
	FROM (SELECT r.oid, 0 AS depth FROM related r
			UNION ALL SELECT below.oid, below.depth FROM below
			UNION ALL SELECT keys.conrelid, keys.depth FROM keys
			UNION ALL SELECT keys.confrelid, keys.depth FROM keys
			UNION ALL SELECT key_parts.oid, key_parts.depth FROM key_parts
			UNION ALL SELECT uses.oid, 2 FROM uses WHERE uses.typtype = 'd' OR NOT uses.inherited) AS kin
	WHERE pg_catalog.mod(kin.oid::pg_catalog.int8, 1) = 0 AND NOT EXISTS (SELECT FROM targets t WHERE t.oid = kin.oid)
	GROUP BY kin.oid ORDER BY pg_catalog.min(kin.depth), kin.oid LIMIT 64
),
relations AS MATERIALIZED (
	SELECT t.ord, t.oid FROM targets t
	UNION ALL
	SELECT NULL, f.oid FROM family f WHERE pg_catalog.mod(f.oid::pg_catalog.int8, 1) = 0
),
tree AS (
	SELECT r.oid AS root, h.inhrelid AS oid, h.inhparent AS parent, 1 AS depth
	FROM (SELECT DISTINCT oid FROM relations) AS r JOIN pg_catalog.pg_inherits h ON h.inhparent = r.oid
	UNION ALL
	SELECT follower.root, follower.oid, follower.root, 1 FROM typed_tables follower
	UNION ALL
	SELECT tree.root, h.inhrelid, h.inhparent, tree.depth + 1
	FROM tree JOIN pg_catalog.pg_inherits h ON h.inhparent = tree.oid
),
-- What a statement on the root reaches: itself, what is below it, and below a view what it selects from.
parts AS (
	SELECT r.oid AS root, r.oid FROM relations r
	UNION
	SELECT parts.root, below.oid
	FROM parts
		CROSS JOIN LATERAL (
			SELECT h.inhrelid AS oid FROM pg_catalog.pg_inherits h WHERE h.inhparent = parts.oid
			UNION ALL
			SELECT d.refobjid
			FROM pg_catalog.pg_class v
				JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
				JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
					AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
			WHERE v.oid = parts.oid AND v.relkind = 'v'
		) AS below
),
-- What holds rows: the relation itself, or what is below it.  By itself and materialized: joined in the
-- next one, pg_class may be read first, and then every relation of the database is measured and locked.
holders AS MATERIALIZED (
	SELECT part.root, c.oid, c.relkind, c.relpages, c.reltuples, (c.reltuples < 0)
			OR (me.version < 140000 AND c.relpages = 0 AND c.reltuples = 0) AS never
	FROM parts part
		JOIN pg_catalog.pg_class c ON c.oid = part.oid
		CROSS JOIN me
	WHERE c.relkind <> 'p' AND c.relkind <> 'I' AND c.relkind <> 'v'
),
-- relpages and reltuples are what VACUUM and ANALYZE saw last; the cumulative statistics tell of rows
-- that came since.  PostgreSQL 13 says 0 for "never looked at", later ones -1: then the size of the file
-- bounds the rows, 226 to a page at most.
-- (pg_relation_size takes ACCESS SHARE for an instant; so would the statement that is judged.)
sizes AS MATERIALIZED (
	SELECT c.root,
		pg_catalog.bool_or(c.never AND seen.pages IS NULL) AS unknown,
		pg_catalog.sum(seen.pages)::pg_catalog.int8 AS pages,
		pg_catalog.sum(greatest(CASE WHEN c.never THEN seen.pages * 226 ELSE c.reltuples::pg_catalog.int8 END,
			pg_catalog.pg_stat_get_live_tuples(c.oid)))::pg_catalog.int8 AS rows,
		pg_catalog.bool_and(seen.nothing) AS empty,
		pg_catalog.bool_and(seen.nothing OR c.oid <> c.root) AS bare
	FROM holders c
		CROSS JOIN me
		CROSS JOIN LATERAL (SELECT CASE WHEN c.never
			THEN (pg_catalog.pg_relation_size(c.oid::pg_catalog.regclass) / 8192)
			ELSE c.relpages::pg_catalog.int8 END AS pages,
			me.version >= 140000 AND c.relkind <> 'f' AND c.relpages = 0 AND c.reltuples = 0
				AND pg_catalog.pg_stat_get_live_tuples(c.oid) = 0
				AND pg_catalog.pg_stat_get_ins_since_vacuum(c.oid) = 0
				AND pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) = 0 AS nothing) AS seen
	GROUP BY c.root
),
-- Since when scans are counted.  A crash sets what is counted back and moves the bgwriter's time only.
counted AS MATERIALIZED (
	SELECT greatest(coalesce(pg_catalog.pg_stat_get_db_stat_reset_time(d.oid), pg_catalog.pg_postmaster_start_time()),
			pg_catalog.pg_stat_get_bgwriter_stat_reset_time()) AS since
	FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
),
-- PostgreSQL 16 says when the last scan was; before that there must have been none that met a row, for an index
-- that is built on the empty table counts as well.  How old a table is the catalog does not say: one that was
-- vacuumed or analysed yesterday, and not since, was there.
unread AS MATERIALIZED (
	SELECT h.root, pg_catalog.bool_and((counted.since < me.yesterday) AND (seen.looked_at < me.yesterday)
			AND CASE WHEN me.version >= 160000 THEN coalesce(seen.last_scan < me.yesterday, true)
				ELSE seen.met = 0 END) AS holds
	FROM holders h
		CROSS JOIN me
		CROSS JOIN counted
		CROSS JOIN LATERAL (
			SELECT coalesce(s.seq_tup_read, 0) + coalesce(s.idx_scan, 0) AS met,
				greatest((pg_catalog.to_jsonb(s) ->> 'last_seq_scan')::pg_catalog.timestamptz,
					(pg_catalog.to_jsonb(s) ->> 'last_idx_scan')::pg_catalog.timestamptz) AS last_scan,
				least(s.last_vacuum, s.last_autovacuum, s.last_analyze, s.last_autoanalyze) AS looked_at
			FROM pg_catalog.pg_stat_all_tables s WHERE s.relid = h.oid OFFSET 0
		) AS seen
	WHERE EXISTS (SELECT FROM targets t WHERE t.oid = h.root)
	GROUP BY h.root
),
-- who errors when a column changes or goes; col 0: the relation as a whole
dependents AS MATERIALIZED (
	SELECT d.refobjid AS rel, d.refobjsubid AS col, what.own, what.label
	FROM (SELECT DISTINCT oid FROM relations) AS r
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = r.oid
		CROSS JOIN LATERAL (
			SELECT v.oid = d.refobjid AS own, CASE
					WHEN v.relkind = 'v' THEN pg_catalog.format('view %I.%I', n.nspname, v.relname)
					WHEN v.relkind = 'm' THEN pg_catalog.format('materialized view %I.%I', n.nspname, v.relname)
					ELSE pg_catalog.format('rule %I on %I.%I', w.rulename, n.nspname, v.relname)
				END AS label
			FROM pg_catalog.pg_rewrite w
				JOIN pg_catalog.pg_class v ON v.oid = w.ev_class
				JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
			WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid
				AND (v.oid <> d.refobjid OR v.relkind = 'r' OR v.relkind = 'p')
			UNION ALL
			SELECT v.oid = d.refobjid, pg_catalog.format('policy %I on %I.%I', p.polname, n.nspname, v.relname)
			FROM pg_catalog.pg_policy p
				JOIN pg_catalog.pg_class v ON v.oid = p.polrelid
				JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
			WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid
			UNION ALL
			SELECT v.oid = d.refobjid, pg_catalog.format('trigger %I on %I.%I', g.tgname, n.nspname, v.relname)
			FROM pg_catalog.pg_trigger g
				JOIN pg_catalog.pg_class v ON v.oid = g.tgrelid
				JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
			WHERE d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = d.objid AND NOT g.tgisinternal
			UNION ALL
			-- the expression of a generated column, since PostgreSQL 15 by its pg_attrdef
			SELECT true, pg_catalog.format('generated column %I', a.attname)
			FROM pg_catalog.pg_attrdef f
				JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
			WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND f.oid = d.objid
				AND a.attgenerated <> '' AND a.attnum <> d.refobjsubid
			UNION ALL
			SELECT true, pg_catalog.format('generated column %I', a.attname)
			FROM pg_catalog.pg_attribute a
			WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = d.refobjid
				AND d.objsubid > 0 AND a.attrelid = d.objid AND a.attnum = d.objsubid AND a.attgenerated <> ''
			UNION ALL
			SELECT false, pg_catalog.format('function %I.%I', n.nspname, f.proname)
			FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
			WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND f.oid = d.objid
			UNION ALL
			-- a column in the list or the WHERE of a publication; the table as a whole may go
			SELECT true, pg_catalog.format('publication %I', p.pubname)
			FROM pg_catalog.pg_publication_rel e JOIN pg_catalog.pg_publication p ON p.oid = e.prpubid
			WHERE d.classid = 'pg_catalog.pg_publication_rel'::pg_catalog.regclass AND e.oid = d.objid
				AND d.refobjsubid > 0
		) AS what
),
-- Functions whose text names the relation, or that are triggers of it: no dependency is recorded, so
-- PostgreSQL lets the relation change and they fail when they run.  Their words, for columns.  Those of
-- initdb (below 16384) and in C (language 13) have no text of ours.
routines AS MATERIALIZED (
	SELECT f.oid, pg_catalog.format('function %I.%I', n.nspname, f.proname) AS label,
		pg_catalog.lower(f.prosrc) AS text
	FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
	WHERE f.oid >= 16384::pg_catalog.oid AND f.prolang <> 13::pg_catalog.oid
		AND n.nspname <> 'phasegate'
),
bodies AS MATERIALIZED (
	SELECT found.rel, f.label, found.named,
		pg_catalog.regexp_split_to_array(f.text, '[^[:alnum:]_$]+') AS words
	FROM (
			SELECT r.oid AS rel, f.oid, true AS named
			FROM (SELECT DISTINCT oid FROM relations) AS r
				JOIN pg_catalog.pg_class c ON c.oid = r.oid
				JOIN routines f ON pg_catalog.strpos(f.text, pg_catalog.lower(c.relname::pg_catalog.text)) > 0
			UNION ALL
			SELECT g.tgrelid, g.tgfoid, false
			FROM (SELECT DISTINCT oid FROM relations) AS r
				JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal
		) AS found
		JOIN routines f ON f.oid = found.oid
),
-- What this transaction has locked so far, as far as others notice: on relations that hold rows.
locked AS MATERIALIZED (
	SELECT l.relation AS oid, n.nspname AS nsp, c.relname AS name, l.mode
	FROM pg_catalog.pg_locks l
		JOIN pg_catalog.pg_class c ON c.oid = l.relation
			AND c.relkind = ANY ('{r,p,m,f}'::pg_catalog."char"[]) AND c.relpersistence <> 't'
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
			AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND n.nspname <> 'pg_toast'
	WHERE l.pid = pg_catalog.pg_backend_pid() AND l.granted AND l.locktype = 'relation'
		AND l.mode = ANY ('{ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'
			::pg_catalog.text[])
),
-- what goes with a column and would not come along to another that takes its name
entangled AS MATERIALIZED (
	SELECT d.refobjid AS rel, d.refobjsubid AS col, what.label
	FROM (SELECT DISTINCT oid FROM relations) AS r
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = r.oid
			AND d.refobjsubid > 0
		CROSS JOIN LATERAL (
			SELECT pg_catalog.format('statistics object %I.%I', n.nspname, s.stxname) AS label
			FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
			WHERE d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND s.oid = d.objid
			UNION ALL
			SELECT pg_catalog.format('publication %I', p.pubname)
			FROM pg_catalog.pg_publication_rel m JOIN pg_catalog.pg_publication p ON p.oid = m.prpubid
			WHERE d.classid = 'pg_catalog.pg_publication_rel'::pg_catalog.regclass AND m.oid = d.objid
		) AS what
	UNION ALL
	SELECT a.attrelid, a.attnum, pg_catalog.format('a privilege granted by role %I', pg_catalog.pg_get_userbyid(x.grantor))
	FROM (SELECT DISTINCT oid FROM relations) AS r
		JOIN pg_catalog.pg_class c ON c.oid = r.oid
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS x
	WHERE x.grantor <> c.relowner
	UNION ALL
	SELECT l.objoid, l.objsubid, 'a security label'
	FROM (SELECT DISTINCT oid FROM relations) AS r
		JOIN pg_catalog.pg_seclabel l ON l.objoid = r.oid AND l.objsubid > 0
			AND l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
),
-- Rows that are written when a relation is made and never after: of the tableoid column (GRANT may
-- rewrite that one) and of the row type's dependency; without a row type, what comes nearest.
marked AS MATERIALIZED (
	SELECT part.oid FROM parts part UNION SELECT l.oid FROM locked l
),
marks AS MATERIALIZED (
	SELECT 'r' AS what, r.oid, a.xmin::pg_catalog.text::pg_catalog.int8 AS xid
	FROM marked r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = -6
	UNION ALL
	SELECT 'r', r.oid, d.xmin::pg_catalog.text::pg_catalog.int8
	FROM marked r
		JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.reltype <> 0
		JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = c.reltype
			AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid AND d.deptype = 'i'
	UNION ALL
	SELECT 'r', r.oid, c.xmin::pg_catalog.text::pg_catalog.int8
	FROM marked r JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.reltype = 0
	UNION ALL
	SELECT 'r', r.oid, a.xmin::pg_catalog.text::pg_catalog.int8
	FROM marked r
		JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.reltype = 0
		JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = 1
	UNION ALL
	-- a constraint's row is written anew when it changes
	SELECT 'c', k.oid, k.xmin::pg_catalog.text::pg_catalog.int8
	FROM (SELECT DISTINCT oid FROM relations) AS r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
	UNION ALL
	-- SYNC_TRIGGER_MARK
	SELECT 'g', g.oid, g.xmin::pg_catalog.text::pg_catalog.int8
	FROM (SELECT DISTINCT oid FROM relations) AS r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid
		AND pg_catalog.strpos(g.tgname::pg_catalog.text, '~phasegate_') = 1
),
-- A row we see was written by this transaction when its xid is our top one, or one assigned since that
-- is still in progress: a subtransaction of ours.  Beyond the snapshot's xmax pg_xact_status might be
-- asked about the future and raise; there a row is ours, or so old that its frozen xid wrapped
-- round to the very next ones.
created AS MATERIALIZED (
	SELECT m.what, m.oid, pg_catalog.bool_and(CASE
			WHEN me.top IS NULL THEN false
			WHEN since.n = 0 THEN true
			WHEN (me.top + since.n) < me.xmax THEN
				pg_catalog.pg_xact_status((me.top + since.n)::pg_catalog.text::pg_catalog.xid8) = 'in progress'
			ELSE since.n < 1000
		END) AS here
	FROM marks m CROSS JOIN me
		CROSS JOIN LATERAL (
			SELECT pg_catalog.mod((m.xid - pg_catalog.mod(me.top, 4294967296)) + 4294967296, 4294967296) AS n
		) AS since
	GROUP BY m.what, m.oid
),
-- Seen by nobody else only if nothing it reaches is.
hidden AS MATERIALIZED (
	SELECT part.root, pg_catalog.bool_and(created.here) AS here
	FROM parts part JOIN created ON (created.what = 'r') AND (created.oid = part.oid)
	GROUP BY part.root
),
-- rare {
-- What goes along when an object is dropped, as findDependentObjects (dependency.c) finds it: what depends
-- on it, and what that is an internal part of.  cascade: DROP needs to say so.  sub: a column.  What came
-- with the server (FirstNormalObjectId) nobody drops.
roots AS MATERIALIZED (
	SELECT DISTINCT r.oid FROM keyed r
		JOIN pg_catalog.pg_class c ON $4::pg_catalog.bool AND c.oid = r.oid AND c.oid >= 16384 AND c.relkind = ANY ('{r,p,v,m,f,i,I,S,c}'::pg_catalog."char"[])
),
doomed AS (
	SELECT start.*, false AS cascade
	FROM (
		SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AS root_class, r.oid AS root, 0 AS sub,
			'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AS class, r.oid AS object, 0 AS part
		FROM roots r
		UNION ALL
		SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, r.oid, a.attnum::pg_catalog.int4,
			'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, r.oid, a.attnum::pg_catalog.int4
		FROM roots r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
		UNION ALL
		SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, k.oid, 0,
			'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, k.oid, 0
		FROM roots r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
		UNION ALL
		SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, t.oid, 0,
			'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, t.oid, 0
		FROM type_targets t WHERE $4::pg_catalog.bool AND t.oid >= 16384
		UNION ALL
		SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, f.oid, 0,
			'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, f.oid, 0
		FROM function_targets f WHERE $4::pg_catalog.bool AND f.oid >= 16384
	) AS start
	UNION
	SELECT d.root_class, d.root, d.sub, next.class, next.object, next.part, next.cascade
	FROM doomed d CROSS JOIN LATERAL (
			SELECT p.classid AS class, p.objid AS object, p.objsubid AS part, (d.cascade OR p.deptype = 'n') AS cascade
			FROM pg_catalog.pg_depend p
			WHERE p.refclassid = d.class AND p.refobjid = d.object AND (d.part = 0 OR p.refobjsubid = d.part)
				AND p.deptype = ANY ('{n,a,i,P,S}'::pg_catalog."char"[])
			UNION ALL
			SELECT o.refclassid, o.refobjid, o.refobjsubid, true
			FROM pg_catalog.pg_depend o
			WHERE o.classid = d.class AND o.objid = d.object AND o.objsubid = d.part AND o.deptype = 'i'
				AND (d.class <> d.root_class OR d.object <> d.root)
				-- an identity's sequence is part of a column that goes with its table anyway
				AND (d.sub <> 0 OR o.refclassid <> d.root_class OR o.refobjid <> d.root)
		) AS next
),
losses AS MATERIALIZED (
	SELECT d.root_class, d.root, d.sub, d.class, d.object, d.part, pg_catalog.bool_and(d.cascade) AS cascade
	FROM doomed d
	WHERE pg_catalog.mod(d.object::pg_catalog.int8, 1) = 0
	GROUP BY d.root_class, d.root, d.sub, d.class, d.object, d.part
),
-- The relations that are locked for it: dropped themselves, or bereft of something.
losers AS MATERIALIZED (
	SELECT l.root_class, l.root, l.sub, hit.oid, pg_catalog.bool_and(l.cascade) AS cascade
	FROM losses l CROSS JOIN LATERAL (
			SELECT l.object AS oid WHERE l.class = 'pg_catalog.pg_class'::pg_catalog.regclass
			UNION ALL
			SELECT i.indrelid FROM pg_catalog.pg_index i
			WHERE l.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = l.object
			UNION ALL
			SELECT up.oid
			FROM pg_catalog.pg_class c
				JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid
				LEFT JOIN pg_catalog.pg_partitioned_table s ON s.partrelid = h.inhparent
				CROSS JOIN LATERAL (SELECT h.inhparent AS oid UNION ALL SELECT s.partdefid) AS up
			WHERE l.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND l.part = 0 AND c.oid = l.object AND c.relispartition
				AND c.relkind <> 'i' AND c.relkind <> 'I'
			UNION ALL
			SELECT k.conrelid FROM pg_catalog.pg_constraint k
			WHERE l.class = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = l.object
			UNION ALL
			SELECT g.tgrelid FROM pg_catalog.pg_trigger g
			WHERE l.class = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = l.object
			UNION ALL
			SELECT f.adrelid FROM pg_catalog.pg_attrdef f
			WHERE l.class = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND f.oid = l.object
			UNION ALL
			SELECT w.ev_class FROM pg_catalog.pg_rewrite w
			WHERE l.class = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = l.object
			UNION ALL
			SELECT p.polrelid FROM pg_catalog.pg_policy p
			WHERE l.class = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = l.object
		) AS hit
	GROUP BY l.root_class, l.root, l.sub, hit.oid
),
-- What could go for another reason, too, when a statement drops several objects: what depends on something
-- without being a part of it, constraints, and whole relations, with which their columns go.
along AS MATERIALIZED (
	SELECT l.root_class, l.root, l.sub, pg_catalog.json_agg(pg_catalog.json_build_object(
			'class', l.class::pg_catalog.int8, 'oid', l.object::pg_catalog.int8, 'part', l.part, 'cascade', l.cascade)
			ORDER BY l.class, l.object, l.part) AS list
	FROM losses l
	WHERE (l.sub <> 0 OR l.root_class <> 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
			OR EXISTS (SELECT FROM targets t WHERE t.oid = l.root))
		AND ((l.sub = 0 AND l.part = 0 AND l.class = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid)
			-- an exclusion constraint over expressions hangs on its table alone
			OR (l.class = 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid
				AND ((l.sub <> 0 AND l.cascade) OR (l.class = l.root_class AND l.object = l.root)))
			OR EXISTS (SELECT FROM pg_catalog.pg_depend n
				WHERE n.classid = l.class AND n.objid = l.object AND n.objsubid = l.part AND n.deptype = 'n'
					AND n.refobjid >= 16384
					AND n.refclassid <> 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid))
	GROUP BY l.root_class, l.root, l.sub
),
drops AS MATERIALIZED (
	SELECT needs.root_class, needs.root, needs.sub, pg_catalog.json_build_object(
			'cascade_needed', needs.cascade, 'losers', named.list, 'along', along.list) AS detail
	-- A column that something is an internal part of needs no CASCADE where its table goes anyway.
	FROM (SELECT l.root_class, l.root, l.sub, pg_catalog.bool_or(l.cascade AND w.object IS NULL) AS cascade
			FROM losses l
				LEFT JOIN losses w ON l.part <> 0 AND w.part = 0 AND NOT w.cascade AND w.class = l.class
					AND w.object = l.object AND w.root_class = l.root_class AND w.root = l.root AND w.sub = l.sub
			GROUP BY l.root_class, l.root, l.sub) AS needs
		LEFT JOIN (
			SELECT e.root_class, e.root, e.sub, pg_catalog.json_agg(pg_catalog.json_build_object(
				'name', pg_catalog.json_build_array(n.nspname, c.relname),
				'kind', c.relkind, 'cascade', e.cascade) ORDER BY n.nspname, c.relname) AS list
			FROM losers e
				JOIN pg_catalog.pg_class c ON c.oid = e.oid
					AND c.relkind = ANY ('{r,p,v,m,f,i,I,S,c}'::pg_catalog."char"[])
				JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname <> 'pg_toast'
			GROUP BY e.root_class, e.root, e.sub
		) AS named ON named.root_class = needs.root_class AND named.root = needs.root AND named.sub = needs.sub
		LEFT JOIN along ON along.root_class = needs.root_class AND along.root = needs.root AND along.sub = needs.sub
),
-- } instead: drops AS MATERIALIZED (SELECT 0::pg_catalog.oid AS root_class, 0::pg_catalog.oid AS root, 0 AS sub, NULL::pg_catalog.json AS detail WHERE false),
-- Row types, and arrays, domains, views and composite types that hold such rows.
row_types AS (
	SELECT keyed.oid AS root, c.reltype AS oid
	FROM keyed JOIN pg_catalog.pg_class c ON c.oid = keyed.oid AND c.reltype <> 0 AND c.oid >= 16384
	UNION
	SELECT row_types.root, holder.oid
	FROM row_types
		CROSS JOIN LATERAL (
			SELECT t.typarray AS oid FROM pg_catalog.pg_type t WHERE t.oid = row_types.oid AND t.typarray <> 0
			UNION ALL
			SELECT t.oid
			FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type t ON t.oid = d.objid AND t.typtype = 'd'
			WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = row_types.oid
				AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
			UNION ALL
			SELECT c.reltype
			FROM pg_catalog.pg_depend d
				JOIN pg_catalog.pg_class c ON c.oid = d.objid AND (c.relkind = 'c' OR c.relkind = 'v')
			WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = row_types.oid
				AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0
		) AS holder
),
row_type_uses AS MATERIALIZED (
	SELECT DISTINCT row_types.root
	FROM row_types
		CROSS JOIN LATERAL (SELECT FROM pg_catalog.pg_depend d
				JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = ANY ('{r,p,m}'::pg_catalog."char"[])
			WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = row_types.oid
				AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0
			OFFSET 0) AS held
),
-- Of all tables of a schema, from PostgreSQL 15 on: its catalog is not there before, what depends on it is.
published_schemas AS MATERIALIZED (
	SELECT p.oid AS pub, whole.nsp
	FROM pg_catalog.pg_publication p
		CROSS JOIN LATERAL (SELECT own.classid, own.objid FROM pg_catalog.pg_depend own
			WHERE own.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass AND own.refobjid = p.oid
				AND own.classid = pg_catalog.to_regclass('pg_catalog.pg_publication_namespace')::pg_catalog.oid
			OFFSET 0) AS own
		CROSS JOIN LATERAL (SELECT d.refobjid AS nsp FROM pg_catalog.pg_depend d
			WHERE d.classid = own.classid AND d.objid = own.objid
				AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
			OFFSET 0) AS whole
),
columns AS MATERIALIZED (
	SELECT a.attrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
			'name', a.attname,
			'type_oid', a.atttypid::pg_catalog.int8,
			'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
			'base_type', base.name,
			'typmod', a.atttypmod,
			'collation', a.attcollation::pg_catalog.int8,
			'not_null', a.attnotnull,
			-- a default holds no column, so its table need not be opened (nor locked)
			'default', pg_catalog.pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0::pg_catalog.oid
				ELSE d.adrelid END),
			'default_volatile', EXISTS (
				SELECT FROM pg_catalog.regexp_matches(d.adbin::pg_catalog.text, ':(?:funcid|opfuncid) ([0-9]+)', 'g') AS m(id)
					JOIN pg_catalog.pg_proc f ON f.oid = (m.id)[1]::pg_catalog.oid
				WHERE f.provolatile = 'v'),
			'identity', a.attidentity,
			'generated', a.attgenerated <> '',
			'domain', t.typtype = 'd',
			'domain_constrained', base.constrained,
			'inherited', a.attinhcount > 0,
			'parents', a.attinhcount::pg_catalog.int8,
			'local', a.attislocal,
			'sequence', (SELECT pg_catalog.json_build_array(qn.nspname, q.relname)
				FROM pg_catalog.pg_depend o
					JOIN pg_catalog.pg_class q ON q.oid = o.objid AND q.relkind = 'S'
					JOIN pg_catalog.pg_namespace qn ON qn.oid = q.relnamespace
				WHERE o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.refobjid = a.attrelid
					AND o.refobjsubid = a.attnum AND o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
					AND (o.deptype = 'a' OR o.deptype = 'i')
				ORDER BY o.objid LIMIT 1),
			'drops', drops.detail,
			'dependents', (SELECT pg_catalog.json_agg(DISTINCT e.label) FROM dependents e
				WHERE e.rel = a.attrelid AND e.col = a.attnum),
			'mentioned_by', (SELECT pg_catalog.json_agg(DISTINCT b.label) FROM bodies b
				WHERE b.rel = a.attrelid
					AND pg_catalog.lower(a.attname::pg_catalog.text) = ANY (b.words)),
			'number', a.attnum::pg_catalog.int8,
			'comment', (SELECT s.description FROM pg_catalog.pg_description s
				WHERE s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objoid = a.attrelid
					AND s.objsubid = a.attnum),
			'statistics', coalesce(a.attstattarget, -1)::pg_catalog.int8,
			'options', pg_catalog.array_to_string(a.attoptions, ', '),
			'grants', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('privilege', x.privilege_type,
					'grantee', CASE WHEN x.grantee = 0::pg_catalog.oid THEN NULL
						ELSE pg_catalog.pg_get_userbyid(x.grantee) END,
					'grantable', x.is_grantable) ORDER BY x.grantee, x.privilege_type)
				FROM pg_catalog.aclexplode(a.attacl) AS x),
			'entangled', (SELECT pg_catalog.json_agg(DISTINCT e.label) FROM entangled e
				WHERE e.rel = a.attrelid AND e.col = a.attnum),
			'nulls_per_million', (SELECT (s.null_frac * 1000000)::pg_catalog.int8 FROM pg_catalog.pg_stats s
				WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
				ORDER BY s.inherited DESC LIMIT 1)
		) ORDER BY a.attnum) AS list
	FROM (SELECT DISTINCT oid FROM relations) AS r
		JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind <> 'i' AND c.relkind <> 'I'
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		LEFT JOIN drops ON drops.root_class = 'pg_catalog.pg_class'::pg_catalog.regclass AND drops.root = a.attrelid
			AND drops.sub = a.attnum
		CROSS JOIN LATERAL (
			WITH RECURSIVE chain AS (
				SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typnotnull, 0 AS depth
				UNION ALL
				SELECT b.oid, b.typname, b.typtype, b.typbasetype, b.typnotnull, chain.depth + 1
				FROM chain JOIN pg_catalog.pg_type b ON b.oid = chain.typbasetype
				WHERE chain.typtype = 'd'
			)
			SELECT (pg_catalog.array_agg(chain.typname ORDER BY chain.depth DESC))[1] AS name,
				pg_catalog.bool_or(chain.typtype = 'd' AND (chain.typnotnull
					OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contypid = chain.oid))) AS constrained
			FROM chain
		) AS base
	GROUP BY a.attrelid
),
constraints AS MATERIALIZED (
	SELECT k.conrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
			'name', k.conname,
			'kind', k.contype,
			'validated', k.convalidated,
			'added_in_transaction', coalesce(created.here, false),
			'deferrable', k.condeferrable,
			'no_inherit', k.connoinherit,
			'inherited', k.coninhcount > 0,
			'parents', k.coninhcount::pg_catalog.int8,
			'local', k.conislocal,
			'index', (SELECT pg_catalog.json_build_array(xn.nspname, x.relname)
				FROM pg_catalog.pg_class x JOIN pg_catalog.pg_namespace xn ON xn.oid = x.relnamespace
				WHERE x.oid = k.conindid),
			'drops', (SELECT d.detail FROM drops d
				WHERE d.root_class = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.root = k.oid),
			'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord)
				FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u(num, ord)
					JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
			'definition', pg_catalog.pg_get_constraintdef(k.oid),
			'comment', (SELECT s.description FROM pg_catalog.pg_description s
				WHERE s.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND s.objoid = k.oid),
			'referenced', (SELECT pg_catalog.json_build_array(n.nspname, c.relname)
				FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
				WHERE c.oid = k.confrelid)
		) ORDER BY k.conname) AS list
	FROM (SELECT DISTINCT oid FROM relations) AS r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
		LEFT JOIN created ON (created.what = 'c') AND (created.oid = k.oid)
	WHERE k.contype = ANY ('{c,f,p,u,x}'::pg_catalog."char"[])
	GROUP BY k.conrelid
),
indexes AS MATERIALIZED (
	SELECT r.oid, pg_catalog.json_agg(pg_catalog.json_build_object(
			'name', pg_catalog.json_build_array(n.nspname, c.relname),
			'unique', i.indisunique,
			'primary', i.indisprimary,
			'valid', i.indisvalid,
			'immediate', i.indimmediate,
			'partial', i.indpred IS NOT NULL,
			'has_expressions', i.indexprs IS NOT NULL,
			'plain_order', NOT EXISTS (
				SELECT
				FROM ROWS FROM (pg_catalog.unnest(i.indoption::pg_catalog.int2[]),
						pg_catalog.unnest(i.indclass::pg_catalog.oid[]),
						pg_catalog.unnest(i.indcollation::pg_catalog.oid[]),
						pg_catalog.unnest(i.indkey::pg_catalog.int2[]))
						WITH ORDINALITY AS u(option, class, coll, num, ord)
					JOIN pg_catalog.pg_opclass o ON o.oid = u.class
					LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.num
				WHERE u.ord <= i.indnkeyatts
					AND (u.option <> 0 OR NOT o.opcdefault OR u.coll <> a.attcollation)),
			'attached', c.relispartition,
			'replica_identity', i.indisreplident,
			'backs_constraint', EXISTS (SELECT FROM pg_catalog.pg_constraint k
				WHERE k.conrelid = i.indrelid AND k.conindid = i.indexrelid
					AND k.contype = ANY ('{p,u,x}'::pg_catalog."char"[])),
			'nulls_not_distinct', coalesce(
				(pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false),
			'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord)
				FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS u(num, ord)
					LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.num AND u.num <> 0
				WHERE u.ord <= i.indnkeyatts),
			'mentions', (SELECT pg_catalog.json_agg(DISTINCT a.attname)
				FROM pg_catalog.regexp_matches(pg_catalog.concat(i.indexprs::pg_catalog.text, i.indpred::pg_catalog.text),
						':varattno ([0-9]+)', 'g') AS m(num)
					JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = (m.num)[1]::pg_catalog.int2),
			'definition', pg_catalog.pg_get_indexdef(i.indexrelid),
			'tablespace', (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace),
			'comment', (SELECT s.description FROM pg_catalog.pg_description s
				WHERE s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objoid = i.indexrelid
					AND s.objsubid = 0),
			'peculiar', CASE
				WHEN i.indisreplident THEN 'is the replica identity'
				WHEN i.indisclustered THEN 'is what the table is clustered by'
				WHEN c.reltablespace <> 0::pg_catalog.oid THEN 'is in a tablespace of its own'
				WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute e
					WHERE e.attrelid = i.indexrelid AND e.attstattarget > 0) THEN 'has statistics targets'
			END
		) ORDER BY i.indexrelid) AS list
	FROM (SELECT DISTINCT oid FROM relations) AS r
		JOIN pg_catalog.pg_index i ON i.indrelid = r.oid OR i.indexrelid = r.oid
		JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	GROUP BY r.oid
),
-- Names that makeObjectName could make for something of a table: cut to no less than 28 bytes of it
-- when long, else all of it and "_" (behind which comes "`").  Ranges, for the index on names.
ranges AS MATERIALIZED (
	SELECT part.root, c.relnamespace AS nsp,
		(CASE WHEN pg_catalog.octet_length(c.relname::pg_catalog.text) <= 28
			THEN c.relname::pg_catalog.text || '_' ELSE pg_catalog."left"(c.relname::pg_catalog.text, 24) END)
			::pg_catalog.name AS low,
		(CASE WHEN pg_catalog.octet_length(c.relname::pg_catalog.text) <= 28
			THEN c.relname::pg_catalog.text || '`' ELSE pg_catalog."left"(c.relname::pg_catalog.text, 24) || '~' END)
			::pg_catalog.name AS high
	FROM (SELECT r.oid AS root, r.oid FROM relations r
			UNION SELECT tree.root, tree.oid FROM tree) AS part
		JOIN pg_catalog.pg_class c ON c.oid = part.oid
	WHERE c.relkind = ANY ('{r,p,m}'::pg_catalog."char"[])
),
taken AS MATERIALIZED (
	SELECT names.root, pg_catalog.json_agg(DISTINCT names.name) AS list
	FROM (
		SELECT r.root, c.name
		FROM ranges r CROSS JOIN LATERAL (SELECT c.relname AS name FROM pg_catalog.pg_class c
			WHERE c.relname >= r.low AND c.relname < r.high AND c.relnamespace = r.nsp OFFSET 0) AS c
		UNION ALL
		SELECT r.root, k.name
		FROM ranges r CROSS JOIN LATERAL (SELECT k.conname AS name FROM pg_catalog.pg_constraint k
			WHERE k.conname >= r.low AND k.conname < r.high AND k.connamespace = r.nsp OFFSET 0) AS k
	) AS names
	WHERE names.name ~ '(idx|key|seq|check)[0-9]*$'
	GROUP BY names.root
),
details AS (
	SELECT r.ord, c.oid, pg_catalog.json_build_object(
			'exists', c.oid IS NOT NULL,
			'oid', c.oid::pg_catalog.int8,
			'name', pg_catalog.json_build_array(n.nspname, c.relname),
			'kind', c.relkind,
			'persistence', c.relpersistence,
			'created_in_transaction', coalesce(hidden.here, false),
			'system', (n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' OR n.nspname = 'pg_toast'),
			'pages', CASE WHEN sizes.unknown THEN -1 ELSE coalesce(sizes.pages, 0) END,
			'rows', CASE WHEN sizes.unknown THEN -1 ELSE coalesce(sizes.rows, 0) END,
			'empty', coalesce(sizes.empty, true),
			'bare', coalesce(sizes.bare, true),
			'unread', coalesce(r.ord IS NOT NULL AND (SELECT unread.holds FROM unread WHERE unread.root = c.oid), false),
			'partition', coalesce(c.relispartition, false),
			'parent', (SELECT pg_catalog.json_build_array(pn.nspname, p.relname)
				FROM pg_catalog.pg_inherits h
					JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
					JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
				WHERE h.inhrelid = c.oid ORDER BY h.inhseqno LIMIT 1),
			'tree', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
					'name', pg_catalog.json_build_array(cn.nspname, child.relname),
					'parent', pg_catalog.json_build_array(pn.nspname, p.relname),
					'kind', child.relkind) ORDER BY tree.depth, cn.nspname, child.relname)
				FROM tree
					JOIN pg_catalog.pg_class child ON child.oid = tree.oid
					JOIN pg_catalog.pg_namespace cn ON cn.oid = child.relnamespace
					JOIN pg_catalog.pg_class p ON p.oid = tree.parent
					JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
				WHERE tree.root = c.oid),
			'default_partition', (SELECT pg_catalog.json_build_array(pn.nspname, p.relname)
				FROM pg_catalog.pg_partitioned_table t
					JOIN pg_catalog.pg_class p ON p.oid = t.partdefid
					JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
				WHERE t.partrelid = c.oid),
			'partition_strategy', (SELECT t.partstrat FROM pg_catalog.pg_partitioned_table t
				WHERE t.partrelid = c.oid),
			'partition_columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord)
				FROM pg_catalog.pg_partitioned_table t
					CROSS JOIN LATERAL pg_catalog.unnest(t.partattrs::pg_catalog.int2[]) WITH ORDINALITY AS u(num, ord)
					LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num AND u.num <> 0
				WHERE t.partrelid = c.oid),
			'partition_plain', coalesce((SELECT pg_catalog.bool_and(o.opcdefault AND u.coll = a.attcollation)
				FROM pg_catalog.pg_partitioned_table t
					CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(t.partattrs::pg_catalog.int2[]),
						pg_catalog.unnest(t.partclass::pg_catalog.oid[]),
						pg_catalog.unnest(t.partcollation::pg_catalog.oid[])) AS u(num, class, coll)
					JOIN pg_catalog.pg_opclass o ON o.oid = u.class
					JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num
				WHERE t.partrelid = c.oid), false),
			'partition_bound', CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,
			'partition_constraint', CASE WHEN c.relispartition AND c.relkind = 'p'
					AND (r.ord IS NOT NULL OR EXISTS (SELECT FROM related l WHERE l.oid = c.oid))
				THEN pg_catalog.pg_get_partition_constraintdef(c.oid) END,
			'table', (SELECT pg_catalog.json_build_array(tn.nspname, t.relname)
				FROM pg_catalog.pg_index i
					JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
					JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
				WHERE i.indexrelid = c.oid),
			'tablespace', (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace),
			'access_method', (SELECT m.amname FROM pg_catalog.pg_am m WHERE m.oid = c.relam),
			'owner', pg_catalog.pg_get_userbyid(c.relowner),
			'owned', (SELECT d.deptype FROM pg_catalog.pg_depend d
				WHERE c.relkind = 'S' AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
					AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0
					AND (d.deptype = 'a' OR d.deptype = 'i') LIMIT 1),
			'row_security', coalesce(c.relrowsecurity, false),
			'before_row_triggers', (SELECT pg_catalog.json_agg(g.tgname ORDER BY g.tgname)
				FROM pg_catalog.pg_trigger g
				WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND (g.tgtype OPERATOR(pg_catalog.&) 3) = 3),
			'grants', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('privilege', x.privilege_type,
					'grantee', CASE WHEN x.grantee = 0::pg_catalog.oid THEN NULL
						ELSE pg_catalog.pg_get_userbyid(x.grantee) END,
					'grantable', x.is_grantable) ORDER BY x.grantee, x.privilege_type)
				FROM pg_catalog.aclexplode(c.relacl) AS x
				WHERE x.grantee <> c.relowner),
			'columns', columns.list,
			'constraints', constraints.list,
			'indexes', indexes.list,
			'referencing', (SELECT pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_array(rn.nspname, t.relname))
				FROM pg_catalog.pg_depend d
					JOIN pg_catalog.pg_constraint k ON k.oid = d.objid AND k.contype = 'f' AND k.confrelid = c.oid
					JOIN pg_catalog.pg_class t ON t.oid = k.conrelid
					JOIN pg_catalog.pg_namespace rn ON rn.oid = t.relnamespace
				WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid
					AND d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass),
			'dependents', (SELECT pg_catalog.json_agg(DISTINCT e.label) FROM dependents e
				WHERE e.rel = c.oid AND NOT e.own),
			'mentioned_by', (SELECT pg_catalog.json_agg(DISTINCT m.label) FROM (
				SELECT b.label FROM bodies b WHERE b.rel = c.oid AND b.named
					AND pg_catalog.lower(c.relname::pg_catalog.text) = ANY (b.words)
				UNION ALL
				SELECT pg_catalog.format('publication %I', p.pubname)
				FROM pg_catalog.pg_publication_rel e JOIN pg_catalog.pg_publication p ON p.oid = e.prpubid
				WHERE e.prrelid = c.oid) AS m),
			-- per statement, or with transition tables; DELETE is 8 of tgtype, UPDATE 16
			'statement_triggers', EXISTS (SELECT
				FROM (SELECT c.oid UNION ALL SELECT tree.oid FROM tree WHERE tree.root = c.oid) AS part
					CROSS JOIN LATERAL (SELECT FROM pg_catalog.pg_trigger g
						WHERE g.tgrelid = part.oid AND NOT g.tgisinternal AND (g.tgtype OPERATOR(pg_catalog.&) 24) <> 0
							AND ((g.tgtype OPERATOR(pg_catalog.&) 1) = 0 OR g.tgoldtable IS NOT NULL
								OR g.tgnewtable IS NOT NULL)
						OFFSET 0) AS g),
			-- DELETE is 8, TRUNCATE 32; internal ones too, by which foreign keys to it are kept
			'emptying_triggers', EXISTS (SELECT
				FROM (SELECT c.oid UNION ALL SELECT tree.oid FROM tree WHERE tree.root = c.oid) AS part
					CROSS JOIN LATERAL (SELECT FROM pg_catalog.pg_trigger g
						WHERE g.tgrelid = part.oid AND (g.tgtype OPERATOR(pg_catalog.&) 40) <> 0 OFFSET 0) AS g),
			-- what an UPDATE in batches meets, or whom it
			'batches', pg_catalog.json_build_object(
				'has_rules', EXISTS (SELECT
					FROM (SELECT c.oid UNION ALL SELECT tree.oid FROM tree WHERE tree.root = c.oid) AS part
						CROSS JOIN LATERAL (SELECT FROM pg_catalog.pg_rewrite w
							WHERE w.ev_class = part.oid AND w.ev_type <> '1'::pg_catalog."char" OFFSET 0) AS w),
				'update_rules', EXISTS (SELECT
					FROM (SELECT c.oid UNION ALL SELECT tree.oid FROM tree WHERE tree.root = c.oid) AS part
						CROSS JOIN LATERAL (SELECT FROM pg_catalog.pg_rewrite w
							WHERE w.ev_class = part.oid AND w.ev_type = '2'::pg_catalog."char"
								AND w.ev_enabled = ANY ('{O,A}'::pg_catalog."char"[]) OFFSET 0) AS w),
				'rows_hidden', coalesce(pg_catalog.row_security_active(c.oid), false),
				-- not of what has no rows: a batch goes by the names of what is below
				'leaf_rows_hidden', EXISTS (SELECT
					FROM (SELECT c.oid, c.relkind UNION ALL SELECT tree.oid, l.relkind
						FROM tree JOIN pg_catalog.pg_class l ON l.oid = tree.oid WHERE tree.root = c.oid) AS part
					WHERE part.relkind <> 'p' AND pg_catalog.row_security_active(part.oid)),
				'published', CASE WHEN c.relkind = 'r' AND c.relpersistence = 'p' AND r.ord IS NOT NULL THEN
					(SELECT pg_catalog.min(pg_catalog.format('publication %I', p.pubname))
					FROM pg_catalog.pg_publication p
					WHERE p.puballtables OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel e
							WHERE e.prrelid = c.oid AND e.prpubid = p.oid
								AND (pg_catalog.to_jsonb(e) ->> 'prattrs') IS NULL)
						OR EXISTS (SELECT FROM published_schemas s
							WHERE s.pub = p.oid AND s.nsp = c.relnamespace)) END),
			-- what is published of it or what is above it while nothing tells its rows apart
			'unidentified', (SELECT pg_catalog.concat(CASE WHEN pg_catalog.bool_or(p.pubupdate) THEN 'u' END,
					CASE WHEN pg_catalog.bool_or(p.pubdelete) THEN 'd' END)
				FROM (SELECT c.oid UNION ALL SELECT a.relid FROM pg_catalog.pg_partition_ancestors(c.oid) AS a(relid)) AS up
					CROSS JOIN LATERAL (SELECT e.prpubid AS oid FROM pg_catalog.pg_publication_rel e WHERE e.prrelid = up.oid
						UNION ALL SELECT a.oid FROM pg_catalog.pg_publication a
							WHERE a.puballtables AND c.relpersistence = 'p' AND (c.relkind = 'r' OR c.relkind = 'p')
						UNION ALL SELECT s.pub FROM published_schemas s
							WHERE s.nsp = c.relnamespace AND c.relpersistence = 'p' AND (c.relkind = 'r' OR c.relkind = 'p')
						OFFSET 0) AS e
					JOIN pg_catalog.pg_publication p ON p.oid = e.oid
				WHERE c.relreplident <> 'f'::pg_catalog."char" AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
					WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
						AND CASE WHEN c.relreplident = 'd'::pg_catalog."char" THEN i.indisprimary
							ELSE c.relreplident = 'i'::pg_catalog."char" AND i.indisreplident END)),
			'populated', coalesce(c.relispopulated, false),
			-- STAND_IN_MARK
			'stands_in', c.relkind = 'v' AND EXISTS (SELECT FROM pg_catalog.pg_description s
				WHERE s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objoid = c.oid
					AND s.objsubid = 0 AND pg_catalog.strpos(s.description, 'phasegate: stands in for ') = 1),
			-- by the trigger's name, which is cut off at 63 bytes
			'replaced', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'here', created.here))
				FROM pg_catalog.pg_trigger g JOIN created ON (created.what = 'g') AND (created.oid = g.oid)
					JOIN pg_catalog.pg_attribute a ON a.attrelid = g.tgrelid AND a.attnum > 0 AND NOT a.attisdropped
						AND (g.tgname::pg_catalog.text = pg_catalog.format('~phasegate_%s_sync', a.attname)
							OR pg_catalog.octet_length(g.tgname::pg_catalog.text) > 59
								AND pg_catalog.strpos(pg_catalog.format('~phasegate_%s', a.attname),
									pg_catalog.left(g.tgname::pg_catalog.text, -5)) = 1)
				WHERE g.tgrelid = c.oid),
			'policies', (SELECT CASE WHEN pg_catalog.bool_or(p.polpermissive) THEN 'permissive' ELSE 'restrictive' END
				FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid GROUP BY p.polrelid),
			'drops', (SELECT d.detail FROM drops d
				WHERE d.root_class = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.root = c.oid AND d.sub = 0),
			'typed', coalesce(c.reloftype <> 0, false),
			'row_type_used', EXISTS (SELECT FROM row_type_uses u WHERE u.root = c.oid),
			-- rare {
			'extended', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
					'name', pg_catalog.json_build_array(sn.nspname, s.stxname),
					'visible', pg_catalog.pg_statistics_obj_is_visible(s.oid)) ORDER BY s.oid)
				FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace sn ON sn.oid = s.stxnamespace
				WHERE s.stxrelid = c.oid),
			-- } instead: 'extended', NULL,
			'row_triggers', EXISTS (SELECT FROM pg_catalog.pg_trigger g
				WHERE g.tgrelid = c.oid AND pg_catalog.mod(g.tgtype::pg_catalog.int4, 2) = 1),
			'attached', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('kind', on_it.kind, 'name', on_it.name,
					'oid', on_it.oid::pg_catalog.int8, 'of_rows', on_it.of_rows,
					'is_constraint', on_it.is_constraint) ORDER BY on_it.name, on_it.kind)
				FROM (
					SELECT 't' AS kind, g.tgname AS name, g.oid, pg_catalog.mod(g.tgtype::pg_catalog.int4, 2) = 1 AS of_rows,
						g.tgconstraint <> 0 AS is_constraint
					FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal
					UNION ALL SELECT 'p', p.polname, p.oid, false, false FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid
					UNION ALL SELECT 'r', w.rulename, w.oid, false, false FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid
				) AS on_it),
			'names_taken', taken.list
		) AS detail
	FROM relations r
		LEFT JOIN pg_catalog.pg_class c ON c.oid = r.oid
		LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN sizes ON sizes.root = c.oid
		LEFT JOIN hidden ON hidden.root = c.oid
		LEFT JOIN columns ON columns.attrelid = c.oid
		LEFT JOIN constraints ON constraints.conrelid = c.oid
		LEFT JOIN indexes ON indexes.oid = c.oid
		LEFT JOIN taken ON taken.root = c.oid
),
-- rare {
-- Types that hold an enum other than as a list: domains over lists, ranges, composite types, rows of tables.
enclosed AS (
	SELECT h.root
	FROM held_types h
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = h.oid
	WHERE h.typtype = 'e' AND ((d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
				AND NOT EXISTS (SELECT FROM held_types o WHERE o.oid = d.objid))
			OR (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0
				AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = d.objid AND c.relkind = 'c')))
	UNION ALL
	SELECT u.root
	FROM uses u
		JOIN pg_catalog.pg_class c ON c.oid = u.oid
		JOIN pg_catalog.pg_type r ON r.oid = c.reltype
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
			AND (d.refobjid = r.oid OR d.refobjid = r.typarray)
	WHERE u.typtype = 'e' AND ((d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid <> r.typarray)
			OR (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0))
),
-- What depends on an enum or on columns of it and names one of the labels without the other: the server renames
-- a label in what it keeps as a tree, but nobody adds one there.  And functions by their text.
about AS MATERIALIZED (
	SELECT DISTINCT part.root, d.classid, d.objid
	FROM (SELECT h.root, 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid AS class, h.oid, 0 AS sub
			FROM held_types h WHERE h.typtype = 'e'
			UNION ALL
			SELECT u.root, 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, u.oid, u.sub
			FROM uses u WHERE u.typtype = 'e') AS part
		JOIN pg_catalog.pg_depend d ON d.refclassid = part.class AND d.refobjid = part.oid AND d.refobjsubid = part.sub
),
definitions AS MATERIALIZED (
	SELECT about.root, false AS loose, what.label, what.text
	FROM about
		CROSS JOIN LATERAL (
			SELECT CASE WHEN v.oid IS NULL THEN pg_catalog.format('constraint %I of a domain', k.conname)
					ELSE pg_catalog.format('constraint %I on %I.%I', k.conname, n.nspname, v.relname)
				END AS label, pg_catalog.pg_get_constraintdef(k.oid) AS text
			FROM pg_catalog.pg_constraint k
				LEFT JOIN pg_catalog.pg_class v ON v.oid = k.conrelid
				LEFT JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
			WHERE about.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = about.objid
			UNION ALL
			SELECT pg_catalog.format('domain %I.%I', n.nspname, t.typname), t.typdefault
			FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
			WHERE about.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = about.objid
				AND t.typdefault IS NOT NULL
			UNION ALL
			SELECT CASE WHEN v.relkind = 'v' THEN pg_catalog.format('view %I.%I', n.nspname, v.relname)
					WHEN v.relkind = 'm' THEN pg_catalog.format('materialized view %I.%I', n.nspname, v.relname)
					ELSE pg_catalog.format('rule %I on %I.%I', w.rulename, n.nspname, v.relname)
				END, pg_catalog.pg_get_ruledef(w.oid)
			FROM pg_catalog.pg_rewrite w
				JOIN pg_catalog.pg_class v ON v.oid = w.ev_class
				JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
			WHERE about.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = about.objid
			UNION ALL
			SELECT pg_catalog.format('policy %I on %I.%I', p.polname, n.nspname, v.relname),
				pg_catalog.concat(pg_catalog.pg_get_expr(p.polqual, p.polrelid), ' ',
					pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
			FROM pg_catalog.pg_policy p
				JOIN pg_catalog.pg_class v ON v.oid = p.polrelid
				JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
			WHERE about.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = about.objid
			UNION ALL
			SELECT pg_catalog.format('trigger %I on %I.%I', g.tgname, n.nspname, v.relname),
				pg_catalog.pg_get_triggerdef(g.oid)
			FROM pg_catalog.pg_trigger g
				JOIN pg_catalog.pg_class v ON v.oid = g.tgrelid
				JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
			WHERE about.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = about.objid AND NOT g.tgisinternal
			UNION ALL
			SELECT pg_catalog.format('index %I.%I', n.nspname, v.relname), pg_catalog.pg_get_indexdef(i.indexrelid)
			FROM pg_catalog.pg_index i
				JOIN pg_catalog.pg_class v ON v.oid = i.indexrelid
				JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
			WHERE about.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = about.objid
			UNION ALL
			-- not of a column of the enum: a plan sees to that.  Generated columns before PostgreSQL 15 depend as such.
			SELECT pg_catalog.format('column %I of %I.%I', a.attname, n.nspname, v.relname),
				pg_catalog.pg_get_expr(e.adbin, e.adrelid)
			FROM pg_catalog.pg_attrdef e
				JOIN pg_catalog.pg_class v ON v.oid = e.adrelid
				JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
				JOIN pg_catalog.pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum
			WHERE ((about.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND e.oid = about.objid)
					OR (about.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.adrelid = about.objid
						AND a.attgenerated <> ''))
				AND NOT EXISTS (SELECT FROM uses u WHERE u.root = about.root AND u.oid = e.adrelid AND u.sub = e.adnum
					AND NOT u.generated)
			UNION ALL
			-- BEGIN ATOMIC, which has no prosrc, and defaults of arguments
			SELECT pg_catalog.format('function %I.%I', n.nspname, f.proname), CASE WHEN f.prosrc = ''
					THEN pg_catalog.pg_get_functiondef(f.oid) ELSE pg_catalog.pg_get_function_arguments(f.oid) END
			FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
			WHERE about.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND f.oid = about.objid
		) AS what
	UNION ALL
	SELECT NULL, true, pg_catalog.format('function %I.%I', n.nspname, f.proname), f.prosrc
	FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
	WHERE EXISTS (SELECT FROM own_types WHERE own_types.typtype = 'e') AND f.oid >= 16384::pg_catalog.oid
		AND f.prolang <> 13::pg_catalog.oid AND n.nspname <> 'phasegate'
),
-- } instead:
types AS (
	SELECT a.ord, pg_catalog.json_build_object(
			'exists', t.oid IS NOT NULL,
			'oid', t.oid::pg_catalog.int8,
			'base_type', base.name,
			'base_typmod', CASE WHEN t.typtype = 'd' THEN base.typmod ELSE -1 END,
			'domain', coalesce(t.typtype = 'd', false),
			'domain_constrained', coalesce(base.constrained, false),
			'json', coalesce(base.name = 'json', false),
			'name', (SELECT pg_catalog.json_build_array(n.nspname, t.typname)
				FROM pg_catalog.pg_namespace n WHERE n.oid = t.typnamespace),
			'base', pg_catalog.format_type(base.oid, NULL),
			'constraints', (SELECT pg_catalog.json_agg(k.conname ORDER BY k.conname)
				FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid),
			'kind', CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.oid = t.typrelid AND r.relkind <> 'c')
				THEN 't' ELSE t.typtype END,
			'labels', (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
				FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
			-- rare {
			'embedded', EXISTS (SELECT
				FROM own_types
					CROSS JOIN LATERAL (
						SELECT d.typarray AS oid FROM pg_catalog.pg_type d WHERE d.oid = own_types.oid
						UNION ALL
						SELECT whole.oid
						FROM pg_catalog.pg_depend e
							JOIN pg_catalog.pg_class c ON c.oid = e.objid AND e.objsubid > 0
							CROSS JOIN LATERAL (SELECT r.oid FROM pg_catalog.pg_type r WHERE r.oid = c.reltype
								UNION ALL SELECT r.typarray FROM pg_catalog.pg_type r WHERE r.oid = c.reltype) AS whole
						WHERE e.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.refobjid = own_types.oid
							AND e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
					) AS inside
					JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
						AND d.refobjid = inside.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
						AND d.objsubid > 0
					JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = ANY ('{r,m,p}'::pg_catalog."char"[])
				WHERE own_types.root = t.oid AND own_types.typtype = 'd')
				OR EXISTS (SELECT FROM enclosed WHERE enclosed.root = t.oid),
			'used_by', (SELECT pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_array(u.nsp, u.name))
				FROM uses u WHERE u.root = t.oid
					AND (u.typtype = 'd' OR (NOT u.inherited AND (u.kind = 'r' OR u.kind = 'p')))),
			'columns', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
					'table', pg_catalog.json_build_array(u.nsp, u.name), 'column', u.col, 'kind', u.kind,
					'list', u.list, 'inherited', u.inherited, 'generated', u.generated, 'key', u.key,
					'writable', u.writable,
					'default', (SELECT pg_catalog.pg_get_expr(e.adbin, e.adrelid) FROM pg_catalog.pg_attrdef e
						WHERE e.adrelid = u.oid AND e.adnum = u.sub))
					ORDER BY u.nsp, u.name, u.col)
				FROM uses u WHERE u.root = t.oid),
			'named', (SELECT pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object(
					'label', l.old, 'object', d.label, 'text', d.loose))
				FROM labels l
					JOIN definitions d ON (d.root = t.oid OR d.loose) AND t.typtype = 'e'
						AND ((pg_catalog.strpos(d.text, pg_catalog.quote_literal(l.old)) > 0
								AND pg_catalog.strpos(d.text, pg_catalog.quote_literal(l.new)) = 0)
							OR (pg_catalog.strpos(d.text, '''{') > 0 AND pg_catalog.strpos(d.text, l.old) > 0
								AND pg_catalog.strpos(d.text, l.new) = 0))),
			-- } instead: 'embedded', false, 'used_by', NULL, 'columns', NULL, 'named', NULL,
			'drops', (SELECT d.detail FROM drops d
				WHERE d.root_class = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.root = t.oid)
		) AS detail
	FROM type_targets a
		LEFT JOIN pg_catalog.pg_type t ON t.oid = a.oid
		LEFT JOIN LATERAL (
			WITH RECURSIVE chain AS (
				SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typnotnull, -1 AS typmod, 0 AS depth
				UNION ALL
				SELECT b.oid, b.typname, b.typtype, b.typbasetype, b.typnotnull, up.typtypmod, chain.depth + 1
				FROM chain
					JOIN pg_catalog.pg_type up ON up.oid = chain.oid
					JOIN pg_catalog.pg_type b ON b.oid = chain.typbasetype
				WHERE chain.typtype = 'd'
			)
			SELECT (pg_catalog.array_agg(chain.typname ORDER BY chain.depth DESC))[1] AS name,
				(pg_catalog.array_agg(chain.oid ORDER BY chain.depth DESC))[1] AS oid,
				(pg_catalog.array_agg(chain.typmod ORDER BY chain.depth DESC))[1] AS typmod,
				pg_catalog.bool_or(chain.typtype = 'd' AND (chain.typnotnull
					OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contypid = chain.oid))) AS constrained
			FROM chain
		) AS base ON t.oid IS NOT NULL
),
functions AS (
	SELECT f.ord, pg_catalog.json_build_object(
			'exists', pg_catalog.count(f.oid) > 0,
			'volatility', pg_catalog.max(f.provolatile::pg_catalog.text),
			'drops', (pg_catalog.array_agg(d.detail ORDER BY f.oid))[1]) AS detail
	FROM function_targets f
		LEFT JOIN drops d ON d.root_class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.root = f.oid
	GROUP BY f.ord
)
SELECT pg_catalog.json_build_object(
	'server_version', me.version,
	'current_user', CURRENT_USER,
	'session_user', SESSION_USER,
	'search_path', pg_catalog.current_setting('search_path'),
	'application_name', pg_catalog.current_setting('application_name'),
	'locks', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
			'relation', pg_catalog.json_build_array(l.nsp, l.name), 'mode', l.mode) ORDER BY l.nsp, l.name)
		FROM locked l LEFT JOIN created ON (created.what = 'r') AND (created.oid = l.oid)
		WHERE NOT coalesce(created.here, false)),
	'backend_pid', pg_catalog.pg_backend_pid(),
	'lock_timeout_ms', (SELECT s.setting::pg_catalog.int8 FROM pg_catalog.pg_settings s WHERE s.name = 'lock_timeout'),
	'statement_timeout_ms', (SELECT s.setting::pg_catalog.int8 FROM pg_catalog.pg_settings s WHERE s.name = 'statement_timeout'),
	'idle_in_transaction_timeout_ms', (SELECT s.setting::pg_catalog.int8 FROM pg_catalog.pg_settings s
		WHERE s.name = 'idle_in_transaction_session_timeout'),
	'settings', (SELECT pg_catalog.string_agg(pg_catalog.format('SET LOCAL %I TO %L', s.name, s.setting), '; '
			ORDER BY s.name)
		FROM pg_catalog.pg_settings s
		WHERE s.name = ANY ('{DateStyle,IntervalStyle,TimeZone,array_nulls,bytea_output,default_text_search_config,extra_float_digits,lc_monetary,lc_numeric,lc_time,quote_all_identifiers,transform_null_equals,xmlbinary,xmloption}'
				::pg_catalog.text[])
			-- not everybody may set it, to what it is either
			OR s.name = 'session_replication_role' AND s.setting <> 'origin'),
	'changes_recorded', EXISTS (SELECT FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
		WHERE n.nspname = 'phasegate' AND c.relname = 'change'),
	'read_only', (pg_catalog.current_setting('transaction_read_only') = 'on'),
	'timezone_utc', pg_catalog.lower(pg_catalog.current_setting('TimeZone'))
		 ~ '^(etc/)?(utc|uct|universal|zulu|gmt|gmt[+-]?0|greenwich)$',
	'timezone', pg_catalog.current_setting('TimeZone'),
	'current_schema', pg_catalog.current_schema(),
	'tablespace', (SELECT s.spcname
		FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace s ON s.oid = d.dattablespace
		WHERE d.datname = pg_catalog.current_database()),
	'snapshot_kept', (pg_catalog.current_setting('transaction_isolation') <> 'read committed'),
	'superuser', coalesce((SELECT u.rolsuper FROM pg_catalog.pg_roles u WHERE u.rolname = CURRENT_USER), false),
	'relations', (SELECT pg_catalog.json_agg(d.detail ORDER BY d.ord, d.oid) FROM details d),
	'types', (SELECT pg_catalog.json_agg(t.detail ORDER BY t.ord) FROM types t),
	'functions', (SELECT pg_catalog.json_agg(f.detail ORDER BY f.ord) FROM functions f)
)::pg_catalog.text
FROM me
