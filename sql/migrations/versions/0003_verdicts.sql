
create table nightflag_verdicts (
    monitor text not null,
    key text not null,
    verdict text not null check (verdict in ('anomaly', 'normal')),
    note text,
    given_by text,
    given_at timestamp with time zone not null default current_timestamp,
    primary key (monitor, key)
);

create table nightflag_quality (
    monitor text not null,
    model_version integer not null,
    run_id bigint not null,
    truth text not null check (truth in ('labels', 'verdicts')),
    metric text not null,
    value double precision not null,
    low double precision not null,
    high double precision not null,
    records bigint not null,
    anomalies bigint not null,
    evaluated_at timestamp with time zone not null,
    primary key (monitor, model_version, run_id, truth, metric)
);
