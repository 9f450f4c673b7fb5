//! As many lives as one likes for the test that kills the process at random moments.

use crate::{repository::Repository, setup, shell};

/// Kills it that often; fails where an answered change is lost.
pub(crate) fn trial(repository: &Repository, lives: u64, seed: Option<u64>) -> anyhow::Result<()> {
    let root = repository.root();
    setup::for_test(repository)?;
    shell::run(&mut shell::command(root, ["cargo", "build", "--all-targets"]))?;
    let test = "package(e2e) & test(=trial::no_answered_change_is_lost_whenever_the_process_is_killed)";
    let mut run = shell::command(
        root,
        ["cargo", "nextest", "run", "--profile", "trial", "--filterset", test],
    );
    run.env("PORTCULLIS_LIVES", lives.to_string());
    if let Some(seed) = seed {
        run.env("PORTCULLIS_SEED", seed.to_string());
    }
    shell::run(&mut run)
}
