//! A person at the window: real key events on a real display end up in the record, as they were
//! pressed.

use anyhow::{Context as _, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use system_tests::binaries;
use system_tests::display::{Display, run_test};
use system_tests::process::{Process, wait_for};
use system_tests::session::{Client, Lab};

/// A game long enough to press all keys in, one after the other.
const EXPERIMENT: &str = "id = \"test\"\ntitle = \"A test\"\n\n[[scene]]\nid = \"cramped_room\"\n\
                          layout = \"cramped_room\"\nmax_steps = 900\ncountdown_seconds = 1\n";

/// Every key that plays, and the number of its action.
const KEYS: [(&str, &str); 10] = [
    ("Up", "0"),
    ("Down", "1"),
    ("Left", "2"),
    ("Right", "3"),
    ("space", "4"),
    ("w", "0"),
    ("s", "1"),
    ("a", "2"),
    ("d", "3"),
    ("Return", "4"),
];

/// From a key press until its effect: two frames of input delay and what a busy machine adds.
const EFFECT_WITHIN: Duration = Duration::from_secs(2);

/// A table as far as it is written.
pub(crate) struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)?;
        // A last line may still be on its way.
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let mut lines =
            whole.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let names = lines.next().unwrap_or_default();
        Ok(Self { names, rows: lines.collect() })
    }

    fn column(&self, name: &str) -> anyhow::Result<Vec<&str>> {
        let at = self.names.iter().position(|known| known == name);
        let at = at.with_context(|| format!("no column {name}"))?;
        Ok(self.rows.iter().map(|row| row[at].as_str()).collect())
    }

    /// The actions of a player that are more than nothing, with their steps.
    pub(crate) fn actions(&self, seat: u64) -> anyhow::Result<Vec<(usize, &str)>> {
        let actions = self.column(&format!("actions.{seat}"))?;
        Ok(actions.into_iter().enumerate().filter(|&(_, action)| action != "6").collect())
    }
}

/// The files of a client's first episode while it is played: the shared table and the local one.
pub(crate) fn tables(client: &Client) -> anyhow::Result<Option<(PathBuf, PathBuf)>> {
    let Ok(sessions) = fs::read_dir(client.data.join("records").join("test")) else {
        return Ok(None);
    };
    for session in sessions {
        let scene = session?.path().join("cramped_room");
        // The session's folder may be there before the scene's.
        let Ok(files) = fs::read_dir(&scene) else { continue };
        for file in files {
            let name = file?.file_name();
            if name.to_string_lossy().ends_with("_ep0.csv") {
                return Ok(Some((scene.join(&name), scene.join("local").join(&name))));
            }
        }
    }
    Ok(None)
}

/// Waits until the shared table satisfies a condition.
pub(crate) fn wait_for_table<T>(
    what: &str,
    path: &Path,
    mut condition: impl FnMut(&Table) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    wait_for(what, Duration::from_secs(20), || {
        let table = Table::read(path)?;
        if table.rows.is_empty() { Ok(None) } else { condition(&table) }
    })
}

/// The seat of the participant whose table this is.
pub(crate) fn seat(table: &Table, path: &Path) -> anyhow::Result<u64> {
    let name = path.file_name().context("a file has a name")?.to_string_lossy();
    for seat in 0..2 {
        let subject = table.column(&format!("player_subjects.{seat}"))?[0];
        if name.starts_with(&format!("{subject}_")) {
            return Ok(seat);
        }
    }
    anyhow::bail!("{name} is of nobody who plays")
}

/// Presses every key, each after the one before has arrived. Returns when each was pressed.
fn press_all(display: &Display, table: &Path, seat: u64) -> anyhow::Result<Vec<SystemTime>> {
    let mut pressed = Vec::new();
    for (number, (key, _)) in KEYS.iter().enumerate() {
        pressed.push(display.press(key)?);
        wait_for_table(&format!("{key} in the record"), table, |table| {
            Ok((table.actions(seat)?.len() > number).then_some(()))
        })?;
    }
    Ok(pressed)
}

