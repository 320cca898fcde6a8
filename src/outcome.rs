//! How a session went: for the person at the terminal, for programs, and as an exit code.

use crate::cli::say;
use crate::flow::{self, CurrentMatch, Status};
use bevy::app::AppExit;
use bevy::prelude::{Real, Time, World};
use dyad_netplay::{Ending, Netplay};
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
        if let Some(ending) = &status.ending
            && *ending != Ending::Completed
        {
            say(&format!("dyad: the session ended early: {}", explain(ending)));
        }
        let completed = status.ending == Some(Ending::Completed);
        if exit.is_success() && completed && kept == 0 && status.problem.is_none() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// How a match ended, as a clause for people.
#[must_use]
pub fn explain(ending: &Ending) -> String {
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
