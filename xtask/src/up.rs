//! From a checkout to a running platform with one command: install, build, start.
//!
//! Nothing is asked. What is already there is not done again, so that a second start takes seconds.

use std::{fs, os::unix::process::CommandExt as _, process::Command};

use anyhow::Context as _;

use crate::{repository::Repository, setup, shell, web};

/// Beside metrics and health, nothing is served here; demo mode binds loopback only.
const OPERATIONS: &str = "127.0.0.1:9464";

/// Ends by becoming `portcullis`; returns only when that fails. Further arguments are given to it.
pub(crate) fn up(repository: &Repository, arguments: &[String]) -> anyhow::Result<()> {
    println!("1/4 what is missing");
    setup::for_up(repository)?;
    println!("2/4 the dashboard");
    web::build(repository.root(), true)?;
    println!("3/4 portcullis");
    shell::run(&mut shell::command(
        repository.root(),
        ["cargo", "build", "--release", "--package", "portcullis"],
    ))?;
    let data = repository.path("data");
    fs::create_dir_all(&data).with_context(|| format!("cannot make `{}`", data.display()))?;
    println!("4/4 starting");
    let binary = repository.path("target/release/portcullis");
    let error = Command::new(&binary)
        .current_dir(repository.root())
        .args(["up", "--data", "./data", "--demo", "--ops", OPERATIONS])
        .args(arguments)
        .exec();
    Err(error).with_context(|| format!("cannot start `{}`", binary.display()))
}
