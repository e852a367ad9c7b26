/* migration-monitor: fingerprint of functions, types, schemas and comments */
SELECT w.key,
       CASE WHEN w.kind IN ('function', 'type', 'schema') AND w.oid <> 0 THEN w.kind || ' ' ||
         CASE w.kind WHEN 'function' THEN w.oid::pg_catalog.regprocedure::text
                     WHEN 'type' THEN (SELECT pg_catalog.format('%I.%I', n.nspname, t.typname)
                            FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
                           WHERE t.oid = w.oid)
                     ELSE w.oid::pg_catalog.regnamespace::text END END AS label,
       coalesce(CASE w.kind
         WHEN 'function' THEN (SELECT CASE WHEN p.prokind IN ('f', 'p', 'w')
                                           THEN pg_catalog.pg_get_functiondef(p.oid) END
                                 FROM pg_catalog.pg_proc p WHERE p.oid = w.oid)
         WHEN 'type' THEN (SELECT pg_catalog.concat(t.typtype, ' ',
                             (SELECT pg_catalog.string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
                                FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid))
                             FROM pg_catalog.pg_type t WHERE t.oid = w.oid)
         WHEN 'comment on relation' THEN pg_catalog.obj_description(w.oid, 'pg_class')
         WHEN 'comment on function' THEN pg_catalog.obj_description(w.oid, 'pg_proc')
         WHEN 'comment on type' THEN pg_catalog.obj_description(w.oid, 'pg_type')
         WHEN 'comment on schema' THEN pg_catalog.obj_description(w.oid, 'pg_namespace')
         WHEN 'comment on column' THEN (SELECT pg_catalog.col_description(a.attrelid, a.attnum)
                  FROM pg_catalog.pg_attribute a
                 WHERE a.attrelid = w.oid AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped)
         WHEN 'comment on constraint' THEN (SELECT pg_catalog.obj_description(k.oid, 'pg_constraint')
                  FROM pg_catalog.pg_constraint k WHERE k.conrelid = w.oid AND k.conname = w.name)
         WHEN 'comment on trigger' THEN (SELECT pg_catalog.obj_description(t.oid, 'pg_trigger')
                  FROM pg_catalog.pg_trigger t
                 WHERE t.tgrelid = w.oid AND t.tgname = w.name AND NOT t.tgisinternal)
         WHEN 'comment on policy' THEN (SELECT pg_catalog.obj_description(p.oid, 'pg_policy')
                  FROM pg_catalog.pg_policy p WHERE p.polrelid = w.oid AND p.polname = w.name)
         WHEN 'comment on rule' THEN (SELECT pg_catalog.obj_description(r.oid, 'pg_rewrite')
                  FROM pg_catalog.pg_rewrite r WHERE r.ev_class = w.oid AND r.rulename = w.name)
       END, '') AS definition,
       CASE w.kind WHEN 'function' THEN (SELECT p.prosrc FROM pg_catalog.pg_proc p WHERE p.oid = w.oid)
       END AS body,
       CASE WHEN w.kind IN ('function', 'type', 'schema') THEN
         (SELECT pg_catalog.array_agg(i.type || ' ' || i.identity ORDER BY i.type, i.identity)
            FROM pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
           WHERE d.refclassid = CASE w.kind WHEN 'function' THEN 'pg_catalog.pg_proc'::pg_catalog.regclass
                                            WHEN 'type' THEN 'pg_catalog.pg_type'::pg_catalog.regclass
                                            ELSE 'pg_catalog.pg_namespace'::pg_catalog.regclass END
             AND d.deptype = 'n'
             AND NOT (w.kind = 'schema' AND EXISTS (  -- what goes with its table, as a column's sequence
                   SELECT FROM pg_catalog.pg_depend part WHERE part.classid = d.classid AND part.objid = d.objid
                      AND part.objsubid = 0 AND part.deptype IN ('a', 'i')))
             AND d.refobjid IN (
               WITH RECURSIVE own(oid) AS (  -- a type's array, too, and what else the server makes of it
                 SELECT w.oid
                 UNION
                 SELECT made.objid FROM own JOIN pg_catalog.pg_depend made ON made.refobjid = own.oid
                  WHERE w.kind = 'type' AND made.deptype = 'i'
                    AND made.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
                    AND made.classid = 'pg_catalog.pg_type'::pg_catalog.regclass)
               SELECT own.oid FROM own)) END AS dependents
  FROM unnest($1::text[], $2::text[], $3::oid[], $4::text[]) AS w(key, kind, oid, name)
