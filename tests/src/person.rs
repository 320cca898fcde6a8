//! A person in front of a client's window: sees what assistive technology is told of it, and uses the
//! pointer or nothing but the keyboard.

use crate::display::Display;
use crate::network::Computer;
use crate::process::wait_for;
use crate::session::{Client, Lab};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a window may take to show what follows.
const WITHIN: Duration = Duration::from_secs(90);
/// How long it may take to follow a key.
const SOON: Duration = Duration::from_secs(20);
/// No screen has more places that the keyboard reaches.
const MOST_PLACES: usize = 60;

/// Something in a window.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Element {
    /// What it is.
    pub role: String,
    /// What it says.
    pub label: String,
    /// What is written in it.
    pub value: Option<String>,
    /// Where it is: left, top, right, bottom.
    pub rect: [f64; 4],
    /// Whether it can be used.
    pub enabled: bool,
    /// Whether it is chosen.
    pub chosen: bool,
    /// Whether the keyboard is at it.
    pub focused: bool,
}

impl Element {
    /// Whether it is something to use.
    #[must_use]
    pub fn is_place(&self) -> bool {
        !matches!(self.role.as_str(), "Label" | "TextRun" | "Image" | "ProgressIndicator")
    }
}

/// A person, with a display of their own: no other window ever takes their focus.
#[derive(Debug)]
pub struct Person {
    /// What they play with.
    pub client: Client,
    /// Pictures of what they saw.
    pub pictures: PathBuf,
    /// Their display.
    pub display: Display,
    window: String,
    has_mouse: bool,
}

impl Person {
    /// Opens a client's window that joins a lab.
    ///
    /// # Errors
    /// If there is no display, or no window on it in time.
    pub fn join(lab: &Lab, directory: &Path, name: &str, has_mouse: bool) -> anyhow::Result<Self> {
        let start =
            |display: &Display, arguments: &[&str]| lab.client_in_window(name, display, arguments);
        Self::start(directory, name, has_mouse, start)
    }

    /// The same on a computer of its own, with the mouse.
    ///
    /// # Errors
    /// If there is no display, or no window on it in time.
    pub fn join_on(
        computer: &Computer,
        lab: &Lab,
        directory: &Path,
        name: &str,
    ) -> anyhow::Result<Self> {
        let start = |display: &Display, arguments: &[&str]| {
            lab.client_in_window_on(computer, name, display, arguments)
        };
        Self::start(directory, name, true, start)
    }

    fn start(
        directory: &Path,
        name: &str,
        has_mouse: bool,
        start: impl FnOnce(&Display, &[&str]) -> anyhow::Result<Client>,
    ) -> anyhow::Result<Self> {
        let folder = directory.join(format!("{name}-display"));
        fs::create_dir_all(&folder)?;
        let display = Display::start(&folder)?;
        let pictures = directory.join(format!("{name}-pictures"));
        let option = pictures.to_str().context("a path of ours is text")?;
        let client = start(&display, &["--screenshot-dir", option, "--language", "en"])?;
        let window = display.focus_window()?;
        Ok(Self { client, pictures, display, window, has_mouse })
    }

    /// Turns to another program, or comes back to this one.
    ///
    /// # Errors
    /// If the display is gone.
    pub fn look_away(&self, away: bool) -> anyhow::Result<()> {
        if away { self.display.take_focus() } else { self.display.focus(&self.window) }
    }

    /// Closes the window.
    ///
    /// # Errors
    /// If it is gone.
    pub fn close(&self) -> anyhow::Result<()> {
        self.display.close(&self.window)
    }

    /// What can be read of the window while others are in front of it.
    ///
    /// # Errors
    /// If it is gone.
    pub fn title(&self) -> anyhow::Result<String> {
        self.display.title(&self.window)
    }

    /// What stands in the window.
    ///
    /// # Errors
    /// If the client wrote nonsense.
    pub fn sees(&self) -> anyhow::Result<Vec<Element>> {
        let Ok(text) = fs::read(self.pictures.join("elements.json")) else { return Ok(Vec::new()) };
        Ok(serde_json::from_slice(&text)?)
    }

