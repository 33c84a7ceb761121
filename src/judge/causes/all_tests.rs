//! What holds of every cause.
