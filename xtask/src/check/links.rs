//! What a document points to is there: relative links, anchors, paths and developer commands in backticks.

use std::collections::{BTreeMap, BTreeSet};

use crate::{check::Finding, repository::Repository};

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let files: BTreeSet<String> = repository.files()?.into_iter().collect();
    let documents = repository.texts(".md")?;
    let commands = commands(&repository.read("xtask/src/main.rs")?);
    Ok(compare(&documents, &files, &commands))
}

fn compare(
    documents: &BTreeMap<String, String>,
    files: &BTreeSet<String>,
    commands: &BTreeSet<String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (document, text) in documents {
        for (number, line, fenced) in lines(text) {
            if !fenced {
                for target in targets(line) {
                    if let Some(trouble) = follow(document, target, documents, files) {
                        findings.push(Finding::at(document, number, trouble));
                    }
                }
                for path in quoted(line).filter(|quoted| looks_like_a_path(quoted, files)) {
                    if !names_something(path, files) {
                        findings.push(Finding::at(document, number, format!("there is no `{path}`")));
                    }
                }
            }
            for command in developer_commands(line) {
                if !commands.contains(command) {
                    findings.push(Finding::at(
                        document,
                        number,
                        format!("there is no `cargo xtask {command}`"),
                    ));
                }
            }
        }
    }
    findings
}

/// Each line with its number, and whether it stands in a fenced block.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let mut fenced = false;
    text.lines().enumerate().map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (index + 1, line, fenced || fence)
    })
}

/// The targets of `[text](target)`, `![text](target)`, `href="target"` and `src="target"`.
fn targets(line: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for (open, close) in [("](", ')'), ("href=\"", '"'), ("src=\"", '"'), ("srcset=\"", '"')] {
        for (start, _) in line.match_indices(open) {
            let rest = &line[start + open.len()..];
            if let Some(end) = rest.find(close) {
                targets.push(rest[..end].split(' ').next().unwrap_or_default());
            }
        }
    }
    targets
}

fn follow(
    document: &str,
    target: &str,
    documents: &BTreeMap<String, String>,
    files: &BTreeSet<String>,
) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() {
        document.to_owned()
    } else {
        resolve(document, path)
    };
    if !names_something(&file, files) {
        return Some(format!("the link `{target}` leads nowhere"));
    }
    let missing = !anchor.is_empty() && !documents.get(&file).is_some_and(|text| anchors(text).contains(anchor));
    missing.then(|| format!("`{file}` has no heading for `#{anchor}`"))
}

/// A path below the root, from one that is relative to the document.
fn resolve(document: &str, path: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A file, or a folder that holds one.
fn names_something(path: &str, files: &BTreeSet<String>) -> bool {
    let path = path.trim_end_matches('/');
    let folder = format!("{path}/");
    files.contains(path)
        || files
            .range(folder.clone()..)
            .next()
            .is_some_and(|file| file.starts_with(&folder))
}

/// The anchors that GitHub makes of the headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, line, _) in lines(text).filter(|(_, line, fenced)| line.starts_with('#') && !fenced) {
        let slug: String = line
            .trim_start_matches('#')
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let twins = (1..).map(|n| format!("{slug}-{n}"));
        let free = [slug.clone()]
            .into_iter()
            .chain(twins)
            .find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

/// What stands between single backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Begins with a folder or a file of the top level, and is neither a pattern nor a command.
fn looks_like_a_path(quoted: &str, files: &BTreeSet<String>) -> bool {
    if BUILT.iter().any(|built| quoted.starts_with(built)) {
        return false;
    }
    let plain = quoted.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    let (first, rest) = quoted.split_once('/').unwrap_or((quoted, ""));
    let at_the_top = files.iter().any(|file| file.split('/').next() == Some(first));
    let document = [".md", ".toml", ".yml"].iter().any(|ending| quoted.ends_with(ending)) && !quoted.contains('/');
    plain && ((at_the_top && !rest.is_empty() && first.len() > 1) || document)
}

/// Folders that documents name and that a build makes.
const BUILT: &[&str] = &[
    "data/",
    "e2e/benches/lighthouse/results",
    "e2e/browser/results",
    "target/",
    "web/dist",
];

/// The words after `cargo xtask`.
fn developer_commands(line: &str) -> Vec<&str> {
    const CALL: &str = "cargo xtask ";
    let word = |start: usize| {
        let rest = &line[start + CALL.len()..];
        &rest[..rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .unwrap_or(rest.len())]
    };
    line.match_indices(CALL)
        .map(|(start, _)| word(start))
        .filter(|word| !word.is_empty() && !word.starts_with('-'))
        .collect()
}

/// The developer commands, as `xtask/src/main.rs` lists them.
fn commands(main: &str) -> BTreeSet<String> {
    let list = main
        .split("enum Command {")
        .nth(1)
        .and_then(|rest| rest.split("\n}").next())
        .unwrap_or_default();
    list.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.trim_end_matches([',', '{', ' ']).to_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let documents = BTreeMap::from([
            ("docs/a.md".to_owned(), text.to_owned()),
            (
                "README.md".to_owned(),
                "# Top\n## What it is, and why\n## Top\n```\n# no heading\n```".to_owned(),
            ),
        ]);
        let files = ["docs/a.md", "README.md", "media/src/lib.rs"]
            .map(ToOwned::to_owned)
            .into();
        let commands = ["up".to_owned()].into();
        compare(&documents, &files, &commands)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        assert_eq!(
            found("[a](../README.md) [b](https://example.com/x) ![c](../media/src)"),
            [""; 0]
        );
        assert_eq!(found("x\n[a](b.md)"), ["docs/a.md:2: the link `b.md` leads nowhere"]);
        assert_eq!(
            found("<img src=\"b.png\">"),
            ["docs/a.md:1: the link `b.png` leads nowhere"]
        );
    }

    #[test]
    fn an_anchor_without_a_heading_is_found() {
        assert_eq!(
            found("# Own\n[a](../README.md#what-it-is-and-why) [b](#own) [c](../README.md#top-1)"),
            [""; 0]
        );
        assert_eq!(
            found("[a](../README.md#no-heading)"),
            ["docs/a.md:1: `README.md` has no heading for `#no-heading`"]
        );
    }

    #[test]
    fn a_path_that_is_gone_is_found() {
        assert_eq!(
            found("`media/src/lib.rs` `media/src/` `media::hub` `and/or` `media/*.rs`\n```\n`media/x`\n```"),
            [""; 0]
        );
        assert_eq!(
            found("`media/src/gone.rs`"),
            ["docs/a.md:1: there is no `media/src/gone.rs`"]
        );
        assert_eq!(found("`GONE.md`"), ["docs/a.md:1: there is no `GONE.md`"]);
    }

    #[test]
    fn a_developer_command_that_does_not_exist_is_found() {
        assert_eq!(found("```sh\ncargo xtask up\n```"), [""; 0]);
        assert_eq!(
            found("```sh\ncargo xtask down\n```"),
            ["docs/a.md:2: there is no `cargo xtask down`"]
        );
    }

    #[test]
    fn the_commands_are_read_from_where_they_are_made() {
        let own = commands(include_str!("../main.rs"));
        assert!(own.contains("up") && own.contains("web") && !own.contains("debug"));
    }
}
