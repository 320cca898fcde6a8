//! Forms, filled in by pointer and by keyboard.

use super::draft::{Entry, Slip};
use super::{Answers, Draft, show};
use crate::screens::pictures::tests::{album, pictures};
use crate::screens::tests::{Session, input, words};
use crate::theme;
use bevy_egui::egui::accesskit::Role;
use bevy_egui::egui::{Context, Event, Key};
use dyad_experiment::form::{Answer, AnswerError, Form};
use dyad_experiment::{Content, Experiment};

/// A form with these questions.
pub(crate) fn form(questions: &str) -> Form {
    let file = format!(
        "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n[[scene]]\nid = \"f\"\n\
         kind = \"form\"\n{questions}"
    );
    let picture = pictures()["keys.png"].bytes.to_vec();
    let experiment =
        Experiment::parse(&file, |_| Ok(picture.clone())).unwrap_or_else(|error| panic!("{error}"));
    let Content::Form(form) = &experiment.scenes()[1].content else { panic!("no form") };
    form.clone()
}

/// A form of one question.
fn one(lines: &str) -> Form {
    form(&format!("[[scene.question]]\nid = \"q\"\ntext = \"What?\"\n{lines}\n"))
}

/// Somebody in front of a form.
struct Person {
    form: Form,
    draft: Draft,
    session: Session,
}

impl Person {
    fn at(form: Form) -> Self {
        Self { form, draft: Draft::default(), session: Session::new() }
    }

    fn click(&mut self, label: &str) -> Option<Answers> {
        let Self { form, draft, session } = self;
        let pictures = album();
        let [_, sent] =
            session.click(label, |ctx| show(ctx, "", form, &pictures, 1, draft, &words()));
        sent
    }

    fn events(&mut self, events: Vec<Event>) -> (String, Option<Answers>) {
        let Self { form, draft, session } = self;
        let pictures = album();
        let (said, sent) =
            session.pass(events, |ctx| show(ctx, "", form, &pictures, 1, draft, &words()));
        (said.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join("\n"), sent)
    }

    fn key(&mut self, key: Key) -> Option<Answers> {
        let Self { form, draft, session } = self;
        let pictures = album();
        session.key(key, |ctx| show(ctx, "", form, &pictures, 1, draft, &words()))
    }

    fn said(&mut self) -> String {
        self.events(Vec::new());
        self.events(Vec::new()).0
    }

    #[track_caller]
    fn answer(&mut self) -> Option<Answer> {
        let sent = self.click("Send").expect("all is answered");
        sent.values().next().cloned()
    }
}

fn text(text: &str) -> Answer {
    Answer::Text(text.to_owned())
}

#[test]
fn numbers_are_read_as_people_write_them() {
    let form = one("kind = \"number\"\nmin = -5\nmax = 120\ndecimals = 1");
    let question = &form.questions[0];
    let read = |typed: &str| Entry { typed: typed.to_owned(), ..Entry::default() }.answer(question);
    for (typed, number) in [("20", 20.0), (" 20,5 ", 20.5), ("0.1", 0.1), ("−3", -3.0)] {
        assert_eq!(read(typed), Ok(Some(Answer::Number(number))), "{typed}");
    }
    for typed in ["inf", "NaN", "1e2", "2 0", "1.2.3", "1,000,0", "-", "twelve"] {
        assert_eq!(read(typed), Err(Slip::NotANumber), "{typed}");
    }
    assert_eq!(read("  "), Err(Slip::Answer(AnswerError::Missing)));
    assert!(matches!(read("121"), Err(Slip::Answer(AnswerError::Range { .. }))));
    assert_eq!(read("0.25"), Err(Slip::Answer(AnswerError::Decimals { most: 1 })));
}

#[test]
fn a_further_answer_must_be_another() {
    let form = one("kind = \"choice\"\noptions = [\"a\", \"b\"]\nother = \"else\"");
    let other = |typed: &str| {
        let entry = Entry { other: true, other_text: typed.to_owned(), ..Entry::default() };
        entry.answer(&form.questions[0])
    };
    assert_eq!(other(" "), Err(Slip::OtherMissing));
    assert_eq!(other("a"), Err(Slip::OtherSame));
    assert_eq!(other(" c "), Ok(Some(text("c"))));
}

#[test]
fn one_of_several_is_chosen_by_a_click_and_another_takes_its_place() {
    let mut person = Person::at(one("kind = \"choice\"\noptions = [\"Anna\", \"Bert\"]"));
    assert_eq!(person.click("Send"), None, "nothing is chosen");
    let said = person.said();
    assert!(
        said.contains("Please answer this question.") && said.contains("One question"),
        "{said}"
    );
    person.click("Anna");
    person.click("Bert");
    assert!(!person.said().contains("Please answer"));
    assert_eq!(person.answer(), Some(text("Bert")));
}

#[test]
fn several_are_chosen_and_one_is_taken_back() {
    let options = "kind = \"choices\"\noptions = [\"Anna\", \"Bert\", \"Carl\"]\nat_most = 2";
    let mut person = Person::at(one(options));
    for label in ["Anna", "Bert", "Carl"] {
        person.click(label);
    }
    assert_eq!(person.click("Send"), None, "three are too many");
    assert!(person.said().contains("Choose up to 2."));
    person.click("Bert");
    let expected = ["Anna", "Carl"].map(str::to_owned).into();
    assert_eq!(person.answer(), Some(Answer::Texts(expected)));
}

