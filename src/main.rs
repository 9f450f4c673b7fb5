//! Portcullis: one binary.
fn main() {}
