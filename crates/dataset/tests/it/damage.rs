//! Whatever is changed in a dataset is found and named.

use crate::exports::{export_to, files, findings, folder};
use crate::support::{finished, mixed};
use dyad_dataset::package::manifest;
use dyad_dataset::{Options, VerifyError, parallel, verify};
use dyad_gridworld::rng::Rng;
use std::fs;
use std::path::Path;

const EVERYTHING: Options =
    Options { since_ms: None, scene: None, only_identical: false, parquet: true, bids: true };

/// Changes a file, looks for findings, and puts it back.
fn with_changed(root: &Path, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
    let file = root.join(path);
    let before = fs::read(&file).unwrap();
    let mut bytes = before.clone();
    change(&mut bytes);
    assert_ne!(bytes, before, "{path}");
    fs::write(&file, bytes).unwrap();
    let found = findings(root);
    fs::write(&file, before).unwrap();
    found
}

#[test]
fn a_flipped_byte_in_any_file_is_found_and_named() {
    const SEED: u64 = 20_261_121;
    println!("seed {SEED}");
    let folder = folder(&mixed(7));
    export_to(folder.path(), "out", &EVERYTHING).unwrap();
    let out = folder.path().join("out");
    assert_eq!(findings(&out), [""; 0]);
    let mut rng = Rng::new(SEED);
    let mut flips = 0;
    for (path, bytes) in files(&out) {
        let length = u32::try_from(bytes.len()).unwrap();
        assert!(length > 0, "{path}");
        for at in [0, length - 1, rng.below(length)] {
            let bit = 1 << rng.below(8);
            let found = with_changed(&out, &path, |bytes| bytes[at as usize] ^= bit);
            let named = found.iter().any(|finding| finding.starts_with(&format!("{path}: ")));
            assert!(named, "byte {at} of {path}, bit {bit}: {found:#?}");
            flips += 1;
        }
    }
    assert!(flips > 300, "{flips}");
    assert_eq!(findings(&out), [""; 0]);
}

#[test]
fn one_change_is_one_finding_that_says_where() {
    let folder = folder(&finished(2, 40, 2));
    export_to(folder.path(), "out", &EVERYTHING).unwrap();
    let out = folder.path().join("out");
    let steps = "data/session-s20261120000000000001/session-s20261120000000000001_task-kitchenone_trial-ep1_data.csv";
    let found = with_changed(&out, steps, |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let row: Vec<_> = text.lines().map(str::to_owned).collect();
        let edited = row[8].replacen(",False,", ",True,", 1);
        *bytes = text.replacen(&row[8], &edited, 1).into_bytes();
    });
    let column = "row 7, column terminateds.0: \"True\" stands there, \"False\" is right";
    assert_eq!(found, [format!("{steps}: was changed after the export: {column}")]);

    let log = "data/raw/study/s-20261120-000000000000/kitchen_one/p-000001_ep0.dlog";
    let found = with_changed(&out, log, |bytes| {
        let at = bytes.len() - 700;
        bytes[at] ^= 4;
    });
    assert!(
        found.iter().any(|it| it.starts_with(&format!("{log}: ")) && it.contains("after frame")),
        "{found:?}"
    );

    let found = with_changed(&out, "manifest-sha256.txt", |bytes| bytes[3] ^= 1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("manifest-sha256.txt: line 1: "), "{found:?}");

    let found = with_changed(&out, "README.md", |bytes| bytes.extend(b"and more\n"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("README.md: was changed after the export: line "), "{found:?}");
}

#[test]
fn a_copy_that_lacks_or_has_too_much_is_named() {
    let folder = folder(&finished(2, 20, 1));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let out = folder.path().join("out");
    fs::write(out.join("data/notes.txt"), "mine").unwrap();
    assert_eq!(findings(&out), ["data/notes.txt: does not belong to the dataset"]);
    fs::remove_file(out.join("data/notes.txt")).unwrap();
    for path in files(&out).into_keys() {
        let away = folder.path().join("away");
        fs::rename(out.join(&path), &away).unwrap();
        let found = findings(&out);
        let named = found.iter().any(|it| it.starts_with(&format!("{path}: is missing")));
        assert!(named, "{path}: {found:?}");
        fs::rename(&away, out.join(&path)).unwrap();
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/null", out.join("link")).unwrap();
        assert_eq!(findings(&out), ["link: is no file: a dataset has no links or devices"]);
    }
}

