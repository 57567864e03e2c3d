-- name: schema_version
select version_num from nightflag_schema
