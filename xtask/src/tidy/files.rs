//! The shape of source files.

use super::Problem;
use super::crates::is_pure;
use super::tree::{Tree, is_generated};

/// The longest source file, in lines.
const LINES_MAX: usize = 700;

/// What no source file may have, by extension, with the reason.
const FORBIDDEN: &[(&[&str], &str, &str)] = &[
    (
        &["rs"],
        concat!("#[ig", "nore"),
        "a test that does not run proves nothing",
    ),
    (
        &["ts", "svelte"],
        concat!(".on", "ly("),
        "the other tests would not run",
    ),
    (
        &["ts", "svelte"],
        concat!("test.sk", "ip"),
        "a test that does not run proves nothing",
    ),
    (
        &["ts", "svelte"],
        concat!("it.sk", "ip"),
        "a test that does not run proves nothing",
    ),
    (
        &["ts", "svelte"],
        concat!("describe.sk", "ip"),
        "a test that does not run proves nothing",
    ),
    (
        &["ts", "svelte"],
        concat!("test.fix", "me"),
        "a test that does not run proves nothing",
    ),
    (SOURCES, concat!("TO", "DO"), "do it, or file an issue"),
    (SOURCES, concat!("FIX", "ME"), "fix it, or file an issue"),
];

/// Everything that people write.
const SOURCES: &[&str] = &[
    "rs", "ts", "js", "svelte", "css", "html", "sql", "toml", "md", "sh", "yml", "yaml",
];

/// What the crates that hold no I/O and no clock may not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "Instant::now",
    "SystemTime",
];

/// Every problem of every file.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| !is_generated(path)) {
        problems.extend(length(path, text));
        problems.extend(forbidden(path, text));
        problems.extend(glob_exports(path, text));
        if path.ends_with("/mod.rs") {
            problems.push(format!(
                "{path}: modules are files with names, `thing.rs` and `thing/`"
            ));
        }
        if path.ends_with("package-lock.json") && text.contains("\"resolved\"") {
            problems.push(format!(
                "{path}: names the hosts that packages came from (see .npmrc)"
            ));
        }
        if is_pure(path) {
            problems.extend(impure(path, text));
        }
    }
    problems
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let found = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    found.is_some_and(|(_, extension)| extensions.contains(&extension))
}

fn length(path: &str, text: &str) -> Option<Problem> {
    let lines = text.lines().count();
    let too_long = has_extension(path, &["rs", "ts", "svelte"]) && lines > LINES_MAX;
    too_long.then(|| format!("{path}: {lines} lines; at most {LINES_MAX}"))
}

fn forbidden(path: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (extensions, word, reason) in FORBIDDEN {
        if !has_extension(path, extensions) {
            continue;
        }
        for (at, _) in text.match_indices(word) {
            let line = text.get(..at).map_or(0, |before| before.lines().count().max(1));
            problems.push(format!("{path}:{line}: `{}`: {reason}", word.trim()));
        }
    }
    problems
}

fn glob_exports(path: &str, text: &str) -> Vec<Problem> {
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim();
        has_extension(path, &["rs"])
            && line.starts_with("pub")
            && line.contains(" use ")
            && line.ends_with("::*;")
    });
    lines
        .map(|(number, _)| format!("{path}:{}: a glob export: name what is exported", number + 1))
        .collect()
}

fn impure(path: &str, text: &str) -> Vec<Problem> {
    let code = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(number, line)| {
        let named = IMPURE.iter().filter(move |word| line.contains(**word));
        named.map(move |word| {
            format!(
                "{path}:{}: `{word}`: this crate does no I/O and holds no clock",
                number + 1
            )
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, check};
    use crate::tidy::tree::Tree;

    fn problems(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn long_files_are_refused() {
        let fits = "x\n".repeat(LINES_MAX);
        let long = "x\n".repeat(LINES_MAX + 1);
        assert_eq!(problems("crates/wire/src/a.rs", &fits), 0);
        assert_eq!(problems("crates/wire/src/a.rs", &long), 1);
        assert_eq!(problems("apps/web/src/a.svelte", &long), 1);
        assert_eq!(problems("apps/web/src/generated/types.ts", &long), 0);
        assert_eq!(problems("Cargo.lock", &long), 0);
    }

    #[test]
    fn tests_that_do_not_run_are_refused() {
        assert_eq!(problems("a.rs", concat!("#[ig", "nore]\nfn f() {}\n")), 1);
        assert_eq!(
            problems("a.rs", concat!("#[ig", "nore = \"slow\"]\nfn f() {}\n")),
            1
        );
        assert_eq!(problems("a.test.ts", concat!("it.on", "ly('x')\n")), 1);
        assert_eq!(problems("a.test.ts", concat!("test.sk", "ip('x')\n")), 1);
        assert_eq!(problems("a.test.ts", concat!("describe.sk", "ip('x')\n")), 1);
    }

    #[test]
    fn notes_to_self_are_refused_with_their_line() {
        let tree = Tree::of(&[("a.rs", concat!("fn f() {}\n// TO", "DO: later\n"))]);
        assert_eq!(
            check(&tree),
            [concat!("a.rs:2: `TO", "DO`: do it, or file an issue")]
        );
    }

    #[test]
    fn glob_exports_and_mod_rs_are_refused() {
        assert_eq!(problems("a.rs", "pub use inner::*;\n"), 1);
        assert_eq!(problems("a.rs", "pub(crate) use inner::*;\n"), 1);
        assert_eq!(problems("a.rs", "use super::*;\n"), 0);
        assert_eq!(problems("src/inner/mod.rs", ""), 1);
    }

    #[test]
    fn lock_files_name_no_hosts() {
        assert_eq!(problems("apps/web/package-lock.json", "{\"resolved\": \"x\"}"), 1);
        assert_eq!(
            problems("apps/web/package-lock.json", "{\"integrity\": \"x\"}"),
            0
        );
    }

    #[test]
    fn pure_crates_name_no_clock() {
        assert_eq!(problems("crates/client/src/a.rs", "use std::fs;\n"), 1);
        assert_eq!(problems("crates/client/src/a.rs", "// not std::fs\n"), 0);
        assert_eq!(problems("crates/client-store/src/a.rs", "use std::fs;\n"), 0);
    }
}
