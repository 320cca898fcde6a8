//! What programs do in a log, computed once more: each is a function of the world before a frame and of
//! the match's seed, and both follow from the log.

use crate::log::{Frame, SessionInfo};
use dyad_gridworld::World;
use dyad_policies::Policy;
use dyad_protocol::players::Program;
use dyad_protocol::{ParticipantId, Seat};

/// Why a log is not what its programs have played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// This program has no such policy.
    #[error("the policy of {0} is unknown here: use the version that has recorded the log")]
    Unknown(ParticipantId),
    /// A program's input is not the one that its policy gives.
    #[error("{name} in seat {seat} does something else in frame {frame} than the log says")]
    Differs {
        /// The first such frame.
        frame: u32,
        /// The program's seat.
        seat: usize,
        /// What it is called.
        name: ParticipantId,
    },
}

/// The programs of a session, as far as nothing speaks against them.
pub(crate) struct Programs {
    all: Vec<(usize, ParticipantId, Box<dyn Policy + Send + Sync>)>,
    wrong: Option<ProgramError>,
}

impl Programs {
    /// Those in the seats that nobody has a key for, in the match with this seed.
    pub(crate) fn of(session: &SessionInfo, seed: u64) -> Self {
        let (mut all, mut wrong) = (Vec::new(), None);
        let people = session.seats_of_people();
        let seats = Seat::all(session.participants.len()).zip(&session.participants);
        for (seat, name) in seats.filter(|(seat, _)| !people.contains(*seat)) {
            let seat = seat.index();
            match Program::policy_of(name)
                .and_then(|policy| dyad_policies::program(policy, seed, seat))
            {
                Some(policy) => all.push((seat, name.clone(), policy)),
                None => wrong = wrong.or_else(|| Some(ProgramError::Unknown(name.clone()))),
            }
        }
        Self { all, wrong }
    }

    /// Compares what each does in the world before a frame with what the log says.
    pub(crate) fn check(&mut self, world: &World, frame: &Frame) {
        if self.wrong.is_some() {
            return;
        }
        let odd = self.all.iter_mut().find_map(|(seat, name, policy)| {
            let same = frame.inputs.get(*seat) == Some(&policy.input(world, *seat));
            (!same).then(|| (*seat, name.clone()))
        });
        let frame = frame.number;
        self.wrong = odd.map(|(seat, name)| ProgramError::Differs { frame, seat, name });
    }

    /// What is wrong with them.
    pub(crate) fn wrong(self) -> Option<ProgramError> {
        self.wrong
    }
}
