/* migration-monitor: fingerprint of functions, types, schemas, comments and their like */
SELECT w.key,
       CASE WHEN w.kind NOT LIKE 'comment%' AND w.oid <> 0 THEN w.kind || ' ' ||
         CASE w.kind WHEN 'function' THEN w.oid::pg_catalog.regprocedure::text
                     WHEN 'operator' THEN w.oid::pg_catalog.regoperator::text
                     WHEN 'extension' THEN
                       (SELECT pg_catalog.quote_ident(e.extname) FROM pg_catalog.pg_extension e WHERE e.oid = w.oid)
                     WHEN 'publication' THEN
                       (SELECT pg_catalog.quote_ident(p.pubname) FROM pg_catalog.pg_publication p WHERE p.oid = w.oid)
                     WHEN 'statistics' THEN (SELECT pg_catalog.format('%I.%I', n.nspname, s.stxname)
                            FROM pg_catalog.pg_statistic_ext s
                            JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace WHERE s.oid = w.oid)
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
         WHEN 'operator' THEN (SELECT pg_catalog.concat_ws(' ', o.oprcode::pg_catalog.regprocedure, o.oprrest, o.oprjoin)
                                 FROM pg_catalog.pg_operator o WHERE o.oid = w.oid)
         WHEN 'extension' THEN (SELECT pg_catalog.concat(e.extversion, ' in ', e.extnamespace::pg_catalog.regnamespace)
                                  FROM pg_catalog.pg_extension e WHERE e.oid = w.oid)
         WHEN 'statistics' THEN pg_catalog.pg_get_statisticsobjdef(w.oid)
         WHEN 'publication' THEN (SELECT pg_catalog.jsonb_build_object(
                'all', p.puballtables, 'root', p.pubviaroot, 'operations',
                pg_catalog.concat(p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate), 'of',
                (SELECT pg_catalog.jsonb_agg(pg_catalog.split_part(i.identity, ' in publication ', 1) ORDER BY i.identity)
                   FROM pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
                  WHERE d.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass AND d.refobjid = p.oid))::text
                 FROM pg_catalog.pg_publication p WHERE p.oid = w.oid)
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
       CASE w.kind
         WHEN 'function' THEN (SELECT p.prosrc FROM pg_catalog.pg_proc p WHERE p.oid = w.oid)
         WHEN 'extension' THEN (  -- tables that go with it, as JSON
              SELECT pg_catalog.jsonb_agg(c.oid::pg_catalog.regclass::text ORDER BY c.oid::pg_catalog.regclass::text)::text
                FROM pg_catalog.pg_depend m JOIN pg_catalog.pg_class c ON c.oid = m.objid AND c.relkind IN ('r', 'p')
               WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.deptype = 'e'
                 AND m.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND m.refobjid = w.oid)
         WHEN 'statistics' THEN (SELECT s.stxrelid::pg_catalog.regclass::text
                                   FROM pg_catalog.pg_statistic_ext s WHERE s.oid = w.oid)
       END AS body,
       CASE WHEN w.kind = 'extension' THEN
         (WITH RECURSIVE own(classid, objid) AS (  -- what came with it, and what the server makes of that
            SELECT m.classid, m.objid FROM pg_catalog.pg_depend m
             WHERE m.deptype = 'e' AND m.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
               AND m.refobjid = w.oid
            UNION
            SELECT made.classid, made.objid FROM own JOIN pg_catalog.pg_depend made
                ON made.refclassid = own.classid AND made.refobjid = own.objid AND made.deptype IN ('i', 'a'))
          SELECT pg_catalog.array_agg(DISTINCT i.type || ' ' || i.identity)
            FROM pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
           WHERE d.deptype IN ('n', 'x')
             AND (EXISTS (SELECT FROM own WHERE own.classid = d.refclassid AND own.objid = d.refobjid)
                  OR (d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = w.oid))
             AND NOT EXISTS (SELECT FROM own WHERE own.classid = d.classid AND own.objid = d.objid))
            WHEN w.kind IN ('function', 'type', 'schema', 'operator') THEN
         (SELECT pg_catalog.array_agg(i.type || ' ' || i.identity ORDER BY i.type, i.identity)
            FROM pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
           WHERE d.refclassid = CASE w.kind WHEN 'function' THEN 'pg_catalog.pg_proc'::pg_catalog.regclass
                                            WHEN 'type' THEN 'pg_catalog.pg_type'::pg_catalog.regclass
                                            WHEN 'operator' THEN 'pg_catalog.pg_operator'::pg_catalog.regclass
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
