/* migration-monitor: fingerprint of what is beside relations, functions and types */
WITH ours AS MATERIALIZED (
  SELECT n.oid FROM pg_catalog.pg_namespace n
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND n.nspname !~ '^migration_monitor(_|$)'
), members AS MATERIALIZED (
  SELECT d.classid, d.objid, d.refobjid AS extension FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
), here AS MATERIALIZED (
  SELECT d.* FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
), granted AS MATERIALIZED (  -- on what came with the server or an extension, otherwise than it came
  SELECT a.classid, a.oid, a.acl, m.extension
    FROM (SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass AS classid, p.oid, p.proacl AS acl, 'f'::"char" AS kind,
                 p.proowner AS owner FROM pg_catalog.pg_proc p WHERE p.proacl IS NOT NULL
          UNION ALL
          SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.relacl,
                 CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner
            FROM pg_catalog.pg_class c
           WHERE c.relacl IS NOT NULL AND c.relnamespace <> 'information_schema'::pg_catalog.regnamespace
          UNION ALL
          SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typacl, 'T', t.typowner
            FROM pg_catalog.pg_type t WHERE t.typacl IS NOT NULL
          UNION ALL
          SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, n.nspacl, 'n', n.nspowner
            FROM pg_catalog.pg_namespace n WHERE n.nspacl IS NOT NULL
             AND n.nspname NOT IN ('public', 'information_schema')) a
    LEFT JOIN members m ON m.classid = a.classid AND m.objid = a.oid
    LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = a.classid AND i.objoid = a.oid AND i.objsubid = 0
    CROSS JOIN LATERAL (SELECT coalesce(i.initprivs, pg_catalog.acldefault(a.kind, a.owner)) AS acl) came
   WHERE (a.oid < 16384 OR m.objid IS NOT NULL) AND NOT (a.acl @> came.acl AND a.acl <@ came.acl)
), things AS (
  SELECT 'pg_catalog.pg_extension'::pg_catalog.regclass AS classid, e.oid, pg_catalog.json_build_object(
           'version', e.extversion, 'schema', e.extnamespace::pg_catalog.regnamespace::text,
           'owner', pg_catalog.pg_get_userbyid(e.extowner),
           'members', (SELECT pg_catalog.count(*) FROM members m WHERE m.extension = e.oid),
           'members_privileges', (SELECT pg_catalog.json_object_agg(i.type || ' ' || i.identity, g.acl::text[])
                FROM granted g, pg_catalog.pg_identify_object(g.classid, g.oid, 0) i WHERE g.extension = e.oid),
           'needed_by', (SELECT pg_catalog.json_agg(i.type || ' ' || i.identity)
                FROM pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
               WHERE d.deptype = 'x' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                 AND d.refobjid = e.oid)) AS value
    FROM pg_catalog.pg_extension e
UNION ALL
  SELECT 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, t.oid, pg_catalog.json_build_object(
           'event', t.evtevent, 'enabled', t.evtenabled::text, 'tags', pg_catalog.to_json(t.evttags),
           'function', t.evtfoid::pg_catalog.regprocedure::text,
           'owner', pg_catalog.pg_get_userbyid(t.evtowner))
    FROM pg_catalog.pg_event_trigger t
UNION ALL
  SELECT 'pg_catalog.pg_cast'::pg_catalog.regclass, k.oid, pg_catalog.json_build_object(
           'function', k.castfunc::pg_catalog.regprocedure::text, 'context', k.castcontext::text,
           'method', k.castmethod::text)
    FROM pg_catalog.pg_cast k WHERE k.oid >= 16384
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d  -- from a range to its multirange
                      WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = k.oid
                        AND d.deptype = 'i')
UNION ALL
  SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.oprowner), 'function', o.oprcode::pg_catalog.regprocedure::text,
           'result', o.oprresult::pg_catalog.regtype::text, 'merges', o.oprcanmerge, 'hashes', o.oprcanhash,
           'commutator', o.oprcom::pg_catalog.regoperator::text, 'negator', o.oprnegate::pg_catalog.regoperator::text,
           'estimators', pg_catalog.concat_ws(' ', o.oprrest::pg_catalog.regproc, o.oprjoin::pg_catalog.regproc))
    FROM pg_catalog.pg_operator o JOIN ours n ON n.oid = o.oprnamespace
