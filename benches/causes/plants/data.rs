//! Bugs of the data.

use super::Plant;
use crate::{
    base::{self, ANY, Kind, Wish},
    common::draw::Draw,
    edit::Edit,
    setup::Setup,
};

type Way = fn(&mut Draw) -> Plant;

fn edited(twin: Setup, accepted: &[&'static str], edit: Edit) -> Plant {
    Plant::new(twin, accepted, |setup| setup.edits.push(edit))
}

pub const DATA_BUG: &[Way] = &[
    |draw| {
        // Every label is the same.
        let value = draw.pick(&[0.0, 1.0]);
        Plant::new(base::draw(draw, &ANY), &["data-bug"], |setup| {
            setup.faults.push(format!("replaced_fraction = 1.0\nreplaced_value = {value:e}"));
        })
    },
    |draw| {
        // Most labels are a default value; the held-out ones are right.
        let (share, value) = (draw.between(0.85, 0.97), draw.pick(&[0.0, -1.0, 2.0]));
        Plant::new(base::draw(draw, &ANY), &["data-bug"], |setup| {
            setup.faults.push(format!("replaced_fraction = {share:.3}\nreplaced_value = {value:e}"));
        })
    },
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: Kind::ROWS, ..ANY });
        let share = draw.log_between(5e-4, 0.02);
        Plant::new(twin, &["data-bug", "exploding-nan"], |setup| {
            setup.faults.push(format!("nan_fraction = {share:e}"));
        })
    },
    |draw| {
        // A code for `missing` among the targets, scaled with them.
        let twin = base::draw(draw, &Wish { kinds: Kind::INDEPENDENT, ..ANY });
        let value = draw.pick(&[-9999.0, 99_999.0, 1e6]);
        edited(twin, &["data-bug"], Edit::TargetSentinel { share: draw.between(0.01, 0.04), value })
    },
    |draw| {
        // The same among the inputs.
        let twin = base::draw(draw, &Wish { kinds: Kind::INDEPENDENT, ..ANY });
        let value = draw.pick(&[-99_999.0, 1e6]);
        edited(twin, &["data-bug"], Edit::InputSentinel { share: draw.between(0.02, 0.06), value })
    },
    |draw| {
        // Inputs that hold one value hold no signal: both names say that.
        let twin = base::draw(draw, &Wish { kinds: Kind::TABLES, ..ANY });
        edited(twin, &["data-bug", "no-signal"], Edit::InputsConstant(draw.pick(&[0.0, 3.0])))
    },
];

fn faulty(twin: Setup, line: &str) -> Plant {
    Plant::new(twin, &["targets-misaligned"], |setup| setup.faults.push(line.to_owned()))
}

/// Rows that know nothing of each other.
const INDEPENDENT: Wish = Wish { kinds: &[Kind::Linear, Kind::Curved, Kind::Friedman, Kind::Function], ..ANY };
/// In a file both splits are out of order, and only a target that a line can follow gives that away.
const LINES: Wish = Wish { kinds: &[Kind::Linear], ..ANY };

pub const TARGETS_MISALIGNED: &[Way] = &[
    |draw| faulty(base::draw(draw, &ANY), "targets = \"shuffled\""),
    |draw| faulty(base::draw(draw, &INDEPENDENT), "targets = \"shifted_by_one\""),
    |draw| faulty(base::draw(draw, &ANY), "targets = \"shuffled_each_epoch\""),
    |draw| faulty(base::draw(draw, &ANY), "targets = \"shuffled_validation\""),
    |draw| {
        let twin = base::draw(draw, &LINES);
        edited(twin, &["targets-misaligned"], Edit::TargetsLater(draw.whole(1, 3) as usize))
    },
    |draw| {
        let edit = [Edit::TargetsReversed, Edit::TargetsSortedAsText][draw.whole(0, 1) as usize].clone();
        edited(base::draw(draw, &LINES), &["targets-misaligned"], edit)
    },
];
