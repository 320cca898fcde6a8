//! The program itself: what it prints, how it ends, and what a killed lab remembers.

use crate::records::upload;
use crate::support::{Client, hello, knock, meet};
use dyad_protocol::join::JoinLink;
use dyad_protocol::lobby::{FromLab, Hello};
use dyad_protocol::records::RecordName;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_dyad-signalling");

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/experiments").join(name)
}

struct Program {
    child: Child,
    address: SocketAddr,
    join: JoinLink,
}

impl Program {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--experiment"])
            .arg(example("demo.toml"))
            .arg("--data")
            .arg(data)
            .env("RUST_LOG", "debug")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
        let address = line["listening"].as_str().unwrap().parse().unwrap();
        let join = line["join"].as_str().unwrap().parse().unwrap();
        Self { child, address, join }
    }

    /// Joins and waits for a game.
    async fn join(&self) -> Client {
        knock(self.address, hello(self.join.token.as_ref())).await.unwrap()
    }

    /// Asks it to end; returns whether it ended well, and its log.
    #[cfg(unix)]
    fn terminate(mut self) -> (bool, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().success(), log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Killed and waited for already, if the test got that far.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_killed_lab_remembers_who_may_upload() {
    let folder = tempfile::tempdir().unwrap();
    let lab = Program::start(folder.path());
    let link = lab.join.token.clone();
    let (mut one, mut other) = (lab.join().await, lab.join().await);
    one.wait().await;
    other.ready().await;
    let ticket = one.ticket().await;
    drop(lab);

    let lab = Program::start(folder.path());
    assert_eq!(lab.join.token, link, "links that were sent out stay good");
    let name = RecordName {
        session: ticket.session,
        scene: ticket.scene,
        participant: one.participant.clone(),
        episode: 1,
    };
    let first = upload(lab.address, name.clone(), one.resume.clone(), b"late").await;
    assert_eq!(first.0, 200);
    drop(lab);

    let lab = Program::start(folder.path());
    let again = upload(lab.address, name, one.resume.clone(), b"late").await;
    assert_eq!(again, first, "the same receipt after a kill");
    let back = Hello { resume: Some(one.resume.clone()), ..hello(None) };
    let mut back = knock(lab.address, back).await.unwrap();
    assert_eq!(back.participant, one.participant);
    back.ready().await;
    assert!(matches!(back.hear().await, FromLab::Waiting { .. }), "the game was not checked yet");
    assert!(lab.terminate().0);
}

#[tokio::test]
async fn how_a_study_stands_is_told_while_the_lab_runs() {
    let folder = tempfile::tempdir().unwrap();
    let status = || {
        let output = Command::new(PROGRAM).arg("status").arg(folder.path()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(status(), (false, String::new()), "no lab was ever started here");
    let lab = Program::start(folder.path());
    let (mut one, mut other) = (lab.join().await, lab.join().await);
    one.wait().await;
    let (good, text) = status();
    assert!(good && text.contains("     1  waiting for a partner\n"), "{text}");
    assert!(text.contains("     1  on a page or a form, or gone\n"), "{text}");
    let (mine, _) = meet(&mut one, &mut other).await;
    let (good, text) = status();
    assert!(good && text.contains("     2  playing\n"), "{text}");
    assert!(text.contains(mine.session.as_str()), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn who_plays_when_the_lab_is_killed_gets_the_same_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let lab = Program::start(folder.path());
    let (mut one, mut other) = (lab.join().await, lab.join().await);
    one.wait().await;
    let (mine, theirs) = meet(&mut one, &mut other).await;
    drop(lab);

    let lab = Program::start(folder.path());
    for (before, ticket) in [(other, theirs), (one, mine)] {
        let back = Hello { resume: Some(before.resume.clone()), ..hello(None) };
        let mut again = knock(lab.address, back).await.unwrap();
        again.ready().await;
        assert_eq!(again.ticket().await, ticket);
        let path = format!("/signal/{}?token={}", ticket.room, ticket.room_token.reveal());
        assert!(crate::support::Socket::dial(lab.address, &path).await.is_ok(), "its room is open");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_holds_no_personal_data() {
    let folder = tempfile::tempdir().unwrap();
    let lab = Program::start(folder.path());
    let (mut one, mut other) = (lab.join().await, lab.join().await);
    one.wait().await;
    other.ready().await;
    let ticket = one.ticket().await;
    let path = format!("/signal/{}?token={}", ticket.room, ticket.room_token.reveal());
    let mut signal = crate::support::Socket::dial(lab.address, &path).await.ok().unwrap();
    signal.receive().await.unwrap();
    let addresses = [
        one.socket.local_address().to_string(),
        other.socket.local_address().to_string(),
        signal.local_address().to_string(),
    ];
    let panel = "panel-5f1dc0ffee";
    let hello = Hello { panel: panel.parse().ok(), ..hello(lab.join.token.as_ref()) };
    let from_panel = knock(lab.address, hello).await.unwrap();
    let secrets = [
        one.resume.reveal().to_owned(),
        ticket.room_token.reveal().to_owned(),
        from_panel.resume.reveal().to_owned(),
        panel.to_owned(),
    ];
    let link = lab.join.to_string();
    let (well, log) = lab.terminate();
    assert!(well, "{log}");
    assert!(log.contains(&link) && log.contains(one.participant.as_str()), "{log}");
    for private in addresses.iter().chain(&secrets) {
        assert!(!log.contains(private), "{private} is in the log:\n{log}");
    }
}

#[test]
fn a_second_lab_for_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _lab = Program::start(folder.path());
    let second = Command::new(PROGRAM)
        .args(["serve", "--listen", "127.0.0.1:0", "--experiment"])
        .arg(example("demo.toml"))
        .arg("--data")
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another program uses this folder"), "{said}");
}

#[test]
fn check_says_what_is_wrong_and_where() {
    let check = |file: &Path| {
        let output = Command::new(PROGRAM).arg("check").arg(file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for name in ["demo.toml", "cramped_room.toml"] {
        assert_eq!(check(&example(name)).0, Some(0), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    std::fs::write(&file, "id = \"x\"\n[[scene]]\nid = \"a\"\nlayout = \"nowhere\"\n").unwrap();
    let (code, said) = check(&file);
    assert_eq!(code, Some(1));
    for part in ["bad.toml:4:10: layout: ", "hint", "cramped_room", "1 mistake"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(check(&folder.path().join("missing.toml")).0, Some(2));
    let misuse = Command::new(PROGRAM).arg("dance").output().unwrap();
    assert_eq!(misuse.status.code(), Some(2));
}

#[test]
fn check_says_what_a_study_is_made_of() {
    let output =
        Command::new(PROGRAM).arg("check").arg(example("two_speeds.toml")).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    for part in ["2 conditions", "consent", "form, ", "1 person and 1 program"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn schema_prints_the_schema_that_editors_find_beside_the_examples() {
    let output = Command::new(PROGRAM).arg("schema").output().unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept = std::fs::read(example("experiment.schema.json")).unwrap();
    assert_eq!(printed, serde_json::from_slice::<serde_json::Value>(&kept).unwrap());
}

#[test]
fn links_prints_the_link_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let print = || {
        let mut links = Command::new(PROGRAM);
        links.args(["links", "--listen", "127.0.0.1:9000", "--data"]).arg(folder.path());
        String::from_utf8(links.output().unwrap().stdout).unwrap()
    };
    let link: JoinLink = print().parse().unwrap();
    assert_eq!((link.host.as_str(), link.port), ("127.0.0.1", 9000));
    assert_eq!(print().parse(), Ok(link));
}

#[test]
fn personal_links_are_all_different_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut links = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let mut print = Command::new(PROGRAM);
        print.args(["links", "--count", "40", "--data"]).arg(folder.path());
        let printed = String::from_utf8(print.output().unwrap().stdout).unwrap();
        assert_eq!(printed.lines().count(), 40);
        links.extend(printed.lines().map(|line| line.parse::<JoinLink>().unwrap().to_string()));
    }
    assert_eq!(links.len(), 80);
}
