//! Every check and every test, in an order in which the quick and the likely fail first.
//!
//! Everything is built once in the development profile, and the tests from outside start that same binary.

use std::{num::NonZero, thread};

use crate::{check, repository::Repository, setup, shell, steps::Steps, web};

/// Runs all of it; a failed step does not hide what the next would have said.
pub(crate) fn test(repository: &Repository) -> anyhow::Result<()> {
    let root = repository.root();
    let mut steps = Steps::new();
    if !steps.take("install what is missing", || setup::for_test(repository)) {
        return steps.finish();
    }
    steps.take("format", || format(repository));
    steps.take("structure", || check::all(repository));
    let (has_dashboard, _) = steps.take_both(
        ("dashboard", || web::build(root, true)),
        ("lints, and what is built without it", || {
            let lints = lints(repository);
            // The build below says what fails.
            let _ = build(repository);
            lints
        }),
    );
    if has_dashboard {
        steps.take("player tests", || player_tests(repository));
    } else {
        steps.skip("player tests");
    }
    // The binary and the tests are built by one call: two would choose different features and build everything twice.
    let is_built = has_dashboard && steps.take("build", || build(repository));
    for (name, step) in [
        (
            "unit and integration tests",
            rust_tests as fn(&Repository) -> anyhow::Result<()>,
        ),
        ("documentation tests", documentation_tests),
        ("client tests", client_tests),
        ("browser tests", browser_tests),
    ] {
        if is_built {
            steps.take(name, || step(repository));
        } else {
            steps.skip(name);
        }
    }
    steps.finish()
}

/// The part that needs no server.
pub(crate) fn check(repository: &Repository) -> anyhow::Result<()> {
    let mut steps = Steps::new();
    if steps.take("install what is missing", || setup::for_check(repository)) {
        steps.take("format", || format(repository));
        steps.take("structure", || check::all(repository));
        steps.take("lints", || lints(repository));
    }
    steps.finish()
}

fn format(repository: &Repository) -> anyhow::Result<()> {
    shell::run(&mut shell::command(
        repository.root(),
        ["cargo", "fmt", "--all", "--check"],
    ))
}

fn lints(repository: &Repository) -> anyhow::Result<()> {
    shell::run(&mut shell::command(
        repository.root(),
        [
            "cargo",
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ],
    ))
}

fn build(repository: &Repository) -> anyhow::Result<()> {
    shell::run(&mut shell::command(
        repository.root(),
        ["cargo", "build", "--all-targets"],
    ))
}

fn rust_tests(repository: &Repository) -> anyhow::Result<()> {
    let root = repository.root();
    if shell::output("cargo", &["nextest", "--version"]).is_some() {
        // They wait for each other's databases, sockets and clocks about as long as they compute.
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = (2 * cores).to_string();
        shell::run(&mut shell::command(
            root,
            ["cargo", "nextest", "run", "--test-threads", &threads],
        ))
    } else {
        shell::run(&mut shell::command(
            root,
            ["cargo", "test", "--no-fail-fast", "--all-targets"],
        ))
    }
}

fn documentation_tests(repository: &Repository) -> anyhow::Result<()> {
    shell::run(&mut shell::command(
        repository.root(),
        ["cargo", "test", "--quiet", "--doc"],
    ))
}

/// The parts of the player that need no browser.
fn player_tests(repository: &Repository) -> anyhow::Result<()> {
    shell::run(&mut shell::command(&repository.path("web"), ["npm", "test"]))
}

/// What programs of others rely on.
fn client_tests(repository: &Repository) -> anyhow::Result<()> {
    let folder = repository.path("e2e/clients");
    shell::run(&mut shell::command(&folder, ["npm", "ci", "--no-audit", "--no-fund"]))?;
    shell::run(&mut shell::command(&folder, ["npm", "test"]))
}

fn browser_tests(repository: &Repository) -> anyhow::Result<()> {
    let folder = repository.path("e2e/browser");
    shell::run(
        shell::command(&folder, ["npm", "ci", "--no-audit", "--no-fund"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )?;
    shell::run(&mut shell::command(&folder, ["npx", "playwright", "test"]))
}
