//! Whole studies by PROTOCOL.md, over real connections, and a lab that is started again on the way.

use crate::support::{Client, Socket, experiment, hello, knock, lab, lab_with};
use dyad_experiment::{Content, Experiment};
use dyad_protocol::Seat;
use dyad_protocol::lobby::{FromClient, FromLab, Hello, Refusal, Ticket};
use dyad_protocol::study::{Answer, Completed, GameEnd, Outcome, SceneKind};
use dyad_signalling::journal::{FILE, matches, read};
use dyad_signalling::secrets::Secrets;
use dyad_signalling::{Lab, Options};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const STUDY: &str = r#"
id = "study"
[completion]
url = "https://panel.example/?cc={code}&who={panel_id}"
[completion.codes]
finished = "FIN"
[[scene]]
id = "consent"
kind = "consent"
text = "Yes?"
[[scene]]
id = "first"
layout = "cramped_room"
max_steps = 20
[[scene]]
id = "questions"
kind = "form"
[[scene.question]]
id = "age"
kind = "number"
text = "How old?"
[[scene]]
id = "second"
layout = "cramped_room"
max_steps = 20
"#;

fn study() -> Experiment {
    Experiment::parse(STUDY, |_| Err(std::io::ErrorKind::NotFound.into())).unwrap()
}

async fn start(data: &Path) -> Lab {
    lab_with(study(), None, data).await
}

fn agreed() -> Answer {
    let study = study();
    let Content::Consent(shown) = &study.scenes()[0].content else { panic!("no consent form") };
    assert!(shown.text.markdown.starts_with("Yes?\n\n## Your data"), "{}", shown.text.markdown);
    let text = shown.text.digest().to_string().parse().unwrap();
    Answer::Consent { agreed: true, text, at_ms: 1 }
}

fn over(ticket: &Ticket) -> Answer {
    let session = ticket.session.clone();
    Answer::Game { session, end: GameEnd::Completed, scores: vec![20_000] }
}

fn age() -> Answer {
    Answer::Form { answers: BTreeMap::from([("age".to_owned(), json!(40))]) }
}

/// Comes back as the same person.
async fn again(lab: &Lab, client: Client) -> Client {
    let back = Hello { resume: Some(client.resume.clone()), key: client.key, ..hello(None) };
    let again = knock(lab.address(), back).await.unwrap();
    assert_eq!(again.participant, client.participant);
    again
}

async fn both_again(lab: &Lab, pair: [Client; 2]) -> [Client; 2] {
    let [one, other] = pair;
    [again(lab, one).await, again(lab, other).await]
}

async fn tickets(pair: &mut [Client; 2]) -> [Ticket; 2] {
    pair[0].ready().await;
    pair[1].ready().await;
    let tickets = [pair[0].ticket().await, pair[1].ticket().await];
    for (client, ticket) in pair.iter_mut().zip(&tickets) {
        client.check(ticket).await;
        client.settle().await;
    }
    tickets
}

