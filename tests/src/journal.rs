//! What a lab has written down: who met whom and why, and how it ended for everybody.

use crate::process::wait_for;
use crate::session::Lab;
use anyhow::Context as _;
use dyad_matchmaking::Record;
use dyad_matchmaking::log::{Audit, audit};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// The lines of a journal, in order.
#[derive(Clone, Debug)]
pub struct Journal(Vec<Value>);

/// A game that the lab has prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    /// The scene.
    pub scene: String,
    /// The session.
    pub session: String,
    /// The people who play, in the order of their seats.
    pub participants: Vec<String>,
}

/// The people among the players of a game.
fn people(players: &Value) -> impl Iterator<Item = &str> {
    players.as_array().into_iter().flatten().filter_map(|player| player["participant"].as_str())
}

impl Journal {
    /// The journal as it is now.
    ///
    /// # Errors
    /// If there is none, or a line of it is no JSON.
    pub fn of(lab: &Lab) -> anyhow::Result<Self> {
        let text = fs::read_to_string(lab.data.join("journal.jsonl"))?;
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        Ok(Self(whole.map(serde_json::from_str).collect::<Result<_, _>>()?))
    }

    /// Waits until so many lines are about this event; `about` is `match` or `person`.
    ///
    /// # Errors
    /// If they do not come.
    pub fn wait(
        lab: &Lab,
        about: &str,
        event: &str,
        count: usize,
        within: Duration,
    ) -> anyhow::Result<Self> {
        wait_for(&format!("{count} times {event} in the journal"), within, || {
            let journal = Self::of(lab)?;
            Ok((journal.count(about, event) >= count).then_some(journal))
        })
        .with_context(|| lab.process.log())
    }

    /// All lines.
    pub fn lines(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }

    /// The lines about an event; `about` is `match` or `person`.
    pub fn events<'a>(
        &'a self,
        about: &'a str,
        event: &'a str,
    ) -> impl Iterator<Item = &'a Value> + 'a {
        self.lines().filter(move |line| line["about"] == about && line["event"] == event)
    }

    /// How many lines are about an event.
    #[must_use]
    pub fn count(&self, about: &str, event: &str) -> usize {
        self.events(about, event).count()
    }

    /// The games that were prepared, in order.
    #[must_use]
    pub fn games(&self) -> Vec<Game> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let games = self.lines().filter(|line| line["about"] == "game");
        let game = |line: &Value| Game {
            scene: text(&line["scene"]),
            session: text(&line["session"]),
            participants: people(&line["players"]).map(str::to_owned).collect(),
        };
        games.map(game).collect()
    }

    /// Everybody who has come, in order.
    #[must_use]
    pub fn people(&self) -> Vec<String> {
        let came = self.events("person", "enrolled");
        came.filter_map(|line| Some(line["participant"].as_str()?.to_owned())).collect()
    }

    /// How the study stands for everybody: `finished` until something else has happened.
    #[must_use]
    pub fn outcomes(&self) -> BTreeMap<String, String> {
        let placed = self.lines().filter(|line| line["place"].is_object());
        let outcome = |line: &Value| {
            let text = |value: &Value| Some(value.as_str()?.to_owned());
            Some((text(&line["participant"])?, text(&line["place"]["outcome"])?))
        };
        placed.filter_map(outcome).collect()
    }

    /// What matchmaking has done, checked: nobody was in two probes or two games at once, nobody was
    /// passed over without a reason.
    ///
    /// # Errors
    /// If it was otherwise.
    pub fn audit(&self) -> anyhow::Result<Audit> {
        let matches = self.lines().filter(|line| line["about"] == "match");
        let records = matches.map(|line| serde_json::from_value(line.clone()));
        let records: Vec<Record> = records.collect::<Result<_, _>>()?;
        Ok(audit(&records)?)
    }
}
