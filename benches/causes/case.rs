//! One case: what is trained, what is truly wrong with it, and in which half it counts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Failure,
    common::draw::Draw,
    decoy, healthy,
    plants::{self, Shows},
    real,
    setup::Setup,
};

/// Names a case; the same name is always the same case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Name {
    /// Place of the cause in [`plants::ALL`], and a number.
    Planted(usize, usize),
    /// Place of the family in [`healthy::ALL`], and a number.
    Healthy(usize, usize),
    /// A file of real cases.
    Real(PathBuf),
}

/// Which group a case belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// A planted fault.
    Planted,
    /// No fault.
    Healthy,
    /// A real case.
    Real,
}

/// How the configuration of a case is written.
pub enum Text {
    /// Generated.
    Made {
        /// What is judged.
        judged: Box<Setup>,
        /// The same without the fault.
        twin: Option<Box<Setup>>,
    },
    /// A file.
    File(PathBuf),
}

/// One case.
pub struct Case {
    /// Its name.
    pub name: Name,
    /// Neutral name of what is trained.
    pub id: String,
    /// The planted cause, the family or the file.
    pub family: String,
    /// The oddity, where it has one.
    pub decoy: Option<&'static str>,
    /// Causes that are truly there; none of a healthy run.
    pub accepted: Vec<String>,
    /// The change that is known to mend a real case.
    pub fix: Option<String>,
    /// See [`plants::Plant::explodes`].
    pub explodes: bool,
    /// What it must show.
    pub shows: Shows,
    /// The configuration.
    pub text: Text,
    /// Seed of the run and of its data.
    pub seed: u64,
    /// Whether thresholds may be fixed on it.
    pub for_fixing: bool,
}

impl Name {
    /// Its group.
    pub fn group(&self) -> Group {
        match self {
            Self::Planted(..) => Group::Planted,
            Self::Healthy(..) => Group::Healthy,
            Self::Real(_) => Group::Real,
        }
    }

    /// The case of this name; of a generated one the draw of this number.
    pub fn case(&self, attempt: u32) -> Result<Case, Failure> {
        match self {
            Self::Planted(fault, number) => Ok(planted(self, *fault, *number, attempt)),
            Self::Healthy(family, number) => Ok(sound(self, *family, *number, attempt)),
            Self::Real(path) => real::case(path),
        }
    }
}

/// Every case; with `share` below 1 only that part of each kind, at least one.
pub fn names(share: f64) -> Result<Vec<Name>, Failure> {
    let part = |count: usize| ((count as f64 * share).round() as usize).max(1);
    let planted =
        (0..plants::ALL.len()).flat_map(|fault| (0..part(plants::RUNS)).map(move |n| Name::Planted(fault, n)));
    let sound = healthy::ALL
        .iter()
        .enumerate()
        .flat_map(|(place, family)| (0..part(family.count)).map(move |number| Name::Healthy(place, number)));
    let mut names: Vec<Name> = planted.chain(sound).collect();
    let mut files = real::files()?;
    files.truncate(part(files.len()));
    names.extend(files.into_iter().map(Name::Real));
    Ok(names)
}

/// As in the benchmark of the verdict: the parity of the number's binary digits has no period, so both halves see every
/// way and every oddity; which half begins differs by family.
fn is_for_fixing(family: &str, number: usize) -> bool {
    (number.count_ones() + u32::from(Sha256::digest(family)[0])).is_multiple_of(2)
}

fn planted(name: &Name, place: usize, number: usize, attempt: u32) -> Case {
    let fault = &plants::ALL[place];
    let title = format!("{} {number} {attempt}", fault.cause);
    let ways = fault.ways.len();
    let mut plant = (fault.ways[number % ways])(&mut Draw::new(&title));
    // Each way in turn, without an oddity and with one.
    let odd = (number / ways + number % ways) % 2 == 1;
    let from = number + place + attempt as usize;
    let decoy = odd.then(|| decoy::add(fault.cause, from, &title, &mut [&mut plant.sick, &mut plant.twin])).flatten();
    let (id, seed) = identity(&title);
    Case {
        name: name.clone(),
        id,
        family: fault.cause.to_owned(),
        decoy,
        accepted: plant.accepted.iter().map(|cause| (*cause).to_owned()).collect(),
        fix: None,
        explodes: plant.explodes,
        shows: plant.shows,
        text: Text::Made { judged: Box::new(plant.sick), twin: Some(Box::new(plant.twin)) },
        seed,
        for_fixing: is_for_fixing(fault.cause, number),
    }
}

fn sound(name: &Name, place: usize, number: usize, attempt: u32) -> Case {
    let family = &healthy::ALL[place];
    let title = format!("{} {number} {attempt}", family.name);
    let mut setup = (family.make)(&mut Draw::new(&title));
    let odd = number % 2 == 1;
    let decoy = odd.then(|| decoy::add("", number / 2 + attempt as usize, &title, &mut [&mut setup])).flatten();
    let (id, seed) = identity(&title);
    Case {
        name: name.clone(),
        id,
        family: family.name.to_owned(),
        decoy,
        accepted: Vec::new(),
        fix: None,
        explodes: false,
        shows: Shows::Hurt,
        text: Text::Made { judged: Box::new(setup), twin: None },
        seed,
        for_fixing: is_for_fixing(family.name, number),
    }
}

/// A neutral name and a seed.
fn identity(title: &str) -> (String, u64) {
    let digest = Sha256::digest(title);
    let id: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    (format!("run-{id}"), u64::from(digest[6]) * 256 + u64::from(digest[7]))
}

/// The half of a file of real cases.
pub fn file_is_for_fixing(stem: &str) -> bool {
    Sha256::digest(stem)[0].is_multiple_of(2)
}
