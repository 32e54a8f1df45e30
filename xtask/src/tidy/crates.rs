//! Who depends on whom. The table is the architecture: a new edge is a decision, made here and in `ARCHITECTURE.md`.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata};

use super::Problem;
use super::tree::Tree;

/// What each crate of ours may depend on among ours. Everything below `client` is out of the server's reach, and every store out
/// of the client's.
const ALLOWED: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("model", &["wire"]),
    ("store", &["wire", "model"]),
    ("writeback", &[]),
    ("store-sqlite", &["wire", "model", "store", "writeback"]),
    ("store-postgres", &["wire", "model", "store"]),
    ("store-conformance", &["wire", "model", "store"]),
    ("blob", &[]),
    ("bus", &["wire"]),
    (
        "server",
        &[
            "wire",
            "model",
            "store",
            "store-sqlite",
            "store-postgres",
            "blob",
            "bus",
        ],
    ),
    ("e2ee", &["wire", "model"]),
    ("client", &["wire", "model", "e2ee"]),
    ("client-store", &["wire", "model", "e2ee", "client"]),
    ("client-net", &["wire", "client"]),
    (
        "client-wasm",
        &["wire", "model", "e2ee", "client", "client-store", "client-net"],
    ),
    (
        "terminal",
        &["wire", "model", "e2ee", "client", "client-store", "client-net"],
    ),
    ("files-wasm", &["wire", "model", "e2ee"]),
    ("mls-vectors", &["wire", "e2ee"]),
    // Runs the one side against the other, and is nobody's dependency.
    (
        "simulation",
        &[
            "wire",
            "model",
            "store",
            "store-sqlite",
            "store-postgres",
            "bus",
            "server",
            "e2ee",
            "client",
            "client-store",
            "client-net",
        ],
    ),
    (
        "load",
        &["wire", "model", "e2ee", "client", "client-store", "client-net"],
    ),
];

/// Crates whose tests run the real server under the real client, and so see both sides.
const BOTH_SIDES_IN_TESTS: &[&str] = &["client", "client-store", "client-net", "terminal", "load"];

/// Crates with lints of their own: the workspace's forbid unsafe code, which `writeback` is for (decision 54).
const OWN_LINTS: &[&str] = &["writeback"];

/// Crates of others that only these of ours may use: who knows SQL, HTTP, JavaScript. An end of `*` stands for anything.
const RESERVED: &[(&str, &[&str])] = &[
    ("rusqlite", &["store-sqlite", "client-store"]),
    ("libsqlite3-sys", &["store-sqlite", "client-store"]),
    ("keyring*", &["client-store"]),
    ("sqlite-wasm-*", &["client-store", "client-wasm"]),
    ("tokio-postgres", &["store-postgres"]),
    ("deadpool-*", &["store-postgres"]),
    ("sqlx*", &["store-postgres"]),
    ("axum*", &["server"]),
    ("object_store", &["blob"]),
    ("redis", &["bus"]),
    ("openmls*", &["e2ee", "mls-vectors"]),
    ("wasm-bindgen*", &["client-wasm", "files-wasm", "mls-vectors"]),
    ("js-sys", &["client-wasm"]),
    ("web-sys", &["client-wasm"]),
];

/// Crates that do no I/O and hold no clock, so that they run under simulation and in a browser.
const PURE: &[&str] = &["wire", "model", "e2ee", "client"];

/// What would give them one.
const IMPURE: &[&str] = &[
    "tokio*",
    "async-std",
    "smol",
    "mio",
    "reqwest",
    "hyper*",
    "socket2",
];

/// The crates of this repository, with what they depend on.
#[derive(Default)]
pub(super) struct Graph {
    crates: Vec<Crate>,
}

/// One of them.
#[derive(Clone, Default)]
struct Crate {
    /// The folder below `crates/`.
    folder: String,
    /// The package's name.
    name: String,
    inherits_lints: bool,
    /// Names of packages that it needs to be built and to run.
    normal: Vec<String>,
    /// Names of packages that only its tests and benchmarks need.
    development: Vec<String>,
}

