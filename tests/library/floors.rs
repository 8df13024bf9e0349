//! The floors of the house: a module imports only from floors below its own. Which module is on
//! which floor stands in one place, the table at the head of `src/lib.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each module, from the table `| 3 | [`bounds`], [`solve`] | … |`.
fn floors(table: &str) -> BTreeMap<String, u32> {
    let mut floors = BTreeMap::new();
    for line in table.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let mut cells = line.split(" | ");
        let (Some(floor), Some(modules)) = (cells.next(), cells.next()) else { continue };
        let Ok(floor) = floor.parse() else { continue };
        for module in modules.split(", ") {
            // A module may have the name of a macro.
            let name = module.trim_matches(['[', ']', '`']).trim_start_matches("mod@").to_string();
            assert_eq!(floors.insert(name.clone(), floor), None, "{name} stands on two floors");
        }
    }
    floors
}

/// The modules that a text names by `crate::module`, but for those in comments.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1)).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(rest.len());
        &rest[..end]
    })
}

/// What a file of `module` imports from its own floor or above.
fn upward(module: &str, text: &str, floors: &BTreeMap<String, u32>) -> Vec<String> {
    let own = floors[module];
    let of = |other: &&str| *other != module && floors.get(*other).is_some_and(|f| *f >= own);
    imports(text).filter(of).map(str::to_string).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn table() -> BTreeMap<String, u32> {
    floors(&fs::read_to_string(source().join("lib.rs")).expect("the library"))
}

/// `regions/plan.rs` and `control.rs` are files of `regions` and `control`.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(source()).expect("a source file");
    let first = inside.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_string()
}

#[test]
fn modules_import_only_from_floors_below() {
    let floors = table();
    let mut found = Vec::new();
    let mut seen = BTreeMap::new();
    for file in files(&source()) {
        let module = module_of(&file);
        // The program stands on top of all of it, and sees the library from outside.
        if ["lib", "main", "cli"].contains(&module.as_str()) {
            continue;
        }
        assert!(floors.contains_key(&module), "{module} has no floor in src/lib.rs");
        let text = fs::read_to_string(&file).expect("a source file");
        *seen.entry(module.clone()).or_insert(0) += imports(&text).count();
        let upward = upward(&module, &text, &floors);
        found.extend(upward.into_iter().map(|other| format!("{}: {other}", file.display())));
    }
    assert_eq!(found, Vec::<String>::new(), "imports that do not go down");
    let without_files: Vec<_> = floors.keys().filter(|name| !seen.contains_key(*name)).collect();
    assert!(without_files.is_empty(), "floors of modules that are not there: {without_files:?}");
    assert!(seen.values().sum::<usize>() > 300, "{seen:?}");
}

#[test]
fn an_import_that_goes_up_is_found() {
    let floors = table();
    let upward = |text: &str| upward("bounds", text, &floors);
    assert_eq!(upward("use crate::optimize::Answer;\n"), ["optimize"]);
    assert_eq!(upward("let x = crate::solve::Highs;\n"), ["solve"], "on the same floor");
    assert_eq!(upward("use crate::network::Node;\nuse crate::bounds::Crown;\n"), [""; 0]);
    assert_eq!(upward("    // as in crate::optimize\n"), [""; 0]);
}

/// The files and folders that a page names, such as `optimize/weigh.rs` or `plot/`: between
/// backticks, with a slash.
fn named(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2).filter(|name| {
        let is_path = name.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        is_path && name.contains('/') && (name.ends_with('/') || name.ends_with(".rs"))
    })
}

#[test]
fn files_that_pages_name_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (page, least) in [("ARCHITECTURE.md", 80), ("CONTRIBUTING.md", 15)] {
        let text = fs::read_to_string(root.join(page)).expect("a page");
        let names: Vec<&str> = named(&text).filter(|name| !name.ends_with("/foo.rs")).collect();
        assert!(names.len() >= least, "{page} names {}", names.len());
        let is_there = |name: &str| root.join(name).exists() || source().join(name).exists();
        let missing: Vec<_> = names.into_iter().filter(|name| !is_there(name)).collect();
        assert_eq!(missing, [""; 0], "{page} names files that are not there");
    }
}
