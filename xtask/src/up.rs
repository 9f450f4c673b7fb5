//! From a checkout to a running platform with one command: install, build, start.
//!
//! Nothing is asked. What is already there is not done again, so that a second start takes seconds.

use std::{os::unix::process::CommandExt as _, process::Command};

use anyhow::Context as _;

use crate::{repository::Repository, setup, shell, web};

const BINARY: &str = "target/release/portcullis";

/// Metrics and health, on loopback; the rest is the program's defaults.
const OPERATIONS: &str = "127.0.0.1:9464";

/// Ends by becoming `portcullis`, which makes `./data` for its owner alone; returns only when that fails. Further
/// arguments are given to it.
pub(crate) fn up(repository: &Repository, arguments: &[String]) -> anyhow::Result<()> {
    build(repository)?;
    let places = setup::geoip::ensure();
    println!("── starting ──");
    let binary = repository.path(BINARY);
    let mut command = Command::new(&binary);
    command
        .current_dir(repository.root())
        .args(["up", "--data", "./data", "--demo", "--ops", OPERATIONS])
        .args(arguments);
    match places {
        // Whoever brings a configuration of their own says there which files are used, if any.
        Ok(_) if arguments.iter().any(|argument| argument.starts_with("--config")) => {}
        Ok(files) => {
            command
                .env("PORTCULLIS__GEOIP__COUNTRY_FILE", files.country)
                .env("PORTCULLIS__GEOIP__ASN_FILE", files.asn)
                .env("PORTCULLIS__GEOIP__CREDITS", setup::geoip::CREDITS);
        }
        Err(error) => println!("countries and networks of addresses will be unknown: {error:#}"),
    }
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", binary.display()))
}

/// Everything that the binary is made of, and the binary, as it is released.
pub(crate) fn build(repository: &Repository) -> anyhow::Result<()> {
    dashboard(repository, true)?;
    println!("── {BINARY} ──");
    shell::run(&mut shell::command(
        repository.root(),
        ["cargo", "build", "--release", "--package", "portcullis"],
    ))
}

/// The dashboard and the player, as the binary takes them in.
pub(crate) fn dashboard(repository: &Repository, release: bool) -> anyhow::Result<()> {
    println!("── what is missing ──");
    setup::for_up(repository)?;
    println!("── the dashboard ──");
    web::build(repository.root(), release)
}
