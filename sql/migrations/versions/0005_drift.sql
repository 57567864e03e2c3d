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
