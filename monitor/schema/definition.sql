/* migration-monitor: what a table is made of, to be written again */
SELECT want.label, pg_catalog.jsonb_build_object(
  'oid', c.oid::bigint,
  'bystanders', (SELECT coalesce(pg_catalog.jsonb_agg(o.oid::bigint ORDER BY o.oid), '[]')
                   FROM pg_catalog.unnest($2::text[]) AS b(label)
                   JOIN pg_catalog.pg_class o ON o.oid = pg_catalog.to_regclass(b.label)
                  WHERE o.relkind IN ('r', 'p') AND o.oid <> c.oid),
  'persistence', c.relpersistence::text,
  'options', pg_catalog.array_to_string(c.reloptions, ', '),
  'partition_key', pg_catalog.pg_get_partkeydef(c.oid),
  'attach', (SELECT pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s %s', h.inhparent::pg_catalog.regclass,
                                      want.label, pg_catalog.pg_get_expr(c.relpartbound, c.oid))
               FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid AND c.relispartition),
  'inherits', coalesce((SELECT pg_catalog.jsonb_agg(h.inhparent::pg_catalog.regclass::text ORDER BY h.inhseqno)
               FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid AND NOT c.relispartition), '[]'),
  'replica_identity', CASE c.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL'
               WHEN 'i' THEN (SELECT pg_catalog.format('USING INDEX %I', x.relname)
                                FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                               WHERE i.indrelid = c.oid AND i.indisreplident) END,
  'owner', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)),
  'row_security', c.relrowsecurity, 'force_row_security', c.relforcerowsecurity,
  'columns', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'name', a.attname, 'attnum', a.attnum, 'quoted', pg_catalog.quote_ident(a.attname),
        'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
        'collation', CASE WHEN a.attcollation <> t.typcollation
                          THEN a.attcollation::pg_catalog.regcollation::text END,
        'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
        'identity', a.attidentity::text, 'generated', a.attgenerated::text,
        'not_null', a.attnotnull AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_constraint k  -- NOT VALID: there may be nulls
               WHERE k.conrelid = c.oid AND k.contype = 'n' AND NOT k.convalidated AND a.attnum = ANY (k.conkey)),
        'inherited', a.attinhcount > 0 AND NOT a.attislocal AND NOT c.relispartition,
        'not_null_above', EXISTS (SELECT FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_attribute b
                 ON b.attrelid = h.inhparent AND b.attname = a.attname AND b.attnotnull WHERE h.inhrelid = c.oid),
        'settings', (SELECT coalesce(pg_catalog.jsonb_agg(x.setting), '[]') FROM (VALUES
              (CASE WHEN a.attstattarget >= 0 THEN pg_catalog.format('SET STATISTICS %s', a.attstattarget) END),
              (CASE WHEN a.attstorage <> t.typstorage
                    THEN 'SET STORAGE ' || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
                                                WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END),
              ('SET COMPRESSION ' || CASE pg_catalog.to_jsonb(a) ->> 'attcompression'  -- not before 14
                                          WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END),
              ('SET (' || (SELECT pg_catalog.string_agg(o, ', ' ORDER BY o) FROM pg_catalog.unnest(a.attoptions) o
                            WHERE pg_catalog.split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited'))
                       || ')')) AS x(setting)  -- what else stands there is the server's own
             WHERE x.setting IS NOT NULL),
        'sequence', (SELECT pg_catalog.jsonb_build_object(
              'name', s.oid::pg_catalog.regclass::text,
              'position', pg_catalog.pg_sequence_last_value(s.oid),
              'options', pg_catalog.format('AS %s START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s',
                           pg_catalog.format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin,
                           q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END))
            FROM pg_catalog.pg_depend p
            JOIN pg_catalog.pg_class s ON s.oid = p.objid AND s.relkind = 'S'
            JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
           WHERE p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
             AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
             AND p.refobjid = c.oid AND p.refobjsubid = a.attnum AND p.deptype IN ('a', 'i')
           ORDER BY s.oid LIMIT 1),
        'comment', pg_catalog.col_description(c.oid, a.attnum),
        'grants', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.format('GRANT %s (%I) ON TABLE %s TO %s%s',
                 x.privilege_type, a.attname, want.label,
                 CASE WHEN x.grantee = 0 THEN 'PUBLIC'
                      ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
                 CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
                 ORDER BY x.privilege_type, x.grantee)
            FROM pg_catalog.aclexplode(a.attacl) x), '[]')
      ) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'constraints', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'type', k.contype::text,
        'columns', (SELECT coalesce(pg_catalog.jsonb_agg(a.attname), '[]') FROM pg_catalog.pg_attribute a
                     WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey)),
        'parent', (SELECT pg_catalog.format('%I.%I', n.nspname, r.relname)
                     FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
                    WHERE r.oid = k.confrelid),
        'pairs', (SELECT coalesce(pg_catalog.jsonb_agg(
                           pg_catalog.jsonb_build_array(a.attname, b.attname) ORDER BY x.position), '[]')
                    FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey))
                         WITH ORDINALITY AS x(ours, theirs, position)
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.ours
                    JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = x.theirs),
        'sql', pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', want.label, k.conname,
                                 pg_catalog.pg_get_constraintdef(k.oid)))
        ORDER BY pg_catalog.strpos('puxcnf', k.contype::text), k.conname)
      FROM pg_catalog.pg_constraint k
     WHERE k.conrelid = c.oid AND k.coninhcount = 0
       AND (k.contype IN ('p', 'u', 'x', 'c', 'f') OR k.contype = 'n' AND NOT k.convalidated)), '[]'),
  'indexes', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'columns', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]')
                      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                       AND (a.attnum = ANY (i.indkey) OR EXISTS (
                         SELECT FROM pg_catalog.pg_depend d
                          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                            AND d.objid = i.indexrelid AND d.refobjid = c.oid
                            AND d.refobjsubid = a.attnum))),
        'sql', pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid),  -- partitions have theirs by it
                 pg_catalog.format(' ON ONLY %s ', want.label), pg_catalog.format(' ON %s ', want.label)))
        ORDER BY x.relname)
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
     WHERE i.indrelid = c.oid AND i.indisvalid
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                        WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))), '[]'),
  'statistics', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'columns', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]')
                      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                       AND (a.attnum = ANY (s.stxkeys) OR EXISTS (
                         SELECT FROM pg_catalog.pg_depend d
                          WHERE d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass
                            AND d.objid = s.oid AND d.refobjid = c.oid
                            AND d.refobjsubid = a.attnum))),
        'sql', pg_catalog.pg_get_statisticsobjdef(s.oid)) ORDER BY s.stxname)
      FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid), '[]'),
  'triggers', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.pg_get_triggerdef(t.oid)
        || CASE WHEN t.tgenabled = 'O' THEN ''
                ELSE pg_catalog.format('; ALTER TABLE %s %s TRIGGER %I', want.label,
                       CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS'
                                        ELSE 'ENABLE REPLICA' END, t.tgname) END ORDER BY t.tgname)
      FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0), '[]'),
  'rules', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid), ';')
        || CASE WHEN r.ev_enabled = 'O' THEN ''
                ELSE pg_catalog.format('; ALTER TABLE %s %s RULE %I', want.label,
                       CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS'
                                         ELSE 'ENABLE REPLICA' END, r.rulename) END ORDER BY r.rulename)
      FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1'), '[]'),
  'policies', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.concat(
        pg_catalog.format('CREATE POLICY %I ON %s AS %s FOR %s TO ', p.polname, want.label,
          CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
          CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                        WHEN 'd' THEN 'DELETE' ELSE 'ALL' END),
        (SELECT pg_catalog.string_agg(CASE WHEN r = 0 THEN 'PUBLIC'
                  ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r)) END, ', ')
           FROM pg_catalog.unnest(p.polroles) r),
        ' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')',
        ' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')') ORDER BY p.polname)
      FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid), '[]'),
  'grants', coalesce((SELECT pg_catalog.jsonb_agg(g.sql ORDER BY g.sql) FROM (
        SELECT pg_catalog.format('GRANT %s ON TABLE %s TO %s%s',
                 pg_catalog.string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type), want.label,
                 CASE WHEN x.grantee = 0 THEN 'PUBLIC'
                      ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
                 CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS sql
          FROM pg_catalog.aclexplode(c.relacl) x WHERE x.grantee <> c.relowner
         GROUP BY x.grantee, x.is_grantable) g), '[]'),
  'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
  'incoming', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s',
                 k.conrelid::pg_catalog.regclass, k.conname, pg_catalog.pg_get_constraintdef(k.oid)))
      FROM pg_catalog.pg_constraint k
     WHERE k.confrelid = c.oid AND k.contype = 'f' AND k.conrelid <> c.oid AND k.coninhcount = 0), '[]'),
  'partitions', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.concat(
                 'CREATE ' || CASE r.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END || 'TABLE ',
                 pg_catalog.format('%s PARTITION OF %s %s', t.relid,
                   t.parentrelid, pg_catalog.pg_get_expr(r.relpartbound, r.oid)),
                 ' PARTITION BY ' || pg_catalog.pg_get_partkeydef(r.oid),
                 ' WITH (' || pg_catalog.array_to_string(r.reloptions, ', ') || ')')
                 ORDER BY t.level, t.relid::text)
      FROM pg_catalog.pg_partition_tree(c.oid) t
      JOIN pg_catalog.pg_class r ON r.oid = t.relid WHERE t.level > 0), '[]'),
  'of_partitions', coalesce((SELECT pg_catalog.jsonb_agg(o.sql ORDER BY o.place, o.sql)
      FROM pg_catalog.pg_partition_tree(c.oid) t, LATERAL (
           SELECT 1 AS place, pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.relid, k.conname,
                                                pg_catalog.pg_get_constraintdef(k.oid)) AS sql
             FROM pg_catalog.pg_constraint k
            WHERE k.conrelid = t.relid AND k.contype IN ('p', 'u', 'x', 'c') AND k.coninhcount = 0
            UNION ALL
           SELECT 2, pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid),
                       pg_catalog.format(' ON ONLY %s ', t.relid), pg_catalog.format(' ON %s ', t.relid))
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
            WHERE i.indrelid = t.relid AND i.indisvalid AND NOT x.relispartition
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                               WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
            UNION ALL
           SELECT 3, pg_catalog.format('COMMENT ON TABLE %s IS %L', t.relid, m.description)
             FROM pg_catalog.pg_description m
            WHERE m.objoid = t.relid AND m.objsubid = 0
              AND m.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
            UNION ALL
           SELECT 4, pg_catalog.format('ALTER TABLE %s OWNER TO %I', t.relid,
                                       pg_catalog.pg_get_userbyid(r.relowner))
             FROM pg_catalog.pg_class r WHERE r.oid = t.relid) o
     WHERE t.level > 0), '[]')
       )::text AS made
  FROM pg_catalog.unnest($1::text[]) AS want(label)
  JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(want.label)
