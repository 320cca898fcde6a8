//! `export` and `verify` as commands: what they print and how they end.

use crate::stores::{finished, make_store};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs the program; gives its exit code, and what it printed for programs and for people.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dyad-signalling"));
    let output = program.current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_store_is_exported_and_both_are_verified() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_store(&folder.join("data"), &finished(3, 20, 2));
    let (code, out, err) = run(folder, &["export", "data", "--to", "set", "--parquet", "--bids"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("3 sessions, 6 episodes"), "{err}");
    for what in ["data", "set"] {
        let (code, out, err) = run(folder, &["verify", what, "--jobs", "2"]);
        assert_eq!(code, 0, "{out}{err}");
        assert_eq!(out.matches("identical (20 rows)").count(), 6, "{out}");
        assert!(out.ends_with("everything is as it was recorded\n"), "{out}");
        assert!(err.contains("checked 3 of 3 sessions"), "{err}");
    }

    let readme = folder.join("set/README.md");
    fs::write(&readme, fs::read_to_string(&readme).unwrap().replace("3 sessions", "4 sessions"))
        .unwrap();
    let (code, out, _) = run(folder, &["verify", "set"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("WRONG README.md: was changed after the export: line 3"), "{out}");
    let (code, out, _) = run(folder, &["verify", "set", "--json"]);
    let check: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert_eq!(check["findings"][0]["path"], "README.md");
}

#[test]
fn what_cannot_be_done_is_said_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_store(&folder.join("data"), &finished(1, 20, 1));
    fs::create_dir(folder.join("full")).unwrap();
    fs::write(folder.join("full/mine"), "mine").unwrap();
    for (arguments, expected, words) in [
        (vec!["export", "data", "--to", "full"], 1, "full exists and is not empty"),
        (vec!["export", "data", "--to", "set", "--scene", "other"], 1, "no sessions to export"),
        (
            vec!["export", "data", "--to", "set", "--since", "2031-01-01"],
            1,
            "no sessions to export",
        ),
        (vec!["export", "full", "--to", "set"], 1, "it has no index.sqlite"),
        (vec!["export", "data"], 2, "--to"),
        (vec!["export", "data", "--to", "set", "--since", "yesterday"], 2, "yesterday"),
        (vec!["export", "data", "--to", "set", "--only", "good"], 2, "identical"),
        (vec!["verify", "full"], 2, "neither a folder of records"),
        (vec!["verify", "nowhere"], 2, "neither a folder of records"),
        (vec!["verify"], 2, "PATH"),
    ] {
        let (code, _, err) = run(folder, &arguments);
        assert_eq!(code, expected, "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
    let left: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().starts_with("set")), "{left:?}");
    assert_eq!(fs::read(folder.join("full/mine")).unwrap(), b"mine");
}
