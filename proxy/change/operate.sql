-- SPDX-License-Identifier: PostgreSQL
-- What operators see of changes and what they may ask for.  Run after schema.sql and hold.sql, in their transaction.

-- ---- what operators ask for; whichever phasegate is free takes it up ----

-- Who calls: inside SECURITY DEFINER current_user is the owner.
CREATE OR REPLACE FUNCTION phasegate.acting() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN current_setting('role') = 'none' THEN session_user
		ELSE current_setting('role')::name END
$$;

-- Who may decide about a change: its submitter, or the owner of this schema.
CREATE OR REPLACE FUNCTION phasegate.demand_member(change bigint, submitter oid, submitted_by name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT pg_has_role(phasegate.acting(), submitter, 'USAGE') AND NOT pg_has_role(phasegate.acting(),
		(SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'phasegate'), 'USAGE')
	THEN
		RAISE EXCEPTION 'only a member of role % may decide about change %', submitted_by, change
			USING ERRCODE = 'insufficient_privilege';
	END IF;
END
$$;

-- The change, locked, for one who may decide about it.
CREATE OR REPLACE FUNCTION phasegate.operated(change bigint) RETURNS phasegate.change
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_change phasegate.change;
	stands text := (SELECT v.state FROM phasegate.holds v WHERE v.id = change);
BEGIN
	SELECT c.* INTO found_change FROM phasegate.change c WHERE c.id = change FOR UPDATE;
	IF found_change.id IS NOT NULL THEN
		PERFORM phasegate.demand_member(change, found_change.submitter, found_change.submitted_by);
		RETURN found_change;
	END IF;
	IF stands IS NOT NULL THEN
		RAISE EXCEPTION 'change % is %: nothing of it is under way', change, stands
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	RAISE EXCEPTION 'there is no change %', change
		USING ERRCODE = 'undefined_object', HINT = 'SELECT * FROM phasegate.changes lists them.';
END
$$;

CREATE OR REPLACE FUNCTION phasegate.ask(change bigint, wish text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE phasegate.change c SET wanted = wish WHERE c.id = change;
	PERFORM phasegate.note(change, wish);
END
$$;

-- What a setting of phasegate.control is for; NULL: every change in the database, for the owner of
-- this schema alone.
CREATE OR REPLACE FUNCTION phasegate.scope_of(change bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	operated phasegate.change;
BEGIN
	IF change IS NULL THEN
		IF NOT pg_has_role(phasegate.acting(),
			(SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'phasegate'), 'USAGE')
		THEN
			RAISE EXCEPTION 'only the owner of schema phasegate may decide about all changes'
				USING ERRCODE = 'insufficient_privilege';
		END IF;
		RETURN 'global';
	END IF;
	operated := phasegate.operated(change);
	IF operated.finished_at IS NOT NULL THEN
		RAISE EXCEPTION 'change % is % already', change, operated.state
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	RETURN change::text;
END
$$;

CREATE OR REPLACE FUNCTION phasegate.note(change bigint, kind text, detail jsonb DEFAULT NULL) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO phasegate.event (change_id, actor, kind, detail)
		SELECT note.change, phasegate.acting(), note.kind, note.detail WHERE note.change IS NOT NULL
$$;

-- Goes on behind the step at which the change soaks.
CREATE OR REPLACE FUNCTION phasegate.release(change bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	operated phasegate.change := phasegate.operated(change);
BEGIN
	IF operated.state <> 'soaking' OR operated.wanted = 'abort' THEN
		RAISE EXCEPTION 'change % is %, not soaking', change,
			CASE operated.wanted WHEN 'abort' THEN 'being aborted' ELSE operated.state END
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	PERFORM phasegate.ask(change, 'release');
	RETURN format('change %s is released: %s', change, operated.summary);
END
$$;

-- What gives a table its name back that goes by another one, where something done is to be undone under
-- the one that the change knows: from its first step on the one it moved the table to, if it does; else NULL.
CREATE OR REPLACE FUNCTION phasegate.restoring_name(change bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', CASE WHEN r.relname <> known.name THEN
			format('ALTER TABLE %I.%I RENAME TO %I;', n.nspname, r.relname, known.name) END,
		CASE WHEN n.nspname <> known.nsp THEN
			format('ALTER TABLE %I.%I SET SCHEMA %I;', n.nspname, known.name, known.nsp) END)
	FROM phasegate.change c JOIN pg_class r ON r.oid = c.relid JOIN pg_namespace n ON n.oid = r.relnamespace
		CROSS JOIN LATERAL (SELECT c.moved_relname IS NOT NULL AND s.status = 'done' AS moved
			FROM phasegate.step s WHERE s.change_id = c.id ORDER BY s.ord LIMIT 1) first
		CROSS JOIN LATERAL (SELECT CASE WHEN first.moved THEN c.moved_nspname ELSE c.nspname END AS nsp,
			CASE WHEN first.moved THEN c.moved_relname ELSE c.relname END AS name) known
	WHERE c.id = restoring_name.change AND (n.nspname <> c.nspname OR r.relname <> c.relname)
		AND (n.nspname IS DISTINCT FROM c.moved_nspname OR r.relname IS DISTINCT FROM c.moved_relname)
		AND EXISTS (SELECT FROM phasegate.step s WHERE s.change_id = c.id AND s.kind <> 'bulk'
			AND s.undo <> '' AND (s.status = 'done' AND NOT s.skipped
				OR s.status = 'intent' AND s.kind = 'concurrently'))
$$;

-- What gives the submitter a right back that the change began with, without which it goes neither on nor
-- back, and those to write rows if it is writing; NULL where nothing is missing.
CREATE OR REPLACE FUNCTION phasegate.restoring_right(change bigint, writing boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN NOT pg_has_role(u.oid, r.relowner, 'USAGE') THEN
			format('ALTER TABLE %I.%I OWNER TO %I;', n.nspname, r.relname, u.rolname)
		WHEN NOT has_schema_privilege(u.oid, n.oid, 'USAGE') THEN
			format('GRANT USAGE ON SCHEMA %I TO %I;', n.nspname, u.rolname)
		WHEN writing AND NOT (has_table_privilege(u.oid, r.oid, 'SELECT')
				AND has_table_privilege(u.oid, r.oid, 'UPDATE')) THEN
			format('GRANT SELECT, UPDATE ON %I.%I TO %I;', n.nspname, r.relname, u.rolname) END
	FROM phasegate.change c JOIN pg_class r ON r.oid = c.relid JOIN pg_namespace n ON n.oid = r.relnamespace
		JOIN pg_roles u ON u.oid = c.submitter
	WHERE c.id = restoring_right.change AND EXISTS (SELECT FROM phasegate.step s WHERE s.change_id = c.id
		AND s.kind <> 'bulk' AND s.status = 'done' AND NOT s.skipped)
$$;

-- Back to where it began; not behind its point of no return.  What waits for an approval gets none.
CREATE OR REPLACE FUNCTION phasegate.abort(change bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	held phasegate.hold := phasegate.operated_hold(change);
	operated phasegate.change;
	restoring text := phasegate.restoring_name(change);
	right_first text := phasegate.restoring_right(change, false);
BEGIN
	IF held.state IN ('held', 'approved') THEN
		PERFORM phasegate.end_hold(change, 'cancelled');
		RETURN format('change %s is taken back: %s', change, held.summary);
	END IF;
	operated := phasegate.operated(change);
	IF operated.finished_at IS NOT NULL OR operated.state = 'undoing' THEN
		RAISE EXCEPTION 'change % is % already', change, operated.state
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF EXISTS (SELECT FROM phasegate.step s
		WHERE s.change_id = change AND s.final AND s.status = 'done')
	THEN
		RAISE EXCEPTION 'change % is past its point of no return', change
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('phasegate.release(%s) carries it to its end.', change);
	END IF;
	IF operated.state = 'needs_attention' AND restoring IS NOT NULL THEN
		RAISE EXCEPTION 'change % cannot be taken back while its table goes by another name', change
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('First: %s then phasegate.abort(%s).', restoring, change);
	END IF;
	IF operated.state = 'needs_attention' AND right_first IS NOT NULL THEN
		RAISE EXCEPTION 'change % cannot be taken back while its submitter has no right to', change
			USING ERRCODE = 'insufficient_privilege',
			HINT = format('First: %s then phasegate.abort(%s).', right_first, change);
	END IF;
	PERFORM phasegate.ask(change, 'abort');
	RETURN format('change %s is taken back: %s', change, operated.summary);
END
$$;

-- The same, asked for by phasegate itself: for changes whose trigger runs that function.
CREATE OR REPLACE FUNCTION phasegate.break_off(function text, reason text) RETURNS SETOF bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	WITH broken AS (
		UPDATE phasegate.change c SET wanted = 'abort', broken_off = reason
		WHERE c.finished_at IS NULL AND c.state <> 'undoing' AND c.wanted IS DISTINCT FROM 'abort'
			AND EXISTS (SELECT FROM phasegate.step s WHERE s.change_id = c.id
				AND s.sql LIKE 'CREATE FUNCTION %' AND strpos(s.sql, function) > 0)
			AND NOT EXISTS (SELECT FROM phasegate.step s
				WHERE s.change_id = c.id AND s.final AND s.status = 'done')
		RETURNING c.id)
	SELECT broken.id FROM broken, LATERAL phasegate.note(broken.id, 'break off',
		jsonb_build_object('reason', reason))
$$;

-- Tries again what stopped for people, or at once what waits for its next attempt.  A fix is a list for
-- SET, as in UPDATE: it is applied first, by the submitter's right, to the rows that were in the way.
CREATE OR REPLACE FUNCTION phasegate.retry(change bigint, fix text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	operated phasegate.change := phasegate.operated(change);
BEGIN
	IF operated.state NOT IN ('needs_fix', 'needs_attention')
		AND (operated.state <> 'running' OR operated.waiting_for IS NULL
			OR operated.waiting_for NOT LIKE '%; it is tried again every now and then')
		OR operated.wanted = 'abort'
	THEN
		RAISE EXCEPTION 'change % is %: there is nothing to try again', change, operated.state
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF operated.state <> 'running' AND operated.lease_until > clock_timestamp() THEN
		RAISE EXCEPTION 'change % is being tried again just now', change
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF fix IS NOT NULL AND operated.bad_rows IS NULL THEN
		RAISE EXCEPTION 'it is not known which rows are in the way of change %', change
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Correct them by hand, and retry without a fix.';
	END IF;
	UPDATE phasegate.change c SET fix = retry.fix WHERE c.id = change;
	PERFORM phasegate.ask(change, 'retry');
	RETURN format('change %s is tried again: %s', change, operated.summary);
END
$$;

-- Stops before the next step or batch, until it is resumed.  NULL: every change in the database.
CREATE OR REPLACE FUNCTION phasegate.pause(change bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place text := phasegate.scope_of(change);
BEGIN
	INSERT INTO phasegate.control AS c (scope, paused, set_by) VALUES (place, true, phasegate.acting())
		ON CONFLICT (scope) DO UPDATE SET paused = true, set_by = excluded.set_by,
			set_at = clock_timestamp();
	PERFORM phasegate.note(change, 'pause');
	RETURN CASE WHEN change IS NULL THEN 'all changes are paused'
		ELSE format('change %s is paused', change) END;
END
$$;

CREATE OR REPLACE FUNCTION phasegate.resume(change bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place text := phasegate.scope_of(change);
BEGIN
	UPDATE phasegate.control c SET paused = false, set_by = phasegate.acting(),
		set_at = clock_timestamp() WHERE c.scope = place AND c.paused;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% not paused', coalesce('change ' || change || ' is', 'all changes together are')
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	PERFORM phasegate.note(change, 'resume');
	RETURN CASE WHEN change IS NULL THEN 'changes go on, but for those paused by themselves'
		WHEN EXISTS (SELECT FROM phasegate.control c WHERE c.scope = 'global' AND c.paused)
		THEN format('change %s is not paused any more, but all changes are', change)
		ELSE format('change %s goes on', change) END;
END
$$;

-- Which share of its time the backfill stands still: 0 none, 1 all of it.
CREATE OR REPLACE FUNCTION phasegate.throttle(change bigint, ratio double precision,
	for_time interval DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place text := phasegate.scope_of(change);
BEGIN
	IF ratio IS NULL OR NOT ratio BETWEEN 0 AND 1 THEN
		RAISE EXCEPTION 'the ratio is a number from 0 (no throttle) to 1 (stand still)'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF for_time <= interval '0' THEN
		RAISE EXCEPTION 'a throttle lasts for longer than %', for_time
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO phasegate.control AS c (scope, throttle_ratio, expires_at, set_by)
		VALUES (place, ratio, clock_timestamp() + for_time, phasegate.acting())
		ON CONFLICT (scope) DO UPDATE SET throttle_ratio = excluded.throttle_ratio,
			expires_at = excluded.expires_at, set_by = excluded.set_by, set_at = clock_timestamp();
	PERFORM phasegate.note(change, 'throttle', jsonb_build_object('ratio', ratio, 'for', for_time));
	RETURN format('%s by %s%s', coalesce('change ' || change || ' is throttled', 'all changes are throttled'),
		ratio, coalesce(' for ' || for_time, ''));
END
$$;

-- Before a client's statement goes through: refuses it where it takes back what a change of the table, or
-- of one below it, keeps in place (kind: 'columns' or 'constraints').  A default its own transaction may
-- drop.  A change that comes between this and the statement is not seen, and makes again what it misses.
CREATE OR REPLACE FUNCTION phasegate.demand_unkept(relation oid, kind text, name text, only_default boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	live record;
	submitting bigint := (x'70676368'::bigint << 32) | relation::bigint; -- as phasegate.record locks it
BEGIN
	IF NOT pg_try_advisory_lock_shared(submitting) THEN
		RAISE EXCEPTION 'a change of table % is just being submitted', relation::regclass
			USING ERRCODE = 'object_in_use', HINT = 'Send the statement again when it is there.';
	END IF;
	PERFORM pg_advisory_unlock_shared(submitting);
	WITH RECURSIVE below (oid) AS (
		SELECT demand_unkept.relation UNION SELECT h.inhrelid FROM below JOIN pg_inherits h ON h.inhparent = below.oid)
	SELECT c.id, c.summary, c.state INTO live FROM phasegate.change c JOIN below ON below.oid = c.relid
		WHERE c.finished_at IS NULL AND c.keeps -> demand_unkept.kind ? demand_unkept.name
			AND NOT (only_default AND c.submitted_xact IS NOT DISTINCT FROM pg_current_xact_id_if_assigned())
		ORDER BY c.id LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'change % of this table keeps % "%" as it is: %', live.id, left(kind, -1), name, live.summary
			USING ERRCODE = 'object_in_use', DETAIL = format('The change is %s.', live.state),
			HINT = format('Wait until it is done, or take it back: phasegate abort %s; then send the statement again.', live.id);
	END IF;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA phasegate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phasegate.submit(text, bytea), phasegate.pass(text, bytea), phasegate.approve(bigint),
	phasegate.release(bigint), phasegate.abort(bigint),
	phasegate.pause(bigint), phasegate.resume(bigint), phasegate.retry(bigint, text),
	phasegate.throttle(bigint, double precision, interval), phasegate.demand_unkept(oid, text, text, boolean) TO PUBLIC;

-- For everybody; the statement itself, which may hold literals, only for its submitter's own.
CREATE OR REPLACE VIEW phasegate.changes AS
SELECT c.id, c.nspname AS schema, c.relname AS "table", c.state, c.stage, c.summary, c.rule,
	c.submitted_by, c.submitted_at, c.state_since, c.finished_at,
	s.steps, s.steps_done, b.rows_changed, b.est_rows, b.batches,
	c.error_sqlstate, c.error_message, c.error_hint,
	CASE WHEN pg_catalog.pg_has_role(c.submitter, 'USAGE') THEN c.original_sql END AS original_sql,
	c.waiting_for, c.waiting_since, EXISTS (SELECT FROM phasegate.control p
		WHERE p.paused AND p.scope IN ('global', c.id::pg_catalog.text)) AS paused,
	t.throttle_ratio, t.expires_at AS throttled_until,
	(SELECT pg_catalog.count(*) FROM phasegate.violation v WHERE v.change_id = c.id) AS violations,
	CASE WHEN pg_catalog.pg_has_role(c.submitter, 'USAGE') THEN
		'SELECT * FROM ' || c.bad_table || ' AS t WHERE ' || c.bad_rows END AS shows_bad_rows,
	c.release_at,
	b.throttled_ms, b.throttled_by,
	-- there may be more rows than was thought, or fewer
	CASE WHEN b.done THEN 100 ELSE least(99, 100 * b.rows_changed / NULLIF(b.est_rows, 0)) END AS percent,
	b.rows_per_second, CASE WHEN c.state = 'running' AND NOT b.done AND b.rows_per_second > 0
		AND b.est_rows > b.rows_changed THEN pg_catalog.make_interval(
		secs => (b.est_rows - b.rows_changed) / b.rows_per_second) END AS time_left,
	-- values of rows, maybe
	CASE WHEN pg_catalog.pg_has_role(c.submitter, 'USAGE') THEN c.error_detail END AS error_detail
FROM phasegate.change c
	LEFT JOIN LATERAL (SELECT p.throttle_ratio, p.expires_at FROM phasegate.control p
		WHERE p.scope IN ('global', c.id::pg_catalog.text) AND p.throttle_ratio > 0
		AND (p.expires_at IS NULL OR p.expires_at > pg_catalog.clock_timestamp())
		ORDER BY p.throttle_ratio DESC LIMIT 1) t ON true
	LEFT JOIN LATERAL (SELECT pg_catalog.count(*) AS steps,
		pg_catalog.count(*) FILTER (WHERE s.status = 'done') AS steps_done
		FROM phasegate.step s WHERE s.change_id = c.id) s ON true
	LEFT JOIN LATERAL (SELECT pg_catalog.sum(f.rows_changed) AS rows_changed,
		pg_catalog.sum(f.est_rows) AS est_rows, pg_catalog.sum(f.batches) AS batches,
		pg_catalog.sum(f.throttled_ms) AS throttled_ms, pg_catalog.bool_and(f.done) AS done,
		(pg_catalog.array_agg(f.throttled_by ORDER BY f.throttled_ms DESC))[1] AS throttled_by,
		-- the time that it was held back counted in
		(pg_catalog.sum(f.rows_changed) / NULLIF(extract(epoch FROM pg_catalog.max(f.updated_at)
			- pg_catalog.min(p.started_at)), 0))::double precision AS rows_per_second
		FROM phasegate.backfill f JOIN phasegate.step p ON p.change_id = f.change_id AND p.ord = f.ord
		WHERE f.change_id = c.id) b ON true
UNION ALL
SELECT h.id, h.schema, h."table", h.state, NULL, h.summary, h.rules[1], h.submitted_by, h.submitted_at,
	h.state_since, h.finished_at, pg_catalog.jsonb_array_length(h.steps), 0, NULL, NULL, NULL,
	NULL, NULL, NULL, h.original_sql, CASE h.state WHEN 'held' THEN 'an approval'
		WHEN 'approved' THEN 'its statement to be sent again' END,
	CASE WHEN h.finished_at IS NULL THEN h.state_since END, false, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL, NULL
FROM phasegate.holds h WHERE NOT EXISTS (SELECT FROM phasegate.change c WHERE c.id = h.id);
GRANT SELECT ON phasegate.changes TO PUBLIC;

-- Changes that somebody should take up: an operator asked for something, or whoever was at it let
-- its lease run out.  Those of one table go one after the other.
CREATE OR REPLACE VIEW phasegate.unattended AS
SELECT c.id FROM phasegate.change c
WHERE c.state IN ('soaking', 'needs_fix', 'needs_attention') AND c.wanted IS NOT NULL
	OR c.state = 'soaking' AND c.release_at < pg_catalog.clock_timestamp()
	OR c.state IN ('submitted', 'running', 'undoing')
	AND COALESCE(c.lease_until, c.submitted_at + interval '15 s') < pg_catalog.clock_timestamp()
	AND NOT EXISTS (SELECT FROM phasegate.change o WHERE o.relid = c.relid AND o.id < c.id
		AND o.state IN ('submitted', 'running', 'undoing'));
REVOKE ALL ON phasegate.unattended FROM PUBLIC;

CREATE OR REPLACE VIEW phasegate.steps AS
SELECT s.change_id AS change, s.ord, s.status, s.kind, s.purpose, s.lock_mode, s.with_previous, s.final,
	s.attempts, s.started_at, s.finished_at,
	CASE WHEN pg_catalog.pg_has_role(c.submitter, 'USAGE') THEN s.sql END AS sql,
	CASE WHEN pg_catalog.pg_has_role(c.submitter, 'USAGE') THEN s.undo END AS undo,
	CASE WHEN pg_catalog.pg_has_role(c.submitter, 'USAGE') THEN s.last_blockers END AS blockers
FROM phasegate.step s JOIN phasegate.change c ON c.id = s.change_id
UNION ALL
SELECT h.id, s.ord::integer, 'pending', s.value ->> 'kind', s.value ->> 'purpose', s.value ->> 'lock',
	(s.value ->> 'with_previous')::boolean, (s.value ->> 'final')::boolean, 0, NULL, NULL, s.value ->> 'sql',
	s.value ->> 'undo', NULL
FROM phasegate.holds h, pg_catalog.jsonb_array_elements(h.steps) WITH ORDINALITY s (value, ord)
WHERE NOT EXISTS (SELECT FROM phasegate.change c WHERE c.id = h.id);
GRANT SELECT ON phasegate.steps TO PUBLIC;

CREATE OR REPLACE VIEW phasegate.violations AS
SELECT v.change_id AS change, v.ord AS step, v.relid::pg_catalog.regclass AS "table", v.key, v.reason, v.seen_at
FROM phasegate.violation v JOIN phasegate.change c ON c.id = v.change_id
WHERE pg_catalog.pg_has_role(c.submitter, 'USAGE');
GRANT SELECT ON phasegate.violations TO PUBLIC;

INSERT INTO phasegate.version (version) VALUES (5)
	ON CONFLICT (single) DO UPDATE SET version = excluded.version, installed_at = clock_timestamp()
	WHERE phasegate.version.version < excluded.version;
