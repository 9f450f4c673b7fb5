//! Measures what docs/benchmarks.md reports: release builds, both programs in one run.

use crate::{repository::Repository, setup, shell, up};

/// Each prints its own table.
pub(crate) fn bench(repository: &Repository) -> anyhow::Result<()> {
    setup::for_bench(repository)?;
    up::build(repository)?;
    for (package, bench) in [("guard", "decision"), ("media", "sessions"), ("e2e", "fanout")] {
        shell::run(&mut shell::command(
            repository.root(),
            ["cargo", "bench", "--quiet", "--package", package, "--bench", bench],
        ))?;
    }
    Ok(())
}
