//! The client core, and what seals and opens files, as WebAssembly for the browser.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::{self, Helper};
use crate::stamp::{self, Inputs};
use crate::toolchain::{self, Toolchain};
use crate::workspace::Workspace;

/// A crate that is built for the browser.
struct Module {
    package: &'static str,
    /// What it is, for whoever waits for it.
    what: &'static str,
    /// Its folder below `apps/web/src/generated`.
    folder: &'static str,
}

/// The core's face to JavaScript, and what seals and opens files.
const MODULES: [Module; 2] = [
    Module {
        package: "pipit-client-wasm",
        what: "the client core",
        folder: "core",
    },
    Module {
        package: "pipit-files-wasm",
        what: "what seals and opens files",
        folder: "files",
    },
];

/// What tests alone load.
const VECTORS: Module = Module {
    package: "pipit-mls-vectors",
    what: "the test vectors of MLS",
    folder: "mls-vectors",
};

/// How much work goes into the size of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// As the compiler leaves it.
    Plain,
    /// Made smaller by `wasm-opt`, which takes half a minute.
    Optimized,
}

/// Builds the modules and the JavaScript that loads them, where anything that they are made of has changed.
pub(crate) fn build(workspace: &Workspace, size: Size, bindgen: Helper) -> Result<()> {
    for module in &MODULES {
        build_module(workspace, module, size, bindgen)?;
    }
    Ok(())
}

/// Builds what the tests of the web client load beside it.
pub(crate) fn build_for_tests(workspace: &Workspace, bindgen: Helper) -> Result<()> {
    build_module(workspace, &VECTORS, Size::Plain, bindgen)
}

fn build_module(workspace: &Workspace, module: &Module, size: Size, bindgen: Helper) -> Result<()> {
    let root = workspace.root();
    let Some(toolchain) = Toolchain::find(root)? else {
        bail!(
            "no Rust compiler here builds for {}: run `cargo xtask setup`",
            toolchain::TARGET
        );
    };
    let sources = sources(root, module.package)?;
    let output = workspace.web_generated().join(module.folder);
    let inputs = |size: Size| inputs(root, &sources, toolchain, size);
    // An optimized module also serves where a plain one would do.
    if stamp::is_current(&output, &inputs(Size::Optimized)?) {
        return Ok(());
    }
    let wanted = inputs(size)?;
    if stamp::is_current(&output, &wanted) {
        return Ok(());
    }
    println!(
        "Building {} for the browser ({})",
        module.what,
        toolchain.version(root)?.trim()
    );
    stamp::forget(&output)?;
    let compiled = compile(workspace, module.package, toolchain)?;
    bind(workspace, bindgen, &compiled, &output)?;
    if size == Size::Optimized {
        optimize(workspace, &output)?;
    }
    report(&output)?;
    stamp::remember(&output, &wanted)
}

fn compile(workspace: &Workspace, package: &str, toolchain: Toolchain) -> Result<PathBuf> {
    let target = workspace.target().join(toolchain.folder());
    let mut cargo = toolchain.cargo(workspace.root())?;
    cargo
        .args(["build", "--package", package, "--profile", "wasm"])
        .args(["--target", toolchain::TARGET])
        .args(toolchain.flags())
        .arg("--target-dir")
        .arg(&target);
    shell::run(&mut cargo)?;
    let name = format!("{}.wasm", package.replace('-', "_"));
    Ok(target.join(toolchain::TARGET).join("wasm").join(name))
}

fn bind(workspace: &Workspace, bindgen: Helper, module: &Path, output: &Path) -> Result<()> {
    if output.exists() {
        fs::remove_dir_all(output).with_context(|| format!("emptying {}", output.display()))?;
    }
    let mut program = bindgen.command(workspace, "pipit-xtask-bindgen");
    shell::run(program.arg(module).arg(output))
}

fn optimize(workspace: &Workspace, output: &Path) -> Result<()> {
    let program = workspace.web().join("node_modules/.bin/wasm-opt");
    if !program.exists() {
        bail!("wasm-opt is missing: the npm package `binaryen` belongs into apps/web/package.json");
    }
    let module = module_of(output)?;
    let smaller = module.with_extension("optimized");
    let mut command = shell::command(program, workspace.root());
    command
        .arg("-Oz")
        // What every browser that can run the core also knows.
        .args([
            "--enable-bulk-memory",
            "--enable-nontrapping-float-to-int",
            "--enable-sign-ext",
        ])
        .args([
            "--enable-mutable-globals",
            "--enable-reference-types",
            "--enable-multivalue",
        ])
        .arg("--output")
        .arg(&smaller)
        .arg(&module);
    shell::run(&mut command)?;
    fs::rename(&smaller, &module).with_context(|| format!("replacing {}", module.display()))
}

fn report(output: &Path) -> Result<()> {
    let module = module_of(output)?;
    let size_bytes = fs::metadata(&module)?.len();
    println!("{}: {} kB", module.display(), size_bytes / 1_000);
    Ok(())
}

fn module_of(output: &Path) -> Result<PathBuf> {
    stamp::files(output, &[])?
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .with_context(|| format!("{} holds no module", output.display()))
}

/// The folders of a crate and of every crate of ours below it.
fn sources(root: &Path, package: &str) -> Result<Vec<PathBuf>> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("asking cargo for the workspace's crates")?;
    let find = |name: &str| metadata.packages.iter().find(|package| package.name == name);
    let mut open = vec![package.to_owned()];
    let mut folders = BTreeSet::new();
    while let Some(name) = open.pop() {
        let package = find(&name).with_context(|| format!("the workspace has no crate {name}"))?;
        let folder = package
            .manifest_path
            .parent()
            .context("a manifest without a folder")?;
        if folders.insert(folder.to_owned().into_std_path_buf()) {
            let normal = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != cargo_metadata::DependencyKind::Development);
            open.extend(
                normal
                    .filter(|dependency| dependency.path.is_some())
                    .map(|dependency| dependency.name.clone()),
            );
        }
    }
    Ok(folders.into_iter().collect())
}

fn inputs(root: &Path, sources: &[PathBuf], toolchain: Toolchain, size: Size) -> Result<String> {
    let mut inputs = Inputs::default();
    inputs.word(&toolchain.version(root)?);
    inputs.word(&format!("{size:?}"));
    for file in ["Cargo.lock", "Cargo.toml"] {
        inputs.file(&root.join(file))?;
    }
    inputs.folder(&root.join("xtask/bindgen"), &["target"])?;
    for folder in sources {
        // Tests and benchmarks do not go into the module.
        inputs.folder(folder, &["target", "tests", "benches", "fuzz", "snapshots"])?;
    }
    Ok(inputs.finish())
}