    fn wait<T>(
        &self,
        what: &str,
        within: Duration,
        mut condition: impl FnMut(&[Element]) -> Option<T>,
    ) -> anyhow::Result<T> {
        wait_for(what, within, || Ok(condition(&self.sees()?))).with_context(|| {
            let seen = self.sees().unwrap_or_default();
            let seen: Vec<_> = seen.iter().map(|it| format!("{}: {}", it.role, it.label)).collect();
            let log = self.client.process.log();
            let hand = if self.has_mouse { "mouse" } else { "keyboard" };
            format!("{log}\nin the window of who uses the {hand}:\n{}", seen.join("\n"))
        })
    }

    /// Waits until something in the window begins with these words and can be used.
    ///
    /// # Errors
    /// If it does not come.
    pub fn wait_for(&self, label: &str) -> anyhow::Result<Element> {
        self.wait(&format!("{label:?} in the window"), WITHIN, |seen| {
            seen.iter().find(|it| it.label.starts_with(label) && it.enabled).cloned()
        })
    }

    /// The same for something that can be used, not only read.
    fn wait_for_place(&self, label: &str) -> anyhow::Result<Element> {
        self.wait(&format!("{label:?} to use"), WITHIN, |seen| {
            let is_it = |it: &&Element| it.label.starts_with(label) && it.enabled && it.is_place();
            seen.iter().find(is_it).cloned()
        })
    }

    /// Waits until nothing in the window begins with these words.
    ///
    /// # Errors
    /// If it stays.
    pub fn wait_without(&self, label: &str) -> anyhow::Result<()> {
        self.wait(&format!("{label:?} to go"), WITHIN, |seen| {
            (!seen.iter().any(|it| it.label.starts_with(label))).then_some(())
        })
    }

    /// What in the window says one of these words, wherever in a sentence.
    ///
    /// # Errors
    /// If the client wrote nonsense.
    pub fn reads(&self, words: &[&str]) -> anyhow::Result<Vec<String>> {
        let says = |it: &Element| words.iter().any(|words| it.label.contains(words));
        Ok(self.sees()?.into_iter().filter(says).map(|it| it.label).collect())
    }

    /// Goes to what begins with these words: with the mouse by a click in its middle, by keyboard with
    /// Tab.
    ///
    /// # Errors
    /// If it is not there, or cannot be reached.
    pub fn go_to(&self, label: &str) -> anyhow::Result<()> {
        let place = self.wait_for_place(label)?;
        if !self.has_mouse {
            return self.tab_to(label);
        }
        self.click(label)?;
        // A hand is not faster than the window.
        match place.role.as_str() {
            "TextInput" | "MultilineTextInput" | "Slider" => {
                self.wait_until(label, "has the focus", |it| it.focused)
            }
            _ => Ok(()),
        }
    }

    /// Uses what begins with these words: a button, an option.
    ///
    /// # Errors
    /// If it is not there, or cannot be reached.
    pub fn press(&self, label: &str) -> anyhow::Result<()> {
        self.go_to(label)?;
        if !self.has_mouse {
            self.display.press("space")?;
        }
        Ok(())
    }

    /// The same for an option, until it is chosen.
    ///
    /// # Errors
    /// If it is not there, or is not chosen by that.
    pub fn choose(&self, label: &str) -> anyhow::Result<()> {
        self.press(label)?;
        self.wait_until(label, "is chosen", |it| it.chosen)
    }

    fn wait_until(
        &self,
        label: &str,
        what: &str,
        condition: impl Fn(&Element) -> bool,
    ) -> anyhow::Result<()> {
        self.wait(&format!("{label:?}, until it {what}"), SOON, |seen| {
            let is_it = |it: &&Element| it.label.starts_with(label) && it.is_place();
            seen.iter().filter(is_it).any(&condition).then_some(())
        })
    }

