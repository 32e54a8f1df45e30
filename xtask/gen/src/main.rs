//! `pipit-xtask-gen [--check]`: writes the files that are made from the code, or says which are not current.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool: printing is its job"
)]

mod typescript;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use pipit_store_postgres::testing::TestPostgres;
use serde_json::Value;

/// A generated file: its path from the top of the repository, and its content.
type Document = (&'static str, String);

fn documents() -> Result<Vec<Document>> {
    Ok(vec![
        ("apps/web/src/generated/types.ts", typescript::declarations()),
        (
            "docs/generated/frames.schema.json",
            json(&pipit_wire::asyncapi::frames_schema())?,
        ),
        (
            "docs/generated/asyncapi.json",
            json(&pipit_wire::asyncapi::document())?,
        ),
        (
            "docs/generated/openapi.json",
            pipit_server::rest::openapi().to_pretty_json()? + "\n",
        ),
        (
            "docs/generated/schema-sqlite.sql",
            pipit_store_sqlite::schema_dump()?,
        ),
        ("docs/generated/schema-postgres.sql", postgres_schema()?),
    ])
}

/// The schema as PostgreSQL sees it after all migrations, on a server of the tests.
fn postgres_schema() -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let server = TestPostgres::start().await.context("starting PostgreSQL")?;
        let database = server.empty_database().await?;
        Ok(pipit_store_postgres::schema_dump(database.url()).await?)
    })
}

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    match run(check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: bool) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut stale = Vec::new();
    let documents = documents()?;
    for (path, content) in &documents {
        let file = root.join(path);
        if fs::read_to_string(&file).is_ok_and(|found| found == *content) {
            continue;
        }
        stale.push(*path);
        if !check {
            write(&file, content)?;
        }
    }
    match (check, stale.as_slice()) {
        (true, []) => println!("{} generated files are current", documents.len()),
        (true, stale) => bail!(
            "not current: {}. Run `cargo xtask gen` and commit what it writes",
            stale.join(", ")
        ),
        (false, []) => println!("nothing has changed"),
        (false, stale) => println!("written: {}", stale.join(", ")),
    }
    Ok(())
}

fn write(file: &Path, content: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(file, content).with_context(|| format!("writing {}", file.display()))
}

fn json(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}
