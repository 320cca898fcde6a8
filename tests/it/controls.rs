//! Keys of an experiment's own: they play, and the usual ones do nothing.

use crate::window::{seat, tables, wait_for_table};
use anyhow::{Context as _, ensure};
use std::fs;
use std::path::Path;
use std::time::Duration;
use system_tests::display::{Display, run_test};
use system_tests::process::wait_for;
use system_tests::session::Lab;

/// A game with a program that does nothing, and keys that lie elsewhere.
const EXPERIMENT: &str = r#"
id = "test"
title = "A test"

[[scene]]
id = "cramped_room"
layout = "cramped_room"
max_steps = 600
countdown_seconds = 1
partner = { kind = "program", policy = "idle" }

[scene.keys]
up = ["KeyI", "Digit8"]
down = ["KeyK"]
left = ["KeyJ"]
right = ["KeyL"]
pickup_drop = ["KeyU"]
toggle = ["KeyO"]
"#;

/// The usual keys, which do nothing here.
const USUAL: [&str; 9] = ["Up", "Down", "Left", "Right", "w", "a", "s", "d", "space"];

/// The keys that play, and the number of each one's action.
const OWN: [(&str, &str); 7] =
    [("i", "0"), ("8", "0"), ("k", "1"), ("j", "2"), ("l", "3"), ("u", "4"), ("o", "5")];

/// From a key press until its effect: two frames of input delay and what a busy machine adds.
const EFFECT_WITHIN: Duration = Duration::from_secs(2);

const WITHIN: Duration = Duration::from_secs(60);

fn play(directory: &Path) -> anyhow::Result<()> {
    let display = Display::start(directory)?;
    let lab = Lab::start(directory, EXPERIMENT)?;
    let pictures = directory.join("pictures");
    let option = pictures.to_str().context("a path of ours is text")?;
    let person = lab.client_in_window("person", &display, &["--screenshot-dir", option])?;
    display.focus_window()?;
    let (shared, local) =
        wait_for("a record", WITHIN, || tables(&person)).with_context(|| person.process.log())?;
    let seat = wait_for_table("the first rows", &shared, |table| seat(table, &shared).map(Some))?;
    for key in USUAL {
        display.press(key)?;
    }
    let recorded = |number: usize| {
        wait_for_table("a key in the record", &shared, |table| {
            let actions = table.actions(seat)?;
            let actions: Vec<String> = actions.iter().map(|(_, it)| (*it).to_owned()).collect();
            Ok((actions.len() >= number).then_some(actions))
        })
    };
    for (number, (key, _)) in (1..).zip(OWN) {
        display.press(key)?;
        recorded(number)?;
    }
    let actions = recorded(OWN.len())?;
    ensure!(actions == OWN.map(|(_, action)| action), "{actions:?} was recorded");
    let times = wait_for("the times of the keys", WITHIN, || key_times(&local, OWN.len()))?;
    let mut seen = 0;
    for KeyTime { pressed, simulated, to_display } in times {
        let after = simulated.checked_sub(pressed).context("a key acts after it was pressed")?;
        ensure!(after < EFFECT_WITHIN.as_micros(), "a key acted after {after} us");
        if let Some(to_display) = to_display {
            ensure!(to_display >= after, "{to_display} us, before the frame after {after} us");
            ensure!(to_display < EFFECT_WITHIN.as_micros(), "a key was seen after {to_display} us");
            seen += 1;
        }
    }
    // A machine that has much to do may draw no picture in time.
    ensure!(2 * seen > OWN.len(), "of {} keys, {seen} were seen to act", OWN.len());
    ensure!(!person.process.log().contains("do nothing"), "{}", person.process.log());
    keep_picture(&pictures)
}

/// When a key was pressed and when the frame was simulated in which it acts, and how long it took from the one
/// to a picture of the other; in microseconds.
struct KeyTime {
    pressed: u128,
    simulated: u128,
    to_display: Option<u128>,
}

/// The keys in the local table, once there are so many.
fn key_times(local: &Path, count: usize) -> anyhow::Result<Option<Vec<KeyTime>>> {
    let text = fs::read_to_string(local)?;
    // A last line may still be on its way.
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let mut rows = whole.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let names = rows.next().unwrap_or_default();
    let column = |name: &str| names.iter().position(|known| *known == name).context("a column");
    let (key, simulated) = (column("key_event_us")?, column("monotonic_us")?);
    let display = column("input_to_display_us")?;
    let time = |row: Vec<&str>| {
        let to_display = Some(row[display]).filter(|cell| !cell.is_empty());
        let to_display = to_display.map(str::parse).transpose()?;
        Ok(KeyTime { pressed: row[key].parse()?, simulated: row[simulated].parse()?, to_display })
    };
    let times: anyhow::Result<Vec<_>> = rows.filter(|row| !row[key].is_empty()).map(time).collect();
    Ok(Some(times?).filter(|times| times.len() == count))
}

/// Keeps a picture of the game for people to look at: `controls-game.png` in the `tmp` folder of
/// cargo's target directory.
fn keep_picture(pictures: &Path) -> anyhow::Result<()> {
    for file in fs::read_dir(pictures)? {
        let path = file?.path();
        if path.to_string_lossy().ends_with("-game.png") {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("controls-game.png");
            fs::copy(path, kept)?;
            return Ok(());
        }
    }
    anyhow::bail!("there is no picture of the game")
}

#[test]
fn keys_of_a_study_play_and_the_usual_ones_do_not() {
    run_test("controls::keys_of_a_study_play_and_the_usual_ones_do_not", play);
}
