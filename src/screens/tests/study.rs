//! The screens of a study: consent, pages and the end.

use super::person::{Session, said, says};
use super::{consent, experiment, words};
use crate::lab::pictures::Album;
use crate::screens::completion::{End, Leaving, Upload};
use crate::screens::consent::{Decision, Reading};
use crate::screens::form::Draft;
use crate::screens::reading::Opened;
use crate::screens::scene::Done;
use crate::screens::screening::Asked;
use crate::screens::{completion, consent, reading, scene, screening};
use bevy_egui::egui::{Context, Key, OutputCommand};
use dyad_experiment::Outcome;
use dyad_experiment::scene::Page;
use dyad_experiment::text::Text;
use dyad_protocol::study::{self, Answer, Scene, SceneKind, ScreeningQuestion};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

#[test]
fn a_decision_says_which_text_it_is_about() {
    let (consent, pictures, mut state) = (consent(), Album::default(), Reading::default());
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let mut session = Session::new();
    let mut click = |label: &str| {
        session.click(label, |ctx| {
            consent::show(ctx, "A study", &consent, &pictures, &mut state, now, &words())
        })[1]
    };
    let decision = |agreed| Some(Decision { agreed, text: consent.text.digest(), at: now });
    assert_eq!(click("I do not agree"), None);
    assert_eq!(click("Back to the text"), None);
    assert_eq!(click("I agree"), decision(true));
    assert_eq!(click("I do not agree"), None, "that is asked once more");
    assert_eq!(click("End here"), decision(false));
}

#[test]
fn a_page_can_ask_for_patience() {
    let text = Text { markdown: "# Read\n\nthis **now**".to_owned() };
    let wait = Duration::from_secs(5);
    let page = Page { title: None, text, button: None, wait, debriefing: false };
    let (pictures, mut opened) = (Album::default(), Opened::default());
    let mut session = Session::new();
    let mut at = |seconds: u64, label: &str| {
        let now = Duration::from_secs(100 + seconds);
        let mut show =
            |ctx: &Context| reading::show(ctx, "", &page, &pictures, &mut opened, now, &words());
        let by_key = session.key(Key::Enter, &mut show);
        let said = session.pass(Vec::new(), &mut show).0;
        let said = said.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join("\n");
        (by_key, session.click(label, show)[1], said)
    };
    let (by_key, clicked, said) = at(0, "Continue");
    assert!(!by_key && !clicked && said.contains("in 5 seconds"), "{said}");
    assert!(said.contains("Read") && said.contains("now"), "{said}");
    let (by_key, clicked, said) = at(4, "Continue");
    assert!(!by_key && !clicked && said.contains("in 1 second."), "{said}");
    let (by_key, clicked, said) = at(5, "Continue");
    assert!(by_key && clicked && !said.contains("second"), "{said}");
}

#[test]
fn every_outcome_has_its_words_and_its_code() {
    let (completion, pictures) = (experiment().completion, Album::default());
    let end = |outcome| End {
        study: "A study",
        outcome,
        page: None,
        completion: &completion,
        panel_id: "p1",
        reason: None,
        pictures: &pictures,
        upload: Upload::default(),
    };
    let mut titles = BTreeSet::new();
    for (outcome, code) in &completion.codes {
        let end = end(*outcome);
        let mut state = Leaving::default();
        let said = said(|ctx| completion::show(ctx, &end, &mut state, &words()));
        assert!(said.contains(code), "{outcome:?}: {said}");
        titles.insert(said.lines().nth(1).unwrap().to_owned());
    }
    assert_eq!(titles.len(), 7, "{titles:?}");
    let reason = End { reason: Some("You were away too often."), ..end(Outcome::Excluded) };
    for told in ["You were away too often.", "The game has ended"] {
        says(told, |ctx| completion::show(ctx, &reason, &mut Leaving::default(), &words()));
    }
}

