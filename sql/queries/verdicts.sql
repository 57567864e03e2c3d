-- name: give_verdict
insert into nightflag_verdicts (monitor, key, verdict, note, given_by, given_at)
values (:monitor, :key, :verdict, :note, :given_by, :given_at)
on conflict (monitor, key) do update set
    verdict = excluded.verdict,
    note = excluded.note,
    given_by = excluded.given_by,
    given_at = excluded.given_at

-- name: verdicts_since
select count(*) from nightflag_verdicts where monitor = :monitor and given_at > :trained_at

-- name: verdicts_said
select key, verdict, note, given_by, given_at from nightflag_verdicts
where monitor = :monitor and given_at > :said_after and given_at <= :said_until
