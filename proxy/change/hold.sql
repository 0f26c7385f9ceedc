-- SPDX-License-Identifier: PostgreSQL
-- Statements that wait for an operator's approval (verdict hold).  Each has the number that its change
-- will have, should it become one.  An approval is for this statement, by this role, under this
-- search_path, as long as what it was judged by stands; it is good for once.  Run after schema.sql, in its
-- transaction.

CREATE TABLE IF NOT EXISTS phasegate.hold (
	id bigint PRIMARY KEY,
	idem_key bytea NOT NULL, -- wording, fingerprint, role, search_path
	grounds bytea NOT NULL, -- hazards, steps, oids of the relations named, whether it takes two persons
	original_sql text NOT NULL,
	fingerprint text,
	summary text NOT NULL,
	nspname name,
	relname name,
	findings jsonb NOT NULL, -- what it is held for: rule, message, detail
	steps jsonb, -- of the plan that follows the approval; NULL: the statement as it is
	submitter oid NOT NULL,
	submitted_by name NOT NULL,
	session_user_name name NOT NULL,
	session_user_oid oid NOT NULL,
	search_path text NOT NULL,
	client_address text,
	application text,
	submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	two_persons boolean NOT NULL,
	approval_lasts interval, -- NULL: for good
	state text NOT NULL DEFAULT 'held'
		CHECK (state IN ('held', 'approved', 'used', 'cancelled', 'expired', 'superseded')),
	state_since timestamptz NOT NULL DEFAULT clock_timestamp(),
	expires_at timestamptz, -- void if it is not approved by then, and, once approved, not used by then
	approved_by name, -- as which role that person had logged in
	approved_at timestamptz
);
CREATE UNIQUE INDEX IF NOT EXISTS hold_live_idem_key ON phasegate.hold (idem_key)
	WHERE state IN ('held', 'approved');
REVOKE ALL ON phasegate.hold FROM PUBLIC;

