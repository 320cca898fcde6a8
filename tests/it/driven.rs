//! Two people in windows go through a whole study, from the link to the completion code: one with the
//! mouse, one with nothing but the keyboard. A picture of each screen is kept for people to look at, in
//! `driven` in the `tmp` folder of cargo's target directory.

use crate::window::{seat, tables, wait_for_table};
use anyhow::ensure;
use std::fs;
use std::path::Path;
use std::time::Duration;
use system_tests::display::run_test;
use system_tests::person::Person;
use system_tests::process::wait_for;
use system_tests::session::Lab;

const STUDY: &str = r#"
id = "test"
title = "Cooking together"

[completion.codes]
finished = "COOK-4711"

[waiting_room]
limit_seconds = 240

[[scene]]
id = "consent"
kind = "consent"
text = """
You will play a cooking game with another person, for about five minutes.

- What you do in the game is **recorded** under a number, not under your name.
- Your two computers talk to each other directly.
- You may stop at any time, without giving a reason.
"""

[[scene]]
id = "introduction"
kind = "page"
title = "How to play"
text = """
Put three onions into the pot, wait until the soup is done, and bring it to the green field on a plate.

![Arrow keys walk, the space bar picks up and puts down.](pictures/keys.png)
"""

[[scene]]
id = "questions"
kind = "form"
title = "Before you start"

[[scene.question]]
id = "games"
kind = "choice"
text = "How often do you play video games?"
options = ["Never", "Once a week", "Every day"]

[[scene.question]]
id = "cook"
kind = "scale"
points = 7
labels = ["not at all", "very much"]
text = "How much do you like cooking?"

[[scene.question]]
id = "age"
kind = "number"
text = "How old are you?"
min = 18
max = 120

[[scene.question]]
id = "remarks"
kind = "text"
required = false
text = "Is there anything you want to tell us?"

[[scene]]
id = "cramped_room"
layout = "cramped_room"
max_steps = 600
countdown_seconds = 3

[[scene]]
id = "debriefing"
kind = "page"
title = "What this was about"
text = "We wanted to see how two people share the work in a small kitchen."
"#;

const WITHIN: Duration = Duration::from_secs(120);

/// From the link to the waiting room.
fn come_in(person: &Person, option: &str, age: &str) -> anyhow::Result<()> {
    person.press("I agree")?;
    person.wait_for("How to play")?;
    person.press("Continue")?;
    person.wait_for("Before you start")?;
    person.choose(option)?;
    person.slide("How much do you like cooking? ", 7)?;
    person.write("How old are you?", age)?;
    person.write("Is there anything you want to tell us?", "no, thank you")?;
    person.press("Send")?;
    person.wait_without("Before you start")
}

/// Presses a key in the game, until that stands in the record.
fn play(person: &Person, key: &str, action: &str) -> anyhow::Result<()> {
    let (shared, _) = wait_for("a record", WITHIN, || tables(&person.client))?;
    let seat = wait_for_table("the first rows", &shared, |table| seat(table, &shared).map(Some))?;
    person.display.press(key)?;
    let done = wait_for_table(&format!("{key} in the record"), &shared, |table| {
        let actions = table.actions(seat)?;
        Ok(actions.first().map(|&(_, action)| action.to_owned()))
    })?;
    ensure!(done == action, "{key} is recorded as {done}");
    Ok(())
}

/// From the end of the game to the code.
fn go_out(person: &Person) -> anyhow::Result<()> {
    person.wait_for("What this was about")?;
    person.press("Continue")?;
    person.wait_for("Your code: COOK-4711")?;
    person.wait_for("Everything is saved")?;
    person.wait_for_picture("done")
}

fn through_a_study(directory: &Path) -> anyhow::Result<()> {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/experiments/pictures/keys.png");
    fs::create_dir_all(directory.join("pictures"))?;
    fs::copy(keys, directory.join("pictures/keys.png"))?;
    // Over TLS, as labs in the open are: pictures come that way, too.
    let lab = Lab::start_secured(directory, STUDY)?;
    let mut mouse = Person::join(&lab, directory, "mouse", true)?;
    let mut keyboard = Person::join(&lab, directory, "keyboard", false)?;
    come_in(&mouse, "Once a week", "34")?;
    mouse.wait_for("Waiting for a partner")?;
    come_in(&keyboard, "Every day", "27")?;
    play(&mouse, "Up", "0")?;
    play(&keyboard, "d", "3")?;
    for person in [&mouse, &keyboard] {
        go_out(person)?;
        person.display.press("Escape")?;
    }
    let mut tables = Vec::new();
    for person in [&mut mouse, &mut keyboard] {
        let summary = person.client.finish(WITHIN)?;
        ensure!(summary.json["study"]["code"] == "COOK-4711", "{}", summary.json["study"]);
        tables.push(summary.file(0, "csv")?);
        let verdict = &lab.verdicts("test", summary.text("session")?, 1)?[0]["verdict"];
        ensure!(verdict["verdict"] == "identical" && verdict["rows"] == 600, "{verdict}");
    }
    ensure!(tables[0] == tables[1], "the tables differ");
    answered(&lab)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("driven");
    let mut seen = mouse.keep_pictures(&folder.join("mouse"))?;
    seen.extend(keyboard.keep_pictures(&folder.join("keyboard"))?);
    for screen in ["consent", "page", "form", "waiting", "meeting", "game", "done"] {
        ensure!(seen.iter().any(|it| it == screen), "no picture of {screen}: {seen:?}");
    }
    Ok(())
}

/// What was answered is what the lab has.
fn answered(lab: &Lab) -> anyhow::Result<()> {
    let journal = fs::read_to_string(lab.data.join("journal.jsonl"))?;
    let mut found = Vec::new();
    for line in journal.lines() {
        let line: serde_json::Value = serde_json::from_str(line)?;
        let answers = &line["answer"]["answers"];
        if answers.is_object() {
            let age = answers["age"].as_f64().unwrap_or_default();
            found.push(format!("{} {age} {}", answers["games"], answers["remarks"]));
            ensure!((1.0..=7.0).contains(&answers["cook"].as_f64().unwrap_or_default()), "{line}");
        }
    }
    found.sort();
    let expected = [r#""Every day" 27 "no, thank you""#, r#""Once a week" 34 "no, thank you""#];
    ensure!(found == expected, "{found:?}");
    Ok(())
}

#[test]
fn two_people_go_through_a_study_in_windows() {
    run_test("driven::two_people_go_through_a_study_in_windows", through_a_study);
}
