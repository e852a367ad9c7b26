/* migration-monitor: fingerprint of relations */
SELECT want.label,
       c.relkind::text AS relkind,
       pg_catalog.jsonb_build_object(
  'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
            WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'S' THEN 'sequence'
            WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' ELSE c.relkind::text END,
  'owner', pg_catalog.pg_get_userbyid(c.relowner),
  'privileges', coalesce(c.relacl::text, ''),
  'options', coalesce(c.reloptions::text, ''),
  'persistence', c.relpersistence::text,
  'row_security', c.relrowsecurity::text || c.relforcerowsecurity::text,
  'replica_identity', c.relreplident::text,
  'sequence', (SELECT pg_catalog.concat_ws(' ', pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement,
                        s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
                 FROM pg_catalog.pg_sequence s WHERE s.seqrelid = c.oid),
  'owned_by', (SELECT d.refobjid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname)
                 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a
                   ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND c.relkind = 'S'
                  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 LIMIT 1),
  'settings', coalesce((SELECT pg_catalog.jsonb_object_agg(a.attname, pg_catalog.jsonb_build_object(
                'statistics', coalesce(a.attstattarget, -1), 'options', coalesce(o.options, '')))
              FROM pg_catalog.pg_attribute a, LATERAL (
                   SELECT pg_catalog.string_agg(o, ',' ORDER BY o) AS options FROM pg_catalog.unnest(a.attoptions) o
                    WHERE pg_catalog.split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited')) o
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               AND (a.attstattarget >= 0 OR o.options IS NOT NULL)), '{}'),
  'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid)
                     WHEN c.relkind IN ('i', 'I') THEN pg_catalog.pg_get_indexdef(c.oid) END,
  'table', (SELECT pg_catalog.format('%I.%I', tn.nspname, t.relname)
              FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
              JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace WHERE i.indexrelid = c.oid),
  'primary_key', coalesce((SELECT pg_catalog.jsonb_agg(a.attname ORDER BY a.attnum)
              FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a
                ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
             WHERE k.conrelid = c.oid AND k.contype = 'p'), '[]'),
  'children', coalesce((SELECT pg_catalog.jsonb_agg(h.inhrelid::pg_catalog.regclass::text ORDER BY h.inhrelid::pg_catalog.regclass::text)
              FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid), '[]'),
  'columns', coalesce((SELECT pg_catalog.jsonb_object_agg(a.attname, pg_catalog.jsonb_build_object(
                'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
                'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity::text,
                'generated', a.attgenerated::text, 'inherited', a.attinhcount > 0,
                'collation', a.attcollation::pg_catalog.regcollation::text))
              FROM pg_catalog.pg_attribute a
              LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I', 'S')), '{}'),
  'constraints', coalesce((SELECT pg_catalog.jsonb_object_agg(k.conname, pg_catalog.jsonb_build_object(
                'type', k.contype::text, 'definition', pg_catalog.pg_get_constraintdef(k.oid),
                'columns', (SELECT coalesce(pg_catalog.jsonb_agg(a.attname ORDER BY a.attname), '[]')
                              FROM pg_catalog.pg_attribute a
                             WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey))))
              FROM pg_catalog.pg_constraint k
             WHERE k.conrelid = c.oid AND k.contype NOT IN ('n', 't')), '{}'),
  'not_nulls', coalesce((SELECT pg_catalog.jsonb_object_agg(k.conname, a.attname)
              FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a
                ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
             WHERE k.conrelid = c.oid AND k.contype = 'n'), '{}'),
  'indexes', coalesce((SELECT pg_catalog.jsonb_object_agg(x.relname, pg_catalog.jsonb_build_object(
                'definition', pg_catalog.pg_get_indexdef(i.indexrelid), 'valid', i.indisvalid AND i.indisready,
                'constraint', EXISTS (SELECT FROM pg_catalog.pg_constraint k
                                       WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')),
                'columns', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]')
                              FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                               AND (a.attnum = ANY (i.indkey) OR EXISTS (
                                 SELECT FROM pg_catalog.pg_depend d
                                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
                                    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                    AND d.refobjid = c.oid AND d.refobjsubid = a.attnum)))))
              FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
             WHERE i.indrelid = c.oid), '{}'),
  'triggers', coalesce((SELECT pg_catalog.jsonb_object_agg(t.tgname, pg_catalog.jsonb_build_object(
                'definition', pg_catalog.pg_get_triggerdef(t.oid), 'enabled', t.tgenabled::text,
                'columns', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]')
                              FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a
                                ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                             WHERE d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.objid = t.oid
                               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                               AND d.refobjid = c.oid AND d.refobjsubid > 0)))
              FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), '{}'),
  'statistics', coalesce((SELECT pg_catalog.jsonb_object_agg(s.stxname, pg_catalog.jsonb_build_object(
                'definition', pg_catalog.pg_get_statisticsobjdef(s.oid),
                'columns', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]')
                              FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                               AND (a.attnum = ANY (s.stxkeys) OR EXISTS (
                                 SELECT FROM pg_catalog.pg_depend d
                                  WHERE d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND d.objid = s.oid
                                    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                    AND d.refobjid = c.oid AND d.refobjsubid = a.attnum)))))
              FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid), '{}'),
  'policies', coalesce((SELECT pg_catalog.jsonb_object_agg(p.polname, pg_catalog.jsonb_build_object(
                'definition', pg_catalog.concat_ws(' ', p.polcmd::text, p.polpermissive::text, p.polroles::text,
                   pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'check',
                   pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)),
                'columns', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]')
                              FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a
                                ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                             WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND d.objid = p.oid
                               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                               AND d.refobjid = c.oid AND d.refobjsubid > 0)))
              FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid), '{}'),
  'rules', coalesce((SELECT pg_catalog.jsonb_object_agg(r.rulename, pg_catalog.jsonb_build_object(
                'definition', pg_catalog.pg_get_ruledef(r.oid), 'enabled', r.ev_enabled::text,
                'columns', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]')
                              FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a
                                ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                             WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
                               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                               AND d.refobjid = c.oid AND d.refobjsubid > 0)))
              FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'), '{}'),
  'fixed', pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(  -- what forbids a change; see entries.py
    'of_type', CASE WHEN c.reloftype <> 0 THEN c.reloftype::pg_catalog.regtype::text END,
    'part_of', CASE WHEN c.relkind IN ('i', 'I') THEN
      (SELECT h.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid) END,
    'partition_key', CASE WHEN c.relkind = 'p' THEN
      (SELECT pg_catalog.jsonb_agg(a.attname) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND (a.attnum = ANY ((SELECT p.partattrs::int2[] FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = c.oid)::int2[])
               OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                           WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                             AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.refobjid = c.oid AND d.refobjsubid = a.attnum))) END,
    'constraints', (SELECT pg_catalog.jsonb_agg(k.conname) FROM pg_catalog.pg_constraint k
                     WHERE k.conrelid = c.oid AND k.coninhcount > 0),
    'indexes', (SELECT pg_catalog.jsonb_agg(x.relname) FROM pg_catalog.pg_index i
                  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND x.relispartition WHERE i.indrelid = c.oid),
    'identity', CASE WHEN c.relkind IN ('r', 'p') AND EXISTS (
        SELECT FROM pg_catalog.pg_publication p
         WHERE (p.pubupdate OR p.pubdelete) AND (p.puballtables
            OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel l WHERE l.prpubid = p.oid AND l.prrelid = c.oid)
            OR EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_depend n  -- of the schema; from 15 on
                           ON n.classid = d.classid AND n.objid = d.objid
                          AND n.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                        WHERE d.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass AND d.refobjid = p.oid
                          AND n.refobjid = c.relnamespace)))
      THEN (SELECT x.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
             WHERE i.indrelid = c.oid
               AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END LIMIT 1) END)),
  'dependents', coalesce((SELECT pg_catalog.jsonb_object_agg(o.type || ' ' || o.identity, pg_catalog.jsonb_build_object(
                'definition', o.definition, 'columns', o.columns, 'carries', o.carries)
                ORDER BY pg_catalog.jsonb_array_length(o.columns))
              FROM (
                WITH RECURSIVE viewed(view, col) AS (
                  SELECT r.ev_class, d.refobjsubid
                    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
                   WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                     AND d.refobjid = c.oid AND r.ev_class <> c.oid
                  UNION
                  SELECT r.ev_class, v.col
                    FROM viewed v
                    JOIN pg_catalog.pg_depend d ON d.refobjid = v.view
                     AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.ev_class <> v.view
                )
                SELECT i.type, i.identity, pg_catalog.pg_get_viewdef(v.view) AS definition,
                       (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]')
                          FROM viewed w JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = w.col
                         WHERE w.view = v.view AND w.col > 0) AS columns, NULL::pg_catalog.jsonb AS carries
                  FROM (SELECT DISTINCT view FROM viewed) v,
                       pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, v.view, 0) i
                UNION ALL
                SELECT i.type, i.identity, d.definition, d.columns, (
                         -- tables whose rows a DELETE or UPDATE of ours changes through this key, and through theirs;
                         -- `cols` are the columns changed there, NULL: the rows are deleted
                         WITH RECURSIVE hit(event, rel, cols) AS (
                             SELECT e.event, k.conrelid, CASE WHEN (e.event, e.action) <> ('DELETE', 'c') THEN k.conkey END
                               FROM pg_catalog.pg_constraint k, LATERAL (
                                    VALUES ('DELETE', k.confdeltype), ('UPDATE', k.confupdtype)) AS e(event, action)
                              WHERE k.oid = d.objid AND k.contype = 'f' AND e.action IN ('c', 'n', 'd')
                             UNION
                             SELECT h.event, k.conrelid, CASE WHEN h.cols IS NULL AND k.confdeltype = 'c' THEN NULL ELSE k.conkey END
                               FROM hit h JOIN pg_catalog.pg_constraint k ON k.confrelid = h.rel AND k.contype = 'f'
                                AND k.conparentid = 0
                              WHERE CASE WHEN h.cols IS NULL THEN k.confdeltype IN ('c', 'n', 'd')
                                         ELSE k.confupdtype IN ('c', 'n', 'd') AND k.confkey && h.cols END
                         )
                         SELECT pg_catalog.jsonb_object_agg(g.event, g.tables)
                           FROM (SELECT h.event, pg_catalog.jsonb_agg(DISTINCT h.rel::pg_catalog.regclass::text) AS tables
                                   FROM hit h WHERE h.rel <> c.oid GROUP BY h.event) g) AS carries
                  FROM (SELECT d.classid, d.objid, d.objsubid,
                               CASE WHEN d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
                                    THEN pg_catalog.pg_get_constraintdef(d.objid) END AS definition,
                               coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname) FILTER (WHERE a.attname IS NOT NULL), '[]') AS columns
                          FROM pg_catalog.pg_depend d
                          LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
                         WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid
                           AND d.deptype = 'n'
                           AND d.classid NOT IN ('pg_catalog.pg_rewrite'::pg_catalog.regclass,
                                                 'pg_catalog.pg_attrdef'::pg_catalog.regclass,
                                                 'pg_catalog.pg_policy'::pg_catalog.regclass)
                           AND NOT (d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
                                    AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = d.objid AND k.conrelid = c.oid))
                           AND NOT (d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
                                    AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.oid = d.objid AND t.tgrelid = c.oid))
                         GROUP BY d.classid, d.objid, d.objsubid) d,
                       pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
                UNION ALL
                SELECT i.type, i.identity, NULL, coalesce(pg_catalog.jsonb_agg(DISTINCT q.attname)
                         FILTER (WHERE q.attname IS NOT NULL), '[]'), NULL  -- defaults by this sequence, or by a column's
                  FROM (SELECT c.oid AS seq, NULL::name AS attname WHERE c.relkind = 'S'
                        UNION ALL
                        SELECT o.objid, a.attname FROM pg_catalog.pg_depend o
                          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.refobjsubid
                         WHERE c.relkind IN ('r', 'p', 'f')
                           AND o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.deptype IN ('a', 'i')
                           AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                           AND o.refobjid = c.oid AND o.refobjsubid > 0) q
                  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                   AND d.refobjid = q.seq AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                  JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid AND f.adrelid <> c.oid,
                       pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
                 GROUP BY 1, 2
                UNION ALL
                SELECT i.type, i.identity, NULL, '[]', NULL  -- on its row type, or on arrays of that
                  FROM pg_catalog.pg_type y
                  JOIN pg_catalog.pg_depend d ON d.refobjid IN (y.oid, y.typarray) AND d.deptype = 'n'
                   AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass,
                       pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
                 WHERE y.oid = c.reltype
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                                    WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
                                      AND k.oid = d.objid AND k.conrelid = c.oid)
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef f
                                    WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                                      AND f.oid = d.objid AND f.adrelid = c.oid)
              ) o), '{}')
       )::text AS entry
  FROM pg_catalog.unnest($1::text[]) AS want(label)
  LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(want.label)
