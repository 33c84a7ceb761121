//! Causes, proofs and what was tried for the made-up runs that collapse.

use std::collections::BTreeMap;

use crate::judge::{
    Diagnosis, State,
    causes::{
        CauseDiagnosis, Evidence, EvidenceFigure, Proof, ProofVerdict, ProposedChange, RuledOut, Support, Tally, Trial,
        Verification, Weight,
    },
};

fn evidence(weight: Weight, text: &str, figure: Option<EvidenceFigure>) -> Evidence {
    Evidence { weight, text: text.to_owned(), numbers: BTreeMap::new(), figure }
}

fn change(path: &str, from: Option<&str>, to: &str, why: &str) -> ProposedChange {
    ProposedChange { path: path.to_owned(), from: from.map(str::to_owned), to: to.to_owned(), why: why.to_owned() }
}

fn lower_rate() -> ProposedChange {
    change("training.optimiser.lr", Some("0.01"), "0.001", "a tenth of the rate stays below the stability limit")
}

fn clip() -> ProposedChange {
    change("training.clip_norm", None, "1.0", "a bounded step cannot throw the network far")
}

fn scale() -> ProposedChange {
    change("data.scale_inputs", Some("\"none\""), "\"standard\"", "inputs of one size make one rate fit all weights")
}

fn tally(collapsed: u32, learned: u32, runs: u32, skill: f64) -> Tally {
    Tally { collapsed, learned, runs, p_learn: crate::stats::jeffreys(learned, runs), skill: Some(skill) }
}

/// The rate that is too high, with its proof.
fn rate() -> CauseDiagnosis {
    CauseDiagnosis {
        id: "lr-too-high".to_owned(),
        rank: 1,
        support: Support::Strong,
        consequence_of: None,
        evidence: vec![
            evidence(
                Weight::Strong,
                "before the first step the sharpness is 42 times what `adam` stands at a rate of 0.01",
                Some(EvidenceFigure::Sharpness),
            ),
            evidence(
                Weight::Strong,
                "the loss peaks at step 2 with 5800 times the targets' variance",
                Some(EvidenceFigure::LossPerStep),
            ),
            evidence(
                Weight::Suggestive,
                "the first update moves `dense_1.weight` by 0.8 % of its size",
                Some(EvidenceFigure::UpdateRatios),
            ),
            evidence(Weight::Against, "one of 5 seeds learned at this rate", None),
            evidence(Weight::Silent, "no schedule lowers the rate", None),
        ],
        changes: vec![lower_rate(), clip()],
        advice: None,
        proof: Some(Proof {
            changes: vec![lower_rate()],
            seeds: vec![1, 2, 3, 4, 5],
            control: tally(4, 1, 5, -0.0006),
            changed: tally(0, 5, 5, 0.973),
            p_value: 0.0238,
            verdict: ProofVerdict::Proved,
            states_after: vec![State::Learned; 5],
            causes_after: Vec::new(),
        }),
    }
}

fn causes() -> Vec<CauseDiagnosis> {
    let inputs = CauseDiagnosis {
        id: "inputs-not-scaled".to_owned(),
        rank: 3,
        support: Support::Suggestive,
        consequence_of: None,
        evidence: vec![evidence(Weight::Suggestive, "the inputs reach from 0 to 255, with a mean of 61", None)],
        changes: vec![scale()],
        advice: None,
        proof: Some(Proof {
            changes: vec![scale()],
            seeds: vec![1, 2, 3],
            control: tally(2, 1, 3, -0.0005),
            changed: tally(3, 0, 3, -0.0007),
            p_value: 1.0,
            verdict: ProofVerdict::Refuted,
            states_after: vec![State::Collapsed; 3],
            causes_after: vec!["lr-too-high".to_owned()],
        }),
    };
    let dead = CauseDiagnosis {
        id: "dead-relu".to_owned(),
        rank: 2,
        support: Support::Strong,
        consequence_of: Some("lr-too-high".to_owned()),
        evidence: vec![evidence(
            Weight::Strong,
            "all 100 units of `dense_1` are exactly 0 on every training sample, from step 9 on",
            Some(EvidenceFigure::DeadUnitsPerLayer),
        )],
        changes: vec![change("model.layers.2.activation", Some("\"relu\""), "\"leaky_relu\"", "no half of it is flat")],
        advice: None,
        proof: None,
    };
    let bug = CauseDiagnosis {
        id: "data-bug".to_owned(),
        rank: 4,
        support: Support::Weak,
        consequence_of: None,
        evidence: vec![
            evidence(Weight::Suggestive, "two input columns are equal on every row: `a` and `b`", None),
            evidence(Weight::Against, "a reference learner attains skill 0.62 on the same data", None),
        ],
        changes: Vec::new(),
        advice: Some("look at the rows as the network gets them, a few inputs beside their targets".to_owned()),
        proof: None,
    };
    vec![rate(), dead, inputs, bug]
}

/// Gives a diagnosis of collapsed runs its causes and a proved change.
pub fn explain(diagnosis: &mut Diagnosis) {
    diagnosis.causes = causes();
    let out = |id: &str, text: &str| RuledOut { id: id.to_owned(), text: text.to_owned() };
    diagnosis.ruled_out = vec![
        out("no-signal", "ridge on random features attains skill 0.62"),
        out("loss-broadcast", "the loss that was logged is the one that predictions and targets give"),
        out("undertrained", "the runs are proved stuck"),
    ];
    let trial = |cause: &str, changes: &[ProposedChange], runs, learned, outcome: &str| Trial {
        cause: cause.to_owned(),
        changes: changes.to_vec(),
        runs,
        learned,
        outcome: outcome.to_owned(),
    };
    diagnosis.verification = Some(Verification {
        trainings: 10,
        trainings_allowed: 40,
        minutes_allowed: 10.0,
        tried: vec![
            trial("lr-too-high", &[lower_rate()], 5, 5, "proved"),
            trial("lr-too-high", &[clip()], 2, 1, "dropped after 2 runs"),
            trial("inputs-not-scaled", &[scale()], 3, 0, "refuted"),
        ],
        ended: "a change is proved".to_owned(),
        patch: Some(
            "--- boxes.toml\n+++ boxes.patched.toml\n@@ -12,4 +12,4 @@\n [training]\n epochs = 40\n-optimiser = { kind = \
             \"adam\", lr = 0.01 }\n+optimiser = { kind = \"adam\", lr = 0.001 }\n batch_size = 32\n"
                .to_owned(),
        ),
    });
    diagnosis.patched_config = Some("reports/boxes/boxes.patched.toml".to_owned());
}

/// Takes causes and proofs away, as where nothing was looked for.
pub fn forget(diagnosis: &mut Diagnosis) {
    diagnosis.causes.clear();
    diagnosis.ruled_out.clear();
    diagnosis.verification = None;
    diagnosis.patched_config = None;
}
