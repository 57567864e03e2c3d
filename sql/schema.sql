-- The tables nightflag owns, as all migrations together make them (a test compares the two).
-- Timestamps are UTC. The same text runs on PostgreSQL and on SQLite.

create table nightflag_runs (
    monitor text not null,
    run_id bigint not null,
    as_of timestamp with time zone not null,
    window_start timestamp with time zone,
    window_end timestamp with time zone,
    status text not null check (status in ('running', 'published', 'failed')),
    attempt integer not null,
    records_read bigint,
    records_scored bigint,
    records_quarantined bigint,
    records_flagged bigint,
    records_retracted bigint,
    model_version integer,
    alarm_rate double precision,
    config_hash text not null,
    warnings text,
    error text,
    started_at timestamp with time zone not null,
    finished_at timestamp with time zone,
    realised_rate double precision,
    records_muted bigint,
    alarm text,
    cleaned_at timestamp with time zone,
    primary key (monitor, run_id),
    unique (monitor, as_of)
);

create table nightflag_models (
    monitor text not null,
    version integer not null,
    as_of timestamp with time zone not null,
    status text not null check (status in ('champion', 'challenger', 'retired', 'refused')),
    detector text not null,
    reason text not null,
    training_start timestamp with time zone,
    training_end timestamp with time zone not null,
    training_records bigint not null,
    calibration_records bigint not null,
    config_hash text not null,
    manifest_sha256 text not null,
    about text not null,
    trained_at timestamp with time zone not null,
    decision text,
    cleaned_at timestamp with time zone,
    primary key (monitor, version)
);

create unique index nightflag_models_champion on nightflag_models (monitor) where status = 'champion';

create table nightflag_watermarks (
    monitor text not null primary key,
    scored_from timestamp with time zone not null,
    scored_until timestamp with time zone not null,
    cleaned_until timestamp with time zone
);

create table nightflag_locks (
    name text not null primary key,
    holder text not null,
    host text not null,
    process integer not null,
    renewed_at timestamp with time zone not null
);

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

create table nightflag_promotions (
    monitor text not null,
    promotion bigint not null,
    version integer not null,
    as_of timestamp with time zone not null,
    why text not null,
    promoted_at timestamp with time zone not null,
    primary key (monitor, promotion)
);

create table nightflag_exclusions (
    monitor text not null,
    exclusion bigint not null,
    excluded_from timestamp with time zone not null,
    excluded_until timestamp with time zone not null,
    why text not null,
    created_at timestamp with time zone not null,
    primary key (monitor, exclusion)
);

create table nightflag_drift (
    monitor text not null,
    run_id bigint not null,
    feature text not null,
    model_version integer not null,
    records bigint not null,
    psi double precision not null,
    psi_bar double precision not null,
    p_value double precision not null,
    missing double precision not null,
    missing_before double precision not null,
    unseen double precision not null,
    unseen_before double precision not null,
    drifted boolean not null,
    why text,
    measured_at timestamp with time zone not null,
    primary key (monitor, run_id, feature)
);

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

create table nightflag_expectations (
    monitor text not null,
    run_id bigint not null,
    number integer not null,
    rule text not null,
    type text not null,
    settings text not null,
    severity text not null,
    held boolean not null,
    checked bigint,
    failed bigint,
    observed text,
    primary key (monitor, run_id, number)
);
