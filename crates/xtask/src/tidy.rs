//! What the compiler does not check of files and manifests.
//!
//! - every member's folder is named in `ARCHITECTURE.md`;
//! - every member takes part in the workspace's lints;
//! - every Rust file opens with `//!`, and leaves no note to finish something later;
//! - dependencies point the way that [`crate::layers`] says.

use crate::layers::{RULES, Violation, violations};
use crate::workspace::{Package, Workspace};
use anyhow::{Context as _, Result};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The page that names every part.
const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// Words that mark something unfinished, in two pieces so that this file does not hold them.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Folders without sources of ours, besides hidden ones.
const SKIPPED: [&str; 3] = ["target", "shared", "assets"];

/// Something untidy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The page that names every part is missing.
    #[error("{ARCHITECTURE} is missing")]
    NoArchitecture,
    /// A member that the page does not name.
    #[error("{ARCHITECTURE} does not name `{folder}` ({package})")]
    NotNamed {
        /// The member.
        package: String,
        /// Its folder.
        folder: String,
    },
    /// A member that the workspace's lints don't reach.
    #[error("{manifest} lacks `[lints] workspace = true`")]
    NoLints {
        /// The member's manifest.
        manifest: String,
    },
    /// A Rust file that doesn't say what it is for.
    #[error("{file} does not open with //!")]
    NoHeader {
        /// The file.
        file: String,
    },
    /// Something left for later.
    #[error("{file}:{line}: {word} left in the source")]
    Unfinished {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The word that says so.
        word: &'static str,
    },
    /// A dependency that the design does not allow.
    #[error(transparent)]
    Layers(#[from] Violation),
}

/// Looks through the workspace; empty if all is tidy.
///
/// # Errors
/// If a file can't be read.
pub fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = in_architecture(workspace);
    for (_, folder) in workspace.members() {
        findings.extend(in_manifest(&workspace.root, folder)?);
    }
    for file in rust_files(&workspace.root)? {
        let text = read(&workspace.root.join(&file))?;
        findings.extend(in_source(&display(&file), &text));
    }
    findings.extend(violations(workspace, &RULES).into_iter().map(Finding::Layers));
    Ok(findings)
}

fn in_architecture(workspace: &Workspace) -> Vec<Finding> {
    let Ok(page) = fs::read_to_string(workspace.root.join(ARCHITECTURE)) else {
        return vec![Finding::NoArchitecture];
    };
    workspace.members().filter_map(|(package, folder)| not_named(&page, package, folder)).collect()
}

fn not_named(page: &str, package: &Package, folder: &Path) -> Option<Finding> {
    // The root package's own sources are in `src`.
    let folder = if folder == Path::new("") { "src".to_owned() } else { display(folder) };
    let part_of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    let named = page.match_indices(&folder).any(|(at, _)| {
        let before = page[..at].chars().next_back();
        let after = page[at + folder.len()..].chars().next();
        !before.is_some_and(|it| part_of_a_name(it) || it == '/')
            && !after.is_some_and(part_of_a_name)
    });
    (!named).then(|| Finding::NotNamed { package: package.name.clone(), folder })
}

fn in_manifest(root: &Path, folder: &Path) -> Result<Option<Finding>> {
    let manifest = folder.join("Cargo.toml");
    let text = read(&root.join(&manifest))?;
    let table: toml::Table =
        text.parse().with_context(|| format!("{} is not TOML", manifest.display()))?;
    let lints = table.get("lints").and_then(|lints| lints.get("workspace"));
    let takes_part = lints.and_then(toml::Value::as_bool) == Some(true);
    Ok((!takes_part).then(|| Finding::NoLints { manifest: display(&manifest) }))
}

fn in_source(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push(Finding::NoHeader { file: file.to_owned() });
    }
    for (line, text) in (1..).zip(text.lines()) {
        for word in UNFINISHED.into_iter().filter(|word| text.contains(word)) {
            findings.push(Finding::Unfinished { file: file.to_owned(), line, word });
        }
    }
    findings
}

/// All Rust files below the root, relative to it, in order.
fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let entry = entry.with_context(|| folder.display().to_string())?;
            let kind = entry.file_type().with_context(|| entry.path().display().to_string())?;
            let path = entry.path();
            if kind.is_dir() && !is_skipped(&entry.file_name()) {
                folders.push(path);
            } else if kind.is_file() && path.extension() == Some(OsStr::new("rs")) {
                files.push(path.strip_prefix(root).map_or_else(|_| path.clone(), Path::to_owned));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_skipped(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || SKIPPED.contains(&name.as_ref())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A path as it stands in pages and messages, with slashes on every system.
fn display(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(OsStr::to_string_lossy).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{Finding, UNFINISHED, findings};
    use crate::layers::Violation;
    use crate::workspace::{Package, Workspace};
    use std::fs;
    use std::path::Path;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn workspace(root: &Path, member: &str, folder: &str) -> Workspace {
        let package =
            Package { name: member.to_owned(), folder: Some(folder.into()), needs: Vec::new() };
        Workspace { root: root.to_owned(), packages: [(member.to_owned(), package)].into() }
    }

    #[test]
    fn a_tidy_workspace_has_no_findings() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "ARCHITECTURE.md", "- `crates/impair`: bad networks.\n");
        write(root.path(), "crates/impair/Cargo.toml", "[lints]\nworkspace = true\n");
        write(root.path(), "crates/impair/src/lib.rs", "//! Links.\n");
        write(root.path(), "target/debug/out.rs", "generated");
        write(root.path(), ".git/hook.rs", "hidden");
        let workspace = workspace(root.path(), "dyad-impair", "crates/impair");
        assert_eq!(findings(&workspace).unwrap(), []);
    }

    #[test]
    fn everything_untidy_is_found_with_its_place() {
        let root = tempfile::tempdir().unwrap();
        let later = format!("fn f() {{}}\n// {}: more\n", UNFINISHED[0]);
        write(root.path(), "ARCHITECTURE.md", "crates/impairment, old/crates/impair");
        write(root.path(), "crates/impair/Cargo.toml", "[lints]\nworkspace = false\n");
        write(root.path(), "crates/impair/src/lib.rs", &later);
        let workspace = workspace(root.path(), "unknown", "crates/impair");
        let file = || "crates/impair/src/lib.rs".to_owned();
        let folder = "crates/impair".to_owned();
        let expected = [
            Finding::NotNamed { package: "unknown".to_owned(), folder },
            Finding::NoLints { manifest: "crates/impair/Cargo.toml".to_owned() },
            Finding::NoHeader { file: file() },
            Finding::Unfinished { file: file(), line: 2, word: UNFINISHED[0] },
            Finding::Layers(Violation::NoRule { package: "unknown".to_owned() }),
        ];
        assert_eq!(findings(&workspace).unwrap(), expected);
    }

    #[test]
    fn a_missing_page_is_one_finding_and_the_root_package_is_src() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "Cargo.toml", "[lints]\nworkspace = true\n");
        let workspace = workspace(root.path(), "dyad", "");
        assert_eq!(findings(&workspace).unwrap(), [Finding::NoArchitecture]);
        write(root.path(), "ARCHITECTURE.md", "`src/`: the client");
        assert_eq!(findings(&workspace).unwrap(), []);
    }
}
