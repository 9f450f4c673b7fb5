//! Programs that others wrote, where `cargo xtask setup` puts them.

use std::path::PathBuf;

/// A Python with what `e2e/foreign/requirements.txt` names.
pub(crate) const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/python/bin/python");

/// A script of `e2e/foreign`.
pub(crate) fn foreign(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("foreign").join(name)
}
