//! Programs that others wrote, where `cargo xtask setup` puts them.

use std::path::PathBuf;

use tokio::process::Command;

/// A Python with what `e2e/foreign/requirements.txt` names.
pub(crate) const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/python/bin/python");

/// What a program of Python's prints, given these arguments.
pub(crate) async fn python(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(PYTHON)
        .args(["-c", program])
        .args(arguments)
        .output()
        .await
        .expect("`cargo xtask setup` brings Python");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A script of `e2e/foreign`.
pub(crate) fn foreign(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("foreign").join(name)
}
