//! Every setting that a container file gives, and every flag that a document shows, is one that the program knows.
//!
//! Settings are the keys of the embedded default file; flags are the `long` arguments of the root package.

use std::collections::BTreeSet;

use crate::{check::Finding, repository::Repository};

const DEFAULTS: &str = "src/portcullis.default.toml";

const CONTAINER_FILES: &[&str] = &["docker-compose.yml", "Dockerfile"];

const PREFIX: &str = "PORTCULLIS__";

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let keys = keys(&repository.read(DEFAULTS)?);
    let sources = repository.texts(".rs")?;
    let flags: BTreeSet<String> = sources
        .iter()
        .filter(|(file, _)| file.starts_with("src/"))
        .flat_map(|(_, text)| flags(text))
        .collect();
    let mut findings = Vec::new();
    for file in CONTAINER_FILES {
        findings.extend(compare(file, &repository.read(file)?, &keys, &flags));
    }
    for (file, text) in repository.texts(".md")? {
        findings.extend(compare(&file, &text, &keys, &flags));
    }
    Ok(findings)
}

fn compare(file: &str, text: &str, keys: &BTreeSet<String>, flags: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (start, _) in line.match_indices(PREFIX) {
            let rest = &line[start + PREFIX.len()..];
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let key = rest[..end].to_lowercase().replace("__", ".");
            if !key.is_empty() && !keys.contains(&key) {
                findings.push(Finding::at(
                    file,
                    index + 1,
                    format!("there is no setting `{key}` in {DEFAULTS}"),
                ));
            }
        }
        for flag in given(line).filter(|flag| !flags.contains(*flag)) {
            findings.push(Finding::at(
                file,
                index + 1,
                format!("`portcullis` has no flag `--{flag}`"),
            ));
        }
    }
    findings
}

/// The flags on a line that runs the program: `portcullis up --data DIR`, or a list of quoted words.
fn given(line: &str) -> impl Iterator<Item = &str> {
    let call = ["portcullis up ", "portcullis\", \"up\"", "command: ", "CMD "]
        .iter()
        .find_map(|call| line.split_once(call));
    let after = call.map_or("", |(_, after)| after);
    after
        .split(|c: char| c.is_whitespace() || "\"',[]`()".contains(c))
        .filter_map(|word| word.strip_prefix("--"))
        .map(|flag| flag.split('=').next().unwrap_or(flag))
        .filter(|flag| !flag.is_empty())
}

/// `table.key` for each key of the default file, those that are commented out because they have no default included.
fn keys(defaults: &str) -> BTreeSet<String> {
    let mut table = String::new();
    let mut keys = BTreeSet::new();
    for line in defaults
        .lines()
        .map(|line| line.trim().trim_start_matches("# ").trim_start_matches('#'))
    {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = format!("{name}.");
        } else if let Some((key, _)) = line.split_once(" = ")
            && key
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.')
        {
            keys.insert(format!("{table}{key}"));
        }
    }
    keys
}

/// The `long` flags of clap's derived arguments.
fn flags(source: &str) -> BTreeSet<String> {
    let mut flags = BTreeSet::new();
    let mut long = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[arg(") && line.contains("long") {
            match line
                .split_once("long = \"")
                .and_then(|(_, rest)| rest.split('"').next())
            {
                Some(name) => drop(flags.insert(name.to_owned())),
                None => long = true,
            }
        } else if let Some((field, _)) = line.split_once(':')
            && long
            && !line.starts_with("//")
        {
            let name = field.rsplit(' ').next().unwrap_or(field);
            flags.insert(name.replace('_', "-"));
            long = false;
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT_FILE: &str =
        "# Where.\n[http]\n# The address.\nlisten = \"0.0.0.0:8080\"\n# public_url = \"x\"\n[media.hls]\npart_ms = 1\n";
    const ARGUMENTS: &str =
        "#[arg(long, value_name = \"DIR\")]\n    pub(crate) data_dir: PathBuf,\n#[arg(long = \"http\")]\nlisten: A,";

    fn found(text: &str) -> Vec<String> {
        compare("f", text, &keys(DEFAULT_FILE), &flags(ARGUMENTS))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_setting_that_does_not_exist_is_found() {
        assert_eq!(
            found("PORTCULLIS__MEDIA__HLS__PART_MS: 2\n - PORTCULLIS__HTTP__PUBLIC_URL=x"),
            [""; 0]
        );
        assert_eq!(
            found("PORTCULLIS__HTTP__PORT: 1"),
            [format!("f:1: there is no setting `http.port` in {DEFAULTS}")]
        );
    }

    #[test]
    fn a_flag_that_does_not_exist_is_found() {
        assert_eq!(found("portcullis up --data-dir x --http=1\nls --color"), [""; 0]);
        assert_eq!(
            found("CMD [\"up\", \"--data\", \"x\"]"),
            ["f:1: `portcullis` has no flag `--data`"]
        );
    }
}
