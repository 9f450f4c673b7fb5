//! Whether anything that goes into the dashboard has changed.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
};

use anyhow::Context as _;

/// Files and folders that the result depends on, below the root.
const INPUTS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "api/schema.graphql",
    "crates/guard/Cargo.toml",
    "crates/guard/src",
    "crates/ids/Cargo.toml",
    "crates/ids/src",
    "web",
    "xtask/src/bin",
    "xtask/src/web",
];

/// Folders that are made, not written.
const MADE: &[&str] = &["dist", "node_modules"];

/// A text that differs as soon as one of the inputs does.
pub(super) fn of(root: &Path, release: bool) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    release.hash(&mut hasher);
    for input in INPUTS {
        add(&root.join(input), &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or_default();
    if MADE.iter().any(|made| name == *made) {
        return Ok(());
    }
    name.hash(hasher);
    if !path.is_dir() {
        let content = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        content.hash(hasher);
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(|| format!("cannot list `{}`", path.display()))?;
    let mut inside = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    inside.sort();
    inside.iter().try_for_each(|path| add(path, hasher))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_a_build_makes_changes_nothing() {
        let folder = std::env::temp_dir().join(format!("portcullis-fingerprint-{}", std::process::id()));
        fs::create_dir_all(folder.join("web")).unwrap();
        fs::write(folder.join("web/app.rs"), "fn main() {}").unwrap();
        let of_web = || {
            let mut hasher = DefaultHasher::new();
            add(&folder.join("web"), &mut hasher).unwrap();
            hasher.finish()
        };
        let before = of_web();
        fs::create_dir_all(folder.join("web/node_modules/some")).unwrap();
        fs::create_dir_all(folder.join("web/dist")).unwrap();
        assert_eq!(of_web(), before);
        fs::write(folder.join("web/app.rs"), "fn main() { }").unwrap();
        assert_ne!(of_web(), before);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn another_profile_is_another_result() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert_eq!(of(root, true).unwrap(), of(root, true).unwrap());
        assert_ne!(of(root, true).unwrap(), of(root, false).unwrap());
        assert!(of(Path::new("/nowhere"), true).is_err());
    }
}
