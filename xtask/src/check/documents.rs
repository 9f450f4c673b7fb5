//! The documents exist, the code map has one bold invariant for each crate, and README begins with the two commands.

use crate::{
    check::Finding,
    repository::{Member, Repository},
};

const DOCUMENTS: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "docs/benchmarks.md",
    "docs/glossary.md",
    "docs/threat-model.md",
];

const FIRST_COMMANDS: [&str; 2] = ["cargo xtask up", "cargo xtask test"];

const CODE_MAP: &str = "## Code map";

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = DOCUMENTS
        .iter()
        .filter(|document| !repository.exists(document))
        .map(|document| Finding::new(*document, "is missing"))
        .collect();
    findings.extend(code_map(
        &repository.read("ARCHITECTURE.md").unwrap_or_default(),
        &repository.members()?,
    ));
    findings.extend(first_commands(&repository.read("README.md").unwrap_or_default()));
    Ok(findings)
}

/// Each member has one row, `| `folder` | what **invariant** |`; the root package is `src`.
fn code_map(text: &str, members: &[Member]) -> Vec<Finding> {
    let map: Vec<&str> = text
        .lines()
        .skip_while(|line| line.trim() != CODE_MAP)
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with("| `"))
        .collect();
    let mut findings = Vec::new();
    for member in members {
        let folder = if member.folder == "." { "src" } else { &member.folder };
        let start = format!("| `{folder}` |");
        let rows: Vec<&&str> = map.iter().filter(|row| row.starts_with(&start)).collect();
        match rows.as_slice() {
            [row] if row.matches("**").count() == 2 => {}
            [_] => findings.push(Finding::new(
                "ARCHITECTURE.md",
                format!("`{folder}` needs exactly one bold invariant"),
            )),
            rows => findings.push(Finding::new(
                "ARCHITECTURE.md",
                format!("the code map has {} rows for `{folder}`, and needs one", rows.len()),
            )),
        }
    }
    findings
}

fn first_commands(text: &str) -> Vec<Finding> {
    let mut fenced = false;
    let mut commands = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced && !line.is_empty() && !line.starts_with('#') {
            commands.push(line.split(" #").next().unwrap_or(line).trim());
        }
    }
    if commands.iter().take(2).eq(FIRST_COMMANDS.iter()) {
        return Vec::new();
    }
    vec![Finding::new(
        "README.md",
        format!("its first two commands must be `{}`", FIRST_COMMANDS.join("` and `")),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(folder: &str) -> Member {
        Member {
            name: folder.to_owned(),
            folder: folder.to_owned(),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn a_crate_without_an_invariant_or_a_row_is_found() {
        let text =
            "## Code map\n| `media` | carries. **Knows no SQL.** |\n| `api` | decides |\n## Next\n| `web` | **x** |";
        assert_eq!(code_map(text, &[member("media")]), []);
        assert_eq!(code_map(text, &[member("api")]).len(), 1);
        assert_eq!(code_map(text, &[member("web")]).len(), 1);
        assert_eq!(code_map(text, &[member(".")]).len(), 1);
    }

    #[test]
    fn a_readme_that_begins_with_something_else_is_found() {
        let right = "Hello `x`.\n```sh\ncargo xtask up    # all of it\n\n# or\ncargo xtask test\nmore\n```";
        assert_eq!(first_commands(right), []);
        assert_eq!(first_commands("```sh\nmake\ncargo xtask up\n```").len(), 1);
        assert_eq!(first_commands("").len(), 1);
    }
}
