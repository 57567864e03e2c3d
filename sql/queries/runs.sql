-- name: run_of_date
select * from nightflag_runs where monitor = :monitor and as_of = :as_of

-- name: runs_of_monitor
select * from nightflag_runs
where monitor = :monitor
order by as_of desc
limit :limit

-- name: published_nights
select run_id, as_of, cleaned_at from nightflag_runs
where monitor = :monitor and status = 'published'
order by as_of

-- name: newest_published_night
select as_of from nightflag_runs
where monitor = :monitor and status = 'published'
order by as_of desc
limit 1

-- name: open_run
insert into nightflag_runs (
    monitor, run_id, as_of, window_start, window_end, status, attempt, alarm_rate, config_hash, started_at
)
select
    :monitor, coalesce(max(run_id), 0) + 1, :as_of, :window_start, :window_end, 'running', 1,
    :alarm_rate, :config_hash, :started_at
from nightflag_runs
where monitor = :monitor
on conflict (monitor, as_of) do update set
    window_start = excluded.window_start,
    window_end = excluded.window_end,
    status = 'running',
    attempt = nightflag_runs.attempt + 1,
    alarm_rate = excluded.alarm_rate,
    config_hash = excluded.config_hash,
    error = null,
    warnings = null,
    started_at = excluded.started_at,
    finished_at = null
where nightflag_runs.status <> 'published'
returning run_id

-- name: publish_run
update nightflag_runs set
    status = 'published',
    records_read = :records_read,
    records_scored = :records_scored,
    records_quarantined = :records_quarantined,
    records_flagged = 0,
    records_muted = 0,
    records_retracted = :records_retracted,
    model_version = :model_version,
    warnings = :warnings,
    finished_at = :finished_at
where monitor = :monitor and run_id = :run_id and status = 'running'

-- name: record_alarms
update nightflag_runs set
    records_flagged = :records_flagged,
    records_muted = :records_muted,
    realised_rate = :realised_rate,
    alarm_rate = :alarm_rate,
    alarm = :alarm
where monitor = :monitor and run_id = :run_id

-- name: fail_run
update nightflag_runs set status = 'failed', error = :error, finished_at = :finished_at
where monitor = :monitor and run_id = :run_id and status = 'running'

-- name: watermark
select * from nightflag_watermarks where monitor = :monitor

-- name: move_watermark
insert into nightflag_watermarks (monitor, scored_from, scored_until)
values (:monitor, :scored_from, :scored_until)
on conflict (monitor) do update set
    scored_from = case
        when excluded.scored_from < nightflag_watermarks.scored_from then excluded.scored_from
        else nightflag_watermarks.scored_from
    end,
    scored_until = case
        when excluded.scored_until > nightflag_watermarks.scored_until then excluded.scored_until
        else nightflag_watermarks.scored_until
    end
