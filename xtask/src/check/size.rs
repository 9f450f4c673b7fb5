//! A file of more than 600 lines holds more than one idea.

use crate::{check::Finding, repository::Repository};

const MOST_LINES: usize = 600;

/// Written by people, and read by them.
const ENDINGS: &[&str] = &[
    ".css", ".graphql", ".html", ".js", ".md", ".mjs", ".polar", ".rs", ".sh", ".sql", ".toml", ".ts", ".yml",
];

/// Printed by the program, and compared as a whole.
const PRINTED: &[&str] = &["api/schema.graphql"];

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in repository.files()? {
        if ENDINGS.iter().any(|ending| file.ends_with(ending)) && !PRINTED.contains(&file.as_str()) {
            findings.extend(measure(&file, &repository.read(&file)?));
        }
    }
    Ok(findings)
}

fn measure(file: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    (lines > MOST_LINES).then(|| Finding::new(file, format!("has {lines} lines, more than {MOST_LINES}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_601_lines_is_found() {
        assert_eq!(measure("a.rs", &"x\n".repeat(600)), None);
        assert_eq!(
            measure("a.rs", &"x\n".repeat(601)),
            Some(Finding::new("a.rs", "has 601 lines, more than 600"))
        );
    }
}
