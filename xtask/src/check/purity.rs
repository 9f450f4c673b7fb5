//! PURE crates take time, chance and facts as arguments: nothing they link or write can fetch them.
//!
//! Two looks, because either alone can be passed by: the tree of what is linked (default features, as a PURE user has
//! it), and the words in the source before its tests.

use std::{collections::BTreeMap, process::Command};

use anyhow::{Context as _, bail};

use crate::{check::Finding, repository::Repository};

const PURE: &[&str] = &["ids", "guard", "container"];

const BANNED_CRATES: &[&str] = &[
    "async-std",
    "aws-lc-rs",
    "axum",
    "fastrand",
    "futures",
    "futures-executor",
    "getrandom",
    "hyper",
    "mio",
    "rand",
    "rand_core",
    "reqwest",
    "ring",
    "sea-orm",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
];

const BANNED_WORDS: &[&str] = &[
    ".await",
    "async fn",
    "async move",
    "Instant::now",
    "Local::now",
    "SystemTime",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "Utc::now",
    "now_v7",
    "std::env",
    "std::fs",
    "std::io::stdin",
    "std::process",
    "std::thread",
    "thread_rng",
    "tokio::",
];

const LINTS: &[&str] = &[
    "arithmetic_side_effects",
    "expect_used",
    "indexing_slicing",
    "panic",
    "string_slice",
    "unwrap_used",
];

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let sources = repository.texts(".rs")?;
    for name in PURE {
        findings.extend(linked(name, &tree(repository, name)?));
        let folder = format!("crates/{name}/src/");
        let own: BTreeMap<_, _> = sources.iter().filter(|(file, _)| file.starts_with(&folder)).collect();
        for (file, text) in &own {
            findings.extend(written(file, text));
        }
        let root = format!("{folder}lib.rs");
        findings.extend(denied(&root, own.get(&root).map_or("", |text| text.as_str())));
    }
    Ok(findings)
}

fn tree(repository: &Repository, name: &str) -> anyhow::Result<String> {
    let output = Command::new("cargo")
        .args([
            "tree",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--package",
            name,
        ])
        .current_dir(repository.root())
        .output()
        .context("cannot run `cargo tree`")?;
    if !output.status.success() {
        bail!(
            "cargo tree -p {name}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn linked(name: &str, tree: &str) -> Vec<Finding> {
    let mut banned: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|linked| BANNED_CRATES.contains(linked))
        .collect();
    banned.sort_unstable();
    banned.dedup();
    banned
        .into_iter()
        .map(|linked| Finding::new(name, format!("is pure and links `{linked}`")))
        .collect()
}

fn written(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text
        .lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
    {
        let code = line.split("//").next().unwrap_or_default();
        for word in BANNED_WORDS.iter().filter(|word| code.contains(**word)) {
            findings.push(Finding::at(file, index + 1, format!("is pure and says `{word}`")));
        }
    }
    findings
}

fn denied(file: &str, text: &str) -> Vec<Finding> {
    let Some(start) = text.find("deny(") else {
        return vec![Finding::new(
            file,
            "does not deny what may panic (`#![cfg_attr(not(test), deny(clippy::…))]`)",
        )];
    };
    let list = &text[start..];
    let list = &list[..list.find(']').unwrap_or(list.len())];
    let missing = LINTS.iter().filter(|lint| !list.contains(&format!("clippy::{lint}")));
    missing
        .map(|lint| Finding::new(file, format!("does not deny `clippy::{lint}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_crate_that_links_a_runtime_is_found() {
        assert_eq!(linked("guard", "guard v0.1.0\nserde v1.0.0\n"), []);
        let found = linked("guard", "guard v0.1.0\ntokio v1.0.0\nrand v0.9.0\ntokio v1.0.0 (*)\n");
        assert_eq!(
            found,
            [
                Finding::new("guard", "is pure and links `rand`"),
                Finding::new("guard", "is pure and links `tokio`")
            ]
        );
    }

    #[test]
    fn a_clock_in_the_source_is_found_and_one_in_the_tests_is_not() {
        let text = "use std::net::IpAddr;\nlet t = SystemTime::now(); // SystemTime\n#[cfg(test)]\nuse std::fs;\n";
        assert_eq!(
            written("a.rs", text),
            [Finding::at("a.rs", 2, "is pure and says `SystemTime`")]
        );
    }

    #[test]
    fn a_pure_crate_must_deny_every_way_to_panic() {
        let all = LINTS
            .iter()
            .map(|lint| format!("clippy::{lint}"))
            .collect::<Vec<_>>()
            .join(", ");
        assert_eq!(denied("lib.rs", &format!("#![cfg_attr(not(test), deny({all}))]")), []);
        assert_eq!(
            denied("lib.rs", &format!("#![deny({})]", all.replace("clippy::panic, ", ""))).len(),
            1
        );
        assert_eq!(denied("lib.rs", "//! Nothing.").len(), 1);
    }
}
