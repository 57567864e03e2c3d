-- name: take_lock
insert into nightflag_locks (name, holder, host, process, renewed_at)
values (:name, :holder, :host, :process, :now)
on conflict (name) do nothing

-- name: lock_holder
select holder, host, process, renewed_at from nightflag_locks where name = :name

-- name: renew_lock
update nightflag_locks set renewed_at = :now where name = :name and holder = :holder

-- name: break_lock
delete from nightflag_locks where name = :name and holder = :holder
