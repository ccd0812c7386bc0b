//! Stopping after every single step, going on, threads: the bytes stay the same.

use study::StudyError;
use study::train::Judge;

use crate::made::{data, files, request, run, settings};

/// Stops a run after step 1, 1 + `every`, … and lets it go on each time.
fn stopped_after_steps(every: usize, more: &str, judge: Judge) {
    let (data, settings) = (data(40, 2, 12), settings(more));
    let whole = tempfile::tempdir().expect("a folder");
    let (outcome, n_steps) = run(&data, &request(&settings, judge, whole.path()), u64::MAX);
    outcome.expect("a model");
    assert!(n_steps >= 4, "{n_steps}");
    for stop in (1..n_steps).step_by(every) {
        let broken = tempfile::tempdir().expect("a folder");
        let request = request(&settings, judge, broken.path());
        let (outcome, done) = run(&data, &request, stop);
        assert!(matches!(outcome, Err(StudyError::Interrupted(_))), "{more}: after step {stop}");
        assert_eq!(done, stop);
        let (outcome, done) = run(&data, &request, u64::MAX);
        outcome.expect("a model");
        assert!(done <= n_steps, "{more}: {done} steps after a stop");
        assert!(
            files(whole.path()) == files(broken.path()),
            "{more}: other bytes after a stop at step {stop}"
        );
    }
}

#[test]
fn after_each_step_with_validation_and_averaged_weights() {
    stopped_after_steps(1, "normalise = { kind = \"per_image\" }", Judge::Validation);
}

#[test]
fn after_each_step_without_validation_with_momentum() {
    let momentum = "{ type = \"sgd\", momentum = 0.9, nesterov = false, weight_decay = 0.01 }";
    let more = format!("validation = 0.0\noptimizer = {momentum}\nnormalise = {{ kind = \"data_set\" }}");
    stopped_after_steps(1, &more, Judge::Validation);
}

#[test]
fn after_some_steps_of_folds() {
    stopped_after_steps(5, "normalise = { kind = \"per_image\" }", Judge::Folds(2));
}

#[test]
fn after_each_step_of_trials() {
    stopped_after_steps(1, "", Judge::Validation);
}

#[test]
fn on_one_to_five_threads() {
    let (data, settings) = (data(40, 2, 12), settings(""));
    let on = |threads: usize| {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let request = request(&settings, Judge::Folds(2), folder.path());
        pool.install(|| run(&data, &request, u64::MAX).0).expect("a model");
        files(folder.path())
    };
    let one = on(1);
    for threads in 2..=5 {
        assert!(one == on(threads), "{threads} threads");
    }
}
