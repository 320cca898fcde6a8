//! Opening a window on a computer that may lack what it takes. What the libraries below say then ends
//! in a panic; a person reads what to do instead.

use bevy::prelude::{App, Update};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Whether a window has been opened and drawn on.
static OPENED: AtomicBool = AtomicBool::new(false);
/// What was said first when it could not be.
static WHY: Mutex<Option<String>> = Mutex::new(None);

/// Why there is no window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWindow {
    /// Nothing shows windows here.
    #[error(
        "there is no display to open a window on ({0}); start Dyad from the desktop of this computer"
    )]
    Display(String),
    /// Nothing draws here.
    #[error(
        "this computer has no graphics driver that Dyad can use ({0}); install or update it (on \
         Linux: Vulkan, for instance mesa-vulkan-drivers), or use another computer"
    )]
    Graphics(String),
    /// Something else.
    #[error("the window could not be opened ({0}); please show this to the experimenter")]
    Other(String),
}

impl NoWindow {
    /// What follows from the words of the libraries.
    fn because(said: &str) -> Self {
        let said = said.lines().next().unwrap_or_default();
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let short = || said.split(['!', '{', '(']).next().unwrap_or(said).trim().to_owned();
        if has(&["GPU", "adapter", "wgpu", "device", "surface"]) {
            Self::Graphics(short())
        } else if has(&["event loop", "display", "Display", "X11", "Wayland"]) {
            Self::Display(short())
        } else {
            Self::Other(said.to_owned())
        }
    }
}

/// Tells from the first picture on that the window is open.
pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, || OPENED.store(true, Ordering::Relaxed));
}

/// Opens a window and does with it what is to be done. A panic after it has been opened is one.
///
/// # Errors
/// [`NoWindow`] if it could not be opened.
pub fn open<T>(open: impl FnOnce() -> T) -> Result<T, NoWindow> {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if OPENED.load(Ordering::Relaxed) {
            return usual(panic);
        }
        let mut why = WHY.lock().unwrap_or_else(PoisonError::into_inner);
        why.get_or_insert_with(|| said(panic.payload()));
    }));
    catch_unwind(AssertUnwindSafe(open)).map_err(|payload| {
        if OPENED.load(Ordering::Relaxed) {
            resume_unwind(payload);
        }
        let why = WHY.lock().unwrap_or_else(PoisonError::into_inner);
        NoWindow::because(why.as_deref().unwrap_or_default())
    })
}

fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::NoWindow;

    #[test]
    fn what_libraries_say_becomes_what_to_do() {
        let gpu = "Unable to find a GPU! Make sure you have installed required drivers!";
        assert_eq!(NoWindow::because(gpu), NoWindow::Graphics("Unable to find a GPU".to_owned()));
        let x11 = "Failed to build event loop: Os(OsError { line: 786, error: Misc(\"\") })";
        let NoWindow::Display(why) = NoWindow::because(x11) else { panic!("it is the display") };
        assert_eq!(why, "Failed to build event loop: Os");
        let NoWindow::Other(_) = NoWindow::because("what?") else { panic!("nobody knows") };
    }
}
