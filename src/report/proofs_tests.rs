//! Made-up proofs in words.

use super::*;
use crate::report::sample;

fn question() -> Diagnosis {
    sample::question().0
}

#[test]
fn the_proof_that_counts_is_the_proved_one_and_of_two_the_one_built_upon_the_other() {
    let mut diagnosis = question();
    assert_eq!(best(&diagnosis).expect("proved").cause.id, "lr-too-high");
    let model = diagnosis.causes[0].proof.clone().expect("proved");
    let mut both = model.clone();
    both.changes.push(diagnosis.causes[0].changes[1].clone());
    diagnosis.causes[2].proof = Some(both);
    assert_eq!(best(&diagnosis).expect("proved").cause.id, "inputs-not-scaled");
    diagnosis.causes[2].proof = Some(model);
    assert_eq!(best(&diagnosis).expect("proved").cause.id, "lr-too-high");
    diagnosis.causes.iter_mut().for_each(|cause| cause.proof = None);
    assert!(best(&diagnosis).is_none());
}

#[test]
fn words_follow_the_verdict() {
    let mut diagnosis = question();
    let said = |diagnosis: &Diagnosis| clause(best(diagnosis).expect("a proof"));
    assert_eq!(
        said(&diagnosis),
        "proved by re-training: with `training.optimiser.lr` from `0.01` to `0.001`, 5 of 5 runs learn; without it, 1 of 5 \
         (p = 0.024)"
    );
    let clipped = diagnosis.causes[0].changes[1].clone();
    let proof = diagnosis.causes[0].proof.as_mut().expect("proved");
    proof.verdict = ProofVerdict::Undecided;
    proof.p_value = 1e-5;
    proof.changes = vec![clipped];
    assert!(said(&diagnosis).starts_with("undecided by re-training: with `training.clip_norm` set to `1.0`"));
    assert!(said(&diagnosis).ends_with("(p < 0.001)"));
}

#[test]
fn each_changed_setting_stands_below_the_control_that_it_was_trained_beside() {
    let mut diagnosis = question();
    let names = |diagnosis: &Diagnosis| {
        let table = table(diagnosis).expect("proofs");
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        table.rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>()
    };
    let (rate, scale) = ("training.optimiser.lr = 0.001", "data.scale_inputs = \"standard\"");
    assert_eq!(names(&diagnosis), ["unchanged", rate, "unchanged", scale]);
    let first = diagnosis.causes[0].proof.clone().expect("proved");
    let second = diagnosis.causes[2].proof.as_mut().expect("refuted");
    second.control = first.control;
    second.seeds = first.seeds;
    assert_eq!(names(&diagnosis), ["unchanged", rate, scale]);
    sample::caused::forget(&mut diagnosis);
    assert_eq!(table(&diagnosis), None);
    assert_eq!(tried(&diagnosis), None);
}

#[test]
fn where_nothing_was_tried_it_is_said_why() {
    let mut diagnosis = question();
    assert_eq!(untried(&diagnosis), None);
    assert!(to_try(&diagnosis).is_empty());
    diagnosis.causes.iter_mut().for_each(|cause| cause.proof = None);
    let tried = diagnosis.verification.take();
    assert!(untried(&diagnosis).is_some_and(|why| why.contains("`--no-fix`")));
    let paths =
        |diagnosis: &Diagnosis| to_try(diagnosis).iter().map(|(change, _)| change.path.clone()).collect::<Vec<_>>();
    let every = ["training.optimiser.lr", "training.clip_norm", "model.layers.2.activation", "data.scale_inputs"];
    assert_eq!(paths(&diagnosis), every);
    diagnosis.verification = tried;
    assert_eq!(paths(&diagnosis), ["model.layers.2.activation"]);
    let verification = diagnosis.verification.as_mut().expect("in the sample");
    verification.tried.clear();
    verification.ended = "the budget is 0 trainings".to_owned();
    assert_eq!(untried(&diagnosis).as_deref(), Some("nothing was re-trained: the budget is 0 trainings"));
    diagnosis.verification = None;
    diagnosis.causes.iter_mut().for_each(|cause| cause.changes.clear());
    assert!(untried(&diagnosis).is_some_and(|why| why.contains("no setting")));
    diagnosis.causes.clear();
    assert!(untried(&diagnosis).is_some_and(|why| why.contains("no cause was found")));
    diagnosis.verdict.state = State::Learned;
    assert!(untried(&diagnosis).is_some_and(|why| why.contains("did not fail")));
    diagnosis.runs.clear();
    assert!(untried(&diagnosis).is_some_and(|why| why.contains("`--no-train`")));
}

#[test]
fn what_cannot_help_is_named_only_where_that_is_proved() {
    let mut diagnosis = question();
    assert!(no_help(&diagnosis).is_some_and(|clause| clause.contains("training longer cannot help")));
    diagnosis.verdict.hold = Some(Hold::Plateau);
    assert_eq!(no_help(&diagnosis), None);
}

#[test]
fn a_diff_keeps_its_tabs_and_its_signs_and_steers_no_terminal() {
    let mut diagnosis = question();
    let patch_of = |diagnosis: &mut Diagnosis, text: &str| {
        diagnosis.verification.as_mut().expect("in the sample").patch = Some(text.to_owned());
        patch(diagnosis)
    };
    let lines = patch_of(&mut diagnosis, "--- a\n+++ b\n@@ -1 +1 @@\n same\n-\told\n+\tnew\u{1b}[2J\n--x\n++x\n");
    let kinds: Vec<DiffKind> = lines.iter().map(|line| line.kind).collect();
    use DiffKind::{Added, Head, Removed, Same};
    assert_eq!(kinds, [Head, Head, Head, Same, Removed, Added, Removed, Added]);
    assert_eq!(lines[4].text, "-\told");
    assert_eq!(lines[5].text, "+\tnew [2J");
}

#[test]
fn the_command_is_one_that_a_shell_takes() {
    let mut diagnosis = question();
    assert_eq!(command(&diagnosis).as_deref(), Some("whymean diagnose reports/boxes/boxes.patched.toml"));
    diagnosis.patched_config = Some("it's here; rm x.toml".to_owned());
    assert_eq!(command(&diagnosis).as_deref(), Some("whymean diagnose 'it'\\''s here; rm x.toml'"));
    diagnosis.patched_config = None;
    assert_eq!(command(&diagnosis), None);
}