UNION ALL
  SELECT 'pg_catalog.pg_opclass'::pg_catalog.regclass, o.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.opcowner), 'type', o.opcintype::pg_catalog.regtype::text,
           'default', o.opcdefault, 'key', CASE WHEN o.opckeytype <> 0 THEN o.opckeytype::pg_catalog.regtype::text END,
           'family', (SELECT i.identity FROM pg_catalog.pg_identify_object(
                        'pg_catalog.pg_opfamily'::pg_catalog.regclass, o.opcfamily, 0) i))
    FROM pg_catalog.pg_opclass o JOIN ours n ON n.oid = o.opcnamespace
UNION ALL
  SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass, f.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(f.opfowner),
           'operators', (SELECT pg_catalog.json_agg(pg_catalog.concat_ws(' ', a.amopstrategy,
                                  a.amopopr::pg_catalog.regoperator, a.amoppurpose, s.identity)
                                ORDER BY a.amopstrategy, a.amopopr::pg_catalog.regoperator::text)
                           FROM pg_catalog.pg_amop a
                           LEFT JOIN LATERAL (SELECT i.identity FROM pg_catalog.pg_identify_object(
                             'pg_catalog.pg_opfamily'::pg_catalog.regclass, nullif(a.amopsortfamily, 0), 0) i) s ON true
                          WHERE a.amopfamily = f.oid AND a.oid >= 16384),
           'functions', (SELECT pg_catalog.json_agg(pg_catalog.format('%s (%s, %s) %s', a.amprocnum,
                                  a.amproclefttype::pg_catalog.regtype, a.amprocrighttype::pg_catalog.regtype,
                                  a.amproc::pg_catalog.regprocedure)
                                ORDER BY a.amprocnum, a.amproc::pg_catalog.regprocedure::text)
                           FROM pg_catalog.pg_amproc a WHERE a.amprocfamily = f.oid AND a.oid >= 16384))
    FROM pg_catalog.pg_opfamily f
   WHERE f.oid >= 16384 OR EXISTS (SELECT FROM pg_catalog.pg_amop a WHERE a.amopfamily = f.oid AND a.oid >= 16384)
      OR EXISTS (SELECT FROM pg_catalog.pg_amproc a WHERE a.amprocfamily = f.oid AND a.oid >= 16384)
UNION ALL
  SELECT 'pg_catalog.pg_am'::pg_catalog.regclass, a.oid, pg_catalog.json_build_object(
           'handler', a.amhandler::pg_catalog.regprocedure::text, 'type', a.amtype::text)
    FROM pg_catalog.pg_am a WHERE a.oid >= 16384
UNION ALL
  SELECT 'pg_catalog.pg_collation'::pg_catalog.regclass, c.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(c.collowner),
           'locale', pg_catalog.to_jsonb(c) - '{oid,collname,collnamespace,collowner,collversion}'::text[])
    FROM pg_catalog.pg_collation c JOIN ours n ON n.oid = c.collnamespace
UNION ALL
  SELECT 'pg_catalog.pg_conversion'::pg_catalog.regclass, c.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(c.conowner), 'function', c.conproc::pg_catalog.regproc::text,
           'encodings', pg_catalog.concat_ws(' ', pg_catalog.pg_encoding_to_char(c.conforencoding),
                                             pg_catalog.pg_encoding_to_char(c.contoencoding)),
           'default', c.condefault)
    FROM pg_catalog.pg_conversion c JOIN ours n ON n.oid = c.connamespace
UNION ALL
  SELECT 'pg_catalog.pg_default_acl'::pg_catalog.regclass, a.oid,
         pg_catalog.json_build_object('privileges', a.defaclacl::text[])
    FROM pg_catalog.pg_default_acl a
   WHERE a.defaclnamespace = 0 OR a.defaclnamespace IN (SELECT n.oid FROM ours n)
