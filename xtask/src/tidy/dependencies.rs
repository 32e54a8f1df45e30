//! Licences and banned crates, by the same `deny.toml` that cargo-deny reads: what it looks up in texts and advisories, this
//! takes from the manifests, in no time and on every machine.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use cargo_metadata::Metadata;
use spdx::{Expression, ParseMode};
use toml::{Table, Value};

use super::Problem;

/// Crates of which one version at most may be in the lock file: two would not link, or would not know each other's values.
const ONE_VERSION: &[&str] = &["libsqlite3-sys", "rustls", "tokio", "wasm-bindgen"];

/// What `deny.toml` says.
pub(super) struct Rules {
    licenses: Vec<String>,
    banned: Vec<String>,
}

impl Rules {
    /// Reads `licenses.allow` and `bans.deny`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse().context("deny.toml")?;
        let list = |section: &str, key: &str| {
            let list = table.get(section).and_then(|section| section.get(key));
            list.and_then(Value::as_array)
                .with_context(|| format!("deny.toml has no list `{section}.{key}`"))
        };
        let licenses = list("licenses", "allow")?.iter().filter_map(Value::as_str);
        let banned = list("bans", "deny")?
            .iter()
            .filter_map(|ban| ban.as_str().or_else(|| ban.get("crate")?.as_str()));
        Ok(Self {
            licenses: licenses.map(str::to_owned).collect(),
            banned: banned.map(str::to_owned).collect(),
        })
    }

    fn license(&self, name: &str, expression: Option<&str>) -> Option<Problem> {
        let Some(expression) = expression else {
            return Some(format!("Cargo.lock: {name} states no licence"));
        };
        // Old manifests write `MIT/Apache-2.0`.
        let parsed = match Expression::parse_mode(expression, ParseMode::LAX) {
            Ok(parsed) => parsed,
            Err(error) => {
                return Some(format!(
                    "Cargo.lock: the licence of {name} is unreadable, `{expression}`: {}",
                    error.reason
                ));
            }
        };
        let allowed = parsed.evaluate(|requirement| {
            let wanted = requirement.to_string();
            self.licenses.contains(&wanted)
        });
        (!allowed)
            .then(|| format!("Cargo.lock: {name} is under `{expression}`, which deny.toml does not allow"))
    }

    fn ban(&self, name: &str) -> Option<Problem> {
        let banned = self.banned.iter().any(|banned| banned == name);
        banned.then(|| format!("Cargo.lock: {name} is banned by deny.toml"))
    }
}

/// Every crate in the lock file that the rules refuse.
pub(super) fn check(metadata: &Metadata, rules: &Rules) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let named = format!("{name} {}", package.version);
        // cargo-deny is configured to leave our own, unpublished crates out too.
        if package.source.is_some() {
            problems.extend(rules.license(&named, package.license.as_deref()));
        }
        problems.extend(rules.ban(name));
        versions
            .entry(name)
            .or_default()
            .push(package.version.to_string());
    }
    problems.extend(doubled(&versions));
    problems
}

fn doubled(versions: &BTreeMap<&str, Vec<String>>) -> Vec<Problem> {
    let several = versions
        .iter()
        .filter(|(name, versions)| ONE_VERSION.contains(name) && versions.len() > 1);
    several
        .map(|(name, versions)| {
            format!(
                "Cargo.lock: {name} is there more than once: {}",
                versions.join(", ")
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Rules, doubled};

    const DENY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
        [bans]
        deny = ["native-tls", { crate = "openssl", reason = "rustls" }]
    "#;

    fn check(expression: &str, allowed: bool) {
        let rules = Rules::parse(DENY).unwrap();
        let problem = rules.license("some 1.0.0", Some(expression));
        assert_eq!(problem.is_none(), allowed, "{expression}: {problem:?}");
    }

    #[test]
    fn licences_are_read_as_expressions() {
        check("MIT", true);
        check("MIT OR GPL-3.0-only", true);
        check("GPL-3.0-only/MIT", true);
        check("MIT AND GPL-3.0-only", false);
        check("(MIT OR GPL-3.0-only) AND BSL-1.0", false);
        check("Apache-2.0 WITH LLVM-exception", true);
        check("MIT WITH LLVM-exception", false);
        check("nonsense", false);
    }

    #[test]
    fn a_crate_without_a_licence_is_refused() {
        assert!(Rules::parse(DENY).unwrap().license("some 1.0.0", None).is_some());
    }

    #[test]
    fn both_forms_of_a_ban_are_read() {
        let rules = Rules::parse(DENY).unwrap();
        assert!(rules.ban("native-tls").is_some());
        assert!(rules.ban("openssl").is_some());
        assert!(rules.ban("rustls").is_none());
        assert!(Rules::parse("[licenses]\nallow = []").is_err());
    }

    #[test]
    fn two_versions_of_what_must_be_one_are_a_problem() {
        let two = || vec!["1.0.0".to_owned(), "2.0.0".to_owned()];
        let versions = BTreeMap::from([("libsqlite3-sys", two()), ("syn", two())]);
        assert_eq!(
            doubled(&versions),
            ["Cargo.lock: libsqlite3-sys is there more than once: 1.0.0, 2.0.0"]
        );
    }
}
