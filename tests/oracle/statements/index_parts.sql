-- SPDX-License-Identifier: PostgreSQL
-- Indexes of partitioned tables whose partitions have such an index already.
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; alter table own.q1 add constraint a unique (id)
alter table q add constraint k1 unique (id), add constraint k2 unique (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; alter table own.q1 add constraint z unique (id); alter table own.q1 add constraint a unique (id); insert into own.q values (1)
alter table q add constraint k1 unique (id), add constraint k2 unique (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; alter table own.q1 add constraint z unique (id); alter table own.q1 add constraint a unique (id); insert into own.q values (1)
alter table q add constraint k1 unique (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; alter table own.q1 add constraint a unique (id)
alter table q add constraint k1 unique (id), add primary key (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; alter table own.q1 add primary key (id)
alter table q add constraint k1 unique (id), add primary key (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; alter table own.q1 add primary key (id)
alter table q add primary key (id), add constraint k1 unique (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default partition by range (id); create table own.p2 partition of own.q1 default; alter table own.q1 add primary key (id); alter table own.p2 add unique (id)
alter table q add primary key (id), add constraint k1 unique (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; create unique index p1_id on own.q1 (id desc)
create unique index on q (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; create index p1_id on own.q1 (id desc nulls last)
create index on q (id);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; create index p1_id on own.q1 (id)
create index on q (id desc);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; create index p1_id on own.q1 (id) where id > 5
create index on q (id) where id > 5;
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default; create index p1_id on own.q1 ((id + 1))
create index on q ((id + 1));
-- with: create table own.q (id int not null, b int) partition by range (id); create table own.q1 partition of own.q default; create index p1_id on own.q1 (id) include (b)
create index on q (id) include (b);
-- with: create table own.q (id int not null, b text) partition by range (id); create table own.q1 partition of own.q default; create index p1_id on own.q1 (b collate "C")
create index on q (b collate "C");
-- with: create table own.q (id int not null, b text) partition by range (id); create table own.q1 partition of own.q default; create index p1_id on own.q1 using hash (b)
create index on q using hash (b);
-- with: create table own.q (id int not null, b text) partition by range (id); create table own.q1 partition of own.q default; create index p1_id on own.q1 (b text_pattern_ops)
create index on q (b);
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default partition by range (id); create table own.q2 partition of own.q1 default; alter table own.q1 add unique (id)
alter table q add constraint k unique (id);
-- with: create table own.q (id int not null) partition by range (id); create index on own.q (id); create index on own.q (id desc); create table own.q1 (id int not null); create index on own.q1 (id)
alter table q attach partition q1 default;
-- with: create table own.q (id int not null) partition by range (id); create unique index on own.q (id); create index on own.q ((id + 1)); create table own.q1 (id int not null); create unique index on own.q1 (id desc); create index on own.q1 ((1 + id))
alter table q attach partition q1 default;
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default partition by range (id); alter table own.q add constraint q_pk primary key (id)
alter table q add constraint k primary key (id), drop constraint q_pk;
-- with: create table own.q (id int not null) partition by range (id); create table own.q1 partition of own.q default partition by range (id); create table own.q2 partition of own.q1 default; alter table own.q add constraint q_pk primary key (id)
alter table q add constraint k primary key (id), drop constraint q_pk;