/// Writes the manifest and `verify.txt` anew, as somebody would who edits a dataset knowingly.
fn cover_up(out: &Path) {
    let mut parts = String::new();
    for (path, bytes) in files(out) {
        if ![manifest::MANIFEST, manifest::VERIFY].contains(&path.as_str()) {
            parts.push_str(&format!("{}  {path}\n", dyad_dataset::package::sha256(&bytes)));
        }
    }
    let verify = fs::read_to_string(out.join(manifest::VERIFY)).unwrap();
    let (before, _) = verify.split_once(manifest::DIGEST_OF).unwrap();
    let digest = dyad_dataset::package::sha256(parts.as_bytes());
    fs::write(out.join(manifest::MANIFEST), parts).unwrap();
    fs::write(out.join(manifest::VERIFY), format!("{before}{}{digest}\n", manifest::DIGEST_OF))
        .unwrap();
}

#[test]
fn an_edit_with_new_digests_does_not_follow_from_the_logs() {
    let folder = folder(&finished(2, 40, 2));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let out = folder.path().join("out");
    let steps = "data/session-s20261120000000000000/session-s20261120000000000000_task-kitchenone_trial-ep0_data.csv";
    let good = fs::read_to_string(out.join(steps)).unwrap();
    let last = good.lines().last().unwrap();
    fs::write(out.join(steps), good.replace(last, &last.replacen("True", "False", 1))).unwrap();
    cover_up(&out);
    let found = findings(&out);
    assert!(
        found.iter().any(|it| it.starts_with(steps)
            && it.contains("does not follow from the logs: row 39, column")),
        "{found:?}"
    );
    fs::write(out.join(steps), good).unwrap();

    // Another participant's log under this one's name: the receipt is of another record.
    let raw = out.join("data/raw/study/s-20261120-000000000000/kitchen_one");
    let log = fs::read(raw.join("p-000000_ep1.dlog")).unwrap();
    let cut = &log[..log.len() - 900];
    fs::write(raw.join("p-000000_ep1.dlog"), cut).unwrap();
    cover_up(&out);
    let found = findings(&out);
    assert!(
        found
            .iter()
            .any(|it| it
                .contains("p-000000_ep1.dlog: the record is not the one that the lab received")),
        "{found:?}"
    );
}

#[test]
fn what_cannot_be_checked_is_said() {
    let folder = folder(&finished(1, 20, 1));
    let refused = |path: &Path| verify(path, parallel::cores(), &|_, _| {}).unwrap_err();
    assert!(matches!(refused(folder.path()), VerifyError::Neither(_)));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let out = folder.path().join("out");
    let half = folder.path().join("half.unfinished");
    fs::rename(&out, &half).unwrap();
    assert!(matches!(refused(&half), VerifyError::Unfinished(_)));
    fs::rename(&half, &out).unwrap();
    let made = out.join("data/raw/export.json");
    let text = fs::read_to_string(&made).unwrap();
    fs::write(&made, text.replace("\"format\": 1", "\"format\": 7")).unwrap();
    assert!(findings(&out).iter().any(|it| it.starts_with("data/raw/export.json: ")));
    cover_up(&out);
    assert!(matches!(refused(&out), VerifyError::Newer { found: 7 }));
}

#[test]
fn a_log_under_other_rules_is_named() {
    let folder = folder(&finished(1, 20, 1));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let out = folder.path().join("out");
    for participant in ["p-000000", "p-000001"] {
        let path =
            format!("data/raw/study/s-20261120-000000000000/kitchen_one/{participant}_ep0.dlog");
        let mut log = fs::read(out.join(&path)).unwrap();
        let length = u32::from_le_bytes(log[10..14].try_into().unwrap()) as usize;
        log[14..16].copy_from_slice(&99_u16.to_le_bytes());
        let crc = crc32fast::hash(&log[..14 + length]);
        log[14 + length..18 + length].copy_from_slice(&crc.to_le_bytes());
        fs::write(out.join(&path), log).unwrap();
    }
    cover_up(&out);
    let found = findings(&out);
    let rules = "the log was written under rules version 99";
    assert!(found.iter().any(|it| it.contains(rules)), "{found:?}");
    assert!(found.iter().all(|it| it.starts_with("data/raw/")), "{found:?}");
}
