create table nightflag_digests (
    monitor text not null,
    as_of timestamp with time zone not null,
    channel text not null,
    status text not null check (status in ('waiting', 'sending', 'sent')),
    title text not null,
    body text not null,
    due_at timestamp with time zone not null,
    claimed_at timestamp with time zone,
    sent_at timestamp with time zone,
    error text,
    primary key (monitor, as_of, channel)
);
