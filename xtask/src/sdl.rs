//! Writes the committed schema anew from the code; that it has not drifted is a test of `api`.

use std::{fs, process::Stdio};

use anyhow::{Context as _, bail};

use crate::{repository::Repository, shell};

const SCHEMA: &str = "api/schema.graphql";

pub(crate) fn write(repository: &Repository) -> anyhow::Result<()> {
    let output = shell::command(
        repository.root(),
        ["cargo", "run", "--quiet", "--package", "api", "--bin", "sdl"],
    )
    .stderr(Stdio::inherit())
    .output()
    .context("cannot run the printer of the schema")?;
    if !output.status.success() {
        bail!("the printer of the schema failed");
    }
    fs::write(repository.path(SCHEMA), output.stdout).with_context(|| format!("cannot write `{SCHEMA}`"))?;
    println!("wrote {SCHEMA}");
    Ok(())
}
