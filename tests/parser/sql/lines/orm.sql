-- SPDX-License-Identifier: PostgreSQL
SELECT "shop_order"."id", "shop_order"."status" FROM "shop_order" WHERE ("shop_order"."status" = 'paid' AND NOT ("shop_order"."total" IS NULL)) ORDER BY "shop_order"."id" ASC LIMIT 21
SELECT (1) AS "a" FROM "shop_order" WHERE "shop_order"."id" = 5 LIMIT 1
SELECT COUNT(*) AS "__count" FROM "shop_order" INNER JOIN "shop_customer" ON ("shop_order"."customer_id" = "shop_customer"."id") WHERE UPPER("shop_customer"."name"::text) LIKE UPPER('%ann%')
INSERT INTO "shop_order" ("customer_id", "status", "total", "created_at") VALUES (1, 'new', '10.00', '2024-05-01T10:11:12+00:00'::timestamptz) RETURNING "shop_order"."id"
UPDATE "shop_order" SET "status" = 'sent' WHERE "shop_order"."id" = 7
UPDATE "shop_order" SET "total" = ("shop_order"."total" + 1) WHERE ("shop_order"."id" = 7 AND "shop_order"."status" = 'new')
UPDATE "shop_order" SET "status" = CASE WHEN ("shop_order"."id" = 1) THEN 'a' WHEN ("shop_order"."id" = 2) THEN 'b' ELSE NULL END WHERE "shop_order"."id" IN (1, 2)
UPDATE "shop_order" SET "status" = 'x' WHERE "shop_order"."id" IN (SELECT U0."id" FROM "shop_order" U0 WHERE U0."status" = 'new' FOR UPDATE)
DELETE FROM "shop_order" WHERE "shop_order"."id" IN (7)
DELETE FROM "shop_item" WHERE ("shop_item"."order_id" = 7 OR "shop_item"."order_id" = 8)
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2024-05-01'::timestamptz AND "django_session"."session_key" = 'abc') LIMIT 21
SAVEPOINT "s140_x1"
RELEASE SAVEPOINT "s140_x1"
ROLLBACK TO SAVEPOINT "s140_x1"
SELECT users.id AS users_id, users.name AS users_name FROM users WHERE users.id = %(pk_1)s
SELECT users.id, users.updated_at, users.deleted_at FROM users WHERE users.id = $1::INTEGER
UPDATE users SET name=$1::VARCHAR, updated_at=now() WHERE users.id = $2::INTEGER
INSERT INTO users (name, email) VALUES ($1::VARCHAR, $2::VARCHAR) RETURNING users.id, users.created_at
DELETE FROM users WHERE users.id = $1::INTEGER
SELECT "public"."User"."id", "public"."User"."email" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3
UPDATE "public"."User" SET "email" = $1 WHERE ("public"."User"."id" = $2 AND 1=1) RETURNING "public"."User"."id"
DELETE FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1)
INSERT INTO "public"."User" ("email","name") VALUES ($1,$2) ON CONFLICT ("email") DO UPDATE SET "name" = $3 WHERE ("public"."User"."email" = $4 AND 1=1) RETURNING "public"."User"."id"
select this_.id as id1_0_0_, this_.version as version2_0_0_ from orders this_ where this_.id=$1
update orders set status=$1, version=$2 where id=$3 and version=$4
delete from orders where id=$1 and version=$2
insert into orders (status, version, id) values ($1, $2, default)
select nextval ('orders_seq')
SELECT "orders".* FROM "orders" WHERE "orders"."id" = $1 LIMIT $2 /*application:Shop,controller:orders,action:show*/
UPDATE "orders" SET "status" = $1, "updated_at" = $2 WHERE "orders"."id" = $3
DELETE FROM "orders" WHERE "orders"."id" = $1
SELECT 1 AS one FROM "orders" WHERE "orders"."number" = $1 LIMIT $2
INSERT INTO "orders" ("status", "created_at", "updated_at") VALUES ($1, $2, $3), ($4, $5, $6) ON CONFLICT DO NOTHING RETURNING "id"
SELECT "Order"."id" AS "Order_id", "Order"."status" AS "Order_status" FROM "order" "Order" WHERE ("Order"."id" = $1) AND ( "Order"."deletedAt" IS NULL ) LIMIT 1
UPDATE "order" SET "deletedAt" = CURRENT_TIMESTAMP WHERE "id" IN ($1)
select "orders".* from "orders" where "status" = $1 and ("total" > $2 or "vip" = $3) order by "created_at" desc limit $4
update "orders" set "status" = $1 where "id" = $2 returning "id"
delete from "orders" where "created_at" < $1
with "recent" as (select * from "orders" where "created_at" > $1) select * from "recent"
SELECT attrelid::regclass, attname FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped
SELECT abalance FROM pgbench_accounts WHERE aid = 1
UPDATE pgbench_accounts SET abalance = abalance + -5 WHERE aid = 1;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 2, 3, -5, CURRENT_TIMESTAMP);
vacuum analyze pgbench_branches
