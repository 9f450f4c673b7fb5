//! Who reads across organisations: the list of those places is a golden file, so that a new one is seen in review.

use std::collections::BTreeMap;

use crate::{check::Finding, repository::Repository};

const GOLDEN: &str = "xtask/golden/across_tenants.txt";

/// What begins a query, a change or a removal without a tenant ends so, and has its reason as argument.
const CALL: &str = "across_tenants(";

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let sources = repository.texts(".rs")?;
    let golden = repository.read(GOLDEN).unwrap_or_default();
    Ok(compare(&golden, &sites(&sources)))
}

/// `file: function(reason)` for each call outside of tests, in the order of the files.
fn sites(sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut sites = Vec::new();
    let production = |file: &str| !file.starts_with("xtask/") && !file.contains("/tests/") && !file.starts_with("e2e/");
    for (file, text) in sources.iter().filter(|(file, _)| production(file)) {
        let text: String = text
            .lines()
            .take_while(|line| line.trim() != "#[cfg(test)]")
            .map(|line| {
                if line.trim_start().starts_with("//") {
                    ""
                } else {
                    line.trim()
                }
            })
            .fold(String::new(), |text, line| text + line + " ");
        for (start, _) in text.match_indices(CALL) {
            let before = text[..start].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':');
            let is_definition = before.trim_end().ends_with("fn");
            if !is_definition {
                let name = &text[before.len()..start + CALL.len()];
                let reason = argument(&text[start + CALL.len()..]);
                sites.push(format!("{file}: {name}{})", constant(reason, &text).unwrap_or(reason)));
            }
        }
    }
    sites
}

/// The text up to the parenthesis that closes the call.
fn argument(text: &str) -> &str {
    let mut depth = 1_usize;
    let mut quoted = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text[..index].trim().trim_end_matches(',');
        }
    }
    text
}

/// The literal that a constant of the same file stands for.
fn constant<'a>(name: &str, text: &'a str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("const {name}: &str = "))?;
    rest.split_once(';').map(|(value, _)| value)
}

fn compare(golden: &str, sites: &[String]) -> Vec<Finding> {
    let mut listed: Vec<&str> = golden.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut findings = Vec::new();
    for site in sites {
        if let Some(index) = listed.iter().position(|line| line == site) {
            listed.remove(index);
        } else {
            findings.push(Finding::new(
                GOLDEN,
                format!("does not list `{site}`: who may read across organisations, and why?"),
            ));
        }
    }
    findings.extend(
        listed
            .into_iter()
            .map(|gone| Finding::new(GOLDEN, format!("lists `{gone}`, which is gone"))),
    );
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("api/src/people.rs".to_owned(), text.to_owned())])
    }

    #[test]
    fn a_new_reader_across_organisations_is_found() {
        let text = "/// See across_tenants(\"a\")\nlet a = user::Entity::across_tenants(\n    \"sign-in (by email)\",\n)\n.one();";
        let sites = sites(&sources(text));
        assert_eq!(
            sites,
            ["api/src/people.rs: user::Entity::across_tenants(\"sign-in (by email)\")"]
        );
        assert_eq!(compare("", &sites).len(), 1);
        assert_eq!(compare(&sites.join("\n"), &sites), []);
    }

    #[test]
    fn a_reason_that_a_constant_holds_is_listed_as_it_reads() {
        let sites = sites(&sources("a::across_tenants(WHY);\nconst WHY: &str = \"a node joins\";"));
        assert_eq!(sites, ["api/src/people.rs: a::across_tenants(\"a node joins\")"]);
    }

    #[test]
    fn the_same_reason_twice_needs_two_lines() {
        let sites = sites(&sources("across_tenants(\"outbox\"); across_tenants(\"outbox\");"));
        assert_eq!(
            compare("api/src/people.rs: across_tenants(\"outbox\")", &sites).len(),
            1
        );
    }

    #[test]
    fn a_line_whose_call_is_gone_is_found_and_a_definition_is_no_call() {
        let sites = sites(&sources(
            "fn change_across_tenants(reason: &str) {}\n#[cfg(test)]\nacross_tenants(\"x\")",
        ));
        assert_eq!(sites, [""; 0]);
        assert_eq!(compare("api/src/a.rs: gone", &sites).len(), 1);
    }
}
