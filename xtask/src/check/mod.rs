//! The structure checks: what must stay true of the code and cannot be said to the compiler.
//!
//! A check reads and reports; it repairs nothing. Each has tests that feed it something wrong and see it object.

mod arrows;
mod compose;
mod documents;
mod links;
mod manifests;
mod purity;
mod ring;
mod secrets;
mod size;
mod tenancy;
mod threats;

use std::fmt;

use anyhow::bail;

use crate::repository::Repository;

/// Something that is not as the picture says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Finding {
    /// A path below the root, with its line where there is one, or the name of a crate.
    place: String,
    says: String,
}

impl Finding {
    fn new(place: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            says: says.into(),
        }
    }

    /// Points at a line, counted from 1.
    fn at(file: &str, line: usize, says: impl Into<String>) -> Self {
        Self::new(format!("{file}:{line}"), says)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.says)
    }
}

/// Runs all of them, prints every finding, and fails if there was one.
pub(crate) fn all(repository: &Repository) -> anyhow::Result<()> {
    let mut count = 0;
    for (name, check) in CHECKS {
        let findings =
            check(repository).unwrap_or_else(|error| vec![Finding::new("cannot look", format!("{error:#}"))]);
        println!("{} {name}", if findings.is_empty() { "ok  " } else { "FAIL" });
        for finding in &findings {
            println!("       {finding}");
        }
        count += findings.len();
    }
    if count > 0 {
        bail!("the structure checks found {count} thing(s)");
    }
    Ok(())
}

type Check = fn(&Repository) -> anyhow::Result<Vec<Finding>>;

const CHECKS: &[(&str, Check)] = &[
    ("arrows: who may depend on whom", arrows::check),
    (
        "purity: no clock, randomness or I/O where there must be none",
        purity::check,
    ),
    ("ring: one crypto library", ring::check),
    ("secrets: digests of keys are compared in constant time", secrets::check),
    ("manifests: shared lints, shared versions", manifests::check),
    ("size: no file over 600 lines", size::check),
    ("tenancy: who reads across organisations", tenancy::check),
    ("documents: they exist and name what exists", documents::check),
    (
        "links: links, paths and commands in documents lead somewhere",
        links::check,
    ),
    ("threats: every defence names its test", threats::check),
    ("compose: the container's settings are settings", compose::check),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_passes_every_check() {
        let repository = Repository::here();
        let findings: Vec<String> = CHECKS
            .iter()
            .flat_map(|(_, check)| check(&repository).unwrap())
            .map(|finding| finding.to_string())
            .collect();
        assert_eq!(findings, [""; 0]);
    }
}
