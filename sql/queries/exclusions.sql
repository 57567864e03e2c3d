-- name: add_exclusion
insert into nightflag_exclusions (monitor, exclusion, excluded_from, excluded_until, why, created_at)
select :monitor, coalesce(max(exclusion), 0) + 1, :excluded_from, :excluded_until, :why, :created_at
from nightflag_exclusions
where monitor = :monitor

-- name: exclusions_of_monitor
select excluded_from, excluded_until, why, created_at from nightflag_exclusions
where monitor = :monitor
order by exclusion

-- name: exclusions_said
select excluded_from, excluded_until, why, created_at from nightflag_exclusions
where monitor = :monitor and created_at > :said_after and created_at <= :said_until
order by exclusion
