//! Every crate has the workspace's lints, and a crate that two name has one version, stated once.

use std::collections::BTreeMap;

use anyhow::Context as _;
use toml::{Table, Value};

use crate::{check::Finding, repository::Repository};

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Finding>> {
    let mut manifests = BTreeMap::new();
    for member in repository.members()? {
        let file = if member.folder == "." {
            "Cargo.toml".to_owned()
        } else {
            format!("{}/Cargo.toml", member.folder)
        };
        let table: Table = repository
            .read(&file)?
            .parse()
            .with_context(|| format!("cannot parse `{file}`"))?;
        manifests.insert(file, table);
    }
    Ok(compare(&manifests))
}

fn compare(manifests: &BTreeMap<String, Table>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut own_versions: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut shared: Vec<&str> = Vec::new();
    for (file, manifest) in manifests {
        if manifest.get("lints").and_then(|lints| lints.get("workspace")) != Some(&Value::Boolean(true)) {
            findings.push(Finding::new(file, "lacks `[lints] workspace = true`"));
        }
        if let Some(stated) = manifest
            .get("workspace")
            .and_then(|workspace| workspace.get("dependencies"))
        {
            shared.extend(stated.as_table().into_iter().flat_map(Table::keys).map(String::as_str));
        }
        for (name, value) in dependencies(manifest) {
            let is_itself = value.get("path").and_then(Value::as_str) == Some(".");
            if !is_itself && value.get("workspace") != Some(&Value::Boolean(true)) {
                own_versions.entry(name.to_owned()).or_default().push(file);
            }
        }
    }
    for (name, files) in own_versions {
        if shared.contains(&name.as_str()) {
            findings.push(Finding::new(
                files.join(", "),
                format!("`{name}` has a version of its own beside the workspace's"),
            ));
        } else if files.len() > 1 {
            findings.push(Finding::new(
                files.join(", "),
                format!("`{name}` is named twice: state it in the workspace"),
            ));
        }
    }
    findings
}

/// Every dependency of every kind and target; its own version where it has one.
fn dependencies(manifest: &Table) -> Vec<(&str, &Value)> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    let tables = targets.filter_map(Value::as_table).chain([manifest]);
    tables
        .flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)))
        .filter_map(Value::as_table)
        .flat_map(|table| table.iter().map(|(name, value)| (name.as_str(), value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(manifests: &[(&str, &str)]) -> Vec<String> {
        let parsed = manifests
            .iter()
            .map(|(file, text)| ((*file).to_owned(), text.parse().expect("a manifest")))
            .collect();
        compare(&parsed).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_crate_without_the_shared_lints_is_found() {
        assert_eq!(found(&[("a", "[lints]\nworkspace = true")]), [""; 0]);
        assert_eq!(
            found(&[("a", "[lints.rust]\nunsafe_code = \"warn\"")]),
            ["a: lacks `[lints] workspace = true`"]
        );
    }

    #[test]
    fn a_version_stated_twice_is_found() {
        let lints = "[lints]\nworkspace = true\n";
        let one = format!("{lints}[dependencies]\nserde = \"1\"");
        let other = format!("{lints}[target.'cfg(unix)'.dev-dependencies]\nserde = {{ version = \"1\" }}");
        assert_eq!(found(&[("a", &one)]), [""; 0]);
        assert_eq!(
            found(&[("a", &one), ("b", &other)]),
            ["a, b: `serde` is named twice: state it in the workspace"]
        );
        let root = format!("{lints}[workspace.dependencies]\nserde = \"1\"");
        assert_eq!(
            found(&[("a", &one), ("z", &root)]),
            ["a: `serde` has a version of its own beside the workspace's"]
        );
    }
}