#[test]
fn the_code_is_copied_and_the_panels_page_opened() {
    let (completion, pictures) = (experiment().completion, Album::default());
    let upload = Upload { all: 2, saved: 2, received: 1, trouble: false };
    let (outcome, reason) = (Outcome::Finished, None);
    let end = End {
        study: "",
        outcome,
        page: None,
        completion: &completion,
        panel_id: "",
        reason,
        pictures: &pictures,
        upload,
    };
    let (mut state, mut commands) = (Leaving::default(), Vec::new());
    let mut session = Session::new();
    let mut click = |label: &str| {
        session.click(label, |ctx| {
            completion::show(ctx, &end, &mut state, &words());
            commands.extend(ctx.output(|output| output.commands.clone()));
        });
        std::mem::take(&mut commands)
    };
    let code = &completion.codes[&outcome];
    assert_eq!(click("Copy the code"), [OutputCommand::CopyText(code.clone())]);
    assert!(state.copied);
    let mut click = |label: &str| {
        session.click(label, |ctx| {
            completion::show(ctx, &end, &mut state, &words());
            commands.extend(ctx.output(|output| output.commands.clone()));
        });
        std::mem::take(&mut commands)
    };
    let [OutputCommand::OpenUrl(url)] = &click("Open the last page of your study")[..] else {
        panic!("no page is opened")
    };
    assert_eq!(url.url, format!("https://app.prolific.com/submissions/complete?cc={code}"));
    let told = |upload| {
        let end = End { upload, ..end };
        said(|ctx| completion::show(ctx, &end, &mut Leaving::default(), &words()))
    };
    assert!(told(upload).contains("Please leave this window open"));
    assert!(told(Upload { received: 2, ..upload }).contains("Everything is saved"));
    assert!(told(Upload { trouble: true, ..upload }).contains("Nothing is lost"));
}

#[test]
fn screening_asks_for_an_answer_to_each_question() {
    let asked = [("Is your sight good?", ["yes", "no"]), ("Do you play?", ["never", "often"])];
    let asked = asked.map(|(text, options)| Asked {
        text: text.to_owned(),
        options: options.map(str::to_owned).into(),
    });
    let (mut draft, mut session) = (Draft::default(), Session::new());
    let mut click = |label: &str| {
        session.click(label, |ctx| {
            screening::show(ctx, "A study", &asked, &Album::default(), &mut draft, &words())
        })[1]
            .clone()
    };
    assert_eq!(click("no"), None);
    assert_eq!(click("Continue"), None, "the second is not answered");
    assert_eq!(click("never"), None);
    assert_eq!(click("Continue"), Some(vec![1, 0]));
}

/// Whatever the lab sends is shown by the screen for it, and answered as the protocol says.
#[test]
fn scenes_of_the_lab_are_shown_and_answered() {
    let place = |step, kind, content| Scene {
        step,
        steps: 9,
        scene: "a".parse().unwrap(),
        kind,
        content,
        seed: 7,
        session: None,
    };
    let mut draft = scene::Draft::default();
    let mut session = Session::new();
    let mut click = |shown: &Scene, label: &str| {
        session.click(label, |ctx| {
            scene::show(
                ctx,
                "A study",
                shown,
                &Album::default(),
                &mut draft,
                Duration::ZERO,
                &words(),
            )
        })[1]
            .clone()
    };
    let text = || Text { markdown: "Some text".to_owned() };
    let page =
        Page { title: None, text: text(), button: None, wait: Duration::ZERO, debriefing: false };
    let page = place(1, SceneKind::Page, serde_json::to_value(page).unwrap());
    assert_eq!(click(&page, "Continue"), Some(Done::Answer(Answer::Page)));
    let form = consent();
    let digest = form.text.digest().to_string();
    let shown = place(2, SceneKind::Consent, serde_json::to_value(form).unwrap());
    let answer = click(&shown, "I agree");
    let Some(Done::Answer(Answer::Consent { agreed: true, text, .. })) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(text.as_str(), digest);
    let question = ScreeningQuestion {
        text: "Do you see well?".to_owned(),
        options: vec!["Yes".to_owned(), "No".to_owned()],
    };
    let asked = study::Asked { frame_rate: false, questions: vec![question] };
    let screening = place(0, SceneKind::Screening, serde_json::to_value(asked).unwrap());
    assert_eq!(click(&screening, "Continue"), None, "nothing is chosen yet");
    assert_eq!(click(&screening, "No"), None);
    assert_eq!(click(&screening, "Continue"), Some(Done::Chosen(vec![1])));
    let newer = place(3, SceneKind::Form, serde_json::json!({ "questions": "of another version" }));
    let mut draft = scene::Draft::default();
    says("This program is too old", |ctx| {
        scene::show(ctx, "A study", &newer, &Album::default(), &mut draft, Duration::ZERO, &words())
    });
}
