//! Tests of [`super`].

use proptest::prelude::*;

use super::*;
use crate::{
    judge::{
        Estimate, RunDiagnosis,
        causes::{Card, Fix, staged},
        judge_run,
        synthetic::{Synthetic, reference},
    },
    record::Record,
};

/// A cause that says of each run, by its seed, what it is told to say.
struct Says {
    id: &'static str,
    weights: &'static [&'static [Weight]],
    follows_from: &'static [&'static str],
    told_of: &'static [State],
    yields: bool,
}

impl Cause for Says {
    fn card(&self) -> Card {
        Card { id: self.id, since: "0.1", explain: "" }
    }

    fn follows_from(&self) -> &'static [&'static str] {
        self.follows_from
    }

    fn is_told_of_learned(&self) -> bool {
        self.told_of.contains(&State::Learned)
    }

    fn is_told_of_unpredictable(&self) -> bool {
        self.told_of.contains(&State::Unpredictable)
    }

    fn yields(&self) -> bool {
        self.yields
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let run = case.trained.map_or(0, |trained| trained.record.run.seed as usize);
        // The last entry speaks for all further runs.
        let weights = self.weights.get(run).or(self.weights.last()).copied().unwrap_or_default();
        weights.iter().map(|weight| Evidence::new(*weight, format!("{} of run {run}", self.id))).collect()
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        vec![Fix::new("seed", case.trained.map_or(0, |trained| trained.record.run.seed), "it is another run")]
    }
}

