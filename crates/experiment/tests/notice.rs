//! What consent forms say of the data by themselves.

use dyad_experiment::{Content, Experiment, Warning};
use std::io;

const SCENES: &str = "
[[scene]]
id = \"consent\"
kind = \"consent\"
text = \"Do you agree?\\n\\n\"

[[scene]]
id = \"game\"
layout = \"cramped_room\"
";

/// A study with these lines at its beginning, and these at its end, in the game.
fn study(first: &str, last: &str) -> Experiment {
    let text = format!("id = \"s\"\n{first}\n{SCENES}{last}\n");
    let none = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    Experiment::parse(&text, none).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// The text of its consent form.
fn shown(study: &Experiment) -> String {
    let mut texts = study.scenes().iter().filter_map(|scene| match &scene.content {
        Content::Consent(consent) => Some(consent.text.markdown.clone()),
        _ => None,
    });
    texts.next().expect("a consent form")
}

#[test]
fn a_consent_form_ends_with_what_withdrawal_deletes() {
    let plain = study("", "");
    let text = shown(&plain);
    assert_eq!(text, format!("Do you agree?\n\n{}", plain.data.notice));
    for said in ["your partners made are deleted too", "30 days", "network address"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let cases = [
        ("[data]\nwithdrawal = \"person\"", "stay, under a random name", "deletes the next time"),
        ("[data]\nkeep_days = 0", "the next time that it runs after", "{days}"),
        ("[data]\nkeep_days = 1", "a day or more", "1 days"),
        (
            "[network]\nturn = [\"turn:a:1\"]\nturn_secret_file = \"f\"\nrelay_only = true",
            "30 days",
            "network address",
        ),
        ("language = \"de-AT\"", "Sie können Ihre Daten", "You can"),
    ];
    for (lines, said, not) in cases {
        let text = shown(&study(lines, ""));
        assert!(text.contains(said) && !text.contains(not), "{lines}: {text}");
    }
}

#[test]
fn who_plays_with_programs_alone_reads_of_no_partners() {
    let alone = "players = 2\npartner = { kind = \"program\", policy = \"scripted\" }";
    let text = shown(&study("", alone));
    assert!(
        text.contains("and the games that you played.") && !text.contains("partners"),
        "{text}"
    );
}

#[test]
fn the_words_can_be_the_authors_own() {
    let own = study("[data]\nnotice = \"We *never* delete.\"", "");
    assert_eq!(shown(&own), "Do you agree?\n\nWe *never* delete.");
    let none = study("[data]\nnotice = \"\"", "");
    assert_eq!((shown(&none).as_str(), none.data.notice.as_str()), ("Do you agree?\n\n", ""));
}

#[test]
fn a_language_without_words_is_remarked_on() {
    let warned = |first: &str| {
        let study = study(first, "");
        study.warnings().iter().any(|it| matches!(it, Warning::Notice { .. }))
    };
    assert!(warned("language = \"fr\""));
    assert!(!warned("language = \"de\"") && !warned(""));
    assert!(!warned("language = \"fr\"\n[data]\nnotice = \"Vos données\""));
}
