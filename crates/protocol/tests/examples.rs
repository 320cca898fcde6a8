//! PROTOCOL.md tells the truth: its examples parse, lose nothing on the way back, and there is
//! one for every message.

use dyad_protocol::lobby::{FromClient, FromLab};
use dyad_protocol::records::{Receipt, Rejection, Verdict};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../PROTOCOL.md");

/// The blocks that open with three backticks, `json` and this word.
fn examples(kind: &str) -> Vec<&'static str> {
    let blocks = PAGE.split("\n```json ").skip(1);
    let found: Vec<_> = blocks
        .filter_map(|block| {
            let (opening, rest) = block.split_once('\n')?;
            (opening == kind).then(|| rest.split("\n```").next())?
        })
        .collect();
    assert!(!found.is_empty(), "no example of {kind}");
    found
}

/// Parses all examples as `T`. A field that the type does not know would be missing from what it
/// is written back as.
fn parsed<T: DeserializeOwned + Serialize>(kind: &str) -> Vec<T> {
    let parse = |text: &&str| {
        let example: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let message: T = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let back = serde_json::to_value(&message).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(back, example, "the example has more or less than the message");
        message
    };
    examples(kind).iter().map(parse).collect()
}

#[test]
fn every_message_of_a_client_has_an_example() {
    let names: BTreeSet<_> = parsed("client")
        .iter()
        .map(|message| match message {
            FromClient::Hello(_) => "hello".to_owned(),
            FromClient::Ready { .. } => "ready".to_owned(),
            FromClient::Leave => "leave".to_owned(),
            FromClient::Done { answer, .. } => format!("{:?}", answer.kind()),
            FromClient::Withdraw => "withdraw".to_owned(),
            FromClient::Probed { .. } => "probed".to_owned(),
            FromClient::Checked(_) => "checked".to_owned(),
            FromClient::Ping { .. } => "ping".to_owned(),
            FromClient::Report(_) => "report".to_owned(),
        })
        .collect();
    assert_eq!(names.len(), 13, "a message or an answer has no example; there are {names:?}");
}

#[test]
fn every_message_of_a_lab_has_an_example() {
    let names: BTreeSet<_> = parsed("lab")
        .iter()
        .map(|message| match message {
            FromLab::Welcome { .. } => "welcome".to_owned(),
            FromLab::Refused { code, .. } => format!("{code:?}"),
            FromLab::Scene(scene) => format!("scene {:?}", scene.kind),
            FromLab::Waiting { .. } => "waiting".to_owned(),
            FromLab::Probe(_) => "probe".to_owned(),
            FromLab::Matched { .. } => "matched".to_owned(),
            FromLab::WaitingAgain { .. } => "waiting_again".to_owned(),
            FromLab::Warning { .. } => "warning".to_owned(),
            FromLab::Over { .. } => "over".to_owned(),
            FromLab::Completed(_) => "completed".to_owned(),
            FromLab::Pong { .. } => "pong".to_owned(),
            FromLab::Verdict { .. } => "verdict".to_owned(),
        })
        .collect();
    assert_eq!(names.len(), 20, "a message, scene or refusal has no example; there are {names:?}");
}

#[test]
fn every_outcome_and_every_end_of_a_game_is_explained() {
    use dyad_protocol::study::{GameEnd, Outcome};
    let outcomes = [
        Outcome::Finished,
        Outcome::NoPartner,
        Outcome::PartnerLeft,
        Outcome::LostConnection,
        Outcome::Excluded,
        Outcome::ScreenedOut,
        Outcome::Withdrew,
    ];
    let ends = [
        GameEnd::Completed,
        GameEnd::Away,
        GameEnd::PartnerAway,
        GameEnd::PartnerLeft,
        GameEnd::PartnerLost,
        GameEnd::NotConnected,
        GameEnd::NotResumed,
        GameEnd::Incompatible,
        GameEnd::Dismissed,
        GameEnd::Failure,
    ];
    let outcomes = outcomes.map(serde_json::to_value);
    let ends = ends.map(serde_json::to_value);
    for word in outcomes.into_iter().chain(ends) {
        let word = word.expect("a word is plain data");
        let word = format!("`{}`", word.as_str().expect("a word is a text"));
        let rows = PAGE.lines().filter(|line| line.starts_with("| `") && line.contains(&word));
        assert!(rows.count() > 0, "{word}");
    }
}

#[test]
fn every_verdict_has_an_example() {
    let names: BTreeSet<_> = parsed("verdict")
        .iter()
        .map(|verdict| match verdict {
            Verdict::Identical { .. } => "identical",
            Verdict::Prefix { .. } => "prefix",
            Verdict::PrefixWithTail { .. } => "prefix_with_tail",
            Verdict::Diverged { .. } => "diverged",
            Verdict::OneSideOnly { .. } => "one_side_only",
            Verdict::Invalid { .. } => "invalid",
        })
        .collect();
    assert_eq!(names.len(), 6, "a verdict has no example; there are {names:?}");
}

#[test]
fn answers_about_records_have_examples() {
    parsed::<Receipt>("receipt");
    parsed::<Rejection>("rejection");
}

#[test]
fn unknown_fields_are_ignored_and_unknown_messages_are_not_messages() {
    let newer = r#"{"type":"pong","nonce":1,"later":true}"#;
    assert_eq!(serde_json::from_str::<FromLab>(newer).ok(), Some(FromLab::Pong { nonce: 1 }));
    for text in [r#"{"type":"dance"}"#, r#"{"nonce":1}"#, r#"{"type":"pong"}"#, "1", ""] {
        assert!(serde_json::from_str::<FromLab>(text).is_err(), "{text}");
        assert!(serde_json::from_str::<FromClient>(text).is_err(), "{text}");
    }
}
