//! Measures what docs/benchmarks.md reports: release builds, both programs in one run.

use crate::{repository::Repository, setup, shell, up};

/// The tests of `e2e` that measure are ignored elsewhere; each prints its own table.
pub(crate) fn bench(repository: &Repository) -> anyhow::Result<()> {
    setup::for_bench(repository)?;
    up::build(repository)?;
    shell::run(&mut shell::command(
        repository.root(),
        ["cargo", "bench", "--workspace", "--exclude", "web"],
    ))
}
