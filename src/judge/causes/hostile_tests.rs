//! Records that no trainer would write.