#[test]
fn the_keyboard_is_enough() {
    let form = form(
        "[[scene.question]]\nid = \"a\"\ntext = \"A?\"\nkind = \"choice\"\noptions = [\"x\", \"y\"]\n\
         [[scene.question]]\nid = \"b\"\ntext = \"B?\"\nkind = \"scale\"\n\
         [[scene.question]]\nid = \"c\"\ntext = \"C?\"\nkind = \"number\"\n",
    );
    let mut person = Person::at(form);
    person.said();
    for key in [Key::Tab, Key::Tab, Key::Space, Key::Tab, Key::ArrowRight, Key::ArrowRight] {
        assert_eq!(person.key(key), None);
    }
    person.key(Key::Tab);
    person.events(vec![Event::Text("42".to_owned())]);
    person.key(Key::Tab);
    let sent = person.key(Key::Enter).expect("the button has the focus");
    let answers: Vec<_> = sent.into_values().collect();
    assert_eq!(answers, [text("y"), Answer::Number(5.0), Answer::Number(42.0)]);
}

#[test]
fn a_scale_has_no_answer_before_it_is_touched() {
    for points in [2, 7, 101] {
        let mut person = Person::at(one(&format!("kind = \"scale\"\npoints = {points}")));
        assert_eq!(person.click("Send"), None);
        for key in [Key::Tab, Key::End, Key::ArrowRight] {
            person.key(key);
        }
        assert_eq!(person.answer(), Some(Answer::Number(f64::from(points))), "{points}");
    }
}

#[test]
fn a_scale_takes_the_nearest_point() {
    let mut person = Person::at(one("kind = \"scale\"\nlabels = [\"never\", \"always\"]"));
    // The label stands below the last point.
    person.said();
    let Person { form, draft, session } = &mut person;
    let pictures = album();
    let mut show = |ctx: &_| show(ctx, "", form, &pictures, 1, draft, &words());
    let (placed, _) = session.pass(Vec::new(), &mut show);
    let label = placed.iter().find(|(text, _)| text == "always").unwrap().1;
    session.click_at(label.right_top() - bevy_egui::egui::vec2(20.0, 30.0), &mut show);
    assert_eq!(person.answer(), Some(Answer::Number(7.0)));
}

#[test]
fn what_is_pasted_is_kept_and_told_to_be_too_long() {
    let long = "word ".repeat(800);
    assert_eq!(long.len(), 4000);
    for (most, fits) in [(2000, false), (4000, true)] {
        let mut person =
            Person::at(one(&format!("kind = \"text\"\nlines = 5\nmax_length = {most}")));
        person.said();
        person.key(Key::Tab);
        person.events(vec![Event::Paste(long.clone())]);
        let said = person.said();
        assert!(person.draft.entries.values().all(|entry| entry.typed == long), "nothing is lost");
        let complaint = "You have written 4000 characters; there is room for 2000.";
        assert_eq!(said.contains(complaint), !fits, "{most}");
        let sent = person.click("Send");
        assert_eq!(sent.is_some(), fits, "{most}");
    }
}

#[test]
fn a_mistake_is_not_held_against_who_still_types() {
    let lines = "kind = \"text\"\npattern = '[A-Z]{3}'\npattern_message = \"Three letters.\"";
    let mut person = Person::at(one(lines));
    person.said();
    assert!(!person.said().contains("Three letters."));
    person.key(Key::Tab);
    person.events(vec![Event::Text("AB".to_owned())]);
    assert!(!person.draft.entries.values().any(|entry| entry.left));
    assert_eq!(person.click("Send"), None);
    assert!(person.said().contains("Three letters."));
    assert!(person.draft.entries.values().all(|entry| entry.left));
    person.key(Key::Tab);
    person.events(vec![Event::Text("C".to_owned())]);
}

#[test]
fn who_listens_is_told_what_each_field_is_for() {
    let form = form(
        "[[scene.question]]\nid = \"a\"\ntext = \"A?\"\nkind = \"choices\"\noptions = [\"x\", \"y\"]\n\
         [[scene.question]]\nid = \"b\"\ntext = \"B?\"\nkind = \"scale\"\n\
         [[scene.question]]\nid = \"c\"\ntext = \"C?\"\nkind = \"number\"\n\
         [[scene.question]]\nid = \"d\"\ntext = \"D?\"\nkind = \"text\"\nlines = 3\n",
    );
    let (ctx, pictures, mut draft) = (Context::default(), album(), Draft::default());
    theme::apply(&ctx);
    ctx.enable_accesskit();
    let mut told = Vec::new();
    for _ in 0..3 {
        let mut output = ctx.run_ui(input(Vec::new()), |ui| {
            show(ui.ctx(), "", &form, &pictures, 1, &mut draft, &words());
        });
        output.textures_delta.clear();
        let update = output.platform_output.accesskit_update.unwrap();
        let fields = update.nodes.iter().filter_map(|(_, node)| {
            let role = node.role();
            let is_field = matches!(
                role,
                Role::CheckBox
                    | Role::Slider
                    | Role::TextInput
                    | Role::MultilineTextInput
                    | Role::Button
            );
            is_field.then(|| (role, node.label().unwrap_or_default().trim().to_owned()))
        });
        told = fields.collect();
    }
    for (role, label) in [
        (Role::CheckBox, "x"),
        (Role::CheckBox, "y"),
        (Role::Slider, "B?"),
        (Role::TextInput, "C?"),
        (Role::MultilineTextInput, "D?"),
        (Role::Button, "Send"),
    ] {
        assert!(told.contains(&(role, label.to_owned())), "{role:?} {label}: {told:?}");
    }
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    let mut person = Person::at(one("kind = \"number\"\nrequired = false"));
    assert!(person.said().contains("You may leave this out."));
    assert_eq!(person.click("Send"), Some(Answers::new()));
}
