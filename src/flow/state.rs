//! What is known while a participant goes through a study, for screens to show.

use crate::input::PolicyChoice;
use crate::lab::Unreached;
use crate::outcome::AwayTooLong;
use crate::record::spool::{Destination, Spool};
use bevy::prelude::{Resource, States};
use dyad_impair::Impairment;
use dyad_netplay::Ending;
use dyad_protocol::ParticipantId;
use dyad_protocol::lobby::{Refusal, Ticket};
use dyad_protocol::records::{RecordName, Verdict};
use dyad_protocol::study::Completed;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Where a participant is.
#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    /// In a window that was opened without a link: which lab?
    Start,
    /// The lab has not answered yet.
    #[default]
    Connecting,
    /// Something to read or to answer, or the lab has not said yet what comes next.
    Scene,
    /// In the waiting room.
    Waiting,
    /// A partner is found; the two computers connect.
    Meeting,
    /// Frames are simulated.
    Game,
    /// The game is over; records are on their way to the lab.
    Saving,
    /// Everything is over.
    Done,
    /// Something went wrong that cannot be mended here.
    Problem,
}

/// What the person or the command line chose.
#[derive(Resource, Clone, Debug)]
pub struct JoinOptions {
    /// Where records are kept.
    pub spool: Spool,
    /// A bad network to rehearse on.
    pub impairment: Option<Impairment>,
    /// Who plays, if not a person.
    pub policy: Option<PolicyChoice>,
    /// Seed of the scripted player.
    pub seed: u64,
    /// Developer option: the frame before which this computer's world goes wrong.
    pub force_desync: Option<u32>,
    /// What corrections of the picture are eased over, whatever the study says; no time turns easing off.
    pub smoothing: Option<Duration>,
}

/// Something that a person should know while they play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The lab's words; without them the program has its own.
    pub message: Option<String>,
    /// When it was said, since the program started.
    pub at: Duration,
}

/// What is known so far, for screens to show.
#[derive(Resource, Clone, Debug, Default)]
pub struct Status {
    /// The study's title.
    pub title: String,
    /// What corrections of the picture are eased over, if the study says so.
    pub motion_easing: Option<Duration>,
    /// This person's pseudonym.
    pub participant: Option<ParticipantId>,
    /// When the lab first said welcome, since the program started.
    pub welcomed: Option<Duration>,
    /// People who wait, and people that a game needs.
    pub waiting: Option<(u32, u32)>,
    /// Why the lab is not reached, if it is not.
    pub lab_trouble: Option<Unreached>,
    /// When waiting is over at the latest, since the program started.
    pub waits_until: Option<Duration>,
    /// What the person should know while they play.
    pub warning: Option<Warning>,
    /// How the study has ended.
    pub completed: Option<Completed>,
    /// What went wrong for good.
    pub problem: Option<String>,
    /// Why the lab has not let this person in, where that was the problem.
    pub turned_away: Option<Refusal>,
    /// How the match ended.
    pub ending: Option<Ending>,
    /// Who was away for so long that the game ended before its last episode was over.
    pub away: Option<AwayTooLong>,
    /// Doubts about the record.
    pub marks: Vec<String>,
    /// How often what a partner said of its record was not to be believed, at least.
    pub refused: u64,
    /// Episodes whose files are closed.
    pub closed: BTreeSet<u16>,
    /// Episodes that the lab has received.
    pub received: BTreeSet<u16>,
    /// Why an upload waits or was refused.
    pub upload_trouble: Option<String>,
    /// What the lab found out about episodes, by number.
    pub verdicts: Vec<(u16, Verdict)>,
    /// Records of earlier matches that the lab has not received.
    pub earlier: BTreeSet<RecordName>,
}

impl Status {
    /// Episodes that are saved on this computer and that the lab has not received.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.earlier.len() + self.closed.difference(&self.received).count()
    }

    /// Another match begins: what is known of the last one makes room.
    pub(crate) fn next_match(&mut self, last: Option<&Destination>) {
        if let Some(Destination { session, scene, participant, .. }) = last {
            let name = |&episode: &u16| RecordName {
                session: session.clone(),
                scene: scene.clone(),
                participant: participant.clone(),
                episode,
            };
            let kept: Vec<_> = self.closed.difference(&self.received).map(name).collect();
            self.earlier.extend(kept);
        }
        *self = Self {
            title: std::mem::take(&mut self.title),
            participant: self.participant.take(),
            welcomed: self.welcomed,
            lab_trouble: self.lab_trouble.take(),
            earlier: std::mem::take(&mut self.earlier),
            ..Self::default()
        };
    }
}

/// The match that is played or was played last.
#[derive(Resource, Clone, Debug)]
pub struct CurrentMatch {
    /// The lab's ticket.
    pub ticket: Ticket,
    /// Where its records belong.
    pub destination: Destination,
    /// The directory they lie in.
    pub directory: PathBuf,
}
