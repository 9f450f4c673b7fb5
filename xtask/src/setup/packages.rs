//! Debian packages, asked for by what they bring, so that a program from elsewhere serves as well.

use std::{fs, path::Path, process::Command};

use anyhow::bail;

use crate::shell;

/// A package, and how to see that what it brings is there.
#[derive(Clone, Copy)]
pub(super) struct Package {
    pub(super) name: &'static str,
    pub(super) probe: Probe,
}

/// What to look for.
#[derive(Clone, Copy)]
pub(super) enum Probe {
    /// Programs on the path, all of them.
    Programs(&'static [&'static str]),
    File(&'static str),
    /// A file below any folder of the parent: its name is a version.
    Folder {
        parent: &'static str,
        holds: &'static str,
    },
    /// An element of GStreamer.
    Element(&'static str),
    /// A module of Python.
    Module(&'static str),
}

impl Probe {
    fn is_there(self) -> bool {
        match self {
            Self::Programs(programs) => programs.iter().all(|program| shell::which(program).is_some()),
            Self::File(file) => Path::new(file).exists(),
            Self::Folder { parent, holds } => fs::read_dir(parent).is_ok_and(|mut folders| {
                folders.any(|folder| folder.is_ok_and(|folder| folder.path().join(holds).exists()))
            }),
            Self::Element(element) => shell::output("gst-inspect-1.0", &["--exists", element]).is_some(),
            Self::Module(module) => shell::output("python3", &["-c", &format!("import {module}")]).is_some(),
        }
    }
}

/// Installs those that are missing.
///
/// # Errors
/// When something is missing and this user may not install it, or the installation fails.
pub(super) fn install(packages: &[Package]) -> anyhow::Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .filter(|package| !package.probe.is_there())
        .map(|package| package.name)
        .collect();
    install_by_name(&missing)
}

/// Installs packages that are known to be missing.
pub(super) fn install_by_name(missing: &[&str]) -> anyhow::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    if shell::which("apt-get").is_none() {
        bail!(
            "missing: {}. Install them with this system's package manager; the names are Debian's",
            missing.join(", ")
        );
    }
    if shell::output("id", &["-u"]).as_deref() != Some("0") {
        bail!(
            "missing: {}. This would install them:\n\n    {}\n",
            missing.join(", "),
            command_for_sudo(missing)
        );
    }
    shell::run(Command::new("apt-get").args(["update", "-q"]))?;
    shell::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-q", "-y", "--no-install-recommends"])
            .args(missing),
    )
}

fn command_for_sudo(missing: &[&str]) -> String {
    format!(
        "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends {}'",
        missing.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed_again() {
        let there = Package {
            name: "no-such-package",
            probe: Probe::Programs(&["cargo"]),
        };
        install(&[there]).unwrap();
        assert!(!Probe::Programs(&["cargo", "no-such-program"]).is_there());
        assert!(
            !Probe::Folder {
                parent: "/usr",
                holds: "no-such-file"
            }
            .is_there()
        );
    }

    #[test]
    fn who_may_not_install_is_told_one_command() {
        assert_eq!(
            command_for_sudo(&["ffmpeg", "curl"]),
            "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ffmpeg curl'"
        );
    }
}
