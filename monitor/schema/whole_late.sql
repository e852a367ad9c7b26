/* migration-monitor: definitions for which the server locks what they name */
SELECT w.place, CASE w.kind
         WHEN 'view' THEN pg_catalog.json_build_object('definition', pg_catalog.pg_get_viewdef(w.oid))
         WHEN 'rule' THEN pg_catalog.json_build_object('definition', pg_catalog.pg_get_ruledef(w.oid))
         WHEN 'function' THEN pg_catalog.json_build_object('definition', pg_catalog.encode(pg_catalog.sha256(
           pg_catalog.convert_to(pg_catalog.pg_get_functiondef(w.oid), 'UTF8')), 'hex'))
         ELSE (SELECT pg_catalog.json_build_object('using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                                                   'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
                 FROM pg_catalog.pg_policy p WHERE p.oid = w.oid) END::text AS value
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::bigint[]::oid[])) WITH ORDINALITY
       AS w(kind, oid, place)
 ORDER BY w.place
