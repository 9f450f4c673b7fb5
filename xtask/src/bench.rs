//! Measures what docs/benchmarks.md reports: release builds, all programs in one run.

use std::process::Command;

use crate::{repository::Repository, setup, shell, up};

/// Each prints its own table.
pub(crate) fn bench(repository: &Repository) -> anyhow::Result<()> {
    setup::for_bench(repository)?;
    up::build(repository)?;
    for (package, bench) in [
        ("guard", "decision"),
        ("media", "sessions"),
        ("api", "ingest"),
        ("e2e", "fanout"),
    ] {
        shell::run(&mut shell::command(
            repository.root(),
            ["cargo", "bench", "--quiet", "--package", package, "--bench", bench],
        ))?;
    }
    let python = setup::foreign::measuring(repository)?;
    for database in [&[][..], &["--postgres"]] {
        shell::run(
            Command::new(&python)
                .arg(repository.path("e2e/benches/views/measure.py"))
                .arg("--binary")
                .arg(repository.path("target/release/portcullis"))
                .args(["--sessions", SESSIONS])
                .args(database),
        )?;
    }
    Ok(())
}

/// Of one organisation, within thirty days.
const SESSIONS: &str = "10000000";