UNION ALL
  SELECT 'pg_catalog.pg_language'::pg_catalog.regclass, l.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(l.lanowner), 'trusted', l.lanpltrusted,
           'functions', pg_catalog.concat_ws(' ', l.lanplcallfoid::pg_catalog.regproc,
                          l.laninline::pg_catalog.regproc, l.lanvalidator::pg_catalog.regproc),
           'privileges', l.lanacl::text[], 'default_privileges', CASE WHEN l.lanacl IS NOT NULL THEN
              pg_catalog.acldefault('l', l.lanowner)::text[] END)
    FROM pg_catalog.pg_language l
UNION ALL
  SELECT 'pg_catalog.pg_transform'::pg_catalog.regclass, t.oid, pg_catalog.json_build_object(
           'from_sql', t.trffromsql::pg_catalog.regprocedure::text, 'to_sql', t.trftosql::pg_catalog.regprocedure::text)
    FROM pg_catalog.pg_transform t
UNION ALL
  SELECT 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, f.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(f.fdwowner), 'handler', f.fdwhandler::pg_catalog.regproc::text,
           'validator', f.fdwvalidator::pg_catalog.regproc::text, 'foreign_options', f.fdwoptions,
           'privileges', f.fdwacl::text[], 'default_privileges', CASE WHEN f.fdwacl IS NOT NULL THEN
              pg_catalog.acldefault('F', f.fdwowner)::text[] END)
    FROM pg_catalog.pg_foreign_data_wrapper f
UNION ALL
  SELECT 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, s.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(s.srvowner), 'type', s.srvtype, 'version', s.srvversion,
           'wrapper', (SELECT f.fdwname FROM pg_catalog.pg_foreign_data_wrapper f WHERE f.oid = s.srvfdw),
           'foreign_options', s.srvoptions,
           'privileges', s.srvacl::text[], 'default_privileges', CASE WHEN s.srvacl IS NOT NULL THEN
              pg_catalog.acldefault('S', s.srvowner)::text[] END)
    FROM pg_catalog.pg_foreign_server s
UNION ALL
  SELECT 'pg_catalog.pg_user_mapping'::pg_catalog.regclass, u.umid, pg_catalog.json_build_object(
           'secret_options', (SELECT pg_catalog.json_agg(pg_catalog.split_part(o, '=', 1) ORDER BY o)
                                FROM pg_catalog.unnest(u.umoptions) o))
    FROM pg_catalog.pg_user_mappings u
UNION ALL
  SELECT 'pg_catalog.pg_ts_parser'::pg_catalog.regclass, p.oid, pg_catalog.json_build_object(
           'functions', pg_catalog.concat_ws(' ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype))
    FROM pg_catalog.pg_ts_parser p JOIN ours n ON n.oid = p.prsnamespace
UNION ALL
  SELECT 'pg_catalog.pg_ts_template'::pg_catalog.regclass, t.oid, pg_catalog.json_build_object(
           'functions', pg_catalog.concat_ws(' ', t.tmplinit, t.tmpllexize))
    FROM pg_catalog.pg_ts_template t JOIN ours n ON n.oid = t.tmplnamespace
UNION ALL
  SELECT 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, d.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(d.dictowner), 'options', d.dictinitoption,
           'template', (SELECT i.identity FROM pg_catalog.pg_identify_object(
                          'pg_catalog.pg_ts_template'::pg_catalog.regclass, d.dicttemplate, 0) i))
    FROM pg_catalog.pg_ts_dict d JOIN ours n ON n.oid = d.dictnamespace
UNION ALL
  SELECT 'pg_catalog.pg_ts_config'::pg_catalog.regclass, c.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(c.cfgowner),
           'parser', (SELECT i.identity FROM pg_catalog.pg_identify_object(
                        'pg_catalog.pg_ts_parser'::pg_catalog.regclass, c.cfgparser, 0) i),
           'dictionaries', (SELECT pg_catalog.json_agg(pg_catalog.format('%s: %s', m.maptokentype,
                                     m.mapdict::pg_catalog.regdictionary) ORDER BY m.maptokentype, m.mapseqno)
                              FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = c.oid))
    FROM pg_catalog.pg_ts_config c JOIN ours n ON n.oid = c.cfgnamespace
