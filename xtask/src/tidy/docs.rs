//! The shape of documents, and whether what they point at is there.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::crates::Graph;
use super::tree::Tree;

/// Pages without exactly one title.
pub(super) fn titles(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.with_extension(&["md"]) {
        let titles = prose(text).filter(|(_, line)| line.starts_with("# ")).count();
        if titles != 1 {
            problems.push(format!("{path}: {titles} titles (`# …`); a page has one"));
        }
    }
    problems
}

/// Links to files that are not there.
pub(super) fn links(tree: &Tree) -> Vec<Problem> {
    let paths: BTreeSet<&str> = tree.files().map(|(path, _)| path).collect();
    let mut problems = Vec::new();
    for (path, text) in tree.with_extension(&["md"]) {
        for (number, line) in prose(text) {
            for target in targets(line) {
                let Some(file) = resolve(path, target) else {
                    continue;
                };
                let is_folder = || paths.iter().any(|known| known.starts_with(&format!("{file}/")));
                // Pictures are not text, and so not in the tree.
                if !paths.contains(file.as_str()) && !is_folder() && !is_picture(&file) {
                    problems.push(format!("{path}:{number}: links to {target}, which is not there"));
                }
            }
        }
    }
    problems
}

/// Where the table below `## Crates` in `ARCHITECTURE.md` and the folders differ.
pub(super) fn crate_list(tree: &Tree, graph: &Graph) -> Vec<Problem> {
    let Some(page) = tree.find("ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md: is missing".to_owned()];
    };
    let section = page
        .split("\n## ")
        .find(|section| section.starts_with("Crates\n"));
    let rows = section
        .unwrap_or("")
        .lines()
        .filter_map(|line| line.strip_prefix("| `"));
    let named: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let there = graph.folders();
    let missing = there
        .difference(&named)
        .map(|name| format!("ARCHITECTURE.md: its list of crates lacks {name}"));
    let gone = named
        .difference(&there)
        .map(|name| format!("ARCHITECTURE.md: its list of crates has {name}, which is not there"));
    missing.chain(gone).collect()
}

/// Decision records whose names do not begin with a number of their own.
pub(super) fn decisions(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for (path, _) in tree.with_extension(&["md"]) {
        let Some(name) = path.strip_prefix("docs/adr/").filter(|name| *name != "README.md") else {
            continue;
        };
        match name.split_once('-') {
            Some((number, _)) if number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                if let Some(other) = numbers.insert(number, path) {
                    problems.push(format!("{path}: has the number of {other}"));
                }
            }
            _ => problems.push(format!("{path}: decisions are called docs/adr/NNNN-what.md")),
        }
    }
    problems
}

/// The lines outside blocks of code, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            inside = !inside;
            return None;
        }
        (!inside).then_some((index + 1, line))
    })
}

/// Where the links of a line point to: `[words](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
}

/// The path from the top of what a page links to; none for other sites and for places in the page itself.
fn resolve(page: &str, target: &str) -> Option<String> {
    let target = target.split('#').next().unwrap_or(target);
    if target.is_empty() || target.contains(':') || target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn is_picture(path: &str) -> bool {
    [".png", ".jpg", ".webp"]
        .iter()
        .any(|extension| path.ends_with(extension))
}

#[cfg(test)]
mod tests {
    use super::{crate_list, decisions, links, titles};
    use crate::tidy::crates::Graph;
    use crate::tidy::tree::Tree;

    #[test]
    fn a_page_has_one_title_outside_code() {
        let tree = |text| Tree::of(&[("a.md", text)]);
        assert_eq!(titles(&tree("# One\n\n```\n# not one\n```\n## Two\n")).len(), 0);
        assert_eq!(titles(&tree("# One\n# Two\n")).len(), 1);
        assert_eq!(titles(&tree("words\n")).len(), 1);
    }

    #[test]
    fn links_lead_somewhere() {
        let tree = Tree::of(&[
            (
                "docs/adr/0001-a.md",
                "# A\n[up](../b.md#part) [out](https://example.org) [here](#x) [dir](../adr)\n",
            ),
            ("docs/b.md", "# B\n[gone](adr/0002-b.md), [picture](a.png)\n"),
        ]);
        assert_eq!(
            links(&tree),
            ["docs/b.md:2: links to adr/0002-b.md, which is not there"]
        );
    }

    #[test]
    fn the_list_of_crates_is_that_of_the_folders() {
        let tree = Tree::of(&[(
            "ARCHITECTURE.md",
            "# A\n\n## Crates\n\n| crate | what |\n| --- | --- |\n| `wire` | x |\n| `gone` | y |\n\n## Else\n| `no` | |\n",
        )]);
        let graph = Graph::of(&[("wire", &[], &[]), ("store-sqlite", &[], &[])]);
        let expected = [
            "ARCHITECTURE.md: its list of crates lacks store-sqlite",
            "ARCHITECTURE.md: its list of crates has gone, which is not there",
        ];
        assert_eq!(crate_list(&tree, &graph), expected);
    }

    #[test]
    fn decisions_have_numbers_of_their_own() {
        let tree = Tree::of(&[
            ("docs/adr/0001-a.md", ""),
            ("docs/adr/0001-b.md", ""),
            ("docs/adr/layout.md", ""),
            ("docs/adr/README.md", ""),
        ]);
        assert_eq!(decisions(&tree).len(), 2);
    }
}
