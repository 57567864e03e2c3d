alter table nightflag_runs add column cleaned_at timestamp with time zone;

alter table nightflag_models add column cleaned_at timestamp with time zone;

alter table nightflag_watermarks add column cleaned_until timestamp with time zone;
