//! PROTOCOL.md tells the truth: its examples parse, lose nothing on the way back, and there is
//! one for every message.

use dyad_protocol::lobby::{FromClient, FromLab};
use dyad_protocol::records::{Rejection, SignedReceipt, Verdict};
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
            FromClient::Hello(_) => "hello",
            FromClient::Ready => "ready",
            FromClient::Leave => "leave",
            FromClient::Ping { .. } => "ping",
            FromClient::Report(_) => "report",
        })
        .collect();
    assert_eq!(names.len(), 5, "a message has no example; there are {names:?}");
}

#[test]
fn every_message_of_a_lab_has_an_example() {
    let names: BTreeSet<_> = parsed("lab")
        .iter()
        .map(|message| match message {
            FromLab::Welcome { .. } => "welcome".to_owned(),
            FromLab::Refused { code, .. } => format!("{code:?}"),
            FromLab::Waiting { .. } => "waiting".to_owned(),
            FromLab::Matched { .. } => "matched".to_owned(),
            FromLab::Pong { .. } => "pong".to_owned(),
            FromLab::Verdict { .. } => "verdict".to_owned(),
        })
        .collect();
    assert_eq!(names.len(), 10, "a message or refusal has no example; there are {names:?}");
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
    parsed::<SignedReceipt>("receipt");
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
