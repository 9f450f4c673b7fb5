//! Binds a WebAssembly module to JavaScript: `bindgen MODULE FOLDER` writes `app.js` and `app_bg.wasm` into the folder.
//!
//! A program of its own, so that the other commands do not wait for what it is made of. It is the very version of
//! wasm-bindgen that the dashboard is compiled with.

use std::env;

use anyhow::bail;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        bail!("bindgen MODULE FOLDER");
    };
    Bindgen::new()
        .input_path(module)
        .out_name("app")
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
}