fn end(said: FromLab) -> Completed {
    match said {
        FromLab::Completed(completed) => *completed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_study_goes_on_over_a_restart_of_the_lab_in_each_of_its_states() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let lab = start(data).await;
    let mut pair = [Client::join(&lab).await, Client::join(&lab).await];
    assert_eq!(pair[0].scene.as_ref().unwrap().kind, SceneKind::Consent);
    pair[0].done(agreed()).await;
    lab.stop().await;

    // One has agreed, one has not.
    let lab = start(data).await;
    let mut pair = both_again(&lab, pair).await;
    assert_eq!((pair[0].step(), pair[1].step()), (2, 1));
    pair[1].done(agreed()).await;
    assert_eq!(pair[1].wait().await, (1, 2));
    lab.stop().await;

    // One waits.
    let lab = start(data).await;
    let mut pair = both_again(&lab, pair).await;
    let first = tickets(&mut pair).await;
    let has_seat_0 = first[0].players.participant(Seat(0));
    assert_eq!(has_seat_0, Some(&pair[1].participant), "who waited longest");
    lab.stop().await;

    // Both play.
    let lab = start(data).await;
    assert_eq!(lab.rooms(), 0, "the room opens with the lobby");
    let mut pair = both_again(&lab, pair).await;
    for (client, ticket) in pair.iter_mut().zip(&first) {
        assert_eq!(client.scene.as_ref().unwrap().session.as_ref(), Some(&ticket.session));
        client.ready().await;
        assert_eq!(client.ticket().await, *ticket);
    }
    assert_eq!(lab.rooms(), 1);
    pair[0].done(over(&first[0])).await;
    lab.stop().await;

    // One has finished.
    let lab = start(data).await;
    let mut pair = both_again(&lab, pair).await;
    assert_eq!((pair[0].step(), pair[1].step()), (3, 2));
    pair[1].done(over(&first[1])).await;
    for client in &mut pair {
        client.done(age()).await;
    }
    let second = tickets(&mut pair).await;
    assert_ne!(second[0].session, first[0].session);
    for (client, ticket) in pair.iter_mut().zip(&second) {
        let end = end(client.done(over(ticket)).await);
        assert_eq!((end.outcome, end.code.as_deref()), (Outcome::Finished, Some("FIN")));
    }
    lab.stop().await;

    // Both have finished the study.
    let lab = start(data).await;
    for client in both_again(&lab, pair).await {
        assert!(client.scene.is_none(), "who has finished cannot start again");
    }
    lab.stop().await;
    audit(data);
}

/// Nobody is in two games at once, and nobody is passed over without a reason.
fn audit(data: &Path) {
    let journal = read(&std::fs::read(data.join(FILE)).unwrap()).unwrap();
    dyad_matchmaking::log::audit(&matches(&journal)).unwrap();
}

#[tokio::test]
async fn personal_links_and_panel_ids_are_one_person_each() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let lab = start(data).await;
    let secrets = Secrets::of(data).unwrap();
    let personal = |number| hello(Some(&secrets.personal(number)));
    let mut first = knock(lab.address(), personal(1)).await.unwrap();
    let second = knock(lab.address(), personal(2)).await.unwrap();
    assert_ne!(first.participant, second.participant);
    let refused = knock(lab.address(), personal(1)).await;
    assert_eq!(refused.err(), Some(Refusal::Duplicate), "one live session for each link");
    first.done(agreed()).await;
    let who = first.participant.clone();
    drop(first);
    // The lab notices that the connection is gone.
    let back = loop {
        match knock(lab.address(), personal(1)).await {
            Ok(client) => break client,
            Err(refusal) => assert_eq!(refusal, Refusal::Duplicate),
        }
    };
    assert_eq!((&back.participant, back.step()), (&who, 2), "where they were");

    let link = lab.join().token.clone();
    let panel = |id: &str| Hello { panel: Some(id.parse().unwrap()), ..hello(link.as_ref()) };
    let mut ann = knock(lab.address(), panel("ann-5f1d")).await.unwrap();
    let participant = ann.participant.clone();
    ann.say(FromClient::Withdraw).await;
    let completed = end(ann.look().await);
    assert_eq!((completed.outcome, completed.code), (Outcome::Withdrew, None));
    lab.stop().await;

    let lab = start(data).await;
    let ann = knock(lab.address(), panel("ann-5f1d")).await.unwrap();
    assert_eq!(ann.participant, participant);
    assert!(ann.scene.is_none(), "who has left cannot start again");
    lab.stop().await;
    // What the panel calls her stands in one place.
    let mut holding = BTreeSet::new();
    for file in std::fs::read_dir(data).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        if bytes.windows(8).any(|window| window == b"ann-5f1d") {
            holding.insert(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    assert_eq!(holding, BTreeSet::from(["identities.jsonl".to_owned()]));
}

#[tokio::test]
async fn a_program_that_lost_its_connection_takes_over_from_itself() {
    let folder = tempfile::tempdir().unwrap();
    let lab = start(folder.path()).await;
    let mut old = Client::join(&lab).await;
    let (resume, key) = (old.resume.clone(), old.key);
    let back = Hello { resume: Some(resume), key, ..hello(None) };
    let mut new = knock(lab.address(), back).await.unwrap();
    assert_eq!(new.participant, old.participant);
    assert_eq!(old.socket.receive().await, None, "the old one is hung up on");
    new.settle().await;
    lab.stop().await;
}

#[tokio::test]
async fn one_address_may_not_take_all_places() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        experiment: experiment(2),
        relay_secret: None,
        collector: None,
        data: folder.path().to_owned(),
        listen: "127.0.0.1:0".parse().unwrap(),
        certificate: None,
        open: false,
        max_connections: 100,
        max_per_address: 5,
    };
    let lab = Lab::start(options).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(Client::join(&lab).await);
    }
    assert_eq!(Socket::dial(lab.address(), "/lobby").await.err(), Some(429));
    clients[0].settle().await;
    lab.stop().await;
}

#[tokio::test]
async fn a_flood_of_messages_ends_only_its_own_connection() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let (mut good, mut bad) = (Client::join(&lab).await, Client::join(&lab).await);
    let leave = serde_json::to_string(&FromClient::Leave).unwrap();
    for _ in 0..1000 {
        if !bad.socket.try_send(&leave).await {
            break;
        }
    }
    let FromLab::Refused { code: refused, .. } = bad.hear().await else {
        panic!("nothing else is answered");
    };
    assert_eq!(refused, Refusal::Malformed);
    good.settle().await;
    lab.stop().await;
}
