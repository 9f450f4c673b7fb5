//! Each known failure of other systems is answered once in docs/threat-model.md, and every answer names tests that exist.
//!
//! The rows are `| number | what happened | our defence | tests |`; a row whose last cell says `not built` stands for a
//! part that does not exist yet, and may name none.

use std::collections::{BTreeMap, BTreeSet};

use crate::{check::Finding, repository::Repository};

const MODEL: &str = "docs/threat-model.md";

/// As many as there are lines in the list of what went wrong in other systems.
const FAILURES: u32 = 26;

const NOT_BUILT: &str = "not built";

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let mut tests = BTreeSet::new();
    for ending in [".rs", ".spec.ts"] {
        for (_, text) in repository.texts(ending)? {
            tests.extend(titles(&text));
        }
    }
    Ok(compare(&repository.read(MODEL).unwrap_or_default(), &tests))
}

fn compare(model: &str, tests: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
    for (index, line) in model.lines().enumerate() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, .., proof] = cells.as_slice() else {
            continue;
        };
        let Ok(number) = number.parse::<u32>() else { continue };
        *seen.entry(number).or_default() += 1;
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        if named.is_empty() && !proof.contains(NOT_BUILT) {
            findings.push(Finding::at(MODEL, index + 1, "names no test"));
        }
        for name in named.iter().filter(|name| !tests.contains(**name)) {
            findings.push(Finding::at(MODEL, index + 1, format!("there is no test `{name}`")));
        }
    }
    for number in 1..=FAILURES {
        match seen.get(&number) {
            Some(1) => {}
            Some(_) => findings.push(Finding::new(MODEL, format!("has two rows for {number}"))),
            None => findings.push(Finding::new(MODEL, format!("has no row for {number}"))),
        }
    }
    findings
}

/// The names of Rust tests, and the titles of browser tests.
fn titles(text: &str) -> BTreeSet<String> {
    let mut titles = BTreeSet::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if line.contains("fn ") {
            let name = line.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next());
            titles.extend(name.filter(|_| marked).map(ToOwned::to_owned));
            marked = false;
        } else if let Some(rest) = line.strip_prefix("test(") {
            let quote = rest.chars().next().unwrap_or_default();
            titles.extend(
                rest.get(1..)
                    .and_then(|rest| rest.split(quote).next())
                    .map(ToOwned::to_owned),
            );
        }
    }
    titles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(rows: &str) -> String {
        let rest = (2..=FAILURES)
            .map(|n| format!("| {n} | a | b | not built |"))
            .collect::<Vec<_>>()
            .join(
                "
",
            );
        format!("| # | what | ours | tests |\n|---|---|---|---|\n{rows}\n{rest}")
    }

    fn found(rows: &str) -> Vec<String> {
        let tests = titles("#[test]\nfn it_holds() {}\nfn helper() {}\n  test('a page says why', async () => {});");
        compare(&full(rows), &tests).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_defence_whose_test_is_gone_is_found() {
        assert_eq!(found("| 1 | a | b | `it_holds`, `a page says why` |"), [""; 0]);
        assert_eq!(
            found("| 1 | a | b | `helper` |"),
            ["docs/threat-model.md:3: there is no test `helper`"]
        );
    }

    #[test]
    fn a_defence_without_a_test_is_found() {
        assert_eq!(
            found("| 1 | a | b | surely |"),
            ["docs/threat-model.md:3: names no test"]
        );
    }

    #[test]
    fn a_known_failure_without_a_row_or_with_two_is_found() {
        assert_eq!(found(""), ["docs/threat-model.md: has no row for 1"]);
        let twice = "| 1 | a | b | `it_holds` |\n| 1 | a | b | `it_holds` |";
        assert_eq!(found(twice), ["docs/threat-model.md: has two rows for 1"]);
    }
}
