//! The digest of a key is compared in constant time: how long it takes tells nothing of the key.

use std::collections::BTreeMap;

use crate::{check::Finding, repository::Repository};

/// How the types are called that hold one.
const ENDING: &str = "KeyDigest";

/// What compares in constant time, from `subtle`.
const CONSTANT: &str = ".ct_eq(";

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    Ok(compared(&repository.texts(".rs")?))
}

fn compared(sources: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known = false;
    let production = |file: &str| !file.starts_with("xtask/") && !file.contains("/tests/") && !file.starts_with("e2e/");
    for (file, text) in sources.iter().filter(|(file, _)| production(file)) {
        for name in digests(text) {
            known = true;
            match comparison(text, name) {
                None => findings.push(Finding::new(file, format!("does not say how `{name}` is compared"))),
                Some(body) if !body.contains(CONSTANT) => findings.push(Finding::new(
                    file,
                    format!("compares `{name}` in variable time: `subtle` does it in constant time"),
                )),
                Some(_) => {}
            }
        }
    }
    if !known {
        findings.push(Finding::new(
            "crates/guard",
            format!("has no type that ends in `{ENDING}`: what are keys compared with?"),
        ));
    }
    findings
}

/// The types outside of tests that hold the digest of a key.
fn digests(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .filter_map(|line| line.split_once("struct "))
        .filter_map(|(_, rest)| rest.split(|c: char| !c.is_ascii_alphanumeric()).next())
        .filter(|name| name.ends_with(ENDING))
}

/// How a type is compared; nothing where that is derived.
fn comparison<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("impl PartialEq for {name} {{"))?;
    rest.split_once("\n}").map(|(body, _)| body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let sources = BTreeMap::from([("crates/guard/src/key.rs".to_owned(), text.to_owned())]);
        compared(&sources).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_digest_of_a_key_that_is_compared_in_variable_time_is_found() {
        let compared = |how: &str| {
            let equals = format!("    fn eq(&self, other: &Self) -> bool {{\n        {how}\n    }}");
            format!("pub struct IngestKeyDigest([u8; 32]);\n\nimpl PartialEq for IngestKeyDigest {{\n{equals}\n}}\n")
        };
        assert_eq!(found(&compared("self.0.ct_eq(&other.0).into()")), [""; 0]);
        assert_eq!(
            found(&format!("{}fn f() {{ a.ct_eq(&b) }}\n", compared("self.0 == other.0"))),
            ["crates/guard/src/key.rs: compares `IngestKeyDigest` in variable time: \
                 `subtle` does it in constant time"]
        );
        assert_eq!(
            found("#[derive(PartialEq)]\nstruct IngestKeyDigest([u8; 32]);\n"),
            ["crates/guard/src/key.rs: does not say how `IngestKeyDigest` is compared"]
        );
    }

    #[test]
    fn a_digest_that_is_called_otherwise_is_missed() {
        assert_eq!(found("struct IngestDigest([u8; 32]);\n").len(), 1);
        assert_eq!(found("#[cfg(test)]\nstruct IngestKeyDigest;\n").len(), 1);
    }
}
