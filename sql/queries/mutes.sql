-- name: add_mute
insert into nightflag_mutes (monitor, mute_id, muted_from, muted_until, segment, why, created_at)
select :monitor, coalesce(max(mute_id), 0) + 1, :muted_from, :muted_until, :segment, :why, :created_at
from nightflag_mutes
where monitor = :monitor

-- name: mutes_of_monitor
select muted_from, muted_until, segment, why from nightflag_mutes
where monitor = :monitor
order by mute_id

-- name: mutes_said
select muted_from, muted_until, segment, why, created_at from nightflag_mutes
where monitor = :monitor and created_at > :said_after and created_at <= :said_until
order by mute_id
