//! Builds the dashboard and the player into web/dist.
//!
//! Nothing is done where nothing changed: a fingerprint of everything that goes in is kept beside what came out.

mod fingerprint;
mod module;

use std::{fs, path::Path};

use anyhow::Context as _;

use crate::shell;

/// Builds web/dist; for release it is small, else it is quick to build.
///
/// # Errors
/// When a tool is missing or fails; what was in web/dist before is then still there.
pub(crate) fn build(root: &Path, release: bool) -> anyhow::Result<()> {
    let stamp = root.join("target/web/fingerprint");
    let now = fingerprint::of(root, release)?;
    if fs::read_to_string(&stamp).is_ok_and(|before| before == now) && root.join("web/dist/index.html").exists() {
        println!("web/dist is up to date");
        return Ok(());
    }
    packages(root)?;
    let bound = module::build(root, release)?;
    let profile = if release { "release" } else { "debug" };
    shell::run(
        shell::command(&root.join("web"), ["node", "tools/assemble.mjs"])
            .arg(&bound)
            .arg(profile),
    )?;
    fs::write(&stamp, now).with_context(|| format!("cannot write `{}`", stamp.display()))
}

/// Brings the packages that the lock file names, once per lock file. Their scripts are not run.
///
/// Not by `npm ci`: it refuses a lock file that leaves out the builds for other platforms.
fn packages(root: &Path) -> anyhow::Result<()> {
    let web = root.join("web");
    let lock = fs::read_to_string(web.join("package-lock.json")).context("cannot read `web/package-lock.json`")?;
    let stamp = web.join("node_modules/.brought");
    if fs::read_to_string(&stamp).is_ok_and(|before| before == lock) {
        return Ok(());
    }
    shell::run(&mut shell::command(
        &web,
        [
            "npm",
            "install",
            "--no-save",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ],
    ))?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write `{}`", stamp.display()))
}
