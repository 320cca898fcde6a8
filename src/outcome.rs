//! How a session went: for the person at the terminal, for programs, and as an exit code.

use crate::cli::say;
use crate::flow::{self, CurrentMatch, Status};
use bevy::app::AppExit;
use bevy::prelude::{Real, Time, World};
use dyad_gridworld::End;
use dyad_netplay::{Ending, Netplay};
use dyad_protocol::{Seat, study};
use serde_json::{Value, json};
use std::process::ExitCode;

/// What is known when the app has ended.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    status: Status,
    summary: Option<Value>,
}

impl Outcome {
    /// What an app's world knows.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let status = world.get_resource::<Status>().cloned().unwrap_or_default();
        let current = world.get_resource::<CurrentMatch>();
        let netplay = world.get_resource::<Netplay>();
        let summary = current.zip(netplay).map(|(current, netplay)| {
            let launch = world.get_resource::<Time<Real>>().and_then(flow::launch);
            let mut summary = flow::summary(current, netplay, &status, launch);
            summary["closed"] = status.closed.len().into();
            summary["received"] = status.received.len().into();
            summary["problem"] = status.problem.clone().into();
            let verdicts = status.verdicts.iter().map(
                |(episode, verdict)| json!({ "episode": episode, "verdict": verdict.to_string() }),
            );
            summary["verdicts"] = verdicts.collect();
            summary["study"] = json!(status.completed);
            summary
        });
        Self { status, summary }
    }

    /// The session as JSON; `null` if there was none.
    #[must_use]
    pub fn json(&self) -> Value {
        self.summary.clone().unwrap_or_default()
    }

    /// Tells the person how it went; returns the exit code.
    #[must_use]
    pub fn report(&self, exit: &AppExit) -> ExitCode {
        let status = &self.status;
        if let Some(problem) = &status.problem {
            say(&format!("dyad: {problem}"));
        }
        for mark in &status.marks {
            say(&format!("dyad: {mark}"));
        }
        let kept = status.kept();
        if kept > 0 {
            let reason = status.upload_trouble.as_deref();
            let reason = reason.unwrap_or("the lab did not answer in time");
            say(&format!(
                "dyad: {kept} of {} episodes are saved on this computer but not at the lab yet \
                 ({reason}); they are sent at the next start, or with `dyad spool send`",
                status.closed.len()
            ));
        }
        if let Some(why) = ended_early(status) {
            say(&format!("dyad: the session ended early: {why}"));
        }
        if exit.is_success() && went_well(status) && kept == 0 && status.problem.is_none() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Who was away for so long that the game ended, as one of its people sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwayTooLong {
    /// This person alone.
    Me,
    /// Somebody else.
    Partner,
    /// This person and somebody else.
    Both,
}

impl AwayTooLong {
    /// Who it was in this world, for the person on seat `me`; `None` if the game did not end so.
    #[must_use]
    pub fn of(world: &dyad_gridworld::World, me: Seat) -> Option<Self> {
        let Some(End::AwayTooLong { who }) = world.end() else { return None };
        let mine = who[me.index()];
        let others = who.iter().enumerate().any(|(seat, &away)| away && seat != me.index());
        Some(match (mine, others) {
            (true, false) => Self::Me,
            (true, true) => Self::Both,
            (false, _) => Self::Partner,
        })
    }

    /// The words for it, as a key of the catalogue.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Me => "ended-me-away",
            Self::Partner => "ended-partner-away",
            Self::Both => "ended-both-away",
        }
    }
}

/// Whether every episode was played to its end, and everybody has stated so.
#[must_use]
pub fn is_completed(status: &Status) -> bool {
    status.ending == Some(Ending::Completed) && status.away.is_none()
}

/// Whether the study was gone through to its end, or as much of it as the lab has told of.
#[must_use]
pub fn went_well(status: &Status) -> bool {
    match &status.completed {
        Some(completed) => completed.outcome == study::Outcome::Finished,
        None => is_completed(status),
    }
}

/// Why a match ended, in a word for programs; `None` before its end.
#[must_use]
pub fn reason(status: &Status) -> Option<&'static str> {
    let ending = status.ending.as_ref()?;
    Some(match ending {
        // Whatever happened then: the game was over.
        _ if status.away.is_some() => "focus",
        Ending::Completed => "completed",
        Ending::PartnerLeft { .. } => "partner_left",
        Ending::PartnerLost => "partner_lost",
        Ending::NotConnected => "not_connected",
        Ending::NotResumed(_) => "not_resumed",
        Ending::Refused(_) => "refused",
        Ending::Left(_) => "left",
    })
}

/// Why a match ended before all of it was played, as a clause for people; `None` if it did not.
#[must_use]
pub fn ended_early(status: &Status) -> Option<String> {
    let ending = status.ending.as_ref()?;
    match status.away {
        Some(AwayTooLong::Me) => Some("you were away from the game for too long".to_owned()),
        Some(AwayTooLong::Partner) => Some("your partner was away for too long".to_owned()),
        Some(AwayTooLong::Both) => {
            Some("you and your partner were away from the game for too long".to_owned())
        }
        None => (*ending != Ending::Completed).then(|| explain(ending)),
    }
}

/// How a match ended, as a clause for people.
fn explain(ending: &Ending) -> String {
    match ending {
        Ending::Completed => "every episode was played".to_owned(),
        Ending::PartnerLeft { .. } => "your partner left".to_owned(),
        Ending::PartnerLost => "the connection to your partner was lost".to_owned(),
        Ending::NotConnected => "your partner's computer was not reached".to_owned(),
        Ending::NotResumed(reason) => format!("the game could not go on ({reason})"),
        Ending::Refused(mismatch) => mismatch.to_string(),
        Ending::Left(_) => "you left".to_owned(),
    }
}