UNION ALL
  SELECT 'pg_catalog.pg_publication'::pg_catalog.regclass, p.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(p.pubowner), 'all_tables', p.puballtables,
           'actions', pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END,
              CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END,
              CASE WHEN p.pubtruncate THEN 'truncate' END),
           'via_root', p.pubviaroot, 'generated', nullif(pg_catalog.to_jsonb(p) ->> 'pubgencols', 'n'),
           {published})
    FROM pg_catalog.pg_publication p
UNION ALL
  SELECT 'pg_catalog.pg_subscription'::pg_catalog.regclass, s.oid, pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(s.subowner), 'enabled', s.subenabled, 'slot', s.subslotname,
           'publications', s.subpublications, 'binary', s.subbinary, 'synchronous_commit', s.subsynccommit,
           {subscribed})
    FROM pg_catalog.pg_subscription s JOIN here d ON d.oid = s.subdbid
{parameters}
), labelled AS (
  SELECT i.type || ' ' || i.identity AS object, t.value, (
           SELECT k.description FROM pg_catalog.pg_description k
            WHERE k.objoid = t.oid AND k.classoid = t.classid AND k.objsubid = 0 AND t.oid >= 16384) AS comment
    FROM things t, pg_catalog.pg_identify_object(t.classid, t.oid, 0) i
   WHERE i.identity IS NOT NULL
     AND NOT EXISTS (SELECT FROM members m WHERE m.classid = t.classid AND m.objid = t.oid)
UNION ALL
  SELECT 'database ' || pg_catalog.quote_ident(d.datname), pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(d.datdba), 'connection_limit', nullif(d.datconnlimit, -1),
           'allows_connections', d.datallowconn, 'template', d.datistemplate,
           'tablespace', (SELECT t.spcname FROM pg_catalog.pg_tablespace t WHERE t.oid = d.dattablespace),
           'privileges', d.datacl::text[], 'default_privileges', CASE WHEN d.datacl IS NOT NULL THEN
              pg_catalog.acldefault('d', d.datdba)::text[] END),
         (SELECT k.description FROM pg_catalog.pg_shdescription k
           WHERE k.objoid = d.oid AND k.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass)
    FROM here d
UNION ALL
  SELECT CASE WHEN s.setrole = 0 THEN 'settings of database ' || pg_catalog.quote_ident(d.datname)
              ELSE 'settings of role ' || s.setrole::pg_catalog.regrole::text
                   || CASE WHEN s.setdatabase = 0 THEN '' ELSE ' in database ' || pg_catalog.quote_ident(d.datname) END END,
         pg_catalog.json_build_object('settings', s.setconfig), NULL
    FROM pg_catalog.pg_db_role_setting s JOIN here d ON s.setdatabase IN (0, d.oid)
UNION ALL
  SELECT 'system objects', pg_catalog.json_build_object(
           'privileges_of', pg_catalog.json_object_agg(i.type || ' ' || i.identity, g.acl::text[])), NULL
    FROM granted g, pg_catalog.pg_identify_object(g.classid, g.oid, 0) i
   WHERE g.extension IS NULL HAVING pg_catalog.count(*) > 0
UNION ALL
  SELECT 'security label of ' || i.type || ' ' || i.identity,
         pg_catalog.json_build_object('labels', pg_catalog.json_agg(l.provider || ': ' || l.label)), NULL
    FROM pg_catalog.pg_seclabel l, pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) i
   GROUP BY i.type, i.identity
)
SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(
         object, '', '', CASE WHEN comment IS NULL THEN value::pg_catalog.jsonb
              ELSE value::pg_catalog.jsonb || pg_catalog.jsonb_build_object('comment', comment) END)), '[]')::text AS rows
  FROM labelled