/// The window goes on simulating while nobody sees it, and the record knows that.
fn go_on_unseen(display: &Display, window: &str, path: &Path, seat: u64) -> anyhow::Result<()> {
    display.hide(window)?;
    wait_for_table("a second of play without the focus", path, |table| {
        let focus = table.column(&format!("isFocused.{seat}"))?;
        Ok((focus.iter().filter(|&&focused| focused == "False").count() > 30).then_some(()))
    })?;
    display.show(window)
}

/// What was pressed is what is recorded, in the frames right after.
fn fits(shared: &Table, local: &Table, seat: u64, pressed: &[SystemTime]) -> anyhow::Result<()> {
    let actions = shared.actions(seat)?;
    let recorded: Vec<&str> = actions.iter().map(|&(_, action)| action).collect();
    ensure!(recorded == KEYS.map(|(_, action)| action), "{recorded:?} was recorded");
    let steps = local.column("t")?;
    let clock = local.column("wall_ms")?;
    for (&(t, _), (pressed, (key, _))) in actions.iter().zip(pressed.iter().zip(KEYS)) {
        let row = steps.iter().position(|&step| step == t.to_string());
        let row = row.with_context(|| format!("step {t} is not in the local table"))?;
        let stepped = UNIX_EPOCH + Duration::from_millis(clock[row].parse()?);
        let after = stepped.duration_since(*pressed);
        let after = after.with_context(|| format!("{key} acted before it was pressed"))?;
        ensure!(after < EFFECT_WITHIN, "{key} acted after {after:?}");
    }
    Ok(())
}

/// The picture of a screen, once there is one.
fn picture(directory: &Path, screen: &str) -> anyhow::Result<Option<PathBuf>> {
    let ending = format!("-{screen}.png");
    let Ok(files) = fs::read_dir(directory) else { return Ok(None) };
    let mut found: Vec<PathBuf> = Vec::new();
    for file in files {
        let path = file?.path();
        if path.to_string_lossy().ends_with(&ending) {
            found.push(path);
        }
    }
    Ok(found.into_iter().max())
}

/// Keeps a picture of the game for people to look at: `window-game.png` in the `tmp` folder of
/// cargo's target directory.
fn keep_picture(directory: &Path) -> anyhow::Result<()> {
    let picture = picture(directory, "game")?.context("there is no picture of the game")?;
    let bytes = fs::read(&picture)?;
    ensure!(bytes.starts_with(b"\x89PNG"), "{} is no picture", picture.display());
    ensure!(bytes.len() > 10_000, "{} shows next to nothing", picture.display());
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window-game.png");
    fs::write(&kept, bytes)?;
    Ok(())
}

/// How long anything here may take.
const WITHIN: Duration = Duration::from_secs(60);

/// A game between a person in a window and a program without one, of which there are rows.
struct Game {
    display: Display,
    lab: Lab,
    pictures: PathBuf,
    person: Client,
    partner: Client,
    window: String,
    shared: PathBuf,
    local: PathBuf,
    seat: u64,
}

fn begin(directory: &Path, experiment: &str) -> anyhow::Result<Game> {
    let display = Display::start(directory)?;
    let lab = Lab::start(directory, experiment)?;
    let pictures = directory.join("pictures");
    let option = pictures.to_str().context("a path of ours is text")?;
    let person = lab.client_in_window("person", &display, &["--screenshot-dir", option])?;
    let window = display.focus_window()?;
    let partner = lab.client("partner", &["--headless", "--policy", "random", "--seed", "3"])?;
    let (shared, local) = wait_for("a record", WITHIN, || tables(&person))
        .with_context(|| format!("{}\n{}", person.process.log(), partner.process.log()))?;
    let seat = wait_for_table("the first rows", &shared, |table| seat(table, &shared).map(Some))?;
    Ok(Game { display, lab, pictures, person, partner, window, shared, local, seat })
}

