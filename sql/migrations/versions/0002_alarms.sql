alter table nightflag_runs add column realised_rate double precision;

alter table nightflag_runs add column records_muted bigint;

alter table nightflag_runs add column alarm text;

create table nightflag_mutes (
    monitor text not null,
    mute_id bigint not null,
    muted_from timestamp with time zone not null,
    muted_until timestamp with time zone not null,
    segment text,
    why text not null,
    created_at timestamp with time zone not null,
    primary key (monitor, mute_id)
);
