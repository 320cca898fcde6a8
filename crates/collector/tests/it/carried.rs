//! Records that were carried to the lab.

use crate::store::{enrolled, put, settle};
use crate::support::{play, registration, token};
use std::fs::File;
use std::io::Write as _;
use std::process::Command;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

#[test]
fn a_file_with_records_is_taken_and_what_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let records = play();
    let mut store = enrolled(&data);
    put(&mut store, &records[0]).unwrap();
    drop(store);
    let file = folder.path().join("records.zip");
    let mut zip = ZipWriter::new(File::create(&file).unwrap());
    let mut add = |path: &str, bytes: &[u8]| {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    };
    // One that is there already, one that is not, one that contradicts, and others that are not ours.
    add("s-1/room/p-a_ep0.tar", &records[0].bundle);
    add("s-1/room/p-b_ep0.tar", &records[2].bundle);
    add("s-1/room/p-a_ep1.tar", &records[1].bundle);
    for path in [
        "s-1/room/p-a_ep2.tar",
        "s-1/other/p-a_ep0.tar",
        "s-2/room/p-a_ep0.tar",
        "s-1/room/p-c_ep0.tar",
        "../../p-a_ep0.tar",
        "notes.txt",
    ] {
        add(path, b"x");
    }
    zip.finish().unwrap();
    let import = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_dyad-collector"));
        let output = program.args(["import", "--data"]).arg(&data).arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = import();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("3 records are here, 6 entries were not taken"), "{said}");
    assert!(said.contains("../../p-a_ep0.tar: its name is not that of a record"), "{said}");
    assert!(said.contains("s-2/room/p-a_ep0.tar: no such record belongs"), "{said}");
    let mut store = dyad_collector::Store::open(&data, 50).unwrap();
    for record in &records[..3] {
        assert_eq!(store.find(&record.name).unwrap().unwrap().digest, record.digest);
    }
    assert_eq!(settle(&mut store), [], "the program has settled all of it");
    let page = std::fs::read_to_string(data.join("study/s-1/session.json")).unwrap();
    assert_eq!(page.matches("identical (20 rows)").count(), 1, "{page}");
    assert!(store.authorise(&token("p-b"), &records[2].name).is_ok());
    drop(store);
    std::fs::write(&file, b"no archive").unwrap();
    let (code, said) = import();
    assert_eq!((code, said.contains("zip archive")), (Some(1), true), "{said}");
    assert_eq!(registration().episodes, 2);
}