fn play(directory: &Path) -> anyhow::Result<()> {
    let Game { display, lab, pictures, mut person, mut partner, window, shared, local, seat } =
        begin(directory, EXPERIMENT)?;
    let pressed = press_all(&display, &shared, seat)?;
    go_on_unseen(&display, &window, &shared, seat)?;

    let partner = partner.finish(WITHIN)?;
    wait_for("the last screen", WITHIN, || picture(&pictures, "done"))?;
    display.press("Escape")?;
    let person = person.finish(WITHIN)?;

    ensure!(person.count("seat")? == seat, "the record is of another seat");
    ensure!(person.file(0, "csv")? == partner.file(0, "csv")?, "the tables differ");
    let verdict = &lab.verdicts("test", person.text("session")?, 1)?[0]["verdict"];
    ensure!(verdict["verdict"] == "identical" && verdict["rows"] == 900, "{verdict}");
    fits(&Table::read(&shared)?, &Table::read(&local)?, seat, &pressed)?;
    keep_picture(&pictures)
}

/// A person who minimises the window and does not come back in time.
fn stay_away(directory: &Path) -> anyhow::Result<()> {
    let experiment = format!("{EXPERIMENT}[scene.focus]\nlimit_seconds = 2\n");
    let Game { display, lab, pictures, mut person, mut partner, window, shared, seat, .. } =
        begin(directory, &experiment)?;
    display.hide(&window)?;
    let partner = partner.summary(WITHIN)?;
    display.show(&window)?;
    wait_for("the last screen", WITHIN, || picture(&pictures, "done"))?;
    display.press("Escape")?;
    let person = person.summary(WITHIN)?;

    ensure!(person.file(0, "csv")? == partner.file(0, "csv")?, "the tables differ");
    for summary in [&person, &partner] {
        ensure!(summary.text("reason")? == "focus", "{}", summary.json);
        ensure!(summary.json["away_too_long"] == serde_json::json!([seat]), "{}", summary.json);
    }
    let table = Table::read(&shared)?;
    let focus = table.column(&format!("isFocused.{seat}"))?;
    ensure!(focus.ends_with(&["False"; 60]) && focus.len() < 900, "{} rows", focus.len());
    let verdict = &lab.verdicts("test", person.text("session")?, 1)?[0]["verdict"];
    ensure!(verdict["verdict"] == "identical" && verdict["rows"] == focus.len(), "{verdict}");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window-away.png");
    fs::copy(picture(&pictures, "done")?.context("there was a picture")?, kept)?;
    Ok(())
}

#[test]
fn a_person_who_stays_away_ends_the_game() {
    run_test("window::a_person_who_stays_away_ends_the_game", stay_away);
}

#[test]
fn keys_that_are_pressed_are_in_the_record() {
    run_test("window::keys_that_are_pressed_are_in_the_record", play);
}

/// A client that is to open a window in this environment. Returns what it says as it gives up.
fn gives_up(directory: &Path, lab: &Lab, variables: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut command = Command::new(binaries::path("dyad")?);
    command.arg("join").arg(&lab.link).arg("--data").arg(directory.join("nobody"));
    command.envs(variables.iter().copied()).env_remove("WAYLAND_DISPLAY");
    let mut process = Process::start("nobody", command, directory)?;
    let status = process.wait(WITHIN)?;
    ensure!(status.code() == Some(1), "{status}: {}", process.log());
    Ok(process.log())
}

#[test]
fn a_computer_without_display_or_graphics_is_told_so() {
    run_test("window::a_computer_without_display_or_graphics_is_told_so", |directory| {
        let lab = Lab::start(directory, EXPERIMENT)?;
        let display = Display::start(directory)?;
        let no_driver = "/nowhere/driver.json";
        let no_graphics = [
            ("DISPLAY", display.name()),
            ("VK_DRIVER_FILES", no_driver),
            ("VK_ICD_FILENAMES", no_driver),
            ("__EGL_VENDOR_LIBRARY_FILENAMES", no_driver),
            ("LIBGL_DRIVERS_PATH", "/nowhere"),
        ];
        for (variables, why) in [
            ([("DISPLAY", ":4242")].as_slice(), "there is no display to open a window on"),
            (&no_graphics, "this computer has no graphics driver that Dyad can use"),
        ] {
            let said = gives_up(directory, &lab, variables)?;
            ensure!(said.contains(why) && !said.contains("panicked"), "{said}");
        }
        Ok(())
    });
}
