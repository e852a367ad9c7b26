/* migration-monitor: fingerprint of the whole schema */
WITH ours AS MATERIALIZED (
  SELECT n.oid, pg_catalog.quote_ident(n.nspname) AS schema, n.nspname, n.nspowner, n.nspacl
    FROM pg_catalog.pg_namespace n
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND n.nspname !~ '^migration_monitor(_|$)'
), members AS MATERIALIZED (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
), comments AS MATERIALIZED (
  SELECT d.classoid, d.objoid, d.objsubid, d.description FROM pg_catalog.pg_description d
   WHERE d.objoid >= 16384 OR d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
), rel AS MATERIALIZED (
  SELECT c.*, n.schema || '.' || pg_catalog.quote_ident(c.relname) AS label
    FROM pg_catalog.pg_class c JOIN ours n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     AND NOT EXISTS (SELECT FROM members m
                      WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.objid = c.oid)
), parts AS (
  SELECT c.label AS object, '' AS part, '' AS name, pg_catalog.json_build_object(
           'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                     WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'foreign table' END,
           'owner', pg_catalog.pg_get_userbyid(c.relowner),
           'privileges', CASE WHEN c.relacl <> pg_catalog.acldefault(
                CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner)
              THEN (SELECT pg_catalog.json_agg(a::text ORDER BY a::text) FROM pg_catalog.unnest(c.relacl) a) END,
           'options', CASE WHEN c.reloptions IS NOT NULL THEN
              (SELECT pg_catalog.json_agg(o ORDER BY o) FROM pg_catalog.unnest(c.reloptions) o) END,
           'persistence', nullif(c.relpersistence::text, 'p'),
           'replica_identity', nullif(nullif(c.relreplident::text, 'd'), 'n'),
           'row_security', CASE WHEN c.relrowsecurity THEN
              CASE WHEN c.relforcerowsecurity THEN 'forced' ELSE 'enabled' END END,
           'tablespace', (SELECT t.spcname FROM pg_catalog.pg_tablespace t WHERE t.oid = c.reltablespace),
           'access_method', (SELECT nullif(a.amname, 'heap') FROM pg_catalog.pg_am a WHERE a.oid = c.relam),
           'partition_key', CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
           'partition_bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid),
           'parents', CASE WHEN c.relkind IN ('r', 'p', 'f') THEN
              (SELECT pg_catalog.json_agg(h.inhparent::pg_catalog.regclass::text ORDER BY h.inhseqno)
                 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid) END,
           'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
           'server', CASE WHEN c.relkind = 'f' THEN
              (SELECT s.srvname FROM pg_catalog.pg_foreign_table f
                 JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) END,
           'sequence', CASE WHEN c.relkind = 'S' THEN (SELECT pg_catalog.concat_ws(' ', pg_catalog.format_type(s.seqtypid, NULL), 'start',
                          s.seqstart, 'increment', s.seqincrement, 'min', s.seqmin, 'max', s.seqmax, 'cache',
                          s.seqcache, CASE WHEN s.seqcycle THEN 'cycle' END)
                         FROM pg_catalog.pg_sequence s WHERE s.seqrelid = c.oid) END,
           'owned_by', CASE WHEN c.relkind = 'S' THEN
              (SELECT d.refobjid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname)
                 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a
                   ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 LIMIT 1) END,
           'comment', (SELECT k.description FROM comments k
                        WHERE k.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND k.objoid = c.oid
                          AND k.objsubid = 0)) AS value
    FROM rel c
