//! A display of the test's own: an X server that shows nothing to anybody (Xvfb), a hand on its
//! keyboard (xdotool), and Vulkan in software. There is no window manager: what one does is done here.

use crate::namespace;
use crate::process::{Process, wait_for};
use crate::require::skip;
use anyhow::{Context as _, ensure};
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, InputFocus,
};
use x11rb::rust_connection::RustConnection;
use x11rb::{CURRENT_TIME, NONE};

/// Numbers that are tried for a display.
const ATTEMPTS: usize = 10;
/// How long the server and a window may take to be there.
const START: Duration = Duration::from_secs(30);

/// Whether windows can be tested here; if not, why.
///
/// # Errors
/// The reason, for people.
pub fn available() -> Result<(), String> {
    for program in ["Xvfb", "xdotool"] {
        if !is_installed(program) {
            return Err(format!("`{program}` is not installed"));
        }
    }
    if has_vulkan() { Ok(()) } else { Err("no Vulkan driver is installed".to_owned()) }
}

/// Runs a test that opens windows in a namespace of its own, with a folder of its own; skips it where
/// windows cannot be tested. `name` is the test's full path.
///
/// # Panics
/// If the test fails, or a display or namespaces are missing and `DYAD_REQUIRE` names them.
pub fn run_test(name: &str, test: impl FnOnce(&Path) -> anyhow::Result<()>) {
    if let Err(why) = available() {
        return skip("display", &why);
    }
    namespace::run_test(name, || {
        let directory = tempfile::tempdir()?;
        test(directory.path())
    });
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn has_vulkan() -> bool {
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
    let standard = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let holds_any = |folder: &str| fs::read_dir(folder).is_ok_and(|mut files| files.any(|_| true));
    named.iter().any(|name| env::var_os(name).is_some()) || standard.into_iter().any(holds_any)
}

/// A running X server. Dropping it ends it.
#[derive(Debug)]
pub struct Display {
    /// The server.
    pub process: Process,
    name: String,
}

impl Drop for Display {
    /// A server that is killed leaves its files.
    fn drop(&mut self) {
        let number = &self.name[1..];
        drop(self.process.kill());
        for file in [format!("/tmp/.X{number}-lock"), format!("/tmp/.X11-unix/X{number}")] {
            drop(fs::remove_file(file));
        }
    }
}

/// A number that no other display has. A server that looks for a free one takes the socket's file from one
/// in another network namespace, and with it the clients that come from a third.
fn next_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    100 + std::process::id() % 500 * 100 + NEXT.fetch_add(1, Ordering::Relaxed) % 100
}

