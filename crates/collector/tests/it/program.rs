//! `dyad-collector` itself: it takes late records of a lab that has stopped, and ends well.

use crate::support::{play, registration, token};
use dyad_collector::Store;
use dyad_protocol::records::DIGEST_HEADER;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

#[test]
fn late_records_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), 1).unwrap();
    for participant in registration().players {
        store.enrol(&participant, &token(participant.as_str()), 1).unwrap();
    }
    store.register(&registration(), 1).unwrap();
    drop(store);
    let mut program = Command::new(env!("CARGO_BIN_EXE_dyad-collector"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = line["listening"].as_str().unwrap();
    for record in play() {
        let answer = ureq::put(format!("http://{address}{}", record.name.path()))
            .header(DIGEST_HEADER, record.digest.as_str())
            .header("authorization", format!("Bearer token-of-{}", record.name.participant))
            .send(&record.bundle)
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
    let id = program.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(program.wait().unwrap().success());
    // It has settled everything before it ended.
    let page = std::fs::read_to_string(folder.path().join("study/s-1/session.json")).unwrap();
    assert_eq!(page.matches("identical (20 rows)").count(), 2, "{page}");
}
