-- name: champion
select * from nightflag_models where monitor = :monitor and status = 'champion'

-- name: models_of_monitor
select * from nightflag_models where monitor = :monitor order by version desc limit :limit

-- name: next_version
select coalesce(max(version), 0) + 1 from nightflag_models where monitor = :monitor

-- name: retire_champion
update nightflag_models set status = 'retired' where monitor = :monitor and status = 'champion'

-- name: register_champion
insert into nightflag_models (
    monitor, version, as_of, status, detector, reason, training_start, training_end, training_records,
    calibration_records, config_hash, manifest_sha256, about, trained_at
) values (
    :monitor, :version, :as_of, 'champion', :detector, :reason, :training_start, :training_end, :training_records,
    :calibration_records, :config_hash, :manifest_sha256, :about, :trained_at
)
