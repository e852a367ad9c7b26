/* migration-monitor: code of the schema that a plan would run */
WITH RECURSIVE member AS MATERIALIZED (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
), own AS MATERIALIZED (  -- functions, and operators by theirs; what comes with an extension is left out
  SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AS class, p.oid, p.oid::pg_catalog.regprocedure::text AS what,
         p.provolatile <> 'i' AS changes
    FROM pg_catalog.pg_proc p
   WHERE p.oid >= 16384 AND NOT EXISTS (SELECT FROM member m
          WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid)
  UNION ALL
  SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, 'operator ' || o.oid::pg_catalog.regoperator::text,
         p.provolatile <> 'i'
    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
   WHERE o.oid >= 16384 AND NOT EXISTS (SELECT FROM member m
          WHERE m.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND m.objid = o.oid)
), rel(step, oid, events) AS (  -- whose rows are read (0) or written: also by inheritance, keys and views
  SELECT w.step, pg_catalog.to_regclass(w.label)::oid, w.events
    FROM unnest($1::int[], $2::text[], $3::int[]) AS w(step, label, events)
   WHERE pg_catalog.to_regclass(w.label) IS NOT NULL
  UNION
  SELECT r.step, n.oid, n.events FROM rel r, LATERAL (
    SELECT i.inhrelid, r.events FROM pg_catalog.pg_inherits i WHERE i.inhparent = r.oid
    UNION ALL
    SELECT k.conrelid, e.deleted | e.changed
      FROM pg_catalog.pg_constraint k, LATERAL (
           SELECT CASE WHEN r.events & 8 <> 0 AND k.confdeltype = 'c' THEN 8 ELSE 0 END AS deleted,
                  CASE WHEN (r.events & 8 <> 0 AND k.confdeltype IN ('n', 'd'))
                         OR (r.events & 16 <> 0 AND k.confupdtype IN ('c', 'n', 'd')) THEN 16 ELSE 0 END AS changed) e
     WHERE k.confrelid = r.oid AND k.contype = 'f' AND e.deleted | e.changed <> 0
    UNION ALL
    SELECT d.refobjid, r.events
      FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.oid
     WHERE w.ev_class = r.oid AND w.rulename = '_RETURN') AS n(oid, events)
), typ(step, oid, strict) AS (  -- that values are cast to (strict), or may be cast from
  SELECT w.step, w.oid, true FROM unnest($4::int[], $5::oid[]) AS w(step, oid)
  UNION
  SELECT r.step, a.atttypid, r.events <> 0
    FROM rel r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT t.step, n.oid, t.strict
    FROM typ t JOIN pg_catalog.pg_type y ON y.oid = t.oid, LATERAL (
    SELECT y.typbasetype WHERE y.typbasetype <> 0
    UNION ALL SELECT y.typelem WHERE y.typelem <> 0
    UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = y.oid
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = y.typrelid AND y.typtype = 'c' AND a.attnum > 0 AND NOT a.attisdropped) AS n(oid)
), attached AS (
  SELECT r.step, 'a default of ' || r.oid::pg_catalog.regclass::text AS place,
         'pg_catalog.pg_attrdef'::pg_catalog.regclass::oid AS class, f.oid
    FROM rel r JOIN pg_catalog.pg_attrdef f ON f.adrelid = r.oid WHERE r.events & 20 <> 0
  UNION ALL
  SELECT r.step, pg_catalog.format('constraint %I of %s', k.conname, r.oid::pg_catalog.regclass),
         'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
    FROM rel r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid AND k.contype = 'c' WHERE r.events & 20 <> 0
  UNION ALL
  SELECT r.step, pg_catalog.format('policy %I of %s', p.polname, r.oid::pg_catalog.regclass),
         'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid
    FROM rel r JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relrowsecurity
    JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
  UNION ALL
  SELECT r.step, 'view ' || r.oid::pg_catalog.regclass::text, 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid
    FROM rel r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid AND w.rulename = '_RETURN'
  UNION ALL
  SELECT t.step, 'domain ' || t.oid::pg_catalog.regtype::text, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
    FROM typ t JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid AND k.contype = 'c' WHERE t.strict
)
SELECT a.step, '' AS label, '' AS trigger, true AS enabled, pg_catalog.format('%s calls %s', a.place, o.what) AS why
  FROM attached a
  JOIN pg_catalog.pg_depend d ON d.classid = a.class AND d.objid = a.oid
  JOIN own o ON o.class = d.refclassid AND o.oid = d.refobjid AND o.changes
UNION
SELECT r.step, pg_catalog.format('%I.%I', n.nspname, c.relname), t.tgname::text, t.tgenabled IN ('O', 'A'),
       pg_catalog.format('trigger %I of %s calls %s', t.tgname, c.oid::pg_catalog.regclass,
                         p.oid::pg_catalog.regprocedure)
  FROM rel r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
   AND t.tgtype::int & r.events <> 0
  JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
   AND p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
UNION
SELECT r.step, '', '', true,
       pg_catalog.format('rule %I of %s does something else', w.rulename, r.oid::pg_catalog.regclass)
  FROM rel r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN'
   AND w.ev_enabled IN ('O', 'A')
   AND r.events & CASE w.ev_type WHEN '2' THEN 16 WHEN '3' THEN 4 WHEN '4' THEN 8 ELSE 0 END <> 0
UNION
SELECT s.step, '', '', true,
       pg_catalog.format('the cast from %s to %s calls %s', k.castsource::pg_catalog.regtype,
                         k.casttarget::pg_catalog.regtype, o.what)
  FROM unnest($6::int[]) AS s(step)
  JOIN pg_catalog.pg_cast k ON k.oid >= 16384
  JOIN own o ON o.class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND o.oid = k.castfunc
 WHERE (k.castsource < 16384 OR EXISTS (SELECT FROM typ t WHERE t.step = s.step AND t.oid = k.castsource))
   AND (k.casttarget < 16384 OR EXISTS (SELECT FROM typ t WHERE t.step = s.step AND t.oid = k.casttarget))
UNION
SELECT w.step, '', '', true, 'it uses ' || o.what
  FROM unnest($7::int[], $8::oid[]) AS w(step, oid)
  JOIN own o ON o.class = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = w.oid
 ORDER BY 1, 5
