create table nightflag_models_before as select * from nightflag_models;

drop table nightflag_models;

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
    primary key (monitor, version)
);

insert into nightflag_models
select
    monitor, version, as_of, status, detector, reason, training_start, training_end, training_records,
    calibration_records, config_hash, manifest_sha256, about, trained_at, null
from nightflag_models_before;

drop table nightflag_models_before;

create unique index nightflag_models_champion on nightflag_models (monitor) where status = 'champion';

create table nightflag_promotions (
    monitor text not null,
    promotion bigint not null,
    version integer not null,
    as_of timestamp with time zone not null,
    why text not null,
    promoted_at timestamp with time zone not null,
    primary key (monitor, promotion)
);

insert into nightflag_promotions
select monitor, 1, version, as_of, 'champion before promotions were written down', trained_at
from nightflag_models
where status = 'champion';

create table nightflag_exclusions (
    monitor text not null,
    exclusion bigint not null,
    excluded_from timestamp with time zone not null,
    excluded_until timestamp with time zone not null,
    why text not null,
    created_at timestamp with time zone not null,
    primary key (monitor, exclusion)
);
