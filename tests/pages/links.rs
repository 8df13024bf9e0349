//! Relative links and anchors of the pages lead somewhere.

use std::path::{Path, PathBuf};

use super::ROOT;
use super::markdown::{anchors, prose};

/// Pages with links beside README.md and docs/.
const OTHER_PAGES: [&str; 6] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "benchmarks/PERFORMANCE.md",
    "networks/README.md",
    "networks/study/TABLE.md",
];

/// What stands before the target of a link: Markdown, and HTML for pictures with a width.
const BEFORE_TARGET: [(&str, char); 3] = [("](", ')'), ("src=\"", '"'), ("href=\"", '"')];

/// The targets of the links in a line; code in backticks holds none.
fn targets(line: &str) -> Vec<String> {
    let text: String = line.split('`').step_by(2).collect();
    let mut found = Vec::new();
    for (before, end) in BEFORE_TARGET {
        let pieces = text.split(before).skip(1);
        found.extend(pieces.filter_map(|rest| rest.split(end).next()).map(str::to_owned));
    }
    found
}

/// Why the link `target` in the file `page` leads nowhere.
fn fault(page: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.to_owned() } else { page.with_file_name(file) };
    if !path.exists() {
        return Some("no such file".to_owned());
    }
    if anchor.is_empty() {
        return None;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let known = anchors(&text);
    (!known.iter().any(|name| name == anchor))
        .then(|| format!("no such heading; there are {}", known.join(", ")))
}

#[test]
fn links_lead_somewhere() {
    let others = OTHER_PAGES.map(|name| Path::new(ROOT).join(name));
    let pages: Vec<PathBuf> = super::pages().into_iter().chain(others).collect();
    let mut count = 0;
    let mut faults = Vec::new();
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("a page");
        for (number, line) in prose(&text) {
            for target in targets(&line) {
                count += 1;
                let why = fault(page, &target);
                faults
                    .extend(why.map(|why| format!("{}:{number}: {target}: {why}", page.display())));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 100, "only {count} links were found");
}

#[test]
fn every_page_is_reached_from_the_contents() {
    let contents = Path::new(ROOT).join("docs/README.md");
    let text = std::fs::read_to_string(&contents).expect("a page");
    let linked: Vec<PathBuf> = prose(&text)
        .iter()
        .flat_map(|(_, line)| targets(line))
        .map(|target| contents.with_file_name(target))
        .collect();
    for page in super::pages() {
        let is_contents = page.ends_with("README.md");
        assert!(is_contents || linked.contains(&page), "docs/README.md has no link to {page:?}");
    }
}

#[test]
fn a_broken_link_is_found() {
    let page = Path::new(ROOT).join("README.md");
    assert_eq!(targets("[a](b.md#c) `[x](y)` <img src=\"d.svg\">"), ["b.md#c", "d.svg"]);
    assert_eq!(fault(&page, "https://example.org/nothing"), None);
    assert_eq!(fault(&page, "LICENSE-MIT"), None);
    assert!(fault(&page, "docs/nothing.md").is_some());
    assert!(fault(&page, "#nothing").is_some());
}
