-- name: forget_expectations
delete from nightflag_expectations where monitor = :monitor and run_id = :run_id

-- name: keep_expectation
insert into nightflag_expectations (
    monitor, run_id, number, rule, type, settings, severity, held, checked, failed, observed
) values (
    :monitor, :run_id, :number, :rule, :type, :settings, :severity, :held, :checked, :failed, :observed
)

-- name: expectations_of_night
select * from nightflag_expectations
where monitor = :monitor and run_id = :run_id
order by number