-- Ends what waits, and says so in the history.
CREATE OR REPLACE FUNCTION phasegate.end_hold(change bigint, ended text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE phasegate.hold h SET state = ended, state_since = clock_timestamp() WHERE h.id = change;
	PERFORM phasegate.note(change, ended);
END
$$;

-- What became of the same statement the last time, for the one who is held now; or NULL.
CREATE OR REPLACE FUNCTION phasegate.last_word(idem bytea) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format(CASE
		WHEN h.state = 'used' THEN 'Change %1$s was the same statement; an approval is good for once.'
		WHEN h.state = 'cancelled' THEN 'Change %1$s was the same statement, and was taken back.'
		WHEN h.state = 'superseded' THEN 'Change %1$s was the same statement' || CASE
			WHEN h.approved_at IS NOT NULL THEN ', approved by %2$s,' ELSE '' END
			|| ' under other circumstances: tables, hazards, steps or the rule of two persons.'
		WHEN h.approved_at IS NOT NULL
		THEN 'Change %1$s was the same statement, approved by %2$s, but not sent again until %3$s.'
		ELSE 'Change %1$s was the same statement, not approved until %3$s.' END,
		h.id, h.approved_by, date_trunc('second', h.expires_at))
	FROM phasegate.hold h WHERE h.idem_key = idem ORDER BY h.id DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION phasegate.new_hold(document jsonb, idem bytea, grounds bytea, submitter oid,
	session_name name) RETURNS phasegate.hold
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO phasegate.hold (id, idem_key, grounds, original_sql, fingerprint, summary, nspname, relname,
		findings, steps, submitter, submitted_by, session_user_name, session_user_oid, search_path,
		client_address, application, two_persons, approval_lasts, expires_at)
	SELECT nextval(pg_get_serial_sequence('phasegate.change', 'id')), idem, new_hold.grounds,
		document ->> 'original_sql', document ->> 'fingerprint', document ->> 'summary',
		(document ->> 'schema')::name, (document ->> 'table')::name, document -> 'findings',
		document -> 'plan' -> 'steps', new_hold.submitter, pg_get_userbyid(new_hold.submitter),
		session_name, (SELECT r.oid FROM pg_roles r WHERE r.rolname = session_name),
		document ->> 'search_path', document ->> 'client_address', document ->> 'application',
		(document ->> 'two_persons')::boolean, (document ->> 'approval_lasts')::interval,
		clock_timestamp() + (document ->> 'lasts')::interval
	RETURNING *
$$;

-- Is the statement approved?  If not, it is on record afterwards, once, however often it is sent.  Never
-- waits for a session that is about to use the approval.
CREATE OR REPLACE FUNCTION phasegate.ask_approval(document jsonb, submitter oid, session_name name,
	OUT answer text, OUT id bigint, OUT approved_by name, OUT approved_at timestamptz,
	OUT expires_at timestamptz, OUT remark text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	idem bytea := sha256(convert_to(jsonb_build_array(document ->> 'wording', document ->> 'fingerprint',
		ask_approval.submitter, document ->> 'search_path')::text, 'UTF8'));
	now_grounds bytea := sha256(convert_to((document -> 'grounds')::text, 'UTF8'));
	live phasegate.hold;
BEGIN
	PERFORM pg_advisory_xact_lock(x'70676864'::integer, hashtext(idem::text));
	SELECT c.id INTO id FROM phasegate.hold h JOIN phasegate.change c ON c.id = h.id
		WHERE h.idem_key = idem AND c.finished_at IS NULL;
	IF FOUND THEN
		answer := 'under way';
		RETURN;
	END IF;
	SELECT h.* INTO live FROM phasegate.hold h
		WHERE h.idem_key = idem AND h.state IN ('held', 'approved') FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		SELECT h.id INTO id FROM phasegate.hold h
			WHERE h.idem_key = idem AND h.state IN ('held', 'approved');
		IF FOUND THEN
			answer := 'busy';
			RETURN;
		END IF;
	ELSIF live.expires_at <= clock_timestamp() THEN
		PERFORM phasegate.end_hold(live.id, 'expired');
		live := NULL;
	ELSIF live.grounds <> now_grounds THEN
		PERFORM phasegate.end_hold(live.id, 'superseded');
		live := NULL;
	END IF;
	IF live.id IS NULL THEN
		remark := phasegate.last_word(idem);
		live := phasegate.new_hold(document, idem, now_grounds, ask_approval.submitter, session_name);
		PERFORM phasegate.note(live.id, 'held', jsonb_build_object('by', live.submitted_by));
	END IF;
	answer := live.state;
	id := live.id;
	approved_by := live.approved_by;
	approved_at := live.approved_at;
	expires_at := live.expires_at;
END
$$;

-- Uses the approval up, in the transaction of what was approved: both hold or neither.  Who approved it
-- may be a member of the role that sent it, and send it again as that.
DROP FUNCTION IF EXISTS phasegate.use_approval(bigint, oid, numeric);
CREATE OR REPLACE FUNCTION phasegate.use_approval(change bigint, submitter oid, decision numeric,
	session_name name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM phasegate.hold h
		WHERE h.id = change AND h.two_persons AND h.approved_by = use_approval.session_name)
	THEN
		RAISE EXCEPTION 'change % was approved by %, and waits for another person to send it again', change, session_name
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	PERFORM FROM phasegate.hold h WHERE h.id = change AND h.submitter = use_approval.submitter
		AND h.state = 'approved' AND (h.expires_at > clock_timestamp()) IS NOT FALSE
		FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the approval of change % is used up or void, as far as this transaction sees', change
			USING ERRCODE = 'object_in_use', HINT = 'Send the statement again, in a new transaction.';
	END IF;
	UPDATE phasegate.hold h SET state = 'used', state_since = clock_timestamp() WHERE h.id = change;
	PERFORM phasegate.note(change, 'used', jsonb_build_object('decision', use_approval.decision));
END
$$;

-- By the session that runs an approved statement as it is.
CREATE OR REPLACE FUNCTION phasegate.pass(document text, code bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	change bigint := (document::jsonb ->> 'passes')::bigint;
BEGIN
	PERFORM phasegate.vouched(document, code);
	PERFORM phasegate.use_approval(change, (SELECT r.oid FROM pg_roles r WHERE r.rolname = phasegate.acting()),
		(document::jsonb ->> 'decision')::numeric, session_user);
	RETURN change;
END
$$;

-- ---- what operators ask for ----

-- The one on record, locked, for whoever may decide about it; NULL: there is none of that number.
CREATE OR REPLACE FUNCTION phasegate.operated_hold(change bigint) RETURNS phasegate.hold
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_hold phasegate.hold;
BEGIN
	SELECT h.* INTO found_hold FROM phasegate.hold h WHERE h.id = change FOR UPDATE;
	IF found_hold.id IS NOT NULL THEN
		PERFORM phasegate.demand_member(change, found_hold.submitter, found_hold.submitted_by);
	END IF;
	RETURN found_hold;
END
$$;

-- Lets the statement through when it is sent again.
CREATE OR REPLACE FUNCTION phasegate.approve(change bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	held phasegate.hold := phasegate.operated_hold(change);
	stands text := (SELECT v.state FROM phasegate.holds v WHERE v.id = change);
	until timestamptz := clock_timestamp() + held.approval_lasts;
BEGIN
	IF held.id IS NULL THEN
		RAISE EXCEPTION 'there is no held change %', change
			USING ERRCODE = 'undefined_object', HINT = 'SELECT * FROM phasegate.holds lists them.';
	END IF;
	IF stands <> 'held' THEN
		RAISE EXCEPTION 'change % is %, not held', change, stands
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF held.two_persons AND (SELECT r.oid FROM pg_roles r WHERE r.rolname = session_user)
		IN (held.session_user_oid, held.submitter)
	THEN
		RAISE EXCEPTION 'change % was sent by %, and waits for the approval of another person', change, session_user
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	UPDATE phasegate.hold h SET state = 'approved', state_since = clock_timestamp(), expires_at = until,
		approved_by = session_user, approved_at = clock_timestamp() WHERE h.id = change;
	PERFORM phasegate.note(change, 'approve', jsonb_build_object('session_user', session_user));
	RETURN format('change %s is approved%s: %s; it goes through when %s sends the statement again', change,
		coalesce(' until ' || date_trunc('second', until), ''), held.summary, held.submitted_by);
END
$$;

-- For everybody; the statement itself, which may hold literals, for those who may approve it.  What is
-- past its time is so before anybody has noticed.
CREATE OR REPLACE VIEW phasegate.holds AS
SELECT h.id, h.nspname AS schema, h.relname AS "table", s.state, h.summary,
	(SELECT pg_catalog.array_agg(DISTINCT f ->> 'rule') FROM pg_catalog.jsonb_array_elements(h.findings) f) AS rules,
	(SELECT pg_catalog.array_agg(f ->> 'message') FROM pg_catalog.jsonb_array_elements(h.findings) f) AS reasons,
	h.submitted_by, h.session_user_name AS sent_by, h.application, h.client_address, h.submitted_at,
	CASE WHEN s.state = 'expired' THEN h.expires_at ELSE h.state_since END AS state_since,
	CASE WHEN s.state IN ('held', 'approved') THEN h.expires_at END AS expires_at,
	CASE WHEN s.state = 'expired' THEN h.expires_at
		WHEN s.state NOT IN ('held', 'approved') THEN h.state_since END AS finished_at,
	h.two_persons, h.approved_by, h.approved_at,
	CASE WHEN r.entitled THEN h.original_sql END AS original_sql,
	CASE WHEN r.entitled THEN h.steps END AS steps
FROM phasegate.hold h
	CROSS JOIN LATERAL (SELECT CASE
		WHEN h.state IN ('held', 'approved') AND h.expires_at <= pg_catalog.clock_timestamp() THEN 'expired'
		WHEN h.state = 'used' THEN 'done' ELSE h.state END AS state) s
	CROSS JOIN LATERAL (SELECT pg_catalog.pg_has_role(h.submitter, 'USAGE') OR pg_catalog.pg_has_role(
		(SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = 'phasegate'), 'USAGE') AS entitled) r;
GRANT SELECT ON phasegate.holds TO PUBLIC;
