use super::*;
use crate::{
    record::Status,
    trial::{Outcome, SCHEMA, folder, spec::tests::spec},
};

const CONFIG: &str = "name = \"fixture\"\n";

fn plan(seeds: Vec<u64>) -> Plan {
    Plan::diagnosis("fixture", "whymean diagnose config.toml", seeds)
}

fn trials(dir: &Path, plan: &Plan) -> Vec<(PathBuf, Spec)> {
    plan.seeds.iter().map(|&seed| (plan.run_dir(dir, &plan.cells[0], seed), spec(seed))).collect()
}

/// Prepares, and drops the lock.
fn try_prepare(dir: &Path, trials: &[(PathBuf, Spec)], allowed: Allowed) -> Result<(usize, usize), String> {
    let seeds = trials.iter().map(|(_, spec)| spec.seed).collect();
    match prepare(dir, &plan(seeds), CONFIG, trials, &[], allowed) {
        Ok(results) => Ok((results.finished, results.begun)),
        Err(error) => Err(error.to_string().replace(&dir.display().to_string(), "DIR")),
    }
}

fn finish(trial: &(PathBuf, Spec)) {
    folder::write_spec(&trial.0, &trial.1).expect("spec");
    let outcome = Outcome {
        schema: SCHEMA,
        seed: trial.1.seed,
        status: Status::Completed,
        epochs: 2,
        steps: 4,
        wall_secs: 0.1,
        peak_memory_bytes: None,
    };
    folder::write_outcome(&trial.0, &outcome).expect("outcome");
}

fn begin(trial: &(PathBuf, Spec)) {
    folder::write_spec(&trial.0, &trial.1).expect("spec");
    fs::create_dir_all(folder::checkpoint_dir(&trial.0)).expect("checkpoint");
    fs::write(folder::checkpoint_dir(&trial.0).join("tensors"), "weights").expect("checkpoint");
}

#[test]
fn finished_runs_are_used_again_and_new_seeds_join_them() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path().join("fixture");
    let few = trials(&dir, &plan(vec![0, 1]));
    assert_eq!(try_prepare(&dir, &few, Allowed::Reuse), Ok((0, 0)));
    finish(&few[0]);
    finish(&few[1]);
    let more = trials(&dir, &plan(vec![0, 1, 2]));
    assert_eq!(try_prepare(&dir, &more, Allowed::Reuse), Ok((2, 0)));
    assert_eq!(Plan::read(&dir).expect("plan").seeds, [0, 1, 2]);
}

#[test]
fn unfinished_runs_need_a_word() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path().join("fixture");
    let all = trials(&dir, &plan(vec![0, 1]));
    try_prepare(&dir, &all, Allowed::Reuse).expect("empty");
    finish(&all[0]);
    begin(&all[1]);
    let refused = try_prepare(&dir, &all, Allowed::Reuse).expect_err("unfinished");
    assert_eq!(refused, "`DIR` holds unfinished runs: runs/seed-1 (epoch 0 of 2)");
    assert_eq!(try_prepare(&dir, &all, Allowed::Resume), Ok((1, 1)));
    assert_eq!(try_prepare(&dir, &all, Allowed::Overwrite), Ok((0, 0)));
    assert!(!all[0].0.exists());
}

#[test]
fn another_experiment_is_refused_with_its_first_difference() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path().join("fixture");
    let all = trials(&dir, &plan(vec![0, 1]));
    try_prepare(&dir, &all, Allowed::Reuse).expect("empty");
    finish(&all[0]);
    // Also when no seed is the same: their runs would stand side by side.
    for seeds in [vec![0, 1], vec![7]] {
        let mut other = trials(&dir, &plan(seeds));
        for (_, spec) in &mut other {
            spec.experiment.training.epochs = 9;
        }
        let refused = try_prepare(&dir, &other, Allowed::Resume).expect_err("other");
        assert_eq!(refused, "`DIR` holds another experiment: there `training.epochs` is 2, here it is 9");
    }
    assert!(folder::outcome_file(&all[0].0).exists());
}

#[test]
fn a_comparison_is_no_diagnosis() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let all = trials(folder.path(), &plan(vec![0]));
    try_prepare(folder.path(), &all, Allowed::Reuse).expect("empty");
    let axis = crate::judge::Axis { path: "seed".to_owned(), values: vec!["0".to_owned(), "1".to_owned()] };
    let comparison = Plan::comparison("fixture", "", vec![axis], vec![0]);
    let refused = prepare(folder.path(), &comparison, CONFIG, &[], &[], Allowed::Resume).expect_err("kind");
    assert!(matches!(refused, ResultsError::OtherKind { there: "diagnosis", here: "comparison", .. }));
}

