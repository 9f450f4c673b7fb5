//! Programs of others that the tests speak with: packages of `PyPI` and npm, exactly as `e2e/foreign` names them.
//!
//! Each is installed once per list, into a folder of this checkout.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use crate::{repository::Repository, shell};

/// Below the tools of this checkout: a Python with nothing but what the list names, for the tests and for benchmarks.
const PYTHON: &str = "python";
/// The same.
const MEASURING: &str = "python-bench";

/// Makes sure that all of them are there.
pub(super) fn ensure(repository: &Repository) -> anyhow::Result<()> {
    let folder = repository.path("e2e/foreign");
    python(&folder.join("requirements.txt"), PYTHON)?;
    once(
        &folder.join("package-lock.json"),
        &folder.join("node_modules").join(BROUGHT),
        |_| {
            shell::run(&mut shell::command(
                &folder,
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            ))
        },
    )
}

/// Makes sure that what benchmarks compare with is there; the Python that has it.
pub(crate) fn measuring(repository: &Repository) -> anyhow::Result<PathBuf> {
    python(&repository.path("e2e/benches/views/requirements.txt"), MEASURING)
}

/// A Python with nothing but what a list names.
fn python(list: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let environment = Path::new(shell::TOOLS).join(name);
    once(list, &environment.join(BROUGHT), |list| {
        shell::run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&environment),
        )?;
        shell::run(
            Command::new(environment.join("bin/pip"))
                .args([
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--require-hashes",
                    "-r",
                ])
                .arg(list),
        )
    })?;
    Ok(environment.join("bin/python"))
}

/// Does it unless it was done for this very list.
fn once(list: &Path, stamp: &Path, bring: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let wanted = fs::read_to_string(list).with_context(|| format!("cannot read `{}`", list.display()))?;
    if fs::read_to_string(stamp).is_ok_and(|before| before == wanted) {
        return Ok(());
    }
    bring(list)?;
    fs::write(stamp, wanted).with_context(|| format!("cannot write `{}`", stamp.display()))
}

const BROUGHT: &str = ".brought";

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_was_brought_is_brought_again_only_when_the_list_is_another() {
        let folder = std::env::temp_dir().join(format!("portcullis-once-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (list, stamp) = (folder.join("list"), folder.join("stamp"));
        let times = Cell::new(0);
        let ask = || {
            once(&list, &stamp, |_| {
                times.set(times.get() + 1);
                Ok(())
            })
            .unwrap();
        };
        fs::write(&list, "one").unwrap();
        ask();
        ask();
        assert_eq!(times.get(), 1);
        fs::write(&list, "two").unwrap();
        ask();
        assert_eq!(times.get(), 2);
        assert!(once(&list, &folder.join("other"), |_| anyhow::bail!("no network")).is_err());
        assert!(!folder.join("other").exists(), "what failed is tried again");
        fs::remove_dir_all(&folder).unwrap();
    }
}
