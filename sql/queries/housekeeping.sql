-- name: nights_to_clean
select * from nightflag_runs
where monitor = :monitor and status = 'published' and cleaned_at is null and as_of < :kept_since
order by as_of

-- name: clean_night
update nightflag_runs set cleaned_at = :cleaned_at where monitor = :monitor and run_id = :run_id

-- name: move_cleaned_until
update nightflag_watermarks set cleaned_until = :cleaned_until
where monitor = :monitor and (cleaned_until is null or cleaned_until < :cleaned_until)

-- name: runs_to_go
select * from nightflag_runs
where monitor = :monitor and status <> 'running' and as_of < :kept_since and as_of <= :cleaned_until
    and run_id < (select max(run_id) from nightflag_runs where monitor = :monitor)
order by as_of

-- name: drop_run
delete from nightflag_runs where monitor = :monitor and run_id = :run_id

-- name: drop_drift
delete from nightflag_drift where monitor = :monitor and run_id = :run_id

-- name: drop_expectations
delete from nightflag_expectations where monitor = :monitor and run_id = :run_id

-- name: drop_quality
delete from nightflag_quality where monitor = :monitor and run_id = :run_id

-- name: drop_digests
delete from nightflag_digests where monitor = :monitor and as_of = :as_of

-- name: models_to_go
select * from nightflag_models m
where m.monitor = :monitor and m.cleaned_at is null and m.status <> 'champion'
    and m.version not in (
        select version from nightflag_models where monitor = :monitor order by version desc limit :count
    )
    and not exists (
        select 1 from nightflag_runs r
        where r.monitor = m.monitor and r.model_version = m.version and r.as_of > :cleaned_until
    )
    and not exists (
        select 1 from (
            select version, lead(as_of) over (order by promotion) as replaced_at
            from nightflag_promotions
            where monitor = :monitor
        ) p
        where p.version = m.version and (p.replaced_at is null or p.replaced_at > :cleaned_until)
    )
    and m.version not in (
        select version from (
            select p.version from nightflag_promotions p
            join nightflag_models c on c.monitor = p.monitor and c.status = 'champion'
            where p.monitor = :monitor and p.version <> c.version
            order by p.promotion desc
            limit 1
        ) before
    )
order by m.version

-- name: clean_model
update nightflag_models set cleaned_at = :cleaned_at
where monitor = :monitor and version = :version and status <> 'champion'

-- name: versions
select version, cleaned_at from nightflag_models where monitor = :monitor