#[test]
fn what_is_not_ours_is_never_touched() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let all = trials(folder.path(), &plan(vec![0]));
    // All of our names, but no plan that is ours.
    fs::write(folder.path().join("config.toml"), "mine").expect("write");
    fs::create_dir(folder.path().join("runs")).expect("create");
    for allowed in [Allowed::Reuse, Allowed::Resume, Allowed::Overwrite] {
        assert_eq!(
            try_prepare(folder.path(), &all, allowed),
            Err("`DIR` is not empty and was not made by whymean".to_owned())
        );
    }
    fs::write(folder.path().join("plan.json"), "{\"program\": \"other\"}").expect("write");
    assert!(
        try_prepare(folder.path(), &all, Allowed::Overwrite)
            .expect_err("foreign plan")
            .contains("cannot be understood")
    );
    assert_eq!(fs::read_to_string(folder.path().join("config.toml")).expect("read"), "mine");
    assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 3);
    let file = folder.path().join("config.toml");
    assert!(matches!(may_draw(&file), Err(ResultsError::FileInTheWay { .. })));
}

#[test]
fn overwriting_leaves_what_the_user_put_beside() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let all = trials(folder.path(), &plan(vec![0]));
    try_prepare(folder.path(), &all, Allowed::Reuse).expect("empty");
    finish(&all[0]);
    let shared = folder.path().join(format!("references-{}.json", "0".repeat(64)));
    let notes = ["notes.txt", "references-of-mine.json"].map(|name| folder.path().join(name));
    for path in notes.iter().chain([&shared]) {
        fs::write(path, "mine").expect("write");
    }
    assert_eq!(try_prepare(folder.path(), &all, Allowed::Reuse), Ok((1, 0)));
    assert!(shared.exists());
    try_prepare(folder.path(), &all, Allowed::Overwrite).expect("ours");
    assert!(notes.iter().all(|path| path.exists()) && !all[0].0.exists() && !shared.exists());
}

#[test]
fn two_at_the_same_time_are_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let all = trials(folder.path(), &plan(vec![0]));
    let held = prepare(folder.path(), &plan(vec![0]), CONFIG, &all, &[], Allowed::Reuse).expect("first");
    assert_eq!(
        try_prepare(folder.path(), &all, Allowed::Overwrite),
        Err("another whymean is working in `DIR`".to_owned())
    );
    drop(held);
    try_prepare(folder.path(), &all, Allowed::Reuse).expect("free again");
}

#[test]
fn a_plan_that_climbs_out_of_its_folder_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut hostile = plan(vec![0]);
    hostile.cells[0].folder = "../elsewhere".to_owned();
    fs::write(folder.path().join(PLAN_FILE), serde_json::to_string(&hostile).expect("json")).expect("write");
    assert!(matches!(Plan::read(folder.path()), Err(ResultsError::Plan { .. })));
}

#[test]
fn a_report_alone_goes_into_an_empty_folder_or_over_a_report_alone() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    assert!(may_draw(&dir.join("new")).is_ok() && may_draw(dir).is_ok());
    fs::write(dir.join("report.html"), "<html>").expect("write");
    assert!(matches!(may_draw(dir), Err(ResultsError::Foreign { .. })));
    let comparison = Comparison {
        schema: crate::judge::SCHEMA,
        name: "n".to_owned(),
        axes: vec![],
        cells: vec![],
        summary: String::new(),
        not_examined: vec![],
        report: None,
    };
    fs::write(dir.join("comparison.json"), serde_json::to_string(&comparison).expect("json")).expect("write");
    assert!(may_draw(dir).is_ok());
    fs::write(dir.join("thesis.tex"), "mine").expect("write");
    assert!(matches!(may_draw(dir), Err(ResultsError::Foreign { .. })));
    fs::remove_file(dir.join("thesis.tex")).expect("remove");
    fs::write(dir.join(PLAN_FILE), serde_json::to_string(&plan(vec![0])).expect("json")).expect("write");
    assert!(matches!(may_draw(dir), Err(ResultsError::OtherResults { kind: "diagnosis", .. })));
}

/// Every file below a folder, without the lock.
fn left(dir: &Path) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).expect("list").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.ends_with(LOCK_FILE) => {}
                path => found.push(path.strip_prefix(dir).expect("below").display().to_string()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn overwriting_removes_what_we_wrote_and_no_file_of_the_users() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let all = trials(dir, &plan(vec![0, 1, 2]));
    try_prepare(dir, &all, Allowed::Reuse).expect("empty");
    all.iter().for_each(finish);
    begin(&all[1]);
    fs::write(all[1].0.join(folder::WEIGHTS), "ours").expect("write");
    let report = crate::judge::ReportPaths {
        html: String::new(),
        png: vec!["elsewhere/figures/loss.png".to_owned()],
        json: String::new(),
    };
    let comparison = Comparison {
        schema: crate::judge::SCHEMA,
        name: "n".to_owned(),
        axes: vec![],
        cells: vec![],
        summary: String::new(),
        not_examined: vec![],
        report: Some(report),
    };
    fs::write(dir.join("comparison.json"), serde_json::to_string(&comparison).expect("json")).expect("write");
    fs::create_dir(dir.join("figures")).expect("create");
    fs::create_dir_all(dir.join("runs/seed-7")).expect("create");
    let mine = ["figures/mine.svg", "runs/analysis.ipynb", "runs/seed-0/notes.txt", "runs/seed-7/thesis.tex"];
    for name in mine.iter().chain(&["figures/loss.png"]) {
        fs::write(dir.join(name), "text").expect("write");
    }
    // Fewer seeds than are there: those that nobody asks for now are of the old experiment all the same.
    try_prepare(dir, &all[..1], Allowed::Overwrite).expect("ours");
    let mut expected: Vec<&str> = mine.iter().copied().chain(["config.toml", "plan.json"]).collect();
    expected.sort_unstable();
    assert_eq!(left(dir), expected);
}

