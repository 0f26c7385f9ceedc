-- SPDX-License-Identifier: PostgreSQL
-- Far more relations than one: 40 partitions with two indexes each.
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
drop table many;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
truncate many;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
alter table many add column c int;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
alter table many alter column v type bigint;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
alter table many alter column id set not null;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
alter table many drop column v;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
alter table many rename column v to w;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
create index on many (v, id);
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
drop index many_v;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
reindex index many_v;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
alter table many detach partition many7;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
analyze many;
-- with: create table own.many (id int, v int) partition by range (id); create index many_id on own.many (id); create index many_v on own.many (v); do $$begin for i in 1..40 loop execute format('create table own.many%s partition of own.many for values from (%s) to (%s)', i, i, i + 1); end loop; end$$; insert into own.many select g, g from generate_series(1, 40) g
delete from many;