UNION ALL
  SELECT c.label, 'columns', a.attname::text, pg_catalog.json_build_object(
           'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
           'not_null', CASE WHEN a.attnotnull THEN true END,
           'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           'more', CASE WHEN a.attidentity <> '' OR a.attgenerated <> '' OR a.attinhcount > 0
                OR a.attcollation <> t.typcollation OR a.attstorage <> t.typstorage OR a.attcompression <> ''
                OR a.attstattarget >= 0 OR a.attoptions IS NOT NULL OR a.attacl IS NOT NULL
                OR k.description IS NOT NULL THEN pg_catalog.json_build_object(
             'identity', nullif(a.attidentity::text, ''), 'generated', nullif(a.attgenerated::text, ''),
             'inherited', CASE WHEN a.attinhcount > 0 THEN true END,
             'collation', CASE WHEN a.attcollation <> t.typcollation
                               THEN a.attcollation::pg_catalog.regcollation::text END,
             'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
             'compression', nullif(a.attcompression::text, ''),
             'statistics', nullif(a.attstattarget, -1),
             'options', (SELECT pg_catalog.json_agg(o ORDER BY o) FROM pg_catalog.unnest(a.attoptions) o
                          WHERE pg_catalog.split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited')),
             'privileges', (SELECT pg_catalog.json_agg(x::text ORDER BY x::text)
                              FROM pg_catalog.unnest(a.attacl) x),
             'comment', k.description) END)
    FROM rel c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND k.objoid = c.oid
                        AND k.objsubid = a.attnum
   WHERE c.relkind <> 'S'
UNION ALL
  SELECT c.label, 'constraints', x.conname::text, pg_catalog.json_build_object(
           'definition', pg_catalog.pg_get_constraintdef(x.oid), 'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_constraint x ON x.conrelid = c.oid AND x.contype NOT IN ('n', 't')
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.objoid = x.oid
UNION ALL
  SELECT c.label, 'indexes', x.relname::text, pg_catalog.json_build_object(
           'definition', pg_catalog.pg_get_indexdef(i.indexrelid),
           'valid', i.indisvalid AND i.indisready,
           'clustered', CASE WHEN i.indisclustered THEN true END,
           'replica_identity', CASE WHEN i.indisreplident THEN true END,
           'owner', CASE WHEN x.relowner <> c.relowner THEN pg_catalog.pg_get_userbyid(x.relowner) END,
           'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND k.objoid = x.oid
                        AND k.objsubid = 0
UNION ALL
  SELECT c.label, 'triggers', t.tgname::text, pg_catalog.json_build_object(
           'definition', pg_catalog.pg_get_triggerdef(t.oid), 'enabled', t.tgenabled::text,
           'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND k.objoid = t.oid
UNION ALL
  SELECT c.label, 'rules', r.rulename::text, pg_catalog.json_build_object(
           'definition', pg_catalog.pg_get_ruledef(r.oid), 'enabled', r.ev_enabled::text,
           'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND k.objoid = r.oid
UNION ALL
  SELECT c.label, 'policies', p.polname::text, pg_catalog.json_build_object(
           'command', p.polcmd::text, 'permissive', p.polpermissive,
           'roles', (SELECT pg_catalog.json_agg(pg_catalog.pg_get_userbyid(r) ORDER BY pg_catalog.pg_get_userbyid(r))
                       FROM pg_catalog.unnest(p.polroles) r WHERE r <> 0),
           'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
           'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
           'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND k.objoid = p.oid
UNION ALL
  SELECT c.label, 'statistics', s.stxname::text, pg_catalog.json_build_object(
           'definition', pg_catalog.pg_get_statisticsobjdef(s.oid), 'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = c.oid
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND k.objoid = s.oid
UNION ALL
  SELECT 'function ' || p.oid::pg_catalog.regprocedure::text, '', '', pg_catalog.json_build_object(
           'kind', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           'owner', pg_catalog.pg_get_userbyid(p.proowner),
           'privileges', CASE WHEN p.proacl <> pg_catalog.acldefault('f', p.proowner)
              THEN (SELECT pg_catalog.json_agg(a::text ORDER BY a::text) FROM pg_catalog.unnest(p.proacl) a) END,
           'definition', CASE WHEN p.prokind <> 'a' THEN pg_catalog.encode(pg_catalog.sha256(
              pg_catalog.convert_to(pg_catalog.pg_get_functiondef(p.oid), 'UTF8')), 'hex')
            ELSE (SELECT pg_catalog.concat_ws(' ', g.aggkind, g.aggtransfn::pg_catalog.regprocedure,
                    pg_catalog.format_type(g.aggtranstype, NULL), g.aggfinalfn::pg_catalog.regproc,
                    g.aggcombinefn::pg_catalog.regproc, g.agginitval)
                    FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = p.oid) END,
           'comment', k.description)
    FROM pg_catalog.pg_proc p
    JOIN ours n ON n.oid = p.pronamespace
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND k.objoid = p.oid
   WHERE NOT EXISTS (SELECT FROM members m
                      WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d  -- the constructors that a range type brings
                      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
                        AND d.deptype = 'i')
UNION ALL
  SELECT 'type ' || n.schema || '.' || pg_catalog.quote_ident(t.typname), '', '', pg_catalog.json_build_object(
           'kind', CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite'
                     WHEN 'r' THEN 'range' ELSE 'type' END,
           'owner', pg_catalog.pg_get_userbyid(t.typowner),
           'privileges', CASE WHEN t.typacl <> pg_catalog.acldefault('T', t.typowner)
              THEN (SELECT pg_catalog.json_agg(a::text ORDER BY a::text) FROM pg_catalog.unnest(t.typacl) a) END,
           'labels', CASE WHEN t.typtype = 'e' THEN (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
              FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) END,
           'type', CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
           'not_null', CASE WHEN t.typnotnull THEN true END, 'default', t.typdefault,
           'constraints', CASE WHEN t.typtype = 'd' THEN
              (SELECT pg_catalog.json_object_agg(x.conname, pg_catalog.pg_get_constraintdef(x.oid))
                 FROM pg_catalog.pg_constraint x WHERE x.contypid = t.oid AND x.contype <> 'n') END,
           'attributes', CASE WHEN t.typtype = 'c' THEN
              (SELECT pg_catalog.json_agg(pg_catalog.concat_ws(' ', a.attname,
                        pg_catalog.format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
                 FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END,
           'range_of', CASE WHEN t.typtype = 'r' THEN (SELECT pg_catalog.format_type(r.rngsubtype, NULL)
              FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) END,
           'comment', k.description)
    FROM pg_catalog.pg_type t
    JOIN ours n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND k.objoid = t.oid
   WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')
          OR (t.typtype = 'b' AND t.typelem = 0 AND t.typcategory <> 'A'))
     AND NOT EXISTS (SELECT FROM members m
                      WHERE m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND m.objid = t.oid)
UNION ALL
  SELECT 'schema ' || n.schema, '', '', pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(n.nspowner),
           'privileges', CASE WHEN n.nspacl <> pg_catalog.acldefault('n', n.nspowner)
              THEN (SELECT pg_catalog.json_agg(a::text ORDER BY a::text) FROM pg_catalog.unnest(n.nspacl) a) END,
           'comment', k.description)
    FROM ours n
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND k.objoid = n.oid
   WHERE NOT EXISTS (SELECT FROM members m
                      WHERE m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND m.objid = n.oid)
UNION ALL
  SELECT 'extension ' || pg_catalog.quote_ident(e.extname), '', '', pg_catalog.json_build_object(
           'version', e.extversion, 'schema', e.extnamespace::pg_catalog.regnamespace::text)
    FROM pg_catalog.pg_extension e
UNION ALL
  SELECT 'event trigger ' || pg_catalog.quote_ident(t.evtname), '', '', pg_catalog.json_build_object(
           'event', t.evtevent, 'enabled', t.evtenabled::text, 'tags', pg_catalog.to_json(t.evttags),
           'function', t.evtfoid::pg_catalog.regprocedure::text,
           'owner', pg_catalog.pg_get_userbyid(t.evtowner))
    FROM pg_catalog.pg_event_trigger t
)
SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(
         object, part, name, value)), '[]')::text AS rows
  FROM parts
