"""The server's catalogue, column by column: where a fingerprint shows it, or why it does not.

For each table what is compared, by its aspect or by the server's function that writes it down, and what is
left out on purpose, with the reason. A test holds it against the catalogue of each server: what a new major
adds is decided here before it is used. Pure data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NAMED = "the object's name, by pg_identify_object"
OIDS = "names stand for numbers that the server gives"
FILES = "how the server stores it"
DERIVED = "follows from what is compared"
MEASURED = "the server measures and updates it by itself"
CLUSTER = "of the whole cluster, and no plan may change it; others make roles all the time"
ROWS = "data, as rows are"
SECRET = "a secret: of a user mapping the names of its options are compared"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, in one string -> where they show, and -> why they do not."""

    compared: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def _all(reason: str) -> Table:
    return Table(left_out={"*": reason})


CATALOGUE: Mapping[str, Table] = {
    "pg_aggregate": Table(
        {
            "aggfnoid": "function",
            "aggkind aggnumdirectargs aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn "
            "aggmtransfn "
            "aggminvtransfn aggmfinalfn aggfinalextra aggmfinalextra aggfinalmodify aggmfinalmodify "
            "aggsortop "
            "aggtranstype aggtransspace aggmtranstype aggmtransspace agginitval aggminitval": "definition",
        }
    ),
    "pg_am": Table({"amname": NAMED, "amhandler amtype": "handler, type"}, {"oid": OIDS}),
    "pg_amop": Table(
        {"amopfamily amopstrategy amoppurpose amopopr amopsortfamily": "operators of the family"},
        {"oid": OIDS, "amoplefttype amoprighttype amopmethod": DERIVED},
    ),
    "pg_amproc": Table(
        {"amprocfamily amproclefttype amprocrighttype amprocnum amproc": "functions of the family"},
        {"oid": OIDS},
    ),
    "pg_attrdef": Table({"adrelid adnum adbin": "default of the column"}, {"oid": OIDS}),
    "pg_attribute": Table(
        {
            "attrelid attname": "column, by its name",
            "atttypid atttypmod": "type",
            "attstorage attcompression": "storage, compression",
            "attnotnull": "not null",
            "attidentity attgenerated": "identity, generated",
            "attislocal attinhcount": "inherited, local too",
            "attcollation": "collation",
            "attstattarget": "statistics",
            "attacl": "privileges",
            "attoptions": "options: n_distinct and n_distinct_inherited, which a person can set",
            "attfdwoptions": "foreign options, as digests",
        },
        {
            "attnum": "the order of columns: one that was dropped and added again stands last",
            "attisdropped": "a dropped column is gone",
            "attlen attbyval attalign": "follow from the type",
            "attndims": "the server does not hold values to it",
            "atthasdef": DERIVED,
            "atthasmissing attmissingval attcacheoff": FILES,
        },
    ),
    "pg_auth_members": _all(CLUSTER),
    "pg_authid": _all(CLUSTER),
    "pg_cast": Table(
        {"castsource casttarget": NAMED, "castfunc castcontext castmethod": "function, context, method"},
        {"oid": OIDS},
    ),
    "pg_class": Table(
        {
            "relname relnamespace": "label",
            "reloftype": "of type",
            "relowner relacl": "owner, privileges",
            "relam": "access method",
            "reltablespace": "tablespace",
            "reltoastrelid": "toast options",
            "relpersistence relkind": "persistence, kind",
            "relhastriggers": "triggers, and key triggers that do not fire as they are made to",
            "relrowsecurity relforcerowsecurity": "row security",
            "relispopulated": "populated",
            "relreplident": "replica identity",
            "reloptions": "options",
            "relpartbound": "partition bound",
        },
        {
            "oid reltype": OIDS,
            "relfilenode relrewrite": FILES,
            "relpages reltuples relallvisible relallfrozen relfrozenxid relminmxid": MEASURED,
            "relhasindex relnatts relchecks relhasrules relhassubclass relispartition": DERIVED,
            "relisshared": "no table of a database is",
        },
    ),
    "pg_collation": Table(
        {
            "collname collnamespace": NAMED,
            "collowner": "owner",
            "collprovider collisdeterministic collencoding collcollate collctype colllocale colliculocale "
            "collicurules": "locale, by to_jsonb",
        },
        {"oid": OIDS, "collversion": "a fact of the operating system's library"},
    ),
    "pg_constraint": Table(
        {
            "conname conrelid contypid": "constraint of a relation or domain; of NOT NULL the column's "
            "not null",
            "contype condeferrable condeferred conenforced convalidated connoinherit conperiod conindid "
            "confrelid "
            "confupdtype confdeltype confmatchtype conkey confkey confdelsetcols conexclop conbin":
                "pg_get_constraintdef",
            "conislocal coninhcount": "inherited, local too",
        },
        {
            "oid connamespace conparentid": OIDS,
            "conpfeqop conppeqop conffeqop": DERIVED,
        },
    ),
    "pg_conversion": Table(
        {
            "conname connamespace": NAMED,
            "conowner": "owner",
            "conforencoding contoencoding conproc condefault": "encodings, function, default",
        },
        {"oid": OIDS},
    ),
    "pg_database": Table(
        {
            "datname": "database",
            "datdba datacl": "owner, privileges",
            "datistemplate datallowconn datconnlimit": "template, allows connections, connection limit",
            "dattablespace": "tablespace",
        },
        {
            "oid": OIDS,
            "encoding datlocprovider datcollate datctype datlocale daticulocale daticurules":
                "fixed when the database is made",
            "datcollversion": "a fact of the operating system's library",
            "dathasloginevt": DERIVED,
            "datfrozenxid datminmxid": MEASURED,
        },
    ),
    "pg_db_role_setting": Table(
        {"setdatabase setrole": "settings of database, of role",
         "setconfig": "settings; those of an application's own as digests"}
    ),
    "pg_default_acl": Table(
        {"defaclrole defaclnamespace defaclobjtype": NAMED, "defaclacl": "privileges"}, {"oid": OIDS}
    ),
    "pg_depend": Table(
        {"classid objid refclassid refobjid refobjsubid deptype":
            "owned by, needed by, and what belongs to an extension"},
        {"objsubid": DERIVED},
    ),
    "pg_description": Table(
        {"objoid classoid objsubid description": "comment"},
    ),
    "pg_enum": Table({"enumtypid enumsortorder enumlabel": "labels"}, {"oid": OIDS}),
    "pg_event_trigger": Table(
        {"evtname": NAMED, "evtevent evtowner evtfoid evtenabled evttags":
            "event, owner, function, enabled, tags"},
        {"oid": OIDS},
    ),
    "pg_extension": Table(
        {"extname": NAMED, "extowner extnamespace extversion": "owner, schema, version"},
        {"oid": OIDS, "extrelocatable extconfig extcondition":
            "set by the extension's script, for which its version stands"},
    ),
    "pg_foreign_data_wrapper": Table(
        {
            "fdwname": NAMED,
            "fdwowner fdwacl": "owner, privileges",
            "fdwhandler fdwvalidator": "handler, validator",
            "fdwoptions": "foreign options, as digests",
        },
        {"oid": OIDS},
    ),
    "pg_foreign_server": Table(
        {
            "srvname": NAMED,
            "srvowner srvacl": "owner, privileges",
            "srvfdw srvtype srvversion": "wrapper, type, version",
            "srvoptions": "foreign options, as digests",
        },
        {"oid": OIDS},
    ),
    "pg_foreign_table": Table(
        {"ftrelid": "foreign table", "ftserver": "server", "ftoptions": "foreign options, as digests"}
    ),
    "pg_index": Table(
        {
            "indexrelid indrelid": "index",
            "indnkeyatts indisunique indnullsnotdistinct indkey indcollation indclass indoption "
            "indexprs indpred": "pg_get_indexdef",
            "indisvalid indisready indislive": "valid",
            "indisclustered indisreplident": "clustered, replica identity",
        },
        {
            "indnatts": DERIVED,
            "indisprimary indisexclusion indimmediate": "follow from the constraint",
            "indcheckxmin": FILES,
        },
    ),
    "pg_inherits": Table(
        {"inhrelid inhparent inhseqno inhdetachpending": "parents; of an index: part of"}
    ),
    "pg_init_privs": Table(
        {"objoid classoid initprivs": "privileges of system objects and of members of extensions, "
                                      "where they are others"},
        {"objsubid privtype": DERIVED},
    ),
    "pg_language": Table(
        {
            "lanname": NAMED,
            "lanowner lanacl": "owner, privileges",
            "lanpltrusted lanplcallfoid laninline lanvalidator": "trusted, functions",
        },
        {"oid": OIDS, "lanispl": DERIVED},
    ),
    "pg_largeobject": _all(ROWS),
    "pg_largeobject_metadata": _all(ROWS),
    "pg_namespace": Table({"nspname": "schema", "nspowner nspacl": "owner, privileges"}, {"oid": OIDS}),
    "pg_opclass": Table(
        {
            "opcmethod opcname opcnamespace": NAMED,
            "opcowner opcfamily opcintype opcdefault opckeytype": "owner, family, type, default, key",
        },
        {"oid": OIDS},
    ),
    "pg_operator": Table(
        {
            "oprname oprnamespace oprleft oprright": NAMED,
            "oprowner oprcanmerge oprcanhash oprresult oprcom oprnegate oprcode oprrest oprjoin":
                "owner, merges, hashes, result, commutator, negator, function, estimators",
        },
        {"oid": OIDS, "oprkind": DERIVED},
    ),
    "pg_opfamily": Table(
        {"opfmethod opfname opfnamespace": NAMED, "opfowner": "owner"}, {"oid": OIDS}
    ),
    "pg_parameter_acl": Table({"parname": NAMED, "paracl": "privileges"}, {"oid": OIDS}),
    "pg_partitioned_table": Table(
        {"partrelid partstrat partnatts partattrs partclass partcollation partexprs": "pg_get_partkeydef"},
        {"partdefid": "shows as the partition's bound"},
    ),
    "pg_policy": Table(
        {
            "polname polrelid": "policy",
            "polcmd polpermissive polroles polqual polwithcheck": "command, permissive, roles, using, check",
        },
        {"oid": OIDS},
    ),
    "pg_proc": Table(
        {
            "proname pronamespace proargtypes": "label, by regprocedure",
            "proowner proacl": "owner, privileges",
            "prolang procost prorows prosupport prokind prosecdef proleakproof proisstrict proretset "
            "provolatile "
            "proparallel prorettype proallargtypes proargmodes proargnames proargdefaults protrftypes prosrc "
            "probin prosqlbody proconfig": "pg_get_functiondef, as a digest",
        },
        {"oid": OIDS, "pronargs pronargdefaults provariadic": DERIVED},
    ),
    "pg_publication": Table(
        {
            "pubname": NAMED,
            "pubowner puballtables pubinsert pubupdate pubdelete pubtruncate pubviaroot pubgencols":
                "owner, all tables, actions, via root, generated",
        },
        {"oid": OIDS},
    ),
    "pg_publication_namespace": Table({"pnpubid pnnspid": "schemas of the publication"}, {"oid": OIDS}),
    "pg_publication_rel": Table(
        {"prpubid prrelid prqual prattrs": "tables of the publication"}, {"oid": OIDS}
    ),
    "pg_range": Table(
        {"rngtypid rngsubtype rngmultitypid rngcollation rngsubopc rngcanonical rngsubdiff": "range of"}
    ),
    "pg_replication_origin": _all("of the whole cluster: it follows what is replicated"),
    "pg_rewrite": Table(
        {
            "rulename ev_class": "rule; of a view its definition",
            "ev_type is_instead ev_qual ev_action": "pg_get_ruledef, pg_get_viewdef",
            "ev_enabled": "enabled",
        },
        {"oid": OIDS},
    ),
    "pg_seclabel": Table({"objoid classoid objsubid": "security label of", "provider label": "labels"}),
    "pg_sequence": Table(
        {"seqrelid seqtypid seqstart seqincrement seqmax seqmin seqcache seqcycle": "sequence"}
    ),
    "pg_shdepend": _all(DERIVED),
    "pg_shdescription": Table(
        {"objoid classoid description": "comment of the database; comments on roles and tablespaces are "
        "not of it"}
    ),
    "pg_shseclabel": _all(CLUSTER),
    "pg_statistic": _all(MEASURED),
    "pg_statistic_ext": Table(
        {
            "stxrelid stxname": "statistics object",
            "stxowner stxstattarget": "owner, target",
            "stxnamespace stxkeys stxkind stxexprs": "pg_get_statisticsobjdef",
        },
        {"oid": OIDS},
    ),
    "pg_statistic_ext_data": _all(MEASURED),
    "pg_subscription": Table(
        {
            "subdbid subname": NAMED,
            "subowner subenabled subbinary substream subtwophasestate subdisableonerr subpasswordrequired "
            "subrunasowner subfailover subslotname subsynccommit subpublications suborigin":
                "owner, enabled, binary, streaming, two phase, disable on error, password required, run "
                "as owner, "
                "failover, slot, synchronous commit, publications, origin",
        },
        {
            "oid": OIDS,
            "subconninfo": "a secret, which superusers only may read",
            "subskiplsn": "the server takes it back by itself",
        },
    ),
    "pg_subscription_rel": _all(MEASURED),
    "pg_tablespace": Table(
        {"spcname": "tablespace of a relation or of the database"},
        {"oid": OIDS, "spcowner spcacl spcoptions": CLUSTER},
    ),
    "pg_transform": Table(
        {"trftype trflang": NAMED, "trffromsql trftosql": "from sql, to sql"}, {"oid": OIDS}
    ),
    "pg_trigger": Table(
        {
            "tgrelid tgname": "trigger; of a foreign key or deferrable key: key triggers",
            "tgfoid tgtype tgdeferrable tginitdeferred tgargs tgattr tgqual tgoldtable tgnewtable "
            "tgconstrrelid":
                "pg_get_triggerdef",
            "tgenabled tgisinternal tgconstraint": "enabled, key triggers",
        },
        {"oid tgparentid": OIDS, "tgconstrindid tgnargs": DERIVED},
    ),
    "pg_ts_config": Table(
        {"cfgname cfgnamespace": NAMED, "cfgowner cfgparser": "owner, parser"},
        {"oid": OIDS},
    ),
    "pg_ts_config_map": Table({"mapcfg maptokentype mapseqno mapdict": "dictionaries"}),
    "pg_ts_dict": Table(
        {
            "dictname dictnamespace": NAMED,
            "dictowner dicttemplate dictinitoption": "owner, template, options",
        },
        {"oid": OIDS},
    ),
    "pg_ts_parser": Table(
        {
            "prsname prsnamespace": NAMED,
            "prsstart prstoken prsend prsheadline prslextype": "functions",
        },
        {"oid": OIDS},
    ),
    "pg_ts_template": Table(
        {"tmplname tmplnamespace": NAMED, "tmplinit tmpllexize": "functions"}, {"oid": OIDS}
    ),
    "pg_type": Table(
        {
            "typname typnamespace": "type",
            "typowner typacl": "owner, privileges",
            "typtype typisdefined": "kind",
            "typrelid": "attributes",
            "typbasetype typtypmod typcollation typnotnull typdefault": "type, collation, not null, default",
            "typlen typbyval typalign typstorage typcategory typispreferred typdelim typelem": "made",
            "typinput typoutput typreceive typsend typmodin typmodout typanalyze typsubscript": "functions",
        },
        {"oid typarray": OIDS, "typdefaultbin": DERIVED, "typndims": "the server does not hold values to it"},
    ),
    "pg_user_mapping": Table(
        {"umuser umserver": NAMED}, {"oid": OIDS, "umoptions": SECRET}
    ),
}  # fmt: skip

LEFT_OUT_WHOLE = (
    ("our own schemas", "`migration_monitor…`: they change with every watch"),
    ("what belongs to an extension", "its version stands for it, the number of its members and the "
    "privileges "
                                     "that were changed on them"),
    ("names of NOT NULL constraints", "what they say is said of their columns"),
    ("values of sequences", ROWS),
    ("temporary objects", "they end with their session"),
)  # fmt: skip
"""Beside columns of the catalogue."""


def left_out() -> list[tuple[str, str, str]]:
    """(table, columns, reason) of all that no fingerprint shows, numbers and what is derived apart."""
    told = {OIDS, DERIVED}
    return [
        (name, columns, reason)
        for name, table in CATALOGUE.items()
        for columns, reason in table.left_out.items()
        if reason not in told
    ]
