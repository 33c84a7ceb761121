//! Floats in JSON that may be NaN or infinite: JSON has no such numbers, so they are the words `nan`, `inf`, `-inf`.
//!
//! For `#[serde(with = "crate::record::any_float")]`. Without it serde_json writes `null`, which cannot be read back.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// A number, or its name.
pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        to.serialize_f64(*value)
    } else if value.is_nan() {
        to.serialize_str("nan")
    } else {
        to.serialize_str(if *value > 0.0 { "inf" } else { "-inf" })
    }
}

/// The reverse of [`serialize`].
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Name(String),
    }
    match Written::deserialize(from)? {
        Written::Number(value) => Ok(value),
        Written::Name(name) => match name.as_str() {
            "nan" => Ok(f64::NAN),
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            other => Err(D::Error::custom(format!("`{other}` is not a number, `nan`, `inf` or `-inf`"))),
        },
    }
}
