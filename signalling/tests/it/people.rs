//! Who people are: kept apart and encrypted, read with the experimenter's key only, gone when somebody
//! takes their data back; and what the audit log has of it.

use crate::support::{Client, hello, knock, lab_with};
use dyad_collector::audit;
use dyad_experiment::Experiment;
use dyad_experiment::words::Withdrawal;
use dyad_protocol::lobby::Hello;
use dyad_protocol::study::Answer;
use dyad_signalling::Lab;
use dyad_signalling::journal::read;
use dyad_signalling::published;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

const STUDY: &str = r#"
id = "study"
[data]
keep_days = 7
withdrawal = "person"
[[scene]]
id = "questions"
kind = "form"
[[scene.question]]
id = "age"
kind = "number"
text = "How old?"
[[scene.question]]
id = "mail"
kind = "text"
text = "Where do we reach you?"
identifying = true
[[scene]]
id = "room"
layout = "cramped_room"
max_steps = 20
"#;

const PANEL: &str = "panel-5f1dc0ffee";
const MAIL: &str = "ann@example.org";

async fn start(data: &Path) -> Lab {
    let study = Experiment::parse(STUDY, |_| Err(std::io::ErrorKind::NotFound.into())).unwrap();
    lab_with(study, None, data).await
}

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dyad-signalling")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Comes from a panel and answers the form.
async fn ann(lab: &Lab) -> Client {
    let panel = Some(PANEL.parse().unwrap());
    let hello = Hello { panel, ..hello(lab.join().token.as_ref()) };
    let mut ann = knock(lab.address(), hello).await.unwrap();
    let answers = [("age", json!(31)), ("mail", json!(MAIL))];
    let answers = answers.map(|(question, answer)| (question.to_owned(), answer));
    ann.done(Answer::Form { answers: BTreeMap::from(answers) }).await;
    ann
}

/// The files of a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let holds = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    files.filter(holds).map(|path| path.file_name().unwrap().to_string_lossy().into()).collect()
}

#[tokio::test]
async fn identities_are_the_experimenters_and_can_be_taken_back() {
    let (folder, desk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (data, key) = (folder.path().to_str().unwrap(), desk.path().join("key"));
    let key = key.to_str().unwrap();
    let inside = folder.path().join("key");
    let misplaced = program(&["keygen", "--to", inside.to_str().unwrap(), "--data", data]);
    assert_eq!(misplaced.status.code(), Some(1), "the key does not belong beside the lock");
    let public = said(&program(&["keygen", "--to", key, "--data", data]));
    assert!(public.starts_with("age1"), "{public}");

    let lab = start(folder.path()).await;
    let client = ann(&lab).await;
    let who = client.participant.to_string();
    drop(client);
    lab.stop().await;
    for text in [PANEL, MAIL] {
        assert_eq!(holding(folder.path(), text), [""; 0], "{text}");
    }
    let known = said(&program(&["identities", data, "--key", key]));
    let known: Vec<Value> = known.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(known[0], json!({ "participant": who, "panel": PANEL }));
    assert_eq!(known[1]["answers"]["answers"], json!({ "mail": MAIL }));
    assert_eq!(program(&["identities", data]).status.code(), Some(1), "not without the key");

    let study = published::study(folder.path()).unwrap();
    let published: Vec<_> =
        study.answers.iter().map(|it| (it.question.as_str(), it.value.as_str())).collect();
    assert_eq!(published, [("age", "31")], "what identifies is not published");

    assert_eq!(program(&["withdraw", data, "p-nobody"]).status.code(), Some(1));
    said(&program(&["withdraw", data, &who]));
    assert_eq!(said(&program(&["identities", data, "--key", key])), "");
    let study = published::study(folder.path()).unwrap();
    assert_eq!((study.answers.len(), study.people.len()), (0, 1), "that they came stays");
    assert_eq!(Withdrawal::Person, {
        let stated = dyad_signalling::withdraw::policy(
            folder.path(),
            &who.parse().unwrap(),
            Some(Withdrawal::Games),
        );
        stated.unwrap()
    });

    // The lab goes on from the journal that was written anew, and knows the link again.
    let lab = start(folder.path()).await;
    let running = program(&["withdraw", data, &who]);
    assert_eq!(running.status.code(), Some(1), "not while a lab is running");
    assert_eq!(ann_again(&lab).await.to_string(), who);
    lab.stop().await;

    let text = std::fs::read_to_string(folder.path().join(audit::FILE)).unwrap();
    let done: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["what"].as_str().unwrap().into())
        .collect();
    assert_eq!(done, ["key_made", "identities_read", "withdrew", "identities_read"]);
    assert_eq!(program(&["fsck", data]).status.code(), Some(0));
    std::fs::write(folder.path().join(audit::FILE), text.replacen(&who, "p-other", 1)).unwrap();
    let broken = program(&["fsck", data]);
    assert_eq!(broken.status.code(), Some(1));
    let words = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert!(words.contains("line 4 of audit.jsonl does not follow"), "{words}");
}

async fn ann_again(lab: &Lab) -> dyad_protocol::ParticipantId {
    let panel = Some(PANEL.parse().unwrap());
    let hello = Hello { panel, ..hello(lab.join().token.as_ref()) };
    knock(lab.address(), hello).await.unwrap().participant
}

#[tokio::test]
async fn tickets_say_for_how_long_copies_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let lab = start(folder.path()).await;
    let mut pair = [Client::join(&lab).await, Client::join(&lab).await];
    for client in &mut pair {
        let answers = [("age".to_owned(), json!(31)), ("mail".to_owned(), json!(MAIL))];
        client.done(Answer::Form { answers: BTreeMap::from(answers) }).await;
        client.ready().await;
    }
    for client in &mut pair {
        assert_eq!(client.ticket().await.uploads.keep_days, 7);
    }
    lab.stop().await;
    // Without a key, identifying answers are kept apart all the same.
    assert_eq!(holding(folder.path(), MAIL), ["identities.jsonl"]);
    let bytes = std::fs::read(folder.path().join(dyad_signalling::journal::FILE)).unwrap();
    assert!(read(&bytes).unwrap().len() > 5);
}