#[test]
fn overwriting_removes_proofs_and_leaves_a_configuration_that_was_edited() {
    use crate::trial::{
        fixed_config::{self, FIXED_CONFIG},
        proofs,
    };
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let all = trials(dir, &plan(vec![0]));
    for edited in [false, true] {
        try_prepare(dir, &all, Allowed::Reuse).expect("ours");
        finish(&all[0]);
        for changes in [&[][..], &["training.optimiser.lr=0.1".parse().expect("a change")]] {
            finish(&(proofs::run_dir(dir, changes, 0), all[0].1.clone()));
        }
        fs::write(dir.join("proofs/notes.txt"), "mine").expect("write");
        fs::write(dir.join(VERIFICATION_FILE), "{}").expect("write");
        fixed_config::write(dir, CONFIG).expect("write");
        if edited {
            fs::write(dir.join(FIXED_CONFIG), "mine").expect("write");
        }
        try_prepare(dir, &all, Allowed::Overwrite).expect("ours");
        let mine = if edited { vec![FIXED_CONFIG] } else { Vec::new() };
        let expected = [mine, vec!["config.toml", "plan.json", "proofs/notes.txt"]].concat();
        assert_eq!(left(dir), expected, "edited: {edited}");
    }
}

#[test]
fn a_run_without_its_spec_is_refused_and_may_be_overwritten() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let all = trials(folder.path(), &plan(vec![0]));
    try_prepare(folder.path(), &all, Allowed::Reuse).expect("empty");
    fs::create_dir_all(&all[0].0).expect("create");
    assert_eq!(try_prepare(folder.path(), &all, Allowed::Reuse), Ok((0, 0)), "an empty folder is no run");
    finish(&all[0]);
    fs::remove_file(folder::spec_file(&all[0].0)).expect("remove");
    for allowed in [Allowed::Reuse, Allowed::Resume] {
        let refused = try_prepare(folder.path(), &all, allowed).expect_err("no spec");
        assert_eq!(refused, "`DIR/runs/seed-0` holds a run, but its `spec.toml` is gone");
    }
    assert_eq!(try_prepare(folder.path(), &all, Allowed::Overwrite), Ok((0, 0)));
    assert!(!all[0].0.exists());
}

#[test]
fn what_killed_writers_left_goes_and_what_is_being_written_stays() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let all = trials(dir, &plan(vec![0]));
    fs::write(dir.join(".whymean-unfinished-a"), "half").expect("write");
    fs::write(dir.join(".partial-a.json"), "half").expect("write");
    try_prepare(dir, &all, Allowed::Reuse).expect("as good as empty");
    fs::create_dir(dir.join("figures")).expect("create");
    for name in ["figures/.partial-old.png", "figures/.partial-new.png", "figures/old.png"] {
        fs::write(dir.join(name), "half").expect("write");
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for name in ["figures/.partial-old.png", "figures/old.png", ".partial-a.json"] {
        let file = File::options().write(true).open(dir.join(name)).expect("open");
        file.set_modified(long_ago).expect("set");
    }
    try_prepare(dir, &all, Allowed::Reuse).expect("ours");
    assert_eq!(left(dir), ["config.toml", "figures/.partial-new.png", "figures/old.png", "plan.json"]);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path().join("results");
    let all = trials(&dir, &plan(vec![0]));
    try_prepare(&dir, &all, Allowed::Reuse).expect("empty");
    fs::create_dir(folder.path().join("mine")).expect("create");
    std::os::unix::fs::symlink("../mine", dir.join("figures")).expect("link");
    for allowed in [Allowed::Reuse, Allowed::Overwrite] {
        assert_eq!(try_prepare(&dir, &all, allowed), Err("`DIR/figures` is a link".to_owned()));
    }
    assert!(matches!(may_draw(&dir), Err(ResultsError::Link { .. })));
    // The folder itself may be one: the user named it.
    fs::remove_file(dir.join("figures")).expect("remove");
    std::os::unix::fs::symlink("results", folder.path().join("name")).expect("link");
    let linked = folder.path().join("name");
    assert_eq!(try_prepare(&linked, &trials(&linked, &plan(vec![0])), Allowed::Reuse), Ok((0, 0)));
}

#[test]
fn the_file_in_the_way_is_the_one_that_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::write(folder.path().join("file"), "").expect("write");
    for inner in ["file", "file/results", "file/a/b"] {
        match may_draw(&folder.path().join(inner)) {
            Err(ResultsError::FileInTheWay { path }) => assert_eq!(path, folder.path().join("file")),
            other => panic!("{other:?}"),
        }
    }
}
