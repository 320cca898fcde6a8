//! `dyad replay FILE.dlog`.

use super::read;
use crate::app;
use crate::cli::{print, say};
use crate::picture::write_png;
use crate::replay::{Film, export};
use crate::window::opening;
use anyhow::{Context as _, anyhow, ensure};
use clap::Args;
use dyad_recording::{local, log, replay};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

/// A log to simulate again. Without options it is shown in a window.
#[derive(Debug, Args)]
pub struct Replay {
    /// The log.
    log: PathBuf,
    /// Write the table that the log gives to this file, or to stdout with `-`.
    #[arg(long, value_name = "OUT")]
    csv: Option<PathBuf>,
    /// Write a picture of the game after this frame of the session.
    #[arg(long, num_args = 2, value_names = ["FRAME", "OUT"])]
    png: Vec<String>,
    /// Write the whole game as a moving picture.
    #[arg(long, value_name = "OUT")]
    gif: Option<PathBuf>,
    /// Size of the pictures in pixels.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "960x600")]
    size: Size,
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size([u32; 2]);

impl FromStr for Size {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let side = |side: &str| side.parse().ok().filter(|side| (160..=4096).contains(side));
        let size = text.split_once('x').and_then(|(w, h)| Some(Self([side(w)?, side(h)?])));
        size.ok_or_else(|| anyhow!("two numbers from 160 to 4096, such as 960x600"))
    }
}

impl Replay {
    /// Exit code 0 if the log simulates to every digest in it, 1 if it contradicts the rules.
    ///
    /// # Errors
    /// If the file cannot be read, is no log, or what was asked for cannot be written or shown.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let bytes = read(&self.log)?;
        let cannot = || format!("{} cannot be replayed", self.log.display());
        let log = log::read(&bytes).with_context(cannot)?;
        if let Some(path) = &self.csv
            && let Err(error) = self.write_table(&log, path)?
        {
            say(&format!("dyad: {}: {error}", self.log.display()));
            return Ok(ExitCode::FAILURE);
        }
        let mut film = Film::of(&log).with_context(cannot)?;
        if let Some(table) = self.local_table() {
            film.add_rollbacks(&local::rollbacks(&table));
        }
        if let [frame, out] = self.png.as_slice() {
            self.write_picture(&film, frame, Path::new(out))?;
        }
        if let Some(out) = &self.gif {
            self.write_animation(&film, out)?;
        }
        if let Some(error) = film.broken() {
            say(&format!("dyad: {}: {error}", self.log.display()));
        }
        let code = if film.broken().is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        if self.csv.is_none() && self.png.is_empty() && self.gif.is_none() {
            self.show(film)?;
        }
        Ok(code)
    }

    /// Writes the table; what the rules say against the log comes back inside.
    fn write_table(
        &self,
        log: &log::Log,
        path: &Path,
    ) -> anyhow::Result<Result<(), replay::ReplayError>> {
        let derived = match replay::derive(log) {
            Ok(derived) => derived,
            Err(error) => return Ok(Err(error)),
        };
        if path.as_os_str() == "-" {
            print(String::from_utf8_lossy(&derived.table).trim_end())?;
        } else {
            let cannot = || format!("cannot write {}", path.display());
            std::fs::write(path, &derived.table).with_context(cannot)?;
        }
        Ok(Ok(()))
    }

    /// What the computer that wrote the log saw, if that lies beside it.
    fn local_table(&self) -> Option<Vec<u8>> {
        let name = Path::new(self.log.file_name()?).with_extension("csv");
        std::fs::read(self.log.parent()?.join("local").join(name)).ok()
    }

    fn write_picture(&self, film: &Film, frame: &str, out: &Path) -> anyhow::Result<()> {
        let (first, last) = film.frames().context("there is no frame in this log")?;
        let number = frame.parse().with_context(|| format!("{frame:?} is no frame's number"))?;
        let place = film.place_after(number);
        let place = place.with_context(|| format!("the log has the frames {first} to {last}"))?;
        let picture = export::picture(&mut export::studio(self.size.0), film, place);
        let mut file = create(out)?;
        write_png(&picture, &mut file)?;
        file.flush().with_context(|| format!("cannot write {}", out.display()))
    }

    fn write_animation(&self, film: &Film, out: &Path) -> anyhow::Result<()> {
        let mut file = create(out)?;
        let terminal = io::stderr().is_terminal();
        let end = film.end().max(1);
        export::animate(&mut file, film, self.size.0, |place| {
            if terminal {
                // A terminal that is gone sees nothing.
                drop(write!(io::stderr(), "\r{:3} %", 100 * place / end));
            }
        })?;
        if terminal {
            say("");
        }
        file.flush().with_context(|| format!("cannot write {}", out.display()))
    }

    fn show(&self, film: Film) -> anyhow::Result<()> {
        let has_display = !cfg!(target_os = "linux") || std::env::var_os("DISPLAY").is_some();
        ensure!(
            has_display,
            "there is no display to show the game on; --gif OUT.gif or --png FRAME OUT.png make \
             pictures without one, --csv OUT.csv a table"
        );
        let name = self.log.file_name().unwrap_or_default().to_string_lossy().into_owned();
        opening::open(|| app::viewer(film, format!("{name} - Dyad")).run())?;
        Ok(())
    }
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(BufWriter::new(file))
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn sizes_are_two_numbers() {
        assert_eq!("960x600".parse::<Size>().unwrap(), Size([960, 600]));
        for text in ["", "960", "960x", "x600", "10x600", "960x600x3", "-1x600", "99999x600"] {
            assert!(text.parse::<Size>().is_err(), "{text:?}");
        }
    }
}
