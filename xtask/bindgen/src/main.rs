//! `pipit-xtask-bindgen MODULE.wasm FOLDER`: writes the module and the JavaScript and TypeScript that load it.
//!
//! A program of its own, because its dependencies take half a minute to build and `cargo xtask` needs them only
//! when the WebAssembly core has changed.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, folder] = arguments.as_slice() else {
        bail!("usage: pipit-xtask-bindgen MODULE.wasm FOLDER");
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen
        .web(true)?
        .generate(folder)
        .with_context(|| format!("writing the bindings of {}", module.display()))
}
