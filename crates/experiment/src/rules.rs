//! The rules of a study: who may take part, who plays with whom, and what follows when something
//! goes another way.

use crate::ids::QuestionId;
use crate::words::{AssignMethod, AssignPer, Outcome, Policy, System, Withdrawal};
use dyad_protocol::SceneId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// All rules of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Who plays with whom.
    pub matchmaking: Matchmaking,
    /// How long people wait, and what then.
    pub waiting_room: WaitingRoom,
    /// Who may take part.
    pub screening: Screening,
    /// The round trip between players, if it is watched.
    pub watch_rtt: Option<WatchRtt>,
    /// What somebody gets whose partner has gone.
    pub dropout: AfterDropout,
}

/// What becomes of a study's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The public key, as age writes it, to which what identifies people is encrypted.
    pub identities_key: Option<String>,
    /// Days after its receipt for which the copy of a record stays on a participant's computer.
    pub keep_days: u16,
    /// What is deleted when somebody withdraws their data.
    pub withdrawal: Withdrawal,
    /// What the consent forms say of this at their end, in Markdown; empty if their authors say it.
    pub notice: String,
    /// The questions whose answers say who somebody is, with their scenes.
    pub identifying: BTreeSet<(SceneId, QuestionId)>,
}

/// Who plays with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matchmaking {
    /// How people are put together.
    pub matchmaker: Matchmaker,
    /// The most that the measured round trip between two people may be; equality passes, and no
    /// measurement does not.
    pub max_p2p_rtt: Option<Duration>,
}

/// How people are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matchmaker {
    /// First come, first served.
    Fifo,
    /// The same, of those whose round trips to the lab are short enough together.
    Latency {
        /// The most that two round trips to the lab may add up to; equality passes, and an
        /// unknown one excludes nobody.
        max_server_rtt: Duration,
    },
    /// Those who have played together before.
    Reunion {
        /// Whether others are taken where earlier partners are not there.
        fallback: bool,
    },
}

/// A program in a person's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it plays by.
    pub policy: Policy,
    /// Whether people are told.
    pub announced: bool,
}

/// The waiting room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRoom {
    /// How long somebody waits at most.
    pub limit: Duration,
    /// Whether people see how many wait.
    pub show_count: bool,
    /// What follows.
    pub then: AfterWaiting,
}

/// What follows when nobody came to play with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterWaiting {
    /// The study ends, as [`Outcome::NoPartner`].
    End,
    /// A program takes the partner's place.
    Program(Program),
    /// This scene follows.
    Scene(SceneId),
}

/// What follows when the partner has gone for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterDropout {
    /// The study ends, as [`Outcome::PartnerLeft`].
    End,
    /// The person waits for another partner.
    Wait,
    /// The person plays the episode again, and those after it, with a program in the partner's place.
    Program(Program),
}

/// Rules that are looked at before the first scene, in this order. Who does not meet one ends as
/// [`Outcome::ScreenedOut`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Screening {
    /// Each with its message; `None` stands for the program's own words.
    pub rules: Vec<(ScreeningRule, Option<String>)>,
}

/// What somebody must meet to take part.
#[derive(Clone, Debug, PartialEq)]
pub enum ScreeningRule {
    /// The operating system is one of these.
    System(Vec<System>),
    /// The program is of this version or a newer one.
    Version([u32; 3]),
    /// The display has at least so many logical pixels.
    Display {
        /// Across.
        width: u32,
        /// Down.
        height: u32,
    },
    /// The computer draws at least so many frames a second.
    FrameRate(f64),
    /// The computer's clock differs from the lab's by no more than this.
    Clock(Duration),
    /// The median of some round trips to the lab is no more than this.
    Rtt {
        /// The most; equality passes.
        most: Duration,
        /// How many are measured.
        pings: u32,
    },
    /// A question has an answer that admits.
    Question {
        /// The question.
        text: String,
        /// The answers to choose from.
        options: Vec<String>,
        /// Which of them admit, by their index.
        accept: Vec<usize>,
    },
}

/// How the round trip between players is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchRtt {
    /// The most that a round trip may be.
    pub most: Duration,
    /// How many of the last measurements are looked at, and how many of them must be too long.
    pub window: u32,
    /// See `window`.
    pub violations: u32,
    /// What people read when a round trip was too long; `None` stands for the program's words.
    pub warning: Option<String>,
    /// What people read when the game has ended for it.
    pub message: Option<String>,
}

/// How people come to conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Who has a condition.
    pub per: AssignPer,
    /// How it is chosen.
    pub method: AssignMethod,
}

/// What people get at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The panel's page, with `{code}` and `{panel_id}` in it.
    pub url: Option<String>,
    /// The code of each outcome that has one.
    pub codes: BTreeMap<Outcome, String>,
    /// What people read, in Markdown, for each outcome with words of the author's own.
    pub messages: BTreeMap<Outcome, String>,
}

impl Completion {
    /// The panel's page for somebody with this outcome and id: `None` if there is no page, or if
    /// it needs a code and the outcome has none. What has a meaning in addresses is escaped.
    #[must_use]
    pub fn url(&self, outcome: Outcome, panel_id: &str) -> Option<String> {
        let url = self.url.as_ref()?;
        let code = self.codes.get(&outcome);
        if url.contains("{code}") && code.is_none() {
            return None;
        }
        let code = code.map_or("", String::as_str);
        // The code first: it cannot hold a brace, while an id could hold "{code}".
        Some(url.replace("{code}", code).replace("{panel_id}", &escaped(panel_id)))
    }
}

/// Percent encoding of all but letters, digits and `-._~` (RFC 3986, section 2.3).
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Completion, Outcome};

    #[test]
    fn a_page_of_the_panel_has_the_code_and_the_id() {
        let mut completion = Completion {
            url: Some("https://panel.example/done?cc={code}&p={panel_id}".to_owned()),
            ..Completion::default()
        };
        assert_eq!(completion.url(Outcome::Finished, "x"), None);
        completion.codes.insert(Outcome::Finished, "C0DE".to_owned());
        let url = completion.url(Outcome::Finished, "{code}&ü").unwrap();
        assert_eq!(url, "https://panel.example/done?cc=C0DE&p=%7Bcode%7D%26%C3%BC");
        completion.url = None;
        assert_eq!(completion.url(Outcome::Finished, "x"), None);
    }
}
