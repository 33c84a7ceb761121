use super::*;
use crate::trial::spec::tests::spec;

/// A pool of the script that behaves as the name of its configuration says.
fn pool(jobs: usize, interrupts: &Interrupts) -> Pool {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trial/fake.sh");
    Pool::with_program(program, jobs, interrupts.clone())
}

fn trials(folder: &tempfile::TempDir, behaviours: &[&str]) -> Vec<(PathBuf, Spec)> {
    let trial = |(seed, behaviour): (u64, &&str)| {
        let spec = Spec { config_name: (*behaviour).to_owned(), ..spec(seed) };
        (folder.path().join(format!("seed-{seed}")), spec)
    };
    (0..).zip(behaviours).map(trial).collect()
}

/// Each end in a few words, without the temporary folder.
fn words(folder: &tempfile::TempDir, ends: &[TrialEnd]) -> Vec<String> {
    ends.iter()
        .map(|end| match end {
            TrialEnd::Finished { outcome, reused, .. } => {
                format!("finished seed {} {}", outcome.seed, if *reused { "before" } else { "now" })
            }
            TrialEnd::Died { error, .. } => error.to_string().replace(&folder.path().display().to_string(), "DIR"),
            TrialEnd::Interrupted { dir } => format!("interrupted {}", dir.file_name().unwrap_or_default().display()),
        })
        .collect()
}

fn starts(trial: &(PathBuf, Spec)) -> usize {
    std::fs::read_to_string(trial.0.join("starts")).unwrap_or_default().lines().count()
}

#[test]
fn a_killed_child_is_tried_again_once_and_the_others_go_on() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let trials = trials(&folder, &["finish", "kill", "kill-once", "fail", "finish-and-crash", "finish"]);
    let mut events = Vec::new();
    let ends = pool(2, &Interrupts::default()).run(&trials, &mut |event| events.push(event.clone())).expect("run");
    insta::assert_snapshot!(words(&folder, &ends).join("\n"), @r"
    finished seed 0 now
    the run in `DIR/seed-1` was killed by SIGKILL; the end of its log:
      about to be killed
      about to be killed
    finished seed 2 now
    the run in `DIR/seed-3` ended with exit code 2 and without an outcome; the end of its log:
        × the last layer needs 2 units
    finished seed 4 now
    finished seed 5 now
    ");
    assert_eq!(trials.iter().map(starts).collect::<Vec<_>>(), [1, 2, 2, 1, 1, 1]);
    let of = |trial: usize| {
        events.iter().filter(move |event| event.trial == trial).map(|event| &event.what).collect::<Vec<_>>()
    };
    assert!(matches!(of(0)[..], [Progress::Started, Progress::Line(_), Progress::Finished]), "{:?}", of(0));
    assert!(matches!(
        of(1)[..],
        [Progress::Started, Progress::Retried { .. }, Progress::Started, Progress::Died { .. }]
    ));
}