impl Graph {
    /// The packages below `crates/`.
    pub(super) fn from_metadata(metadata: &Metadata, tree: &Tree) -> Self {
        let folder_of = |package: &cargo_metadata::Package| {
            let folder = package.manifest_path.parent()?;
            let below = folder.strip_prefix(metadata.workspace_root.join("crates")).ok()?;
            Some(below.to_string())
        };
        let crates = metadata.workspace_packages().into_iter().filter_map(|package| {
            let folder = folder_of(package)?;
            let manifest = tree
                .find(&format!("crates/{folder}/Cargo.toml"))
                .unwrap_or_default();
            let names = |development: bool| {
                let wanted = move |kind: DependencyKind| (kind == DependencyKind::Development) == development;
                let dependencies = package.dependencies.iter();
                let names: BTreeSet<_> = dependencies
                    .filter(|dependency| wanted(dependency.kind))
                    .map(|dependency| dependency.name.clone())
                    .collect();
                names.into_iter().collect()
            };
            Some(Crate {
                name: package.name.to_string(),
                inherits_lints: manifest.contains("[lints]\nworkspace = true"),
                normal: names(false),
                development: names(true),
                folder,
            })
        });
        Self {
            crates: crates.collect(),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.crates.len()
    }

    /// Their folders.
    pub(super) fn folders(&self) -> BTreeSet<&str> {
        self.crates.iter().map(|found| found.folder.as_str()).collect()
    }

    /// For tests: crates with these normal and development dependencies.
    #[cfg(test)]
    pub(super) fn of(crates: &[(&str, &[&str], &[&str])]) -> Self {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let crates = crates.iter().map(|(folder, normal, development)| Crate {
            folder: (*folder).to_owned(),
            name: format!("pipit-{folder}"),
            inherits_lints: true,
            normal: own(normal),
            development: own(development),
        });
        Self {
            crates: crates.collect(),
        }
    }
}

/// Edges between crates of ours that the table does not have.
pub(super) fn edges(graph: &Graph) -> Vec<Problem> {
    let mut problems = Vec::new();
    for from in &graph.crates {
        let Some((_, allowed)) = ALLOWED.iter().find(|(folder, _)| *folder == from.folder) else {
            problems.push(format!(
                "crates/{}: not in the table of xtask/src/tidy/crates.rs; a new crate is an architecture decision (docs/adr)",
                from.folder
            ));
            continue;
        };
        for to in from.normal.iter().filter_map(|name| name.strip_prefix("pipit-")) {
            if !allowed.contains(&to) {
                problems.push(format!("crates/{}: may not depend on pipit-{to}", from.folder));
            }
        }
        if BOTH_SIDES_IN_TESTS.contains(&from.folder.as_str()) {
            continue;
        }
        for to in from
            .development
            .iter()
            .filter_map(|name| name.strip_prefix("pipit-"))
        {
            let is_store = |name: &str| name.starts_with("store");
            let is_own_kind = is_store(&from.folder) && is_store(to);
            if !allowed.contains(&to) && !is_own_kind && to != from.folder {
                problems.push(format!(
                    "crates/{}: its tests may not depend on pipit-{to}",
                    from.folder
                ));
            }
        }
    }
    problems
}

/// Crates of others where they are not allowed.
pub(super) fn outside(graph: &Graph) -> Vec<Problem> {
    let mut problems = Vec::new();
    for from in &graph.crates {
        for name in &from.normal {
            for (pattern, owners) in RESERVED {
                if matches(name, pattern) && !owners.contains(&from.folder.as_str()) {
                    let owners = owners.join(", ");
                    problems.push(format!(
                        "crates/{}: only {owners} may depend on {name}",
                        from.folder
                    ));
                }
            }
            if PURE.contains(&from.folder.as_str()) && IMPURE.iter().any(|pattern| matches(name, pattern)) {
                problems.push(format!(
                    "crates/{}: does no I/O and runs under simulation, so it may not depend on {name}",
                    from.folder
                ));
            }
        }
    }
    problems
}

/// Crates whose package is not named after the folder, or that have lints of their own.
pub(super) fn names_and_lints(graph: &Graph) -> Vec<Problem> {
    let mut problems = Vec::new();
    for found in &graph.crates {
        if found.name != format!("pipit-{}", found.folder) {
            problems.push(format!(
                "crates/{}: its package is called {}, not pipit-{}",
                found.folder, found.name, found.folder
            ));
        }
        if !found.inherits_lints && !OWN_LINTS.contains(&found.folder.as_str()) {
            problems.push(format!(
                "crates/{}/Cargo.toml: `[lints]` with `workspace = true` is missing",
                found.folder
            ));
        }
    }
    problems
}

fn matches(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Folders of crates that hold no I/O and no clock.
pub(super) fn is_pure(path: &str) -> bool {
    PURE.iter().any(|folder| {
        path.strip_prefix("crates/")
            .is_some_and(|rest| rest.starts_with(&format!("{folder}/src/")))
    })
}

#[cfg(test)]
mod tests {
    use super::{Graph, edges, names_and_lints, outside};

    #[test]
    fn edges_that_the_table_has_are_fine() {
        let graph = Graph::of(&[
            ("wire", &["serde"], &["proptest"]),
            ("model", &["pipit-wire"], &[]),
            (
                "store-sqlite",
                &["pipit-store", "rusqlite"],
                &["pipit-store-conformance"],
            ),
            ("client", &["pipit-model"], &["pipit-server", "tokio"]),
        ]);
        assert_eq!(edges(&graph), Vec::<String>::new());
        assert_eq!(outside(&graph), Vec::<String>::new());
        assert_eq!(names_and_lints(&graph), Vec::<String>::new());
    }

    #[test]
    fn other_edges_are_named() {
        let graph = Graph::of(&[
            ("server", &["pipit-client"], &["pipit-client-net"]),
            ("client", &["pipit-store"], &[]),
            ("utilities", &[], &[]),
        ]);
        let problems = edges(&graph).join("\n");
        assert!(problems.contains("crates/server: may not depend on pipit-client\n"));
        assert!(problems.contains("crates/server: its tests may not depend on pipit-client-net"));
        assert!(problems.contains("crates/client: may not depend on pipit-store"));
        assert!(problems.contains("crates/utilities: not in the table"));
        assert_eq!(edges(&graph).len(), 4);
    }

    #[test]
    fn sql_http_and_io_stay_where_they_belong() {
        let graph = Graph::of(&[
            ("server", &["rusqlite", "axum"], &[]),
            ("client", &["tokio-util", "axum-extra"], &["tokio"]),
        ]);
        let problems = outside(&graph).join("\n");
        assert!(problems.contains("crates/server: only store-sqlite, client-store may depend on rusqlite"));
        assert!(problems.contains("crates/client: only server may depend on axum-extra"));
        assert!(problems.contains(
            "crates/client: does no I/O and runs under simulation, so it may not depend on tokio-util"
        ));
        assert_eq!(outside(&graph).len(), 3);
    }

    #[test]
    fn names_and_lints_are_checked() {
        let mut graph = Graph::of(&[("wire", &[], &[])]);
        for found in &mut graph.crates {
            found.name = "wire".to_owned();
            found.inherits_lints = false;
        }
        assert_eq!(names_and_lints(&graph).len(), 2);
    }
}
