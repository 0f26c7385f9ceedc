-- SPDX-License-Identifier: PostgreSQL
-- What phasegate keeps in a database: the record of changes, and the function by which a session
-- records one in its own transaction.  Run whole, in one transaction; running it again changes nothing.
-- Every name is qualified and search_path is pinned: a role that may create objects cannot put
-- its own in the way of ours (CVE-2018-1058).

SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;

SELECT pg_catalog.pg_advisory_xact_lock(x'7067696e7374616c'::bigint);

CREATE SCHEMA IF NOT EXISTS phasegate;
CREATE SCHEMA IF NOT EXISTS phasegate_run;

-- A schema of that name made by somebody else beforehand could hold anything.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace n
		WHERE n.nspname IN ('phasegate', 'phasegate_run')
		AND NOT pg_catalog.pg_has_role(n.nspowner, 'USAGE'))
	THEN
		RAISE EXCEPTION 'schema phasegate or phasegate_run belongs to another role than %', current_user
			USING ERRCODE = 'insufficient_privilege';
	END IF;
END
$$;

GRANT USAGE ON SCHEMA phasegate TO PUBLIC;
REVOKE ALL ON SCHEMA phasegate_run FROM PUBLIC;

CREATE TABLE IF NOT EXISTS phasegate.version (
	single boolean PRIMARY KEY DEFAULT true CHECK (single),
	version integer NOT NULL,
	installed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The key of the proxies' message authentication code, as the two padded keys of HMAC (RFC 2104):
-- HMAC-SHA-256 is sha256(opad || sha256(ipad || message)) and needs no extension.
CREATE TABLE IF NOT EXISTS phasegate.key (
	single boolean PRIMARY KEY DEFAULT true CHECK (single),
	ipad bytea NOT NULL CHECK (pg_catalog.octet_length(ipad) = 64),
	opad bytea NOT NULL CHECK (pg_catalog.octet_length(opad) = 64)
);

CREATE TABLE IF NOT EXISTS phasegate.change (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	-- The same statement by the same role under the same search_path on the same table.  The plan is
	-- left out on purpose: made anew from a half-done state it differs, and the recorded one goes on.
	idem_key bytea NOT NULL,
	nonce uuid NOT NULL UNIQUE,
	relid oid NOT NULL CHECK (relid <> 0),
	nspname name NOT NULL,
	relname name NOT NULL,
	original_sql text NOT NULL,
	fingerprint text,
	rule text,
	tag text,
	summary text NOT NULL,
	plan_version integer NOT NULL DEFAULT 1,
	state text NOT NULL DEFAULT 'submitted',
	state_since timestamptz NOT NULL DEFAULT clock_timestamp(),
	stage text,
	-- What stopped it; set before the undo begins, so that whoever finishes the undo knows.
	stopped_by_cancel boolean NOT NULL DEFAULT false,
	error_sqlstate text,
	error_message text,
	error_detail text,
	error_hint text,
	submitter oid NOT NULL,
	submitted_by name NOT NULL,
	session_user_name name NOT NULL,
	search_path text NOT NULL,
	client_address text,
	application text,
	decision numeric,
	in_transaction boolean NOT NULL,
	submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	submitted_xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
	finished_at timestamptz,
	-- Fencing: whoever works raises the epoch, and every transaction of the work asks for its own.
	owner uuid,
	epoch bigint NOT NULL DEFAULT 0,
	lease_until timestamptz,
	owner_pid integer,
	owner_backend_start timestamptz
);
-- One at a time works on a table.  Several may wait for it when one transaction submitted them all:
-- a migration that changes a table twice; phasegate.record sees to that.
CREATE UNIQUE INDEX IF NOT EXISTS change_one_at_work_a_table ON phasegate.change (relid)
	WHERE state IN ('running', 'undoing');
-- Version 2: a change may soak, and operators ask for something (wanted): to be released, to be
-- aborted.  Its table goes by either name while it is renamed.
-- Version 3: it may stop for people (needs_fix, needs_attention), and says what it waits for.
ALTER TABLE phasegate.change ADD COLUMN IF NOT EXISTS moved_nspname name,
	ADD COLUMN IF NOT EXISTS moved_relname name,
	ADD COLUMN IF NOT EXISTS wanted text,
	ADD COLUMN IF NOT EXISTS waiting_for text,
	ADD COLUMN IF NOT EXISTS waiting_since timestamptz,
	ADD COLUMN IF NOT EXISTS release_at timestamptz, -- soaking: goes on by itself then
	ADD COLUMN IF NOT EXISTS columns_before jsonb, -- name -> type, to tell foreign changes by
	ADD COLUMN IF NOT EXISTS keep_bad_rows boolean, -- wait for people; as the first to work on it is set
	ADD COLUMN IF NOT EXISTS bad_table text, -- needs_fix: where the rows are that are in the way,
	ADD COLUMN IF NOT EXISTS bad_rows text, -- the condition that finds them,
	ADD COLUMN IF NOT EXISTS fix text, -- and what to set in them first
	ADD COLUMN IF NOT EXISTS replaced jsonb, -- version 4: a column that goes: its name, by which, its state
	ADD COLUMN IF NOT EXISTS stand_in jsonb, -- and of a view in the table's place, its state
	ADD COLUMN IF NOT EXISTS keeps jsonb, -- version 5: columns and constraints that its probes ask for
	ADD COLUMN IF NOT EXISTS broken_off text, -- why its abort was asked for by phasegate itself
	DROP CONSTRAINT IF EXISTS change_wanted_check,
	ADD CONSTRAINT change_wanted_check CHECK (wanted IN ('release', 'abort', 'retry')),
	DROP CONSTRAINT IF EXISTS change_state_check,
	ADD CONSTRAINT change_state_check CHECK (state IN ('submitted', 'running', 'soaking',
		'needs_fix', 'needs_attention', 'undoing', 'done', 'failed', 'cancelled'));
DROP INDEX IF EXISTS phasegate.change_live_idem_key;
CREATE UNIQUE INDEX change_live_idem_key ON phasegate.change (idem_key)
	WHERE finished_at IS NULL;

CREATE TABLE IF NOT EXISTS phasegate.step (
	change_id bigint NOT NULL REFERENCES phasegate.change,
	ord integer NOT NULL,
	kind text NOT NULL,
	sql text NOT NULL,
	undo text NOT NULL,
	probe text,
	repair text,
	repair_when text,
	lock_mode text NOT NULL,
	purpose text NOT NULL,
	with_previous boolean NOT NULL,
	by_client boolean NOT NULL,
	fill_schema name,
	fill_table name,
	fill_set text,
	fill_pending text,
	status text NOT NULL DEFAULT 'pending'
		CHECK (status IN ('pending', 'intent', 'done', 'undone', 'failed')),
	skipped boolean NOT NULL DEFAULT false,
	attempts integer NOT NULL DEFAULT 0,
	last_sqlstate text,
	last_blockers jsonb,
	started_at timestamptz,
	finished_at timestamptz,
	PRIMARY KEY (change_id, ord)
);
ALTER TABLE phasegate.step ADD COLUMN IF NOT EXISTS final boolean NOT NULL DEFAULT false,
	ADD COLUMN IF NOT EXISTS bulk jsonb, -- version 3: every row written once, in batches
	DROP CONSTRAINT IF EXISTS step_kind_check,
	ADD CONSTRAINT step_kind_check CHECK (kind IN
		('catalog', 'scan', 'concurrently', 'backfill', 'bulk', 'soak'));

-- One row for each leaf table of a backfill or bulk step; updated with every batch, hence the room for HOT.
CREATE TABLE IF NOT EXISTS phasegate.backfill (
	change_id bigint NOT NULL,
	ord integer NOT NULL,
	relid oid NOT NULL,
	nspname name NOT NULL,
	relname name NOT NULL,
	key_columns name[] NOT NULL,
	last_key jsonb,
	hi_key jsonb,
	pass integer NOT NULL DEFAULT 0,
	pass_changed bigint NOT NULL DEFAULT 0,
	est_rows double precision NOT NULL,
	rows_changed bigint NOT NULL DEFAULT 0,
	batches bigint NOT NULL DEFAULT 0,
	batch_rows integer NOT NULL,
	avg_rows double precision NOT NULL DEFAULT 0,
	avg_ms double precision NOT NULL DEFAULT 0,
	throttled_ms bigint NOT NULL DEFAULT 0,
	done boolean NOT NULL DEFAULT false,
	updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (change_id, ord, relid),
	FOREIGN KEY (change_id, ord) REFERENCES phasegate.step
) WITH (fillfactor = 50);

ALTER TABLE phasegate.backfill ADD COLUMN IF NOT EXISTS throttled_by text; -- what cost most of throttled_ms

-- What backfills have spent, on one account for all proxies: see phasegate.spend.
CREATE TABLE IF NOT EXISTS phasegate.budget (
	account text PRIMARY KEY,
	paid_until timestamptz NOT NULL,
	spent_at timestamptz NOT NULL,
	rows_spent bigint NOT NULL DEFAULT 0,
	wal_bytes_spent bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
REVOKE ALL ON phasegate.budget FROM PUBLIC;

-- Rows that are in the way of a step, some of them when they are many.
CREATE TABLE IF NOT EXISTS phasegate.violation (
	change_id bigint NOT NULL,
	ord integer NOT NULL,
	relid oid NOT NULL,
	key jsonb NOT NULL,
	reason text NOT NULL,
	seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (change_id, ord, relid, key),
	FOREIGN KEY (change_id, ord) REFERENCES phasegate.step
);
REVOKE ALL ON phasegate.violation FROM PUBLIC;

-- What operators set while changes run: of one change, or of all in the database.
CREATE TABLE IF NOT EXISTS phasegate.control (
	scope text PRIMARY KEY, -- 'global', or the id of a change
	paused boolean NOT NULL DEFAULT false,
	throttle_ratio double precision CHECK (throttle_ratio BETWEEN 0 AND 1),
	rows_per_second bigint CHECK (rows_per_second > 0),
	wal_bytes_per_second bigint CHECK (wal_bytes_per_second > 0),
	expires_at timestamptz, -- of the limits; a pause lasts until it is resumed
	set_by name NOT NULL,
	set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON phasegate.control FROM PUBLIC;

CREATE TABLE IF NOT EXISTS phasegate.event (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	change_id bigint NOT NULL,
	at timestamptz NOT NULL DEFAULT clock_timestamp(),
	actor text NOT NULL DEFAULT session_user,
	kind text NOT NULL,
	detail jsonb
);
-- Version 3: of a held statement, too, which may never become a change.
ALTER TABLE phasegate.event DROP CONSTRAINT IF EXISTS event_change_id_fkey;

CREATE OR REPLACE FUNCTION phasegate.event_is_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION 'phasegate.event is append-only';
END
$$;
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
		WHERE t.tgrelid = 'phasegate.event'::pg_catalog.regclass AND t.tgname = 'append_only')
	THEN
		CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON phasegate.event
			FOR EACH STATEMENT EXECUTE FUNCTION phasegate.event_is_append_only();
	END IF;
END
$$;

REVOKE ALL ON phasegate.version, phasegate.key, phasegate.change, phasegate.step,
	phasegate.backfill, phasegate.event FROM PUBLIC;

-- The key: four random UUIDs (122 bits each, pg_strong_random) hashed twice with a mark make 64 bytes.
DO $$
DECLARE
	seed bytea := ''::bytea;
	key bytea;
	inner_pad bytea;
	outer_pad bytea;
BEGIN
	IF EXISTS (SELECT FROM phasegate.key) THEN
		RETURN;
	END IF;
	FOR i IN 1..4 LOOP
		seed := seed || pg_catalog.uuid_send(pg_catalog.gen_random_uuid());
	END LOOP;
	key := pg_catalog.sha256(seed || '\x01'::bytea) || pg_catalog.sha256(seed || '\x02'::bytea);
	inner_pad := key;
	outer_pad := key;
	FOR i IN 0..63 LOOP
		inner_pad := pg_catalog.set_byte(inner_pad, i, pg_catalog.get_byte(key, i) # 54);
		outer_pad := pg_catalog.set_byte(outer_pad, i, pg_catalog.get_byte(key, i) # 92);
	END LOOP;
	INSERT INTO phasegate.key (ipad, opad) VALUES (inner_pad, outer_pad);
END
$$;

-- The columns that store rows of a table, or of one below it: in themselves, in lists, domains, ranges,
-- composite types and rows of views and foreign tables.  PostgreSQL changes no type of a column of such a
-- table (find_composite_type_dependencies).  Asked under a strong lock: OFFSET 0 keeps the planner from
-- joining whole catalogs, which it takes for small.
CREATE OR REPLACE FUNCTION phasegate.row_type_users(relid oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE below (oid) AS (
		SELECT row_type_users.relid
		UNION SELECT h.inhrelid FROM below JOIN pg_inherits h ON h.inhparent = below.oid),
	holding (oid) AS (
		SELECT c.reltype FROM below JOIN pg_class c ON c.oid = below.oid
		UNION
		SELECT found.oid FROM holding CROSS JOIN LATERAL (
			SELECT t.typarray AS oid FROM pg_type t WHERE t.oid = holding.oid AND t.typarray <> 0
			UNION ALL
			SELECT CASE d.classid WHEN 'pg_type'::regclass THEN d.objid ELSE k.reltype END
			FROM (SELECT * FROM pg_depend d WHERE d.refclassid = 'pg_type'::regclass
					AND d.refobjid = holding.oid OFFSET 0) d
				LEFT JOIN pg_class k ON d.classid = 'pg_class'::regclass AND k.oid = d.objid
			WHERE d.classid = 'pg_type'::regclass OR d.objsubid > 0 AND k.relkind IN ('c', 'v', 'f')) found)
	SELECT string_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid), ', ')
	FROM holding CROSS JOIN LATERAL (SELECT * FROM pg_depend d WHERE d.refclassid = 'pg_type'::regclass
			AND d.refobjid = holding.oid AND d.classid = 'pg_class'::regclass AND d.objsubid > 0 OFFSET 0) d
		CROSS JOIN LATERAL (SELECT FROM pg_class k
			WHERE k.oid = d.objid AND k.relkind IN ('r', 'm', 'p') OFFSET 0) k
$$;

-- The publications that send every column of a table.  Of its schema, from PostgreSQL 15 on: that catalog
-- is not there before, what depends on it is.
CREATE OR REPLACE FUNCTION phasegate.published_by(relid oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT string_agg(format('%I', p.pubname), ', ' ORDER BY p.pubname) FROM pg_publication p
	WHERE p.puballtables OR EXISTS (SELECT FROM pg_publication_rel e
			WHERE e.prrelid = relid AND e.prpubid = p.oid AND (to_jsonb(e) ->> 'prattrs') IS NULL)
		OR EXISTS (SELECT FROM (SELECT * FROM pg_depend own WHERE own.refclassid = 'pg_publication'::regclass
					AND own.refobjid = p.oid AND own.classid = to_regclass('pg_publication_namespace') OFFSET 0) own
				CROSS JOIN LATERAL (SELECT * FROM pg_depend whole WHERE whole.classid = own.classid
					AND whole.objid = own.objid AND whole.refclassid = 'pg_namespace'::regclass OFFSET 0) whole
				JOIN pg_class c ON c.oid = relid AND c.relnamespace = whole.refobjid)
$$;

-- What an index is marked with that its definition does not tell; NULL: nothing.
CREATE OR REPLACE FUNCTION phasegate.index_marks(index oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT nullif(concat_ws(', ', CASE WHEN i.indisreplident THEN 'replica identity' END,
		CASE WHEN i.indisclustered THEN 'to cluster by' END, 'in ' || s.spcname,
		'comment ' || obj_description(k.oid, 'pg_class')), '')
	FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid LEFT JOIN pg_tablespace s ON s.oid = k.reltablespace
	WHERE i.indexrelid = index
$$;

-- What would be lost with a column: its own row, and all that stands on it; and who stores it in rows of
-- its table, or is sent those.  But for what stands on its successor as well (by): the CHECK that both
-- are equal.  A client's session may ask, and ours: in the same words.
CREATE OR REPLACE FUNCTION phasegate.column_state(relid oid, col name, by name) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off SET timezone = 'UTC'
SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET extra_float_digits = 3 SET bytea_output = 'hex'
SET jit = off AS $$
	SELECT jsonb_build_object('number', a.attnum, 'type', format_type(a.atttypid, a.atttypmod),
			'collation', a.attcollation::regcollation, 'NOT NULL', a.attnotnull, 'identity', a.attidentity,
			'generated', a.attgenerated, 'statistics target', a.attstattarget, 'storage', a.attstorage,
			'compression', to_jsonb(a) -> 'attcompression', 'options', a.attoptions, 'privileges', (
				SELECT string_agg(x::text, ', ' ORDER BY x::text COLLATE "C") FROM unnest(a.attacl) x),
			'comment', col_description(a.attrelid, a.attnum),
			'rows stored in', phasegate.row_type_users(a.attrelid), 'publications', phasegate.published_by(a.attrelid),
			'default', (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
				WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
			'security labels', (SELECT jsonb_object_agg(s.provider, s.label) FROM pg_seclabel s
				WHERE s.classoid = 'pg_class'::regclass AND s.objoid = a.attrelid AND s.objsubid = a.attnum))
		|| coalesce((SELECT jsonb_object_agg(pg_describe_object(d.classid, d.objid, d.objsubid), CASE d.classid
					WHEN 'pg_constraint'::regclass THEN concat_ws(', index ', concat_ws(', comment ',
							pg_get_constraintdef(d.objid), obj_description(d.objid, 'pg_constraint')),
						(SELECT nullif(concat_ws(', ', array_to_string(i.reloptions, ', '), phasegate.index_marks(i.oid)), '')
						FROM pg_constraint k JOIN pg_class i ON i.oid = k.conindid
						WHERE k.oid = d.objid AND k.contype IN ('p', 'u', 'x')))
					WHEN 'pg_class'::regclass THEN concat_ws(', ', (SELECT pg_get_indexdef(i.indexrelid)
						FROM pg_index i WHERE i.indexrelid = d.objid), phasegate.index_marks(d.objid))
					WHEN 'pg_trigger'::regclass THEN (SELECT concat_ws(', ', pg_get_triggerdef(t.oid),
						'enabled ' || t.tgenabled::text, 'comment ' || obj_description(t.oid, 'pg_trigger'))
						FROM pg_trigger t WHERE t.oid = d.objid)
					WHEN 'pg_statistic_ext'::regclass THEN (SELECT concat_ws(', ', pg_get_statisticsobjdef(x.oid),
						'target ' || x.stxstattarget::text, 'comment ' || obj_description(x.oid, 'pg_statistic_ext'))
						FROM pg_statistic_ext x WHERE x.oid = d.objid)
					ELSE '' END)
			FROM pg_depend d
			WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
				AND pg_describe_object(d.classid, d.objid, d.objsubid) IS NOT NULL
				AND NOT EXISTS (SELECT FROM pg_attrdef f WHERE d.classid = 'pg_attrdef'::regclass
					AND f.oid = d.objid AND f.adrelid = a.attrelid AND f.adnum = a.attnum)
				AND NOT EXISTS (SELECT FROM pg_depend o JOIN pg_attribute s ON s.attrelid = a.attrelid
						AND s.attname = column_state.by AND s.attnum = o.refobjsubid
					WHERE d.classid = 'pg_constraint'::regclass AND o.classid = d.classid AND o.objid = d.objid
						AND o.refclassid = d.refclassid AND o.refobjid = d.refobjid)), '{}')
	FROM pg_attribute a
	WHERE a.attrelid = column_state.relid AND a.attname = column_state.col AND NOT a.attisdropped
$$;

-- How the column that a change replaces differs from what it was when the change was recorded; NULL: in
-- nothing, or it has been replaced.
CREATE OR REPLACE FUNCTION phasegate.replaced_differs(change bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN s.now IS NULL THEN 'it is gone'
		WHEN s.now -> 'number' = s.was -> 'number' THEN (
			SELECT string_agg(CASE WHEN w.key IS NULL THEN format('%s is new', n.key)
					WHEN n.key IS NULL THEN format('%s is gone', w.key)
					ELSE format('%s was %s and is %s', w.key, coalesce(nullif(w.value, ''), 'none'),
						coalesce(nullif(n.value, ''), 'none')) END, '; ' ORDER BY coalesce(n.key, w.key))
			FROM jsonb_each_text(s.was) w FULL JOIN jsonb_each_text(s.now) n ON n.key = w.key
			-- what an older phasegate took no note of, and is nothing, is no difference
			WHERE n.value IS DISTINCT FROM w.value)
		END
	FROM phasegate.change c CROSS JOIN LATERAL (SELECT c.replaced -> 'state' AS was,
		phasegate.column_state(c.relid, (c.replaced ->> 'column')::name, (c.replaced ->> 'by')::name) AS now) s
	WHERE c.id = replaced_differs.change AND c.replaced IS NOT NULL
$$;

-- Records a change with its steps.  A live change of the same table stands in the way: then its id
-- comes back with existing = true, and nothing is recorded.
CREATE OR REPLACE FUNCTION phasegate.record(
	document jsonb, submitter oid, session_name name, inside boolean,
	OUT id bigint, OUT existing boolean, OUT same boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	plan jsonb := document -> 'plan';
	idem bytea := sha256(convert_to(jsonb_build_array(document ->> 'original_sql',
		plan ->> 'relation', record.submitter, document ->> 'search_path')::text, 'UTF8'));
	approval bigint := (document ->> 'approval')::bigint; -- a held statement's number; its change keeps it
	live record;
BEGIN
	IF document ->> 'database' IS DISTINCT FROM current_database()::text THEN
		RAISE EXCEPTION 'the change was planned for database %', document ->> 'database'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- Until this transaction ends nobody else submits a change of the table.
	PERFORM pg_advisory_xact_lock((x'70676368'::bigint << 32) | (plan ->> 'relation')::bigint);
	-- Those before it in this transaction would not find the table where it moves it to.
	SELECT c.id INTO live FROM phasegate.change c WHERE plan ->> 'moved_table' IS NOT NULL
		AND c.relid = (plan ->> 'relation')::oid AND c.finished_at IS NULL
		AND c.submitted_xact = pg_current_xact_id() AND c.idem_key <> idem ORDER BY c.id LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'change %, begun in this transaction, needs the table under its name', live.id
			USING ERRCODE = 'object_in_use', HINT = 'COMMIT first, and send this when that change is done.';
	END IF;
	LOOP
		SELECT c.id, c.idem_key INTO live FROM phasegate.change c
			WHERE c.relid = (plan ->> 'relation')::oid
			AND c.finished_at IS NULL
			AND (c.submitted_xact <> pg_current_xact_id() OR c.idem_key = idem)
			ORDER BY c.id LIMIT 1;
		IF FOUND THEN
			id := live.id;
			existing := true;
			same := live.idem_key = idem;
			RETURN;
		END IF;
		INSERT INTO phasegate.change (id, idem_key, nonce, relid, nspname, relname, moved_nspname,
			moved_relname, original_sql, fingerprint, rule, tag, summary, plan_version, submitter, submitted_by, session_user_name,
			search_path, client_address, application, decision, in_transaction, columns_before,
			keeps, replaced)
		OVERRIDING SYSTEM VALUE
		SELECT coalesce(approval, nextval(pg_get_serial_sequence('phasegate.change', 'id'))),
			idem, (document ->> 'nonce')::uuid, (plan ->> 'relation')::oid,
			(plan ->> 'schema')::name, (plan ->> 'table')::name,
			(plan ->> 'moved_schema')::name, (plan ->> 'moved_table')::name,
			document ->> 'original_sql', document ->> 'fingerprint', plan ->> 'rule',
			plan ->> 'tag', plan ->> 'summary', coalesce((plan ->> 'version')::integer, 1),
			record.submitter, pg_get_userbyid(record.submitter), session_name,
			document ->> 'search_path', document ->> 'client_address',
			document ->> 'application', (document ->> 'decision')::numeric, inside,
			(SELECT jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod))
				FROM pg_attribute a WHERE a.attrelid = (plan ->> 'relation')::oid
				AND a.attnum > 0 AND NOT a.attisdropped),
			plan -> 'keeps', CASE WHEN plan ->> 'replaces' IS NOT NULL THEN jsonb_build_object('column', plan ->> 'replaces',
				'by', plan ->> 'replaced_by', 'state', phasegate.column_state((plan ->> 'relation')::oid,
				(plan ->> 'replaces')::name, (plan ->> 'replaced_by')::name)) END
		ON CONFLICT DO NOTHING
		RETURNING change.id INTO record.id;
		EXIT WHEN record.id IS NOT NULL;
		IF EXISTS (SELECT FROM phasegate.change c WHERE c.id = approval
			OR c.nonce = (document ->> 'nonce')::uuid)
		THEN
			RAISE EXCEPTION 'this change was recorded before'
				USING ERRCODE = 'unique_violation';
		END IF;
	END LOOP;
	IF approval IS NOT NULL THEN
		PERFORM phasegate.use_approval(approval, record.submitter, (document ->> 'decision')::numeric,
			session_name);
	END IF;

	INSERT INTO phasegate.step (change_id, ord, kind, sql, undo, probe, repair, repair_when,
		lock_mode, purpose, with_previous, final, by_client, fill_schema, fill_table, fill_set,
		fill_pending, bulk, status, finished_at)
	SELECT record.id, s.ord, s.value ->> 'kind', s.value ->> 'sql', s.value ->> 'undo',
		s.value ->> 'probe', s.value ->> 'repair', s.value ->> 'repair_when',
		s.value ->> 'lock', s.value ->> 'purpose', (s.value ->> 'with_previous')::boolean,
		coalesce((s.value ->> 'final')::boolean, false), by_client, (s.value -> 'backfill' ->> 'schema')::name,
		(s.value -> 'backfill' ->> 'table')::name, s.value -> 'backfill' ->> 'set',
		s.value -> 'backfill' ->> 'pending', NULLIF(s.value -> 'bulk', 'null'),
		CASE WHEN by_client THEN 'done' ELSE 'pending' END,
		CASE WHEN by_client THEN clock_timestamp() END
	FROM jsonb_array_elements(plan -> 'steps') WITH ORDINALITY s (value, ord),
		LATERAL (SELECT inside AND (s.value ->> 'in_client_transaction')::boolean) AS c (by_client);

	INSERT INTO phasegate.event (change_id, kind, detail)
		VALUES (record.id, 'submitted', jsonb_build_object('inside', inside));
	existing := false;
	same := true;
END
$$;

-- Does the document carry the proxy's code over it and this backend's pid?
CREATE OR REPLACE FUNCTION phasegate.vouched(document text, code bytea) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	expected bytea;
BEGIN
	SELECT sha256(k.opad || sha256(k.ipad || convert_to(
		pg_backend_pid()::text || E'\n' || document, 'UTF8'))) INTO expected FROM phasegate.key k;
	-- Hashed once more, so that the time of the comparison tells nothing about expected.
	IF expected IS NULL OR code IS NULL OR sha256(code) <> sha256(expected) THEN
		RAISE EXCEPTION 'only phasegate may submit a change, in the session it was planned for'
			USING ERRCODE = 'insufficient_privilege';
	END IF;
END
$$;

-- Records a change in the transaction of the session that calls it, together with what that session
-- does at once.  Every role may call it; it believes only what carries the proxy's code over this
-- backend's pid and the document, and takes the submitter from the server:
-- inside SECURITY DEFINER current_user is the owner, but the setting "role" still shows what SET ROLE
-- chose (show_role asks GetCurrentRoleId, not the current user), "none" when the session runs as
-- session_user, and a role cannot be called none.
CREATE OR REPLACE FUNCTION phasegate.submit(document text, code bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	acting name := CASE WHEN current_setting('role') = 'none' THEN session_user
		ELSE current_setting('role') END;
	recorded record;
	live record;
BEGIN
	PERFORM phasegate.vouched(document, code);
	SELECT * INTO recorded FROM phasegate.record(document::jsonb,
		(SELECT r.oid FROM pg_roles r WHERE r.rolname = acting), session_user, true);
	IF recorded.existing THEN
		SELECT c.id, c.summary, c.submitted_at INTO live
			FROM phasegate.change c WHERE c.id = recorded.id;
		RAISE EXCEPTION 'another change of this table is under way: change %, "%", since %',
			live.id, live.summary, live.submitted_at
			USING ERRCODE = 'object_in_use';
	END IF;
	RETURN recorded.id;
END
$$;

-- Makes phasegate_run.change_N, through which the engine runs a change's statements as its submitter.
-- Why not SET ROLE: code of the user's (triggers, defaults, checks) could RESET ROLE and be the
-- control role.  In a SECURITY DEFINER function that is refused (SECURITY_LOCAL_USERID_CHANGE,
-- "cannot set parameter "role" within security-definer function").  The submitter owns the
-- function and could alter it, but may not use the schema, so cannot name it.
-- SET CONSTRAINTS fires deferred triggers here: before PostgreSQL 18 those left for COMMIT
-- would run as the control role.
CREATE OR REPLACE FUNCTION phasegate.assume(change bigint, submitter oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	role name := (SELECT r.rolname FROM pg_roles r WHERE r.oid = submitter);
	granted boolean := role <> current_user
		AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user);
	name text := format('phasegate_run.change_%s', change);
BEGIN
	IF role IS NULL THEN
		RAISE EXCEPTION 'the role that submitted change % no longer exists', change
			USING ERRCODE = 'undefined_object';
	END IF;
	PERFORM pg_advisory_xact_lock(x'70676173756d6521'::bigint);
	EXECUTE format('DROP FUNCTION IF EXISTS %s(text, text, boolean)', name);
	EXECUTE format('CREATE FUNCTION %s(path text, statement text, reading boolean,
		OUT rows bigint, OUT value text)
		LANGUAGE plpgsql SECURITY DEFINER AS %L', name, $body$
		BEGIN
			PERFORM pg_catalog.set_config('search_path', path, true);
			IF reading THEN
				EXECUTE statement INTO value;
			ELSE
				EXECUTE statement;
			END IF;
			GET DIAGNOSTICS rows = ROW_COUNT;
			SET CONSTRAINTS ALL IMMEDIATE;
		END $body$);
	EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name);
	IF granted THEN -- the new owner needs CREATE on the schema, for this instant and unseen
		EXECUTE format('GRANT CREATE ON SCHEMA phasegate_run TO %I', role);
	END IF;
	EXECUTE format('ALTER FUNCTION %s OWNER TO %I', name, role);
	IF granted THEN
		EXECUTE format('REVOKE CREATE ON SCHEMA phasegate_run FROM %I', role);
	END IF;
END
$$;

CREATE OR REPLACE FUNCTION phasegate.unassume(change bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE format('DROP FUNCTION IF EXISTS phasegate_run.change_%s(text, text, boolean)', change);
END
$$;

-- What would be lost with a view that stands in for a table; NULL where there is none.
CREATE OR REPLACE FUNCTION phasegate.view_state(nsp name, rel name) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
	SELECT jsonb_build_object('owner', pg_get_userbyid(v.relowner), 'options', v.reloptions, 'privileges', (
				SELECT string_agg(x::text, ', ' ORDER BY x::text COLLATE "C") FROM unnest(v.relacl) x))
		|| coalesce((SELECT jsonb_object_agg(format('column %I', a.attname), concat_ws(', ',
					(SELECT string_agg(x::text, ', ' ORDER BY x::text COLLATE "C") FROM unnest(a.attacl) x),
					'default ' || (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
						WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
					'comment ' || col_description(a.attrelid, a.attnum)))
			FROM pg_attribute a WHERE a.attrelid = v.oid AND a.attnum > 0), '{}')
		|| coalesce((SELECT jsonb_object_agg(format('trigger %I', t.tgname), '') FROM pg_trigger t
			WHERE t.tgrelid = v.oid), '{}')
		|| coalesce((SELECT jsonb_object_agg(format('rule %I', r.rulename), '') FROM pg_rewrite r
			WHERE r.ev_class = v.oid AND r.ev_type <> '1'), '{}')
	FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace
	WHERE n.nspname = view_state.nsp AND v.relname = view_state.rel AND v.relkind = 'v'
$$;

-- How the view of a change that soaks differs from what it was when it began to; NULL: in nothing, or it
-- is gone.
CREATE OR REPLACE FUNCTION phasegate.stand_in_differs(change bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT string_agg(format('%s: was %s, is %s', x.key, coalesce(nullif(x.was, ''), 'none'),
		coalesce(nullif(x.now, ''), 'none')), '; ' ORDER BY x.key)
	FROM phasegate.change c CROSS JOIN LATERAL (SELECT phasegate.view_state(c.nspname, c.relname) AS now) s
		CROSS JOIN LATERAL (SELECT key, w.value AS was, n.value AS now
			FROM jsonb_each_text(c.stand_in) w FULL JOIN jsonb_each_text(s.now) n USING (key)) x
	WHERE c.id = stand_in_differs.change AND c.stand_in IS NOT NULL AND s.now IS NOT NULL
		AND x.was IS DISTINCT FROM x.now
$$;

-- How far a leaf is, with the work itself: false when another worker has the change now.  A function,
-- because its plan is kept: prepared statements of a session in which the submitter's code runs
-- could be replaced by it.
CREATE OR REPLACE FUNCTION phasegate.record_leaf(change bigint, epoch bigint, ord integer, leaf oid,
	last_key jsonb, hi_key jsonb, pass integer, pass_changed bigint, rows_changed bigint, batches bigint,
	throttled_ms bigint, batch_rows integer, avg_rows double precision, avg_ms double precision,
	done boolean, key_columns jsonb, throttled_by text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE phasegate.backfill f SET last_key = record_leaf.last_key, hi_key = record_leaf.hi_key,
		pass = record_leaf.pass, pass_changed = record_leaf.pass_changed,
		rows_changed = record_leaf.rows_changed, batches = record_leaf.batches,
		throttled_ms = record_leaf.throttled_ms, batch_rows = record_leaf.batch_rows,
		avg_rows = record_leaf.avg_rows, avg_ms = record_leaf.avg_ms, done = record_leaf.done,
		key_columns = ARRAY(SELECT jsonb_array_elements_text(record_leaf.key_columns)),
		throttled_by = coalesce(record_leaf.throttled_by, f.throttled_by), updated_at = clock_timestamp()
	FROM (SELECT c.id FROM phasegate.change c WHERE c.id = record_leaf.change
		AND c.epoch = record_leaf.epoch FOR SHARE) c
	WHERE f.change_id = c.id AND f.ord = record_leaf.ord AND f.relid = leaf;
	RETURN FOUND;
END
$$;

-- The same of a batch, in its transaction: fails when another worker has the change now, or when the
-- leaf does not go by its name any more or (owner not null) belongs to that table no more.  Behind the
-- write, which is an argument: its lock on the leaf makes whoever would rename, detach or drop it wait.
CREATE OR REPLACE FUNCTION phasegate.record_batch(change bigint, epoch bigint, ord integer, leaf oid,
	leaf_name text, owner oid, last_key jsonb, throttled_ms bigint, batch_rows integer,
	avg_rows double precision, avg_ms double precision, throttled_by text, written bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF leaf_name IS NOT NULL AND to_regclass(leaf_name) IS DISTINCT FROM leaf::regclass
		OR owner IS NOT NULL AND owner <> leaf AND NOT owner IN (
			WITH RECURSIVE up (oid) AS (SELECT leaf UNION
				SELECT i.inhparent FROM pg_inherits i JOIN up ON i.inhrelid = up.oid)
			SELECT oid FROM up) THEN
		RAISE EXCEPTION 'table % was renamed, replaced or detached while it was being written', leaf_name
			USING ERRCODE = 'PG004';
	END IF;
	UPDATE phasegate.backfill f SET last_key = record_batch.last_key,
		pass_changed = f.pass_changed + written, rows_changed = f.rows_changed + written,
		batches = f.batches + 1, throttled_ms = record_batch.throttled_ms,
		batch_rows = record_batch.batch_rows, avg_rows = record_batch.avg_rows,
		avg_ms = record_batch.avg_ms, throttled_by = coalesce(record_batch.throttled_by, f.throttled_by),
		updated_at = clock_timestamp()
	FROM (SELECT c.id FROM phasegate.change c WHERE c.id = record_batch.change
		AND c.epoch = record_batch.epoch FOR SHARE) c
	WHERE f.change_id = c.id AND f.ord = record_batch.ord AND f.relid = leaf;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'another phasegate has taken the change over' USING ERRCODE = 'PG0FE';
	END IF;
	RETURN written;
END
$$;

-- Enters what was spent and returns for how many milliseconds nothing more may be.  price_ms is how
-- long the rates give for it; the account remembers until when everything is paid.  That may lie in
-- the past by at most 200 ms: a pause is not made up for by a burst.  Should the server's clock go
-- back, the debt goes back with it.
CREATE OR REPLACE FUNCTION phasegate.spend(
	account text, rows bigint, wal_bytes bigint, price_ms double precision) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO phasegate.budget AS b (account, paid_until, spent_at, rows_spent, wal_bytes_spent)
	VALUES (spend.account, clock_timestamp() + make_interval(secs => spend.price_ms / 1000),
		clock_timestamp(), spend.rows, spend.wal_bytes)
	ON CONFLICT (account) DO UPDATE SET
		paid_until = greatest(
				b.paid_until - greatest(b.spent_at - clock_timestamp(), interval '0'),
				clock_timestamp() - interval '200 ms')
			+ make_interval(secs => spend.price_ms / 1000),
		spent_at = clock_timestamp(),
		rows_spent = b.rows_spent + excluded.rows_spent,
		wal_bytes_spent = b.wal_bytes_spent + excluded.wal_bytes_spent
	RETURNING greatest(0, ceil(extract(epoch FROM paid_until - clock_timestamp()) * 1000))::bigint
$$;
