//! The parts of the Rust toolchain that may be missing: the WebAssembly target, the formatter, the linter.
//!
//! The target comes from rustup where the network allows, and otherwise as Debian's `rustc-web` with its sources.

use std::{path::Path, process::Command};

use anyhow::bail;

use crate::{repository::Repository, setup::packages, shell};

const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler for WebAssembly, the sources of its standard library, and a linker.
const FROM_DEBIAN: &[(&str, &str)] = &[
    ("rustc-web", "/usr/bin/rustc"),
    ("rust-web-src", "/usr/lib/rustlib/src/rust/library/std/Cargo.toml"),
    ("lld-19", "/usr/bin/wasm-ld-19"),
];

/// Makes sure that something can compile to WebAssembly.
pub(super) fn webassembly() -> anyhow::Result<()> {
    let missing: Vec<&str> = FROM_DEBIAN
        .iter()
        .filter(|(_, brings)| !Path::new(brings).exists())
        .map(|(package, _)| *package)
        .collect();
    if has_target() || missing.is_empty() {
        return Ok(());
    }
    if shell::which("rustup").is_some() && shell::run(Command::new("rustup").args(["target", "add", TARGET])).is_ok() {
        return Ok(());
    }
    println!("rustup cannot bring {TARGET}; taking Debian's compiler for it");
    packages::install_by_name(&missing)
}

/// Makes sure that the formatter and the linter are there.
pub(super) fn components(repository: &Repository) -> anyhow::Result<()> {
    for (component, call) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if shell::output("cargo", &[call, "--version"]).is_some() {
            continue;
        }
        if shell::which("rustup").is_none() {
            bail!("`cargo {call}` is missing, and there is no rustup to add it");
        }
        shell::run(&mut shell::command(
            repository.root(),
            ["rustup", "component", "add", component],
        ))?;
    }
    Ok(())
}

/// Whether the toolchain in use has the target's standard library.
fn has_target() -> bool {
    shell::output("rustc", &["--print", "target-libdir", "--target", TARGET])
        .is_some_and(|folder| Path::new(&folder).is_dir())
}
