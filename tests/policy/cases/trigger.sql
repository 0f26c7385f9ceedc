-- SPDX-License-Identifier: PostgreSQL
-- Section H.  Format: see test_golden.c.

-- expect: allow create-trigger, missing-lock-timeout
-- lock_timeout: 2000
CREATE TRIGGER tr BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();

-- expect: allow
-- not: create-trigger
CREATE TRIGGER tr BEFORE INSERT ON fresh_t FOR EACH ROW EXECUTE FUNCTION f();

-- expect: allow drop-trigger, missing-lock-timeout
DROP TRIGGER tr ON orders;

-- expect: allow
-- not: drop-trigger
DROP TRIGGER tr ON temp_t;

-- expect: allow
-- not: drop-trigger
DROP TRIGGER IF EXISTS tr ON missing;

-- expect: reject disable-trigger
ALTER TABLE orders DISABLE TRIGGER ALL;

-- expect: warn disable-trigger
ALTER TABLE orders DISABLE TRIGGER audit;

-- expect: warn disable-trigger
ALTER TABLE orders DISABLE TRIGGER USER;

-- expect: allow
-- not: disable-trigger
ALTER TABLE orders ENABLE TRIGGER ALL;

-- expect: allow
-- not: disable-trigger
CREATE TABLE fresh (id int); ALTER TABLE fresh DISABLE TRIGGER ALL;

-- expect: warn create-drop-rule
CREATE RULE r AS ON INSERT TO orders DO INSTEAD NOTHING;

-- expect: warn create-drop-rule
DROP RULE r ON orders;

-- expect: warn create-drop-rule
ALTER TABLE orders DISABLE RULE r;

-- expect: allow
-- not: create-drop-rule
CREATE RULE r AS ON INSERT TO v_orders DO INSTEAD NOTHING;

-- expect: allow
-- not: create-drop-rule
CREATE RULE r AS ON INSERT TO fresh_t DO INSTEAD NOTHING;

-- expect: allow
-- not: create-drop-rule
-- facts: unknown, separate
CREATE VIEW fresh_v AS SELECT 1 AS a;
CREATE OR REPLACE VIEW fresh_v AS SELECT 2 AS a;
CREATE RULE "_RETURN" AS ON SELECT TO fresh_v DO INSTEAD SELECT 3 AS a;

-- expect: allow
-- not: create-drop-rule
-- facts: unknown, separate
CREATE OR REPLACE VIEW some_v AS SELECT 2 AS a;
CREATE RULE some_r AS ON INSERT TO some_v DO INSTEAD NOTHING;
