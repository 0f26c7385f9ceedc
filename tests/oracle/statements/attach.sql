-- SPDX-License-Identifier: PostgreSQL
-- CHECKs that say of a partition's bounds what tests/policy/test_bound_proof.c asks about.
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and k >= 0 and k < 100)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and k > 5 and k <= 99)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and k = 7)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and k in (7, 8))); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k >= 0 and k < 100)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and k >= -1 and k < 100)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and k >= 0.5 and k < 99.5)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and 0 <= k and k < 100)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and k >= -5)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (-5) to (maxvalue);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (not (k is null or k >= 7))); insert into own.q1 (k) select 1 from generate_series(1, 50) g
alter table q attach partition q1 for values from (minvalue) to ('7');
-- with: create table own.q (k int not null, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q1 (k int not null, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k >= 0 and k < 100)); insert into own.q1 (k) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (big); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (big is not null and big >= 0 and big < 100::int8)); insert into own.q1 (big) select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (d); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (d is not null and d >= '2024-01-01' and d < '2024-06-01')); insert into own.q1 (d) select '2024-02-01'::date from generate_series(1, 50) g
alter table q attach partition q1 for values from ('2024-01-01') to ('2025-01-01');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (d); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (d is not null and d >= '2024-01-01'::timestamp and d < '2024-06-01')); insert into own.q1 (d) select '2024-02-01'::date from generate_series(1, 50) g
alter table q attach partition q1 for values from ('2024-01-01') to ('2025-01-01');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (ts); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (ts is not null and ts >= '2024-01-01 12:00')); insert into own.q1 (ts) select '2024-02-01'::timestamp from generate_series(1, 50) g
alter table q attach partition q1 for values from ('2024-01-01 12:00') to (maxvalue);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (at); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (at is not null and at >= '2024-01-01 00:00:00+00' and at < '2025-01-01 12:00:00+00')); insert into own.q1 (at) select '2024-02-01'::timestamptz from generate_series(1, 50) g
alter table q attach partition q1 for values from ('2024-01-01') to ('2025-01-01 12:00:00+00');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (word is not null and word = 'a')); insert into own.q1 (word) select 'a' from generate_series(1, 50) g
alter table q attach partition q1 for values in ('a');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (word is not null and word in ('a', 'c'))); insert into own.q1 (word) select 'a' from generate_series(1, 50) g
alter table q attach partition q1 for values in ('a', 'b', 'c');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (k); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (k is not null and (k = 1 or k = 2))); insert into own.q1 (k) select 1 from generate_series(1, 50) g
alter table q attach partition q1 for values in (1, 2);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (word is not null and word = 'a')); insert into own.q1 (word) select 'a' from generate_series(1, 50) g
alter table q attach partition q1 for values in ('a', null);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (word is not null and word in ('a', 'b'))); insert into own.q1 (word) select 'a' from generate_series(1, 50) g
alter table q attach partition q1 for values in ('a');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (code); create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9), check (code is not null and code = 'a')); insert into own.q1 (code) select 'a' from generate_series(1, 50) g
alter table q attach partition q1 for values in ('a');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (not (k is not null and k >= 0 and k < 100))) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (not (k is not null and k >= 0 and k < 100))) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g
create table q1 partition of q for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k is null or k < 0 or k >= 100)) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k is null or k < 0 or k >= 100)) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g
create table q1 partition of q for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k >= 100)) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k >= 100)) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g
create table q1 partition of q for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k in (-7, 100, 200))) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k in (-7, 100, 200))) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g
create table q1 partition of q for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k < -3 or k > 1000)) default; insert into own.q0 (k) select 2000 from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k < -3 or k > 1000)) default; insert into own.q0 (k) select 2000 from generate_series(1, 50) g
create table q1 partition of q for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k < 0)) default; insert into own.q0 (k) select -1 from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values from (0) to (maxvalue);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k < 0)) default; insert into own.q0 (k) select -1 from generate_series(1, 50) g
create table q1 partition of q for values from (0) to (maxvalue);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k > 99)) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (k); create table own.q0 partition of own.q (check (k > 99)) default; insert into own.q0 (k) select 200 from generate_series(1, 50) g
create table q1 partition of q for values from (0) to (100);
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (d); create table own.q0 partition of own.q (check (not (d >= '2024-01-01' and d < '2025-01-01'))) default; insert into own.q0 (d) select '2026-01-01'::date from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values from ('2024-01-01') to ('2025-01-01');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by range (d); create table own.q0 partition of own.q (check (not (d >= '2024-01-01' and d < '2025-01-01'))) default; insert into own.q0 (d) select '2026-01-01'::date from generate_series(1, 50) g
create table q1 partition of q for values from ('2024-01-01') to ('2025-01-01');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q0 partition of own.q (check (not (word is not null and word = 'a'))) default; insert into own.q0 (word) select 'b' from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values in ('a');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q0 partition of own.q (check (not (word is not null and word = 'a'))) default; insert into own.q0 (word) select 'b' from generate_series(1, 50) g
create table q1 partition of q for values in ('a');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q0 partition of own.q (check (word <> 'a')) default; insert into own.q0 (word) select 'b' from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values in ('a');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q0 partition of own.q (check (word <> 'a')) default; insert into own.q0 (word) select 'b' from generate_series(1, 50) g
create table q1 partition of q for values in ('a');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q0 partition of own.q (check (word = 'b')) default; insert into own.q0 (word) select 'b' from generate_series(1, 50) g; create table own.q1 (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9))
alter table q attach partition q1 for values in ('a');
-- with: create table own.q (k int, big int8, d date, at timestamptz, ts timestamp, word text, code varchar(9)) partition by list (word); create table own.q0 partition of own.q (check (word = 'b')) default; insert into own.q0 (word) select 'b' from generate_series(1, 50) g
create table q1 partition of q for values in ('a');
-- with: create table own.q (k int not null) partition by range (k); create index on own.q (k); create table own.q1 (k int not null, check (k >= 0 and k < 100)); insert into own.q1 select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int not null, b int) partition by range (k); create index on own.q (k) where b > 5; create table own.q1 (k int not null, b int, check (k >= 0 and k < 100)); create index on own.q1 (k) where b > 6; insert into own.q1 select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k int not null, b int) partition by range (k); create index on own.q (k) where b > 5; create table own.q1 (k int not null, b int, check (k >= 0 and k < 100)); create index on own.q1 (k) with (fillfactor = 70) where b > 5; insert into own.q1 select 7 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.r (b int primary key); insert into own.r values (1); create table own.q (k int not null, b int references own.r) partition by range (k); create table own.q1 (k int not null, b int, check (k >= 0 and k < 100)); insert into own.q1 select 7, 1 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.r (b int primary key); insert into own.r values (1); create table own.q (k int not null, b int references own.r) partition by range (k); create table own.q1 (k int not null, b int references own.r, check (k >= 0 and k < 100)); insert into own.q1 select 7, 1 from generate_series(1, 50) g
alter table q attach partition q1 for values from (0) to (100);
-- with: create table own.q (k varchar(9) not null) partition by list (k); create table own.q1 (k varchar(9) not null, check (k in ('a', 'b'))); insert into own.q1 values ('a')
alter table q attach partition q1 for values in ('a', 'b');
-- with: create table own.q (k varchar(9) not null) partition by range (k); create table own.q1 (k varchar(9) not null, check (k >= 'a' and k < 'b')); insert into own.q1 values ('a')
alter table q attach partition q1 for values from ('a') to ('b');
-- with: create table own.q (k text not null) partition by range (k); create table own.q1 (k text not null, check (k >= 'a' and k < 'b')); insert into own.q1 values ('a')
alter table q attach partition q1 for values from ('a') to ('b');
-- with: create table own.q (k numeric not null) partition by range (k); create table own.q1 (k numeric not null, check (k >= 0 and k < 10.5)); insert into own.q1 values (1)
alter table q attach partition q1 for values from (0) to (10.5);
-- with: create table own.q (k uuid not null) partition by list (k); create table own.q1 (k uuid not null, check (k = '00000000-0000-0000-0000-00000000000a')); insert into own.q1 values ('00000000-0000-0000-0000-00000000000a')
alter table q attach partition q1 for values in ('00000000-0000-0000-0000-00000000000a');