    /// Goes to a scale and moves on it by one point, until it shows one of so many.
    ///
    /// # Errors
    /// If it is not there, or shows none.
    pub fn slide(&self, label: &str, points: u32) -> anyhow::Result<()> {
        self.go_to(label)?;
        self.display.press("Right")?;
        let of = format!(" of {points}");
        self.wait_until(label, "shows a point", |it| it.label.ends_with(&of))
    }

    /// Goes to a field and types into it.
    ///
    /// # Errors
    /// If it is not there, or what is typed does not arrive.
    pub fn write(&self, label: &str, text: &str) -> anyhow::Result<()> {
        self.go_to(label)?;
        self.display.write(text)?;
        self.wait_until(label, "holds what was typed", |it| it.value.as_deref() == Some(text))
    }

    /// Clicks in the middle of something, scrolling to it where it is out of sight.
    fn click(&self, label: &str) -> anyhow::Result<()> {
        for _ in 0..MOST_PLACES {
            let Element { role, rect: [left, top, right, bottom], .. } =
                self.wait_for_place(label)?;
            let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
            // What scrolls leaves room for the title at the top and the buttons at the bottom. These are
            // always to be seen.
            if role == "Button" || (80.0..=580.0).contains(&y) {
                return self.display.click(&self.window, [x, y]);
            }
            self.display.scroll(&self.window, y > 300.0)?;
            self.wait(&format!("{label:?} to move"), SOON, |seen| {
                let it = seen.iter().find(|it| it.label.starts_with(label) && it.is_place())?;
                ((it.rect[1] - top).abs() > 0.5).then_some(())
            })?;
        }
        anyhow::bail!("{label:?} cannot be scrolled to")
    }

    fn tab_to(&self, label: &str) -> anyhow::Result<()> {
        let focused = |seen: &[Element]| seen.iter().find(|it| it.focused).cloned();
        let mut seen = Vec::new();
        for _ in 0..MOST_PLACES {
            let before = focused(&self.sees()?);
            if before.as_ref().is_some_and(|it| it.label.starts_with(label)) {
                return Ok(());
            }
            self.display.press("Tab")?;
            let place = |it: &Option<Element>| it.as_ref().map(|it| (it.label.clone(), it.rect));
            let now = self.wait("Tab to go on", SOON, |seen| {
                let now = focused(seen);
                (now.is_some() && place(&now) != place(&before)).then_some(now)
            })?;
            seen.extend(now.map(|it| it.label));
        }
        anyhow::bail!("Tab does not reach {label:?}, but {seen:?}")
    }

    /// Waits until there is a whole picture of a screen.
    ///
    /// # Errors
    /// If there is none in time.
    pub fn wait_for_picture(&self, screen: &str) -> anyhow::Result<()> {
        let ending = format!("-{screen}.png");
        wait_for(&format!("a picture of {screen}"), WITHIN, || {
            for file in fs::read_dir(&self.pictures)? {
                let path = file?.path();
                if path.to_string_lossy().ends_with(&ending) && is_whole(&fs::read(&path)?) {
                    return Ok(Some(()));
                }
            }
            Ok(None)
        })
    }

    /// Puts the pictures of what this person saw into a folder for people to look at, without one that is
    /// still being written. Returns what they are of.
    ///
    /// # Errors
    /// If they cannot be read or written, or one shows nothing.
    pub fn keep_pictures(&self, folder: &Path) -> anyhow::Result<Vec<String>> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut kept = Vec::new();
        for file in fs::read_dir(&self.pictures)? {
            let path = file?.path();
            if path.extension().is_none_or(|ending| ending != "png") {
                continue;
            }
            let bytes = fs::read(&path)?;
            if !is_whole(&bytes) {
                continue;
            }
            ensure!(bytes.len() > 5_000, "{} shows next to nothing", path.display());
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            fs::write(folder.join(format!("{name}.png")), bytes)?;
            kept.push(name.split_once('-').map_or(name.clone(), |(_, what)| what.to_owned()));
        }
        Ok(kept)
    }
}

/// Whether these bytes are all of a PNG, which begins and ends like this.
fn is_whole(picture: &[u8]) -> bool {
    picture.starts_with(b"\x89PNG") && picture.ends_with(b"IEND\xaeB`\x82")
}
