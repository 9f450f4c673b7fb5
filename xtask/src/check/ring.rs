//! One crypto library: with `ring` beside aws-lc-rs, rustls cannot choose a provider and panics at run time.

use std::process::Command;

use anyhow::Context as _;

use crate::{check::Finding, repository::Repository};

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let output = Command::new("cargo")
        .args([
            "tree",
            "--workspace",
            "--invert",
            "ring",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
        ])
        .current_dir(repository.root())
        .output()
        .context("cannot run `cargo tree`")?;
    // INVARIANT: cargo answers with an error where no version of `ring` is in Cargo.lock, and with nothing where only
    // another kind of edge leads to it.
    Ok(linked(&String::from_utf8_lossy(&output.stdout)))
}

fn linked(tree: &str) -> Vec<Finding> {
    let chain: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    if chain.is_empty() {
        return Vec::new();
    }
    vec![Finding::new(
        "Cargo.lock",
        format!("`ring` is linked through {}", chain.join(" ← ")),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ring_is_found_with_the_way_that_leads_to_it() {
        assert_eq!(linked(""), []);
        let found = linked("ring v0.17.0\nrustls v0.23.0\n");
        assert_eq!(
            found,
            [Finding::new("Cargo.lock", "`ring` is linked through ring ← rustls")]
        );
    }
}
