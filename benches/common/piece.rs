//! Pieces of TOML that networks and trainings are made of.

/// A dense layer.
pub fn dense(units: u32, activation: &str) -> String {
    format!("{{ type = \"dense\", units = {units}, activation = \"{activation}\" }}")
}

/// An optimiser with its learning rate and more keys.
pub fn optimiser(kind: &str, lr: f64, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { ", " };
    format!("{{ kind = \"{kind}\", lr = {lr:e}{comma}{more} }}")
}