impl Display {
    /// Starts a server with a display number of its own.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(directory: &Path) -> anyhow::Result<Self> {
        let mut refused = anyhow::anyhow!("no number was tried");
        for _ in 0..ATTEMPTS {
            let name = format!(":{}", next_number());
            let mut command = Command::new("Xvfb");
            command.args([&name, "-displayfd", "1", "-screen", "0", "1280x800x24", "-noreset"]);
            let mut process = Process::start("display", command, directory)?;
            match process.first_line(START) {
                Ok(_) => return Ok(Self { process, name }),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// What a program finds in its variable `DISPLAY`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for the client's window and gives it the focus. Returns the window's number.
    ///
    /// # Errors
    /// If there is none in time.
    pub fn focus_window(&self) -> anyhow::Result<String> {
        let search = ["search", "--onlyvisible", "--class", "dyad"];
        let window = wait_for("the client's window", START, || {
            let found = self.xdotool(&search).unwrap_or_default();
            Ok(found.lines().last().map(str::to_owned))
        })?;
        // A window that has just come cannot have it yet.
        wait_for("the window's focus", START, || {
            self.focus(&window)?;
            let focused = self.xdotool(&["getwindowfocus", "-f"])?;
            Ok((focused.trim() == window).then_some(()))
        })?;
        Ok(window)
    }

    /// Gives a window the focus. There is no window manager that would.
    ///
    /// # Errors
    /// If xdotool fails.
    pub fn focus(&self, window: &str) -> anyhow::Result<()> {
        self.xdotool(&["windowfocus", window]).map(drop)
    }

    /// Takes the focus from whatever window has it, as a click into another program does.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn take_focus(&self) -> anyhow::Result<()> {
        let (connection, _) = self.connect()?;
        connection.set_input_focus(InputFocus::NONE, NONE, CURRENT_TIME)?.check()?;
        Ok(())
    }

    /// Asks a window to close, as the cross in its corner does.
    ///
    /// # Errors
    /// If the server is gone, or this is no window's number.
    pub fn close(&self, window: &str) -> anyhow::Result<()> {
        let window: u32 = window.parse()?;
        let (connection, _) = self.connect()?;
        let atom = |name: &[u8]| anyhow::Ok(connection.intern_atom(false, name)?.reply()?.atom);
        let close = [atom(b"WM_DELETE_WINDOW")?, CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom(b"WM_PROTOCOLS")?, close);
        connection.send_event(false, window, EventMask::NO_EVENT, message)?.check()?;
        Ok(())
    }

    /// A window's title.
    ///
    /// # Errors
    /// If the server is gone, or this is no window's number.
    pub fn title(&self, window: &str) -> anyhow::Result<String> {
        let (connection, _) = self.connect()?;
        let name = connection.intern_atom(false, b"_NET_WM_NAME")?.reply()?.atom;
        let title =
            connection.get_property(false, window.parse()?, name, AtomEnum::ANY, 0, 1000)?;
        Ok(String::from_utf8(title.reply()?.value)?)
    }

    fn connect(&self) -> anyhow::Result<(RustConnection, usize)> {
        Ok(x11rb::connect(Some(&self.name))?)
    }

    /// Takes a window off the screen, as minimising does. It loses the focus.
    ///
    /// # Errors
    /// If xdotool fails.
    pub fn hide(&self, window: &str) -> anyhow::Result<()> {
        self.xdotool(&["windowunmap", "--sync", window]).map(drop)
    }

    /// Brings a window back, and gives it the focus.
    ///
    /// # Errors
    /// If xdotool fails.
    pub fn show(&self, window: &str) -> anyhow::Result<()> {
        self.xdotool(&["windowmap", "--sync", window])?;
        self.focus(window)
    }

    /// Presses a key and lets it go. Returns when that was.
    ///
    /// # Errors
    /// If xdotool fails.
    pub fn press(&self, key: &str) -> anyhow::Result<SystemTime> {
        let now = SystemTime::now();
        self.xdotool(&["key", key])?;
        Ok(now)
    }

    /// Clicks into a window, at so many pixels from its upper left corner. Pressing and letting go are
    /// apart, as they are with a hand.
    ///
    /// # Errors
    /// If xdotool fails.
    pub fn click(&self, window: &str, [x, y]: [f64; 2]) -> anyhow::Result<()> {
        let [x, y] = [x, y].map(|side| format!("{side:.0}"));
        self.xdotool(&["mousemove", "--window", window, &x, &y])?;
        self.xdotool(&["mousedown", "1"])?;
        self.xdotool(&["mouseup", "1"]).map(drop)
    }

    /// Turns the mouse's wheel downwards over a window, or upwards.
    ///
    /// # Errors
    /// If xdotool fails.
    pub fn scroll(&self, window: &str, down: bool) -> anyhow::Result<()> {
        self.xdotool(&["mousemove", "--window", window, "640", "360"])?;
        self.xdotool(&["click", if down { "5" } else { "4" }]).map(drop)
    }

    /// Types letters, one after the other.
    ///
    /// # Errors
    /// If xdotool fails.
    pub fn write(&self, text: &str) -> anyhow::Result<()> {
        self.xdotool(&["type", "--delay", "30", text]).map(drop)
    }

    fn xdotool(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.name)
            .stdin(Stdio::null())
            .output()
            .context("xdotool cannot be run")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "xdotool {arguments:?}: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
