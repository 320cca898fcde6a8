//! Which answers are answers to a question.

use dyad_experiment::form::{Answer, AnswerError, Form, Question, QuestionKind};
use dyad_experiment::{Content, Experiment};
use std::collections::BTreeSet;

fn form(questions: &str) -> Form {
    let file = format!(
        "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n[[scene]]\nid = \"f\"\n\
         kind = \"form\"\n{questions}"
    );
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let experiment = Experiment::parse(&file, no_files).unwrap_or_else(|error| panic!("{error}"));
    let Content::Form(form) = &experiment.scenes()[1].content else { panic!("no form") };
    form.clone()
}

fn question(lines: &str) -> Question {
    form(&format!("[[scene.question]]\nid = \"q\"\ntext = \"?\"\n{lines}\n")).questions[0].clone()
}

fn text(text: &str) -> Answer {
    Answer::Text(text.to_owned())
}

fn texts(texts: &[&str]) -> Answer {
    Answer::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

#[track_caller]
fn right(question: &Question, answers: &[Answer]) {
    for answer in answers {
        assert_eq!(question.check(Some(answer)), Ok(()), "{answer:?}");
    }
}

#[track_caller]
fn wrong(question: &Question, answers: &[Answer]) {
    for answer in answers {
        assert!(question.check(Some(answer)).is_err(), "{answer:?}");
    }
}

#[test]
fn a_choice_is_one_of_the_options_or_something_else() {
    let closed = question("kind = \"choice\"\noptions = [\"a\", \"b\"]");
    right(&closed, &[text("a"), text("b")]);
    wrong(&closed, &[text("c"), text("A"), texts(&["a"]), Answer::Number(1.0)]);
    let open = question("kind = \"choice\"\noptions = [\"a\", \"b\"]\nother = \"else\"");
    right(&open, &[text("a"), text("anything")]);
}

#[test]
fn choices_are_as_many_as_are_asked_for() {
    let two = "kind = \"choices\"\noptions = [\"a\", \"b\", \"c\"]\n";
    let some = question(&format!("{two}at_most = 2"));
    right(&some, &[texts(&["a"]), texts(&["c", "a"])]);
    wrong(&some, &[texts(&["a", "b", "c"]), texts(&["a", "a"]), texts(&["d"]), text("a")]);
    let all = question(&format!("{two}at_least = 2\nother = \"else\""));
    right(&all, &[texts(&["a", "b"]), texts(&["a", "x"]), texts(&["a", "b", "c", "x"])]);
    wrong(&all, &[texts(&["a"]), texts(&["x", "y"])]);
}

#[test]
fn scales_and_numbers_have_ranges() {
    let scale = question("kind = \"scale\"\npoints = 5");
    right(&scale, &[Answer::Number(1.0), Answer::Number(5.0)]);
    wrong(&scale, &[0.0, 6.0, 1.5, f64::NAN].map(Answer::Number));
    let age = question("kind = \"number\"\nmin = 18\nmax = 99");
    right(&age, &[18.0, 99.0].map(Answer::Number));
    wrong(&age, &[17.0, 100.0, 20.5, f64::NAN, f64::INFINITY].map(Answer::Number));
    wrong(&age, &[text("20")]);
    let any = question("kind = \"number\"\ndecimals = 2");
    right(&any, &[-1e9, 0.1, 0.25].map(Answer::Number));
    wrong(&any, &[Answer::Number(0.125)]);
}

#[test]
fn texts_have_a_length_and_perhaps_a_pattern() {
    let short = question("kind = \"text\"\nmin_length = 2\nmax_length = 3");
    right(&short, &[text("äö"), text("abc")]);
    wrong(&short, &[text("a"), text("abcd"), Answer::Number(1.0)]);
    let code = question("kind = \"text\"\npattern = 'A|B[0-9]'\npattern_message = \"a letter\"");
    right(&code, &[text("A"), text("B7")]);
    wrong(&code, &[text("A7"), text("xA"), text("B"), text("A\n")]);
    let said = code.check(Some(&text("C"))).unwrap_err();
    assert_eq!(said, AnswerError::Pattern { message: Some("a letter".to_owned()) });
}

#[test]
fn what_is_required_must_be_there() {
    for kind in
        ["kind = \"text\"", "kind = \"choices\"\noptions = [\"a\", \"b\"]", "kind = \"number\""]
    {
        let required = question(kind);
        let optional = question(&format!("{kind}\nrequired = false"));
        for nothing in [None, Some(text(" \n")), Some(texts(&[]))] {
            assert_eq!(required.check(nothing.as_ref()), Err(AnswerError::Missing));
            assert_eq!(optional.check(nothing.as_ref()), Ok(()));
        }
    }
}

#[test]
fn options_are_shuffled_for_each_person() {
    let options = |shuffle: bool| {
        let lines =
            format!("kind = \"choice\"\noptions = [\"a\", \"b\", \"c\"]\nshuffle = {shuffle}");
        let question = question(&lines);
        let QuestionKind::Choice(options) = question.kind else { panic!("no choice") };
        move |seed| options.order(&question.id, seed)
    };
    let (fixed, shuffled) = (options(false), options(true));
    assert!((0..20).all(|seed| fixed(seed) == [0, 1, 2]));
    let orders: BTreeSet<Vec<usize>> = (0..100).map(&shuffled).collect();
    assert_eq!(orders.len(), 6);
    assert_eq!(shuffled(5), shuffled(5));
}

#[test]
fn a_form_travels_as_json() {
    let form = form(
        "title = \"T\"\n[[scene.question]]\nid = \"q\"\ntext = \"?\"\nkind = \"number\"\nmin = 0.5\n\
         [[scene.question]]\nid = \"r\"\ntext = \"?\"\nkind = \"choices\"\noptions = [\"a\", \"b\"]\n\
         [[scene.question]]\nid = \"s\"\ntext = \"?\"\nkind = \"choice\"\noptions = [\"a\", \"b\"]\n",
    );
    let json = serde_json::to_string(&form).unwrap();
    assert_eq!(serde_json::from_str::<Form>(&json).unwrap(), form, "{json}");
    let answers = [text("a"), texts(&["a"]), Answer::Number(2.0)];
    let json = serde_json::to_string(&answers).unwrap();
    assert_eq!(json, r#"["a",["a"],2.0]"#);
    assert_eq!(serde_json::from_str::<[Answer; 3]>(&json).unwrap(), answers);
}
