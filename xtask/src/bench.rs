//! Measures what docs/benchmarks.md reports: release builds, both programs in one run.

use crate::{repository::Repository, setup, shell, web};

/// The tests of `e2e` that measure are ignored elsewhere; each prints its own table.
pub(crate) fn bench(repository: &Repository) -> anyhow::Result<()> {
    setup::for_bench(repository)?;
    let root = repository.root();
    web::build(root, true)?;
    shell::run(&mut shell::command(
        root,
        ["cargo", "build", "--release", "--package", "portcullis"],
    ))?;
    shell::run(&mut shell::command(
        root,
        ["cargo", "bench", "--workspace", "--exclude", "web"],
    ))
}
