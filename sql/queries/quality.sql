-- name: forget_quality
delete from nightflag_quality
where monitor = :monitor and model_version = :model_version and run_id = :run_id

-- name: keep_quality
insert into nightflag_quality (
    monitor, model_version, run_id, truth, metric, value, low, high, records, anomalies, evaluated_at
) values (
    :monitor, :model_version, :run_id, :truth, :metric, :value, :low, :high, :records, :anomalies, :evaluated_at
)

-- name: quality_of_night
select truth, metric, value, low, high, records, anomalies from nightflag_quality
where monitor = :monitor and run_id = :run_id and model_version = :model_version
order by truth, metric
