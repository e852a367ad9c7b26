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
), spaces AS MATERIALIZED (
  SELECT t.oid, t.spcname FROM pg_catalog.pg_tablespace t
), rel AS MATERIALIZED (
  SELECT c.*, c.xmin AS version, n.schema || '.' || pg_catalog.quote_ident(c.relname) AS label
    FROM pg_catalog.pg_class c JOIN ours n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     AND NOT EXISTS (SELECT FROM members m
                      WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.objid = c.oid)
), proc AS MATERIALIZED (
  SELECT p.*, p.xmin AS version, 'function ' || p.oid::pg_catalog.regprocedure::text AS label
    FROM pg_catalog.pg_proc p JOIN ours n ON n.oid = p.pronamespace
   WHERE NOT EXISTS (SELECT FROM members m
                      WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d  -- the constructors that a range type brings
                      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
                        AND d.deptype = 'i')
), targets AS MATERIALIZED (  -- of columns of indexes, where somebody set one
  SELECT a.attrelid, pg_catalog.json_object_agg(a.attnum, a.attstattarget ORDER BY a.attnum) AS targets
    FROM pg_catalog.pg_attribute a WHERE a.attrelid >= 16384 AND a.attnum > 0 AND a.attstattarget >= 0
   GROUP BY a.attrelid
), late AS MATERIALIZED (  -- to describe these the server locks the relations that they name
  SELECT 'view' AS kind, c.oid, 'pg_catalog.pg_rewrite'::pg_catalog.regclass AS class, w.oid AS stands,
         c.label AS object, '' AS part, '' AS name
    FROM rel c JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid AND w.rulename = '_RETURN'
  UNION ALL
  SELECT 'rule', w.oid, 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid, c.label, 'rules', w.rulename::text
    FROM rel c JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid AND w.rulename <> '_RETURN'
  UNION ALL
  SELECT 'policy', p.oid, 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid, c.label, 'policies', p.polname::text
    FROM rel c JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid
   WHERE p.polqual::text ~ 'SUBLINK' OR p.polwithcheck::text ~ 'SUBLINK'
  UNION ALL
  SELECT 'function', p.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.label, '', ''
    FROM proc p WHERE p.prosqlbody IS NOT NULL
), named AS MATERIALIZED (
  SELECT l.kind, l.oid, l.object, l.part, l.name, ARRAY(
           SELECT DISTINCT d.refobjid::pg_catalog.regclass::text FROM pg_catalog.pg_depend d
            WHERE d.classid = l.class AND d.objid = l.stands
              AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) AS names
    FROM late l
), room AS MATERIALIZED (  -- a sixteenth of the server's table of locks
  SELECT pg_catalog.current_setting('max_locks_per_transaction')::bigint
         * (pg_catalog.current_setting('max_connections')::bigint
            + pg_catalog.current_setting('max_prepared_transactions')::bigint) / 16 AS locks
), once AS MATERIALIZED (  -- whether all that is late may be described at once
  SELECT coalesce(pg_catalog.sum(pg_catalog.cardinality(d.names) + 1), 0) <= least((SELECT locks FROM room), $1) AS yes
    FROM named d
), parts AS (
  SELECT c.label AS object, '' AS part, '' AS name, pg_catalog.json_build_object(
           'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                     WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'foreign table' END,
           'owner', pg_catalog.pg_get_userbyid(c.relowner),
           'privileges', c.relacl::text[], 'default_privileges', CASE WHEN c.relacl IS NOT NULL THEN
              pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)::text[] END,
           'options', c.reloptions,
           'toast_options', CASE WHEN c.reltoastrelid <> 0 THEN
              (SELECT t.reloptions FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid) END,
           'persistence', nullif(c.relpersistence::text, 'p'),
           'replica_identity', CASE WHEN c.relkind IN ('r', 'p', 'm') THEN
              CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END END,
           'row_security', CASE WHEN c.relrowsecurity THEN
              CASE WHEN c.relforcerowsecurity THEN 'forced' ELSE 'enabled' END
              WHEN c.relforcerowsecurity THEN 'forced when enabled' END,
           'key_triggers', CASE WHEN c.relhastriggers THEN
              (SELECT pg_catalog.json_object_agg(x.key, x.states) FROM (
                 SELECT coalesce(pg_catalog.format('%I of %s', k.conname, k.conrelid::pg_catalog.regclass), '') AS key,
                        pg_catalog.string_agg(DISTINCT CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'A' THEN 'always'
                                                            ELSE 'on replicas' END, ', ') AS states
                   FROM pg_catalog.pg_trigger t
                   LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
                  WHERE t.tgrelid = c.oid AND t.tgisinternal AND t.tgenabled <> 'O' GROUP BY 1) x) END,
           'tablespace', (SELECT t.spcname FROM spaces t WHERE t.oid = c.reltablespace),
           'access_method', (SELECT nullif(a.amname, 'heap') FROM pg_catalog.pg_am a WHERE a.oid = c.relam),
           'populated', CASE WHEN NOT c.relispopulated THEN false END,
           'of_type', CASE WHEN c.reloftype <> 0 THEN c.reloftype::pg_catalog.regtype::text END,
           'partition_key', CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
           'partition_bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid),
           'parents', CASE WHEN c.relkind IN ('r', 'p', 'f') THEN
              (SELECT pg_catalog.json_agg(h.inhparent::pg_catalog.regclass::text
                        || CASE WHEN h.inhdetachpending THEN ' (detaching)' ELSE '' END ORDER BY h.inhseqno)
                 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid) END,
           'definition', CASE WHEN c.relkind IN ('v', 'm') AND (SELECT yes FROM once)
                              THEN pg_catalog.pg_get_viewdef(c.oid) END,
           'server', CASE WHEN c.relkind = 'f' THEN
              (SELECT s.srvname FROM pg_catalog.pg_foreign_table f
                 JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) END,
           'foreign_options', CASE WHEN c.relkind = 'f' THEN
              (SELECT f.ftoptions FROM pg_catalog.pg_foreign_table f WHERE f.ftrelid = c.oid) END,
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
           'not_null', CASE WHEN a.attnotnull THEN CASE WHEN NOT n.convalidated OR n.connoinherit THEN pg_catalog.to_json(
              pg_catalog.concat_ws(', ', CASE WHEN NOT n.convalidated THEN 'not valid' END,
                                   CASE WHEN n.connoinherit THEN 'no inherit' END)) ELSE 'true'::pg_catalog.json END END,
           'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           'more', CASE WHEN a.attidentity <> '' OR a.attgenerated <> '' OR a.attinhcount > 0
                OR a.attcollation <> t.typcollation OR a.attstorage <> t.typstorage OR a.attcompression <> ''
                OR a.attstattarget >= 0 OR a.attacl IS NOT NULL OR a.attfdwoptions IS NOT NULL
                OR pg_catalog.array_to_string(a.attoptions, ' ') ~ 'n_distinct'
                OR k.description IS NOT NULL THEN pg_catalog.json_build_object(
             'identity', nullif(a.attidentity::text, ''), 'generated', nullif(a.attgenerated::text, ''),
             'inherited', CASE WHEN a.attinhcount > 0 THEN true END,
             'local_too', CASE WHEN a.attinhcount > 0 AND a.attislocal THEN true END,
             'collation', CASE WHEN a.attcollation <> t.typcollation
                               THEN a.attcollation::pg_catalog.regcollation::text END,
             'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
             'compression', nullif(a.attcompression::text, ''),
             'statistics', nullif(a.attstattarget, -1),
             'options', (SELECT pg_catalog.json_agg(o) FROM pg_catalog.unnest(a.attoptions) o
                          WHERE pg_catalog.split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited')),
             'foreign_options', a.attfdwoptions,
             'privileges', nullif(a.attacl, '{}')::text[],
             'comment', k.description) END)
    FROM rel c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_catalog.pg_constraint n ON n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey[1] = a.attnum
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND k.objoid = c.oid
                        AND k.objsubid = a.attnum
   WHERE c.relkind <> 'S'
UNION ALL
  SELECT c.label, 'constraints', x.conname::text, pg_catalog.json_build_object(
           'definition', pg_catalog.pg_get_constraintdef(x.oid),
           'more', CASE WHEN x.coninhcount > 0 OR k.description IS NOT NULL THEN pg_catalog.json_build_object(
             'inherited', CASE WHEN x.coninhcount > 0 THEN true END,
             'local_too', CASE WHEN x.coninhcount > 0 AND x.conislocal THEN true END, 'comment', k.description) END)
    FROM rel c
    JOIN pg_catalog.pg_constraint x ON x.conrelid = c.oid AND x.contype NOT IN ('n', 't')
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.objoid = x.oid
UNION ALL
  SELECT c.label, 'indexes', x.relname::text, pg_catalog.json_build_object(
           'definition', pg_catalog.pg_get_indexdef(i.indexrelid),
           'valid', i.indisvalid AND i.indisready AND i.indislive,
           'more', CASE WHEN i.indisclustered OR i.indisreplident OR h.inhparent IS NOT NULL OR g.targets IS NOT NULL
                OR x.reltablespace <> 0 OR x.relowner <> c.relowner OR k.description IS NOT NULL
              THEN pg_catalog.json_build_object(
             'clustered', CASE WHEN i.indisclustered THEN true END,
             'replica_identity', CASE WHEN i.indisreplident THEN true END,
             'part_of', h.inhparent::pg_catalog.regclass::text,
             'statistics', g.targets,
             'tablespace', (SELECT t.spcname FROM spaces t WHERE t.oid = x.reltablespace),
             'owner', CASE WHEN x.relowner <> c.relowner THEN pg_catalog.pg_get_userbyid(x.relowner) END,
             'comment', k.description) END)
    FROM rel c
    JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = x.oid
    LEFT JOIN targets g ON g.attrelid = x.oid
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
           'definition', CASE WHEN (SELECT yes FROM once) THEN pg_catalog.pg_get_ruledef(r.oid) END,
           'enabled', r.ev_enabled::text, 'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND k.objoid = r.oid
UNION ALL
  SELECT c.label, 'policies', p.polname::text, pg_catalog.json_build_object(
           'command', p.polcmd::text, 'permissive', p.polpermissive,
           'roles', (SELECT pg_catalog.json_agg(pg_catalog.pg_get_userbyid(r) ORDER BY pg_catalog.pg_get_userbyid(r))
                       FROM pg_catalog.unnest(p.polroles) r WHERE r <> 0),
           'using', CASE WHEN l.oid IS NULL OR (SELECT yes FROM once)
                         THEN pg_catalog.pg_get_expr(p.polqual, p.polrelid) END,
           'check', CASE WHEN l.oid IS NULL OR (SELECT yes FROM once)
                         THEN pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) END,
           'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid
    LEFT JOIN late l ON l.kind = 'policy' AND l.oid = p.oid
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND k.objoid = p.oid
UNION ALL
  SELECT c.label, 'statistics', s.stxname::text, pg_catalog.json_build_object(
           'definition', pg_catalog.pg_get_statisticsobjdef(s.oid), 'target', nullif(s.stxstattarget, -1),
           'owner', CASE WHEN s.stxowner <> c.relowner THEN pg_catalog.pg_get_userbyid(s.stxowner) END,
           'comment', k.description)
    FROM rel c
    JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = c.oid
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND k.objoid = s.oid
UNION ALL
  SELECT p.label, '', '', pg_catalog.json_build_object(
           'kind', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           'owner', pg_catalog.pg_get_userbyid(p.proowner),
           'privileges', p.proacl::text[], 'default_privileges', CASE WHEN p.proacl IS NOT NULL THEN
              pg_catalog.acldefault('f', p.proowner)::text[] END,
           'definition', CASE WHEN p.prokind = 'a' THEN (SELECT pg_catalog.concat_ws(' ', g.aggkind, g.aggnumdirectargs,
                    pg_catalog.pg_get_function_arguments(p.oid), p.proparallel, g.aggtransfn::pg_catalog.regprocedure,
                    pg_catalog.format_type(g.aggtranstype, NULL), g.aggtransspace, g.aggfinalfn::pg_catalog.regprocedure,
                    g.aggfinalextra, g.aggfinalmodify, g.aggcombinefn::pg_catalog.regprocedure,
                    g.aggserialfn::pg_catalog.regprocedure, g.aggdeserialfn::pg_catalog.regprocedure,
                    'initially', pg_catalog.quote_nullable(g.agginitval), g.aggsortop::pg_catalog.regoperator,
                    g.aggmtransfn::pg_catalog.regprocedure, g.aggminvtransfn::pg_catalog.regprocedure,
                    pg_catalog.format_type(nullif(g.aggmtranstype, 0), NULL), g.aggmtransspace,
                    g.aggmfinalfn::pg_catalog.regprocedure, g.aggmfinalextra, g.aggmfinalmodify,
                    'initially', pg_catalog.quote_nullable(g.aggminitval))
                    FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = p.oid)
              WHEN p.prosqlbody IS NULL OR (SELECT yes FROM once) THEN pg_catalog.encode(pg_catalog.sha256(
                    pg_catalog.convert_to(pg_catalog.pg_get_functiondef(p.oid), 'UTF8')), 'hex') END,
           'comment', k.description)
    FROM proc p
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND k.objoid = p.oid
UNION ALL
  SELECT 'type ' || n.schema || '.' || pg_catalog.quote_ident(t.typname), '', '', pg_catalog.json_build_object(
           'kind', CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite'
                     WHEN 'r' THEN 'range' WHEN 'p' THEN 'shell' ELSE 'type' END,
           'owner', pg_catalog.pg_get_userbyid(t.typowner),
           'privileges', t.typacl::text[], 'default_privileges', CASE WHEN t.typacl IS NOT NULL THEN
              pg_catalog.acldefault('T', t.typowner)::text[] END,
           'labels', CASE WHEN t.typtype = 'e' THEN (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
              FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) END,
           'type', CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
           'collation', CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation
                             THEN t.typcollation::pg_catalog.regcollation::text END,
           'not_null', CASE WHEN t.typnotnull THEN true END, 'default', t.typdefault,
           'constraints', CASE WHEN t.typtype = 'd' THEN
              (SELECT pg_catalog.json_object_agg(x.conname, pg_catalog.json_build_object(
                        'definition', pg_catalog.pg_get_constraintdef(x.oid), 'comment', y.description))
                 FROM pg_catalog.pg_constraint x
                 LEFT JOIN comments y ON y.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
                                     AND y.objoid = x.oid
                WHERE x.contypid = t.oid AND x.contype <> 'n') END,
           'attributes', CASE WHEN t.typtype = 'c' THEN
              (SELECT pg_catalog.json_agg(pg_catalog.concat_ws(' ', a.attname,
                        pg_catalog.format_type(a.atttypid, a.atttypmod),
                        CASE WHEN a.attcollation <> u.typcollation
                             THEN 'COLLATE ' || a.attcollation::pg_catalog.regcollation::text END,
                        '-- ' || y.description) ORDER BY a.attnum)
                 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type u ON u.oid = a.atttypid
                 LEFT JOIN comments y ON y.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                     AND y.objoid = a.attrelid AND y.objsubid = a.attnum
                WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END,
           'range_of', CASE WHEN t.typtype = 'r' THEN (SELECT pg_catalog.concat_ws(' ',
                        pg_catalog.format_type(r.rngsubtype, NULL), r.rngmultitypid::pg_catalog.regtype,
                        (SELECT pg_catalog.format('%I.%I', s.nspname, o.opcname) FROM pg_catalog.pg_opclass o
                           JOIN pg_catalog.pg_namespace s ON s.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),
                        CASE WHEN r.rngcollation <> 0 THEN r.rngcollation::pg_catalog.regcollation::text END,
                        r.rngcanonical::pg_catalog.regprocedure, r.rngsubdiff::pg_catalog.regprocedure)
              FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) END,
           'functions', CASE WHEN t.typtype = 'b' THEN pg_catalog.concat_ws(' ', t.typinput::pg_catalog.regprocedure,
              t.typoutput::pg_catalog.regprocedure, t.typreceive::pg_catalog.regprocedure,
              t.typsend::pg_catalog.regprocedure, t.typmodin::pg_catalog.regprocedure,
              t.typmodout::pg_catalog.regprocedure, t.typanalyze::pg_catalog.regprocedure,
              (pg_catalog.to_jsonb(t) ->> 'typsubscript')) END,
           'made', CASE WHEN t.typtype = 'b' THEN pg_catalog.concat_ws(' ', t.typlen, t.typbyval, t.typalign, t.typstorage,
              t.typcategory, t.typispreferred, t.typdelim, t.typelem::pg_catalog.regtype,
              CASE WHEN t.typcollation <> 0 THEN t.typcollation::pg_catalog.regcollation::text END) END,
           'comment', k.description)
    FROM pg_catalog.pg_type t
    JOIN ours n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND k.objoid = t.oid
   WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')
          OR (t.typtype = 'b' AND t.typcategory <> 'A') OR (t.typtype = 'p' AND NOT t.typisdefined))
     AND NOT EXISTS (SELECT FROM members m
                      WHERE m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND m.objid = t.oid)
UNION ALL
  SELECT 'schema ' || n.schema, '', '', pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(n.nspowner),
           'privileges', n.nspacl::text[], 'default_privileges', CASE WHEN n.nspacl IS NOT NULL THEN
              pg_catalog.acldefault('n', n.nspowner)::text[] END,
           'comment', k.description)
    FROM ours n
    LEFT JOIN comments k ON k.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND k.objoid = n.oid
   WHERE NOT EXISTS (SELECT FROM members m
                      WHERE m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND m.objid = n.oid)
)
SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(
         object, part, name, value)), '[]')::text AS rows,
       (SELECT least((SELECT locks FROM room), $1)) AS room,
       CASE WHEN NOT (SELECT yes FROM once) THEN
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                   d.kind, d.oid::bigint, d.object, d.part, d.name, d.names))
            FROM named d)::text END AS late,
       CASE WHEN NOT (SELECT yes FROM once) THEN
         (SELECT pg_catalog.json_object_agg(v.label, v.version) FROM (  -- another one with each change of it
            SELECT c.label, c.version::text::bigint + coalesce((SELECT pg_catalog.sum(a.xmin::text::bigint)
                     FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0), 0) AS version FROM rel c
            UNION ALL SELECT p.label, p.version::text::bigint FROM proc p) v)::text END AS versions
  FROM parts