/// One that says the same of every run.
const fn says(id: &'static str, weights: &'static [&'static [Weight]]) -> Says {
    Says { id, weights, follows_from: &[], told_of: &[], yields: false }
}

const fn follows(id: &'static str, weights: &'static [&'static [Weight]], from: &'static [&'static str]) -> Says {
    Says { id, weights, follows_from: from, told_of: &[], yields: false }
}

const STRONG: &[&[Weight]] = &[&[Weight::Strong]];
const FITS: &[&[Weight]] = &[&[Weight::Suggestive]];
const WEAK: &[&[Weight]] = &[&[Weight::Suggestive, Weight::Against]];
const AGAINST: &[&[Weight]] = &[&[Weight::Against]];
const SILENT: &[&[Weight]] = &[&[Weight::Silent]];

/// The ranking over so many collapsed runs with seeds from 0.
fn ranking(all: &[Says], runs: usize) -> (Vec<CauseDiagnosis>, Vec<RuledOut>) {
    ranking_of(all, runs, State::Collapsed)
}

fn ranking_of(all: &[Says], runs: usize, state: State) -> (Vec<CauseDiagnosis>, Vec<RuledOut>) {
    let judged: Vec<(Record, RunDiagnosis)> = (0..runs as u64)
        .map(|seed| {
            let record = Synthetic::new().with(|run| run.seed = seed).record();
            let run = RunDiagnosis { state, ..judge_run(&record) };
            (record, run)
        })
        .collect();
    let cases: Vec<Case<'_>> = judged.iter().map(|(record, run)| Case::of_run(record, run)).collect();
    let causes: Vec<&dyn Cause> = all.iter().map(|cause| cause as &dyn Cause).collect();
    ranked(&causes, &cases)
}

fn ids(found: &[CauseDiagnosis]) -> Vec<&str> {
    found.iter().map(|cause| cause.id.as_str()).collect()
}

/// `id: support` and, of a consequence, ` < what brings it about`, in order of the ranks.
fn lines(all: &[Says], runs: usize) -> Vec<String> {
    let consequence =
        |cause: &CauseDiagnosis| cause.consequence_of.as_ref().map_or(String::new(), |of| format!(" < {of}"));
    ranking(all, runs)
        .0
        .iter()
        .map(|cause| format!("{}: {:?}{}", cause.id, cause.support, consequence(cause)))
        .collect()
}

#[test]
fn the_better_supported_comes_first_and_then_what_acts_first() {
    let all =
        [says("a", WEAK), says("b", FITS), says("c", STRONG), says("d", FITS), says("e", STRONG), says("f", SILENT)];
    assert_eq!(lines(&all, 1), ["c: Strong", "e: Strong", "b: Suggestive", "d: Suggestive", "a: Weak"]);
    let (found, _) = ranking(&all, 1);
    assert_eq!(found.iter().map(|cause| cause.rank).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn what_speaks_against_is_weighed() {
    use Weight::{Against, Silent, Strong, Suggestive};
    let support =
        |weights: &[Weight]| weigh(weights.iter().map(|weight| Evidence::new(*weight, "it")).collect()).support;
    assert_eq!(support(&[]), None);
    assert_eq!(support(&[Silent, Against]), None);
    assert_eq!(support(&[Suggestive, Silent]), Some(Support::Suggestive));
    assert_eq!(support(&[Suggestive, Suggestive, Against]), Some(Support::Weak));
    assert_eq!(support(&[Strong, Suggestive]), Some(Support::Strong));
    assert_eq!(support(&[Strong, Against]), Some(Support::Suggestive));
    assert_eq!(support(&[Strong, Strong, Against]), Some(Support::Strong));
    let sorted =
        weigh([Against, Strong, Silent, Suggestive].map(|weight| Evidence::new(weight, "it")).to_vec()).evidence;
    assert_eq!(sorted.iter().map(|piece| piece.weight).collect::<Vec<_>>(), [Strong, Suggestive, Silent, Against]);
}

#[test]
fn one_odd_run_neither_makes_nor_breaks_a_cause() {
    use Weight::{Against, Strong, Suggestive};
    const ONE_OF_THREE: &[&[Weight]] = &[&[Strong], &[Suggestive], &[Suggestive]];
    const TWO_OF_THREE: &[&[Weight]] = &[&[Suggestive], &[Strong], &[Strong]];
    const ONCE: &[&[Weight]] = &[&[Strong], &[Against], &[]];
    const HALF: &[&[Weight]] = &[&[Strong], &[]];
    assert_eq!(lines(&[says("a", ONE_OF_THREE)], 3), ["a: Suggestive"]);
    assert_eq!(lines(&[says("a", TWO_OF_THREE)], 3), ["a: Strong"]);
    // Once of three times is not found, and not ruled out either.
    assert_eq!(ranking(&[says("a", ONCE)], 3), (Vec::new(), Vec::new()));
    assert_eq!(lines(&[says("a", HALF)], 2), [""; 0], "the lower one of two");
    assert_eq!(lines(&[says("a", HALF)], 1), ["a: Strong"]);
    // What is shown is of the first run with that support, its changes included.
    let (found, _) = ranking(&[says("a", TWO_OF_THREE)], 3);
    assert_eq!((found[0].evidence[0].text.as_str(), found[0].changes[0].to.as_str()), ("a of run 1", "1"));
}

#[test]
fn only_the_first_runs_are_asked() {
    use Weight::{Strong, Suggestive};
    const LATER: &[&[Weight]] = &[
        &[Suggestive],
        &[Suggestive],
        &[Suggestive],
        &[Suggestive],
        &[Suggestive],
        &[Suggestive],
        &[Suggestive],
        &[Suggestive],
        &[Strong],
    ];
    assert_eq!(lines(&[says("a", LATER)], 40), ["a: Suggestive"]);
}

#[test]
fn ruled_out_is_only_what_nothing_speaks_for() {
    use Weight::{Against, Suggestive};
    const MOSTLY_AGAINST: &[&[Weight]] = &[&[Against], &[Against], &[Suggestive]];
    let all = [says("a", AGAINST), says("b", MOSTLY_AGAINST), says("c", SILENT), says("d", &[]), says("e", WEAK)];
    let (found, ruled_out) = ranking(&all, 3);
    assert_eq!(ids(&found), ["e"]);
    assert_eq!(ruled_out, [RuledOut { id: "a".to_owned(), text: "a of run 0".to_owned() }]);
}

#[test]
fn a_consequence_comes_behind_what_brings_it_about() {
    // It acts first, and yet the other one brings it about.
    let all = [follows("effect", STRONG, &["origin"]), says("other", STRONG), says("origin", STRONG)];
    assert_eq!(lines(&all, 1), ["other: Strong", "origin: Strong", "effect: Strong < origin"]);
    // What is less well supported brings nothing about, and what is weak does not either.
    let all = [follows("effect", STRONG, &["origin"]), says("origin", FITS)];
    assert_eq!(lines(&all, 1), ["effect: Strong", "origin: Suggestive"]);
    let all = [follows("effect", WEAK, &["origin"]), says("origin", WEAK)];
    assert_eq!(lines(&all, 1), ["effect: Weak", "origin: Weak"]);
    // Nor does what was not found at all.
    assert_eq!(lines(&[follows("effect", STRONG, &["origin"]), says("origin", AGAINST)], 1), ["effect: Strong"]);
}

#[test]
fn of_two_origins_the_one_that_is_named_first_counts() {
    let all = [follows("effect", FITS, &["second", "first"]), says("first", STRONG), says("second", STRONG)];
    assert_eq!(lines(&all, 1), ["first: Strong", "second: Strong", "effect: Suggestive < second"]);
    let all = [follows("effect", STRONG, &["absent", "first"]), says("first", STRONG)];
    assert_eq!(lines(&all, 1), ["first: Strong", "effect: Strong < first"]);
}

#[test]
fn a_chain_of_consequences_stands_in_its_order() {
    let all = [follows("third", STRONG, &["second"]), follows("second", STRONG, &["first"]), says("first", STRONG)];
    assert_eq!(lines(&all, 1), ["first: Strong", "second: Strong < first", "third: Strong < second"]);
}

#[test]
fn a_chain_is_not_overtaken_by_what_is_less_well_supported() {
    let all = [
        follows("third", STRONG, &["second"]),
        follows("second", STRONG, &["first"]),
        says("first", STRONG),
        says("other", FITS),
    ];
    assert_eq!(
        lines(&all, 1),
        ["first: Strong", "second: Strong < first", "third: Strong < second", "other: Suggestive"]
    );
}

#[test]
fn what_is_left_over_yields_to_what_fits() {
    let left_over = |origin: &'static [&'static [Weight]]| {
        let all = [Says { yields: true, ..follows("left", STRONG, &["origin"]) }, says("origin", origin)];
        lines(&all, 1)
    };
    assert_eq!(left_over(FITS), ["origin: Suggestive", "left: Strong < origin"]);
    assert_eq!(left_over(WEAK), ["left: Strong", "origin: Weak"]);
    assert_eq!(left_over(AGAINST), ["left: Strong"]);
}

#[test]
fn a_circle_ends() {
    let all =
        [follows("a", STRONG, &["b"]), follows("b", STRONG, &["a"]), follows("c", STRONG, &["c"]), says("d", FITS)];
    let (found, _) = ranking(&all, 1);
    let mut names = ids(&found);
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(found.iter().map(|cause| cause.rank).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn what_learned_and_what_cannot_be_predicted_is_told_of_few() {
    let everywhere = Says { told_of: &[State::Learned, State::Unpredictable], ..says("certain", STRONG) };
    let honest = Says { told_of: &[State::Unpredictable], ..says("honest", STRONG) };
    let all = || [says("a", STRONG), says("against", AGAINST)];
    let told = |state: State, cause: Says| {
        let [a, against] = all();
        let (found, ruled_out) = ranking_of(&[a, against, cause], 3, state);
        (ids(&found).join(" "), ruled_out.len())
    };
    assert_eq!(told(State::Learned, everywhere), ("certain".to_owned(), 0));
    assert_eq!(told(State::Learned, honest), (String::new(), 0));
    let honest = Says { told_of: &[State::Unpredictable], ..says("honest", STRONG) };
    assert_eq!(told(State::Unpredictable, honest), ("honest".to_owned(), 0));
    for state in State::ALL.into_iter().filter(|state| !matches!(state, State::Learned | State::Unpredictable)) {
        assert_eq!(told(state, says("b", STRONG)), ("a b".to_owned(), 1), "{state:?}");
    }
}

#[test]
fn of_a_network_that_learned_less_than_it_could_no_cause_is_likely() {
    let told = |best: f64, told_of: &'static [State]| {
        let record = staged::learns(staged::bare().references(&[reference(best, 1e-12)])).record();
        let mut run = judge_run(&record);
        // As good as the one reference, and clearly worse than the other.
        run.outputs.iter_mut().for_each(|output| {
            output.skill = Some(Estimate { value: 0.6, low: 0.57, high: 0.63 });
        });
        run.state = State::Learned;
        let says = Says { told_of, ..says("a", STRONG) };
        let (found, ruled_out) = ranked(&[&says, &says_against()], &[Case::of_run(&record, &run)]);
        (found.first().map(|cause| cause.support), ruled_out.len())
    };
    assert_eq!(told(0.95, &[]), (Some(Support::Suggestive), 1));
    assert_eq!(told(0.6, &[]), (None, 0));
    assert_eq!(told(0.95, &[State::Learned]), (Some(Support::Strong), 1), "it is certain whatever was learned");
}

const fn says_against() -> Says {
    says("against", AGAINST)
}

#[test]
fn without_a_run_nothing_is_told() {
    assert_eq!(ranking(&[says("a", STRONG), says("b", AGAINST)], 0), (Vec::new(), Vec::new()));
}

#[test]
fn runs_in_good_health_show_no_cause() {
    for of in [staged::learned(), staged::learns(staged::bare().references(&[reference(0.9, 1e-12)]))] {
        let record = of.record();
        let run = judge_run(&record);
        assert_eq!(run.state, State::Learned);
        let case = Case::of_run(&record, &run);
        assert_eq!(causes_of(&[case, case, case]).0, []);
        // Nor would they be accused if nobody knew that they learned.
        let strong = ALL.iter().filter(|cause| weigh(cause.evidence(&case)).support == Some(Support::Strong));
        assert_eq!(strong.map(|cause| cause.card().id).collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn a_constant_without_a_reason_is_given_none() {
    let record = staged::flat().record();
    let run = judge_run(&record);
    let (found, ruled_out) = causes_of(&[Case::of_run(&record, &run)]);
    assert_eq!(found, []);
    let mut ruled_out: Vec<&str> = ruled_out.iter().map(|cause| cause.id.as_str()).collect();
    ruled_out.sort_unstable();
    insta::assert_snapshot!(ruled_out.join(" "), @"bad-init batchnorm-mode dead-relu exploding-nan inference-mismatch inputs-not-scaled l1-median loss-broadcast loss-mismatch lr-too-high lr-too-low no-signal output-activation over-regularised params-not-updated targets-not-scaled vanishing-gradient wrong-gradient zero-inflated");
}

/// What a run may say, by numbers.
fn of_numbers(numbers: &[u8]) -> &'static [&'static [Weight]] {
    const ALL: [&[&[Weight]]; 6] = [STRONG, FITS, WEAK, AGAINST, SILENT, &[]];
    ALL[numbers.first().copied().unwrap_or(0) as usize % ALL.len()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_ranking_is_complete_and_in_order(numbers in prop::collection::vec(any::<[u8; 3]>(), 0..8)) {
        const IDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
        const PAIRS: [&[&str]; 8] = [&["b"], &["c", "a"], &["a"], &["e", "h"], &["f"], &["d"], &["g"], &[]];
        let all: Vec<Says> = numbers
            .iter()
            .zip(IDS)
            .map(|(numbers, id)| follows(id, of_numbers(numbers), PAIRS[numbers[1] as usize % PAIRS.len()]))
            .collect();
        let (found, ruled_out) = ranking(&all, 1);
        let supported = all.iter().filter(|cause| [STRONG, FITS, WEAK].contains(&cause.weights)).count();
        prop_assert_eq!(found.len(), supported, "each one once");
        prop_assert_eq!(ruled_out.len(), all.iter().filter(|cause| cause.weights == AGAINST).count());
        prop_assert!(found.iter().zip(1..).all(|(cause, rank)| cause.rank == rank));
        let mut names = ids(&found);
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), supported);
        // But for consequences the better supported comes first.
        let origins: Vec<Support> = found.iter().filter(|cause| cause.consequence_of.is_none()).map(|cause| cause.support).collect();
        prop_assert!(origins.is_sorted_by(|one, other| one >= other));
        for cause in &found {
            if let Some(origin) = &cause.consequence_of {
                let origin = found.iter().find(|other| other.id == *origin).expect("a supported one");
                prop_assert!(origin.support >= cause.support);
            }
        }
    }
}
