-- name: champion
select * from nightflag_models where monitor = :monitor and status = 'champion'

-- name: champion_at
select m.*
from nightflag_promotions p
join nightflag_models m on m.monitor = p.monitor and m.version = p.version
where p.monitor = :monitor
order by
    case when p.as_of <= :as_of then 0 else 1 end,
    case when p.as_of <= :as_of then -p.promotion else p.promotion end
limit 1

-- name: champion_before
select p.version from nightflag_promotions p
join nightflag_models m on m.monitor = p.monitor and m.status = 'champion'
where p.monitor = :monitor and p.version <> m.version
order by p.promotion desc
limit 1

-- name: model
select * from nightflag_models where monitor = :monitor and version = :version

-- name: models_of_monitor
select * from nightflag_models where monitor = :monitor order by version desc limit :limit

-- name: model_in_shadow
select m.* from nightflag_models m
join nightflag_models c on c.monitor = m.monitor and c.status = 'champion'
where m.monitor = :monitor and m.status = 'challenger' and m.cleaned_at is null
    and m.trained_at > c.trained_at and m.training_end <= :window_start
order by m.version desc
limit 1

-- name: next_version
select coalesce(max(version), 0) + 1 from nightflag_models where monitor = :monitor

-- name: retire_champion
update nightflag_models set status = 'retired' where monitor = :monitor and status = 'champion'

-- name: crown
update nightflag_models set status = 'champion', decision = :decision
where monitor = :monitor and version = :version

-- name: record_promotion
insert into nightflag_promotions (monitor, promotion, version, as_of, why, promoted_at)
select :monitor, coalesce(max(promotion), 0) + 1, :version, :as_of, :why, :promoted_at
from nightflag_promotions
where monitor = :monitor

-- name: register_model
insert into nightflag_models (
    monitor, version, as_of, status, detector, reason, training_start, training_end, training_records,
    calibration_records, config_hash, manifest_sha256, about, trained_at, decision
) values (
    :monitor, :version, :as_of, :status, :detector, :reason, :training_start, :training_end, :training_records,
    :calibration_records, :config_hash, :manifest_sha256, :about, :trained_at, :decision
)
