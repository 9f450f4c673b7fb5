//! Audits the dashboard and the player with Lighthouse: the release build with its demo, in Chromium.

use crate::{repository::Repository, setup, shell, up};

/// Prints a table of the pages; fails where accessibility or best practices are below 100.
pub(crate) fn lighthouse(repository: &Repository) -> anyhow::Result<()> {
    setup::for_lighthouse(repository)?;
    up::build(repository)?;
    let folder = repository.path("e2e/benches/lighthouse");
    shell::run(&mut shell::command(&folder, ["npm", "ci", "--no-audit", "--no-fund"]))?;
    shell::run(
        shell::command(&folder, ["npm", "run", "audit"])
            .env("PORTCULLIS_BIN", repository.path("target/release/portcullis")),
    )
}
