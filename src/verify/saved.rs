//! `verification.json`: what was proved, so that a report can be drawn again without training.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    judge::{
        self, Diagnosis,
        causes::{CauseDiagnosis, Proof, ProofVerdict, Verification},
    },
    record::atomic,
    trial::{Spec, results::VERIFICATION_FILE},
};

/// Largest file that is read: a proof is a page.
const MOST_BYTES: u64 = 16 << 20;

/// What a search found, and of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// Number of the diagnosis' format.
    schema: u32,
    /// What was searched: hash of the experiment, of its seeds, and of what was proposed.
    subject: String,
    /// Whether a larger budget would have led no further.
    pub is_final: bool,
    /// Each cause's proof.
    proofs: Vec<CauseProof>,
    /// How the fixes were tried.
    pub verification: Verification,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseProof {
    cause: String,
    proof: Proof,
}

impl Saved {
    pub(super) fn new(subject: String, is_final: bool, diagnosis: &Diagnosis, verification: Verification) -> Self {
        let proof = |cause: &judge::causes::CauseDiagnosis| {
            Some(CauseProof { cause: cause.id.clone(), proof: cause.proof.clone()? })
        };
        let proofs = diagnosis.causes.iter().filter_map(proof).collect();
        Self { schema: judge::SCHEMA, subject, is_final, proofs, verification }
    }

    /// What a search on this diagnosis of such runs is about: the runs, and what is proposed for them.
    pub(super) fn subject(diagnosis: &Diagnosis, control: &Spec) -> String {
        let runs: Vec<_> = diagnosis.runs.iter().map(|run| (run.seed, run.state)).collect();
        let proposed: Vec<_> = diagnosis.causes.iter().map(|cause| (&cause.id, &cause.changes)).collect();
        let text = serde_json::to_string(&(control.fingerprint(), runs, proposed)).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What was saved in a folder, if it is about this diagnosis of such runs. A file that is damaged, or of another
    /// version, is as good as none: the trials that it was made from are still there.
    pub fn read(dir: &Path, diagnosis: &Diagnosis, control: &Spec) -> Option<Self> {
        let path = dir.join(VERIFICATION_FILE);
        let about = fs::symlink_metadata(&path).ok()?;
        if !about.is_file() || about.len() > MOST_BYTES {
            return None;
        }
        let saved: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let same = saved.schema == judge::SCHEMA && saved.subject == Self::subject(diagnosis, control);
        same.then_some(saved)
    }

    /// Writes it into a folder.
    ///
    /// - Errors: those of the file system; what was there is then untouched.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let json = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        atomic::write(&dir.join(VERIFICATION_FILE), (json + "\n").as_bytes())
    }

    /// The diagnosis with what was proved.
    pub fn complete(self, mut diagnosis: Diagnosis) -> Diagnosis {
        for cause in &mut diagnosis.causes {
            cause.proof = self.proofs.iter().find(|saved| saved.cause == cause.id).map(|saved| saved.proof.clone());
        }
        diagnosis.verification = Some(self.verification);
        lead_with_the_proved(&mut diagnosis);
        diagnosis
    }
}

/// Puts the causes whose change was proved first: what re-training shows outweighs what was read off.
///
/// A cause stays behind the one that brings it about.
pub(super) fn lead_with_the_proved(diagnosis: &mut Diagnosis) {
    let proved = |cause: &CauseDiagnosis| {
        let own = cause.proof.as_ref().is_some_and(|proof| proof.verdict == ProofVerdict::Proved);
        own && cause.consequence_of.is_none()
    };
    diagnosis.causes.sort_by_key(|cause| !proved(cause)); // stable: the order of the evidence stays otherwise
    for (rank, cause) in (1..).zip(&mut diagnosis.causes) {
        cause.rank = rank;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::State,
        verify::fake::{cause, diagnosis, spec},
    };

    #[test]
    fn what_was_saved_comes_back_for_the_same_runs_and_proposals_alone() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let spec = spec();
        let mut control = diagnosis(&[State::Collapsed; 3]);
        control.causes = vec![cause("lr-too-high", 1, &["training.optimiser.lr=0.001"])];
        let read = |control: &Diagnosis, spec: &Spec| Saved::read(folder.path(), control, spec);
        assert_eq!(read(&control, &spec), None);
        let verification = Verification {
            trainings: 5,
            trainings_allowed: 24,
            minutes_allowed: 0.1 + 0.2,
            tried: Vec::new(),
            ended: "a change was proved".to_owned(),
            patch: Some("--- a\n".to_owned()),
        };
        let saved = Saved::new(Saved::subject(&control, &spec), true, &control, verification);
        saved.write(folder.path()).expect("write");
        assert_eq!(read(&control, &spec), Some(saved.clone()));
        assert_eq!(saved.complete(control.clone()).verification.expect("completed").trainings, 5);

        let mut other = spec.clone();
        other.experiment.training.epochs += 1;
        assert_eq!(read(&control, &other), None);
        let mut more = diagnosis(&[State::Collapsed; 4]);
        more.causes = control.causes.clone();
        assert_eq!(read(&more, &spec), None);
        let mut proposes_more = control.clone();
        proposes_more.causes[0].changes.clear();
        assert_eq!(read(&proposes_more, &spec), None);
        for damaged in ["", "{}", "[1, 2"] {
            fs::write(folder.path().join(VERIFICATION_FILE), damaged).expect("write");
            assert_eq!(read(&control, &spec), None, "{damaged}");
        }
    }
}