#[test]
fn finished_trials_are_not_run_again_unless_they_are_of_another_experiment() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut trials = trials(&folder, &["finish", "finish"]);
    let mut pool = pool(1, &Interrupts::default());
    pool.run(&trials, &mut |_| {}).expect("run");
    trials[1].1.experiment.training.epochs = 99;
    let ends = pool.run(&trials, &mut |_| {}).expect("run again");
    insta::assert_snapshot!(words(&folder, &ends).join("\n"), @r"
    finished seed 0 before
    `DIR/seed-1` holds a run of another experiment: there `training.epochs` is 2, here it is 99
    ");
    assert_eq!(trials.iter().map(starts).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn no_more_children_than_jobs_run_at_once() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let trials = trials(&folder, &["finish"; 7]);
    let (mut now, mut most) = (0_u32, 0);
    let mut watch = |event: &ProgressEvent| match event.what {
        Progress::Started => {
            now += 1;
            most = most.max(now);
        }
        Progress::Finished => now -= 1,
        _ => {}
    };
    pool(3, &Interrupts::default()).run(&trials, &mut watch).expect("run");
    assert_eq!((now, most), (0, 3));
}

#[test]
fn the_first_interrupt_lets_children_save_and_starts_no_more() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let trials = trials(&folder, &["wait-for-eof", "finish"]);
    let interrupts = Interrupts::default();
    let mut watch = |event: &ProgressEvent| {
        if matches!(event.what, Progress::Line(_)) {
            interrupts.add();
        }
    };
    let ends = pool(1, &interrupts).run(&trials, &mut watch).expect("run");
    assert_eq!(words(&folder, &ends), ["interrupted seed-0", "interrupted seed-1"]);
    assert_eq!(trials.iter().map(starts).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn a_clock_that_runs_out_stops_as_an_interrupt_does() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let trials = trials(&folder, &["wait-for-eof", "finish"]);
    // The first child waits until it is asked to stop, so nothing but the clock can end this.
    let soon = Instant::now() + Duration::from_millis(300);
    let ends = pool(1, &Interrupts::default()).stopping_at(soon).run(&trials, &mut |_| {}).expect("run");
    assert_eq!(words(&folder, &ends), ["interrupted seed-0", "interrupted seed-1"]);
    let late = pool(1, &Interrupts::default()).stopping_at(soon).run(&trials[1..], &mut |_| {}).expect("run");
    assert_eq!(words(&folder, &late), ["interrupted seed-1"]);
    assert_eq!(trials.iter().map(starts).collect::<Vec<_>>(), [1, 0]);
    let far = Instant::now() + Duration::from_secs(3_600);
    let ends = pool(1, &Interrupts::default()).stopping_at(far).run(&trials[1..], &mut |_| {}).expect("run");
    assert_eq!(words(&folder, &ends), ["finished seed 1 now"]);
}

#[test]
fn guards_that_overlap_heed_until_the_last_is_gone() {
    let interrupts = Interrupts::default();
    let outer = interrupts.heed();
    drop(interrupts.heed());
    assert!(interrupts.is_heeded());
    drop(outer);
    assert!(!interrupts.is_heeded());
}

#[test]
fn the_second_interrupt_kills_children_that_do_not_listen() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let trials = trials(&folder, &["deaf"]);
    let interrupts = Interrupts::default();
    let mut watch = |event: &ProgressEvent| {
        if matches!(event.what, Progress::Line(_)) {
            interrupts.add();
            interrupts.add();
        }
    };
    let ends = pool(1, &interrupts).run(&trials, &mut watch).expect("run");
    assert_eq!(words(&folder, &ends), ["interrupted seed-0"]);
}

#[test]
fn a_program_that_is_not_there_is_said_for_each_trial() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let trials = trials(&folder, &["finish"]);
    let mut pool = Pool::with_program(folder.path().join("gone"), 1, Interrupts::default());
    let ends = pool.run(&trials, &mut |_| {}).expect("run");
    insta::assert_snapshot!(words(&folder, &ends).join("\n"), @"cannot start `DIR/gone trial`");
}

#[test]
fn a_spec_survives_its_file_with_the_largest_seed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut large = spec(u64::MAX);
    large.experiment.training.clip_norm = Some(0.1 + 0.2);
    match folder::write_spec(folder.path(), &large) {
        Ok(()) => assert_eq!(folder::read_spec(folder.path()).expect("read"), Some(large)),
        // TOML's integers end at i64::MAX: then it is said, and no file is left that could not be read.
        Err(error) => {
            assert!(matches!(error, TrialError::Unstorable { .. }), "{error}");
            assert_eq!(folder::read_spec(folder.path()).expect("read"), None);
        }
    }
    let fine = spec(i64::MAX.unsigned_abs());
    folder::write_spec(folder.path(), &fine).expect("write");
    assert_eq!(folder::read_spec(folder.path()).expect("read"), Some(fine));
}
