-- SPDX-License-Identifier: PostgreSQL
alter table t inherit par;
create table child() inherits (t);
create table pn partition of p2 for values from ('2030-01-01') to ('2031-01-01');
create table pn partition of p for values from ('2030-01-01') to ('2031-01-01');
alter table p2 attach partition p2new for values from ('2022-01-01') to ('2023-01-01');
alter table p2 attach partition p2newc for values from ('2023-01-01') to ('2024-01-01');
alter table p attach partition pnew for values from ('2022-01-01') to ('2023-01-01');
alter table p attach partition pnewc for values from ('2023-01-01') to ('2024-01-01');
alter table p detach partition p1;
alter table unq no inherit par;
alter table p attach partition pnewc default;
create table if not exists pq partition of p2 default;
-- with: create table own.a (id int primary key); insert into own.a values (1), (2); create table own.p (id int primary key references own.a on delete cascade) partition by range (id)
delete from a;
-- with: create table own.a (id int primary key); insert into own.a values (1), (2); create table own.p (id int references own.a on delete set null) partition by range (id); create index p_id on own.p (id)
delete from a;
-- with: create table own.a (id int primary key); insert into own.a values (1), (2); create table own.p (id int primary key references own.a on delete cascade) partition by range (id); create table own.p1 partition of own.p default
delete from a;
-- with: create table own.p (id int primary key) partition by range (id)
delete from p;
-- with: create table own.p (id int primary key) partition by range (id); create table own.p1 partition of own.p default; insert into own.p values (1)
delete from p;
