-- SPDX-License-Identifier: PostgreSQL
--;
SELECT '\'; DROP TABLE t; --'
--;
SELECT '\''; DROP TABLE t; --'
--;
SELECT E'\''; DROP TABLE t; --'
--;
SELECT E'\'; DROP TABLE t; --'
--;
SELECT e'a\\'; SELECT 'b'
--;
SELECT 'a'
'b\'; DROP TABLE t; --'
--;
SELECT E'a'
'b\'; DROP TABLE t; --'
--;
SELECT E'a' -- c
 -- d
'b\'; DROP TABLE t; --'
--;
SELECT E'a' 'b\'; DROP TABLE t; --'
--;
SELECT E'a''\''; DROP TABLE t; --'
--;
SELECT E'a' /* c */
'b\'; DROP TABLE t; --'
--;
SELECT X'1'
'\'; DROP TABLE t; --'
--;
SELECT N'\'; DROP TABLE t; --'
--;
SELECT B'1' ; DROP TABLE t
--;
SELECT U&'\'; DROP TABLE t; --'
--;
SELECT E'É\'; DROP TABLE t; --'
--;
SELECT E'√É\'; DROP TABLE t; --'
--;
SELECT 'É\'; DROP TABLE t; --'
--;
SELECT 'É\\'; DROP TABLE t; --'
--;
SELECT E'É\' , E'É\' ; DROP TABLE t; --'
--;
SELECT E'É\\n'
--;
SELECT E'√©\\n', E'√©\\t'
--;
SELECT $ÉA$ ; DROP TABLE t; $ÉA$
--;
SELECT $Å $ ; DROP TABLE t; --$Ó˘$
--;
SELECT $É[$ $É[$; DROP TABLE t
--;
SELECT $$a$$; SELECT $a$ $$ $b$ $a$
--;
SELECT $a$ ; DROP TABLE t; $a$
--;
SELECT $a$ ; DROP TABLE t; $A$ --$a$
--;
SELECT a$a$ ; DROP TABLE t; --$a$
--;
SELECT 1$a$ ; DROP TABLE t; $a$
--;
SELECT $1$a$ ; DROP TABLE t; $a$
--;
SELECT $1a, $2.b
--;
SELECT $a$b$a$; DROP TABLE t
--;
SELECT $a-$ ; DROP TABLE t; $a-$
--;
SELECT $$ ; DROP TABLE t
--;
SELECT $1$$;DROP TABLE t;$$
--;
SELECT "a$a$"; SELECT $a$;$a$
--;
/* a /* b */ DROP TABLE t; */ SELECT 1
--;
/* a */ DROP TABLE t
--;
/* a /* b */ SELECT 1
--;
/*/ */ SELECT 1
--;
/**/ SELECT 1
--;
-- a
DROP TABLE t
--;
-- aDROP TABLE t
--;
-- aDROP TABLE t
--;
--
SELECT 1
--;
SELECT 1 --
--;
SELECT 1 -- '
; DROP TABLE t -- '
--;
SELECT 1 +-- a
2
--;
SELECT 1 +/* a */ 2
--;
SELECT 1 */*a*/ 2; DROP TABLE t
--;
SELECT 1 <-- a
 2; DROP TABLE t
--;
SELECT 1 @-/*; DROP TABLE t; */ 2
--;
SELECT 1 / * 2; DROP TABLE t
--;
SELECT '/*'; DROP TABLE t; --*/'
--;
SELECT "/*"; DROP TABLE t; --*/"
--;
SELECT "a""b"; DROP TABLE t
--;
SELECT "a""; DROP TABLE t; --"
--;
SELECT "a\"; DROP TABLE t; --"
--;
SELECT ''''; DROP TABLE t; --'
--;
SELECT 'a''b'; SELECT 1
--;
SELECT '''; DROP TABLE t; --'
--;
DROPTABLEt
--;
DROP TABLE t
--;
ÔªøSELECT 1
--;
¬†SELECT 1
--;
SELECT¬†1
--;
SELECT 1INTO t FROM u
--;
SELECT 1.INTO t FROM u
--;
SELECT 1.5e3x INTO t
--;
SELECT 0x1F, 1_000, 0b11
--;
SELECT 1e'\'; DROP TABLE t; --'
--;
SELECT 1..2
--;
SELECT .5, 5., 5.e1, 1e+5
--;
SELECT a::int, b := c, d => e, f : g
--;
SELECT 'a' 'b'
--;
SELECT 'a'

 'b'
--;
SELECT 'unterminated
--;
SELECT "unterminated
--;
SELECT /* unterminated
--;
SELECT $$unterminated
--;
SELECT E'\
--;

--;
 
--;
SELECT 1;



--;
select
*
from
t
where
a
=
1
--;
SeLeCt 1; dElEtE fRoM t
--;
SELECT √©, t√© FROM √†
--;
SELECT ÈINTO, xÈ INTO t
--;
DELETE--
FROM t
--;
DELETE/**/FROM/**/t/**/WHERE/**/a/**/=/**/1
--;
UPDATE t SET a='x;y' WHERE b=';'
--;
INSERT INTO t VALUES ('a;b', "c;d", $$e;f$$, E'g\';h', /* ; */ 1) -- ;
--;
SELECT U&"a" ; DROP TABLE t
--;
SELECT u & "a", u&a, au&"b" FROM t
--;
SELECT xe'\'; DROP TABLE t; --'
--;
SELECT a_e'\' , b
--;
SELECT 1 WHERE 'a' ~ '^\d+$'
--;
DELETE FROM t WHERE a = '\d' OR b = '\'' OR true --'
--;
ALTER TABLE t ADD a text DEFAULT '\' || ', DROP COLUMN b --'
--;
ALTER TABLE t ADD CHECK (a ~ '^\d+$')
--;
DO '\144rop'
--;
DO $$ \ $$
--;
CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u; SELECT ';')
--;
SELECT ((((((((((1))))))))))
--;
SELECT ((1)
--;
SELECT 1;(SELECT 2);TABLE t
--;
SELECT 1 ; ; -- c
 ; SELECT 2 /* ; */
--;
EXPLAIN/**/(FORMAT/**/JSON)/**/SELECT 1
--;
SELECT * FROM a,
  b -- list
  /* more */ WHERE x='y' -- z
--;
SELECT a FROM t WHERE b LIKE 'x\_y' ESCAPE '\'
--;
SELECT E'\\\'' , 1
--;
SELECT E'\xe3\x81', E'\u00e9'
--;
SELECT $body$ it's -- /* " $body$, 1
--;
SELECT 'x' AS "E'", E'\n' AS "'"
--;
