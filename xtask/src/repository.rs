//! The checkout as the checks see it: its files, its members, and what they depend on.
//!
//! Files come from the folder, not from git, so that an unpacked archive is checked in the same way.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// A checkout of the project.
pub(crate) struct Repository {
    root: PathBuf,
}

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its name in Cargo.toml.
    pub(crate) name: String,
    /// Its folder below the root, `.` for the root package.
    pub(crate) folder: String,
    /// Every crate that it names, ours and others'.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a `[dependencies]` table.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// When a dependency is linked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Development,
}

impl Repository {
    /// The checkout that this command was compiled from.
    pub(crate) fn here() -> Self {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            root: xtask.parent().unwrap_or(xtask).to_path_buf(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn exists(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }

    /// The text of one file; the path is below the root.
    pub(crate) fn read(&self, relative: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.path(relative)).with_context(|| format!("cannot read `{relative}`"))
    }

    /// Every file that somebody wrote, by path below the root, sorted; built and downloaded folders are left out.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        self.walk("", &mut found)?;
        found.sort();
        Ok(found)
    }

    /// The files whose name ends so, with their text.
    pub(crate) fn texts(&self, ending: &str) -> anyhow::Result<BTreeMap<String, String>> {
        let mut texts = BTreeMap::new();
        for file in self.files()? {
            if file.ends_with(ending) {
                texts.insert(file.clone(), self.read(&file)?);
            }
        }
        Ok(texts)
    }

    /// Every crate of the workspace, in the order of their names.
    pub(crate) fn members(&self) -> anyhow::Result<Vec<Member>> {
        let output = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&self.root)
            .output()
            .context("cannot run `cargo metadata`")?;
        if !output.status.success() {
            bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cannot read cargo's metadata")?;
        let mut members: Vec<Member> = metadata
            .packages
            .into_iter()
            .map(|package| self.member(package))
            .collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(members)
    }

    fn member(&self, package: Package) -> Member {
        let folder = Path::new(&package.manifest_path)
            .parent()
            .and_then(|folder| folder.strip_prefix(&self.root).ok())
            .map(|folder| folder.display().to_string())
            .filter(|folder| !folder.is_empty())
            .unwrap_or_else(|| ".".to_owned());
        let dependencies = package
            .dependencies
            .into_iter()
            .map(|dependency| Dependency {
                name: dependency.name,
                kind: match dependency.kind.as_deref() {
                    Some("dev") => Kind::Development,
                    Some("build") => Kind::Build,
                    _ => Kind::Normal,
                },
            })
            .collect();
        Member {
            name: package.name,
            folder,
            dependencies,
        }
    }

    fn walk(&self, folder: &str, found: &mut Vec<String>) -> anyhow::Result<()> {
        let place = self.path(folder);
        for entry in fs::read_dir(&place).with_context(|| format!("cannot list `{}`", place.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let relative = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !is_built(folder, &name) {
                    self.walk(&relative, found)?;
                }
            } else if kind.is_file() {
                found.push(relative);
            }
        }
        Ok(())
    }
}

/// Folders that nobody wrote.
fn is_built(parent: &str, name: &str) -> bool {
    let hidden = name.starts_with('.') && ![".cargo", ".ci", ".config"].contains(&name);
    let at_the_top = parent.is_empty() && (name == "data" || name == "target" || name.starts_with("target-"));
    hidden || at_the_top || ["node_modules", "dist", "results"].contains(&name)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<PackageDependency>,
}

#[derive(Deserialize)]
struct PackageDependency {
    name: String,
    kind: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_found_with_its_folder() {
        let members = Repository::here().members().unwrap();
        let folder = |name: &str| {
            members
                .iter()
                .find(|member| member.name == name)
                .map(|member| member.folder.as_str())
        };
        assert_eq!(folder("portcullis"), Some("."));
        assert_eq!(folder("guard"), Some("crates/guard"));
    }

    #[test]
    fn what_was_built_is_not_listed() {
        let files = Repository::here().files().unwrap();
        assert!(files.iter().any(|file| file == "xtask/src/main.rs"));
        assert!(
            !files
                .iter()
                .any(|file| file.starts_with("target/") || file.contains("node_modules/"))
        );
    }
}
