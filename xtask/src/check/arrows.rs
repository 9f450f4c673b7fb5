//! Who may depend on whom: the table, and its comparison with what cargo says.
//!
//! A crate without a row fails, so that a new one is placed on purpose. Development dependencies obey the same table,
//! and may add `testkit`.

use crate::{
    check::Finding,
    repository::{Kind, Member, Repository},
};

/// `(crate, the crates of ours that it may name)`
const ARROWS: &[(&str, &[&str])] = &[
    (
        "api",
        &["authz", "entity", "guard", "ids", "link", "migration", "misuse"],
    ),
    ("authz", &["ids"]),
    ("container", &["ids"]),
    ("container-fuzz", &["container"]),
    ("e2e", &[]),
    ("entity", &["ids"]),
    ("guard", &["ids"]),
    ("guard-fuzz", &["guard"]),
    ("ids", &[]),
    ("link", &["guard", "ids"]),
    ("media", &["container", "guard", "ids", "link"]),
    ("migration", &[]),
    ("misuse", &["guard", "ids"]),
    ("portcullis", &["api", "ids", "link", "media", "migration", "tls"]),
    ("testkit", &["ids", "migration"]),
    ("tls", &["guard", "link"]),
    ("web", &["guard", "ids", "misuse"]),
    ("xtask", &[]),
];

/// Those that may not even test with ours: they look from outside.
const OUTSIDERS: &[&str] = &["e2e", "xtask"];

const TESTS_ONLY: &str = "testkit";

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    Ok(compare(ARROWS, &repository.members()?))
}

fn compare(table: &[(&str, &[&str])], members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in members {
        let Some((_, allowed)) = table.iter().find(|(name, _)| *name == member.name) else {
            findings.push(Finding::new(
                &member.name,
                "has no row in the table of arrows (xtask/src/check/arrows.rs)",
            ));
            continue;
        };
        // A crate may name itself: that is how its own tests switch on one of its features.
        let ours = member
            .dependencies
            .iter()
            .filter(|named| named.name != member.name && members.iter().any(|other| other.name == named.name));
        for named in ours {
            let for_tests = named.name == TESTS_ONLY
                && named.kind == Kind::Development
                && !OUTSIDERS.contains(&member.name.as_str());
            if !for_tests && !allowed.contains(&named.name.as_str()) {
                findings.push(Finding::new(
                    &member.name,
                    format!("must not depend on `{}` ({:?})", named.name, named.kind).to_lowercase(),
                ));
            }
        }
    }
    for (name, _) in table {
        if !members.iter().any(|member| member.name == *name) {
            findings.push(Finding::new(*name, "has a row in the table of arrows and no crate"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Dependency;

    fn member(name: &str, dependencies: &[(&str, Kind)]) -> Member {
        let dependencies = dependencies
            .iter()
            .map(|(name, kind)| Dependency {
                name: (*name).to_owned(),
                kind: *kind,
            })
            .collect();
        Member {
            name: name.to_owned(),
            folder: name.to_owned(),
            dependencies,
        }
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found() {
        let members = [member("media", &[("entity", Kind::Normal)]), member("entity", &[])];
        let table: &[(&str, &[&str])] = &[("media", &["guard"]), ("entity", &[])];
        assert_eq!(
            compare(table, &members),
            [Finding::new("media", "must not depend on `entity` (normal)")]
        );
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_found() {
        let found = compare(&[("old", &[])], &[member("new", &[])]);
        assert_eq!(
            found.iter().map(|finding| finding.place.as_str()).collect::<Vec<_>>(),
            ["new", "old"]
        );
    }

    #[test]
    fn the_test_kit_is_for_tests_and_never_for_outsiders() {
        let table: &[(&str, &[&str])] = &[("media", &[]), ("testkit", &[]), ("e2e", &[])];
        let with = |kind, name| vec![member(name, &[("testkit", kind)]), member("testkit", &[])];
        let rows = |members: Vec<Member>| {
            let named: Vec<_> = table
                .iter()
                .filter(|(row, _)| members.iter().any(|m| m.name == *row))
                .copied()
                .collect();
            compare(&named, &members)
        };
        assert_eq!(rows(with(Kind::Development, "media")), []);
        assert_eq!(rows(with(Kind::Normal, "media")).len(), 1);
        assert_eq!(rows(with(Kind::Development, "e2e")).len(), 1);
    }

    #[test]
    fn other_peoples_crates_are_no_matter_of_this_table() {
        assert_eq!(
            compare(&[("media", &[])], &[member("media", &[("tokio", Kind::Normal)])]),
            []
        );
    }
}
