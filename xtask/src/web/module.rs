//! Compiles the dashboard to WebAssembly and binds it to JavaScript.
//!
//! The compiler is the one in use where it has the target, else Debian's `rustc-web`, which brings the sources of the
//! standard library but not the library itself; the set-up sees to it that one is there. Each has a target directory of
//! its own.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::bail;

use crate::shell;

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_COMPILER: &str = "/usr/bin/rustc";
const DEBIAN_STD: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
const DEBIAN_LINKER: &str = "wasm-ld-19";

/// Forces a choice, for tests of the choice: `rustup` or `debian`.
const CHOICE: &str = "PORTCULLIS_WASM_COMPILER";

/// Which compiler makes WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compiler {
    Rustup,
    Debian,
}

/// Compiles and binds; returns the folder that holds `app.js` and `app_bg.wasm`.
pub(super) fn build(root: &Path, release: bool) -> anyhow::Result<PathBuf> {
    let compiler = Compiler::choose()?;
    let (profile, folder) = if release { ("web", "web") } else { ("dev", "debug") };
    let target = root.join(compiler.target_directory());
    let mut cargo = shell::command(root, ["cargo", "build", "--package", "web", "--target", TARGET]);
    cargo.args(["--profile", profile, "--target-dir"]).arg(&target);
    compiler.prepare(&mut cargo);
    shell::run(&mut cargo)?;

    let bound = root.join("target/web/bound").join(profile);
    let mut bind = shell::command(
        root,
        ["cargo", "run", "--quiet", "--package", "xtask", "--features", "bindgen"],
    );
    // Not where the rest is built, which would be waited for.
    bind.args(["--bin", "bindgen", "--target-dir"])
        .arg(root.join("target/web"))
        .arg("--")
        .arg(target.join(TARGET).join(folder).join("web.wasm"))
        .arg(&bound);
    shell::run(&mut bind)?;
    Ok(bound)
}

impl Compiler {
    fn choose() -> anyhow::Result<Self> {
        match shell::variable(CHOICE).as_deref() {
            Some("rustup") => return Ok(Self::Rustup),
            Some("debian") => return Ok(Self::Debian),
            Some(other) => bail!("{CHOICE} is `rustup` or `debian`, not `{other}`"),
            None => {}
        }
        if has_target() {
            return Ok(Self::Rustup);
        }
        let debian = Path::new(DEBIAN_COMPILER).exists() && Path::new(DEBIAN_STD).exists();
        if debian && shell::which(DEBIAN_LINKER).is_some() {
            return Ok(Self::Debian);
        }
        bail!("nothing compiles to {TARGET}: `cargo xtask setup` installs what does")
    }

    const fn target_directory(self) -> &'static str {
        match self {
            Self::Rustup => "target/web",
            Self::Debian => "target/web-debian",
        }
    }

    fn prepare(self, cargo: &mut Command) {
        if self == Self::Debian {
            cargo
                .args(["-Z", "build-std=std,panic_abort"])
                .env("RUSTC", DEBIAN_COMPILER)
                .env("RUSTC_BOOTSTRAP", "1") // lets a stable cargo build the standard library
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
        }
    }
}

fn has_target() -> bool {
    shell::output("rustc", &["--print", "target-libdir", "--target", TARGET])
        .is_some_and(|folder| Path::new(&folder).is_dir())
}
