-- name: keep_digest
insert into nightflag_digests (monitor, as_of, channel, status, title, body, due_at)
values (:monitor, :as_of, :channel, 'waiting', :title, :body, :due_at)
on conflict (monitor, as_of, channel) do nothing

-- name: due_digests
select * from nightflag_digests
where monitor = :monitor and status <> 'sent' and due_at <= :now
and (claimed_at is null or claimed_at <= :abandoned_at)
order by as_of, channel

-- name: claim_digest
update nightflag_digests set status = 'sending', claimed_at = :now
where monitor = :monitor and as_of = :as_of and channel = :channel and status <> 'sent'
and (claimed_at is null or claimed_at <= :abandoned_at)

-- name: digest_sent
update nightflag_digests set status = 'sent', sent_at = :sent_at, error = null
where monitor = :monitor and as_of = :as_of and channel = :channel

-- name: digest_failed
update nightflag_digests set status = 'waiting', claimed_at = null, error = :error
where monitor = :monitor and as_of = :as_of and channel = :channel

-- name: nights_before
select run_id from nightflag_runs
where monitor = :monitor and status = 'published' and as_of < :as_of
order by as_of desc
limit :nights
