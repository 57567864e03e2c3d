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
