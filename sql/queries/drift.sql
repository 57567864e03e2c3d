-- name: forget_drift
delete from nightflag_drift where monitor = :monitor and run_id = :run_id

-- name: keep_drift
insert into nightflag_drift (
    monitor, run_id, feature, model_version, records, psi, psi_bar, p_value, missing, missing_before,
    unseen, unseen_before, drifted, why, measured_at
) values (
    :monitor, :run_id, :feature, :model_version, :records, :psi, :psi_bar, :p_value, :missing, :missing_before,
    :unseen, :unseen_before, :drifted, :why, :measured_at
)

-- name: drift_of_night
select * from nightflag_drift
where monitor = :monitor and run_id = :run_id
order by drifted desc, psi desc, feature

-- name: drift_of_monitor
select r.as_of, d.*
from nightflag_drift d
join nightflag_runs r on r.monitor = d.monitor and r.run_id = d.run_id
where d.monitor = :monitor and r.as_of in (
    select distinct n.as_of from nightflag_runs n
    join nightflag_drift m on m.monitor = n.monitor and m.run_id = n.run_id
    where n.monitor = :monitor
    order by n.as_of desc
    limit :nights
)
order by r.as_of desc, d.drifted desc, d.psi desc, d.feature

-- name: drifted_lately
select d.feature, d.why
from nightflag_drift d
join nightflag_runs r on r.monitor = d.monitor and r.run_id = d.run_id
where d.monitor = :monitor and d.drifted and d.run_id in (
    select n.run_id from nightflag_runs n
    where n.monitor = :monitor and n.status = 'published' and n.as_of >= :since and n.as_of < :as_of
    and not exists (
        select 1 from nightflag_exclusions x
        where x.monitor = n.monitor and x.excluded_from < n.window_end
        and x.excluded_until > coalesce(n.window_start, n.window_end)
    )
    order by n.as_of desc
    limit :nights
)
order by r.as_of desc, d.psi desc
