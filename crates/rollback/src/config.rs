//! The ggrs session of Dyad: input, address, prediction, and parameters that suit a gridworld.

use crate::exchange::SeatSocket;
use dyad_gridworld::{Action, MAX_PLAYERS, PlayerInput, World};
use dyad_protocol::{Seat, Seats};
use ggrs::{
    Config, DesyncDetection, GgrsError, InputPredictor, NonBlockingSocket, P2PSession, PlayerType,
    SessionBuilder,
};
use std::time::Duration;

/// The types of Dyad's ggrs sessions.
#[derive(Debug)]
pub struct DyadConfig;

impl Config for DyadConfig {
    type Input = PlayerInput;
    type InputPredictor = Predictor;
    type State = World;
    type Address = Seat;
}

/// How a missing input is predicted: the window's focus stays as it was; the action is repeated
/// only if it comes from a held key. A single key press is one action, so the likeliest next
/// input after it is none.
#[derive(Debug)]
pub struct Predictor;

impl InputPredictor<PlayerInput> for Predictor {
    fn predict(previous: PlayerInput) -> PlayerInput {
        if previous.held() {
            previous
        } else {
            PlayerInput::new(Action::Noop).with_focus(previous.focused())
        }
    }
}

/// The parameters of a session; equal for all its players, except for the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionParameters {
    /// The seats of the people who play; programs have the others. ggrs knows people only, and
    /// numbers its players in the order of these seats.
    pub people: Seats,
    /// This player's seat.
    pub seat: Seat,
    /// Steps a second.
    pub steps_per_second: u16,
    /// Frames between an input and its effect. At least 1: `bevy_ggrs` keeps one snapshot too few
    /// for a misprediction of the very first frame.
    pub input_delay: u8,
    /// Frames that may be simulated ahead of the last confirmed one; at most 60, so that ggrs's
    /// queue of 128 inputs suffices.
    pub prediction_window: u8,
}

/// Why there can be no such session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A parameter outside its range.
    #[error("{what} must be {expected}, not {found}")]
    OutOfRange {
        /// The parameter.
        what: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: usize,
    },
    /// ggrs refused.
    #[error("ggrs: {0}")]
    Ggrs(#[from] GgrsError),
}

/// ggrs ends a session for a silent peer after this time, which is out of reach: liveness is
/// this crate's concern. A day.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

impl SessionParameters {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`SessionError::OutOfRange`] names the parameter.
    pub fn check(&self) -> Result<(), SessionError> {
        let range = |what, expected, found: usize, good: bool| {
            if good { Ok(()) } else { Err(SessionError::OutOfRange { what, expected, found }) }
        };
        let Self { people, seat, steps_per_second, input_delay, prediction_window } = *self;
        let last = people.iter().last().map_or(0, Seat::index);
        range("last seat", "below 4", last, last < MAX_PLAYERS)?;
        range("seat", "a person's", seat.index(), people.contains(seat))?;
        let speed = usize::from(steps_per_second);
        range("steps per second", "1 to 120", speed, (1..=120).contains(&speed))?;
        let delay = usize::from(input_delay);
        range("input delay", "1 to 30", delay, (1..=30).contains(&delay))?;
        let window = usize::from(prediction_window);
        range("prediction window", "1 to 60", window, (1..=60).contains(&window))
    }

    /// Starts a ggrs session that talks through `socket`. Call it only when the barrier of
    /// [`crate::peering`] is passed.
    ///
    /// # Errors
    /// [`SessionError`] if a parameter is out of range.
    pub fn start(&self, socket: SeatSocket) -> Result<P2PSession<DyadConfig>, SessionError> {
        self.start_with(socket)
    }

    /// The same over a socket that a test has wrapped.
    ///
    /// # Errors
    /// [`SessionError`] if a parameter is out of range.
    pub fn start_with(
        &self,
        socket: impl NonBlockingSocket<Seat> + 'static,
    ) -> Result<P2PSession<DyadConfig>, SessionError> {
        self.check()?;
        let mut builder = SessionBuilder::<DyadConfig>::new()
            .with_num_players(self.people.len())?
            .with_fps(usize::from(self.steps_per_second))?
            .with_input_delay(usize::from(self.input_delay))
            .with_max_prediction_window(usize::from(self.prediction_window))
            .with_disconnect_timeout(NEVER)
            .with_disconnect_notify_delay(Duration::from_secs(1))
            .with_desync_detection_mode(DesyncDetection::On {
                interval: u32::from(self.steps_per_second),
            });
        for (number, seat) in self.people.iter().enumerate() {
            let player =
                if seat == self.seat { PlayerType::Local } else { PlayerType::Remote(seat) };
            builder = builder.add_player(player, number)?;
        }
        Ok(builder.start_p2p_session(socket)?)
    }

    /// The seats of the other people.
    #[must_use]
    pub fn others(&self) -> Seats {
        self.people.without(self.seat)
    }

    /// The furthest frame for which an honest peer can have sent an input while this side is at
    /// `frame`: it can be a window ahead of our last input, which is itself a delay ahead.
    #[must_use]
    pub fn horizon(&self, frame: i32) -> i32 {
        frame
            .saturating_add(i32::from(self.prediction_window))
            .saturating_add(2 * i32::from(self.input_delay))
    }
}

#[cfg(test)]
mod tests {
    use super::{Predictor, SessionParameters};
    use dyad_gridworld::{Action, PlayerInput};
    use dyad_protocol::{Seat, Seats};
    use ggrs::InputPredictor as _;

    #[test]
    fn a_press_is_not_repeated_a_held_key_is_and_focus_stays() {
        let press = PlayerInput::new(Action::Up).with_focus(false);
        assert_eq!(Predictor::predict(press), PlayerInput::new(Action::Noop).with_focus(false));
        let held = PlayerInput::new(Action::Up).with_held(true);
        assert_eq!(Predictor::predict(held), held);
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let good = SessionParameters {
            people: Seats::first(2),
            seat: Seat(1),
            steps_per_second: 30,
            input_delay: 2,
            prediction_window: 16,
        };
        assert!(good.check().is_ok());
        for (bad, name) in [
            (SessionParameters { people: Seats::first(5), ..good }, "last seat"),
            (SessionParameters { seat: Seat(2), ..good }, "seat"),
            (SessionParameters { steps_per_second: 0, ..good }, "steps"),
            (SessionParameters { input_delay: 0, ..good }, "delay"),
            (SessionParameters { prediction_window: 61, ..good }, "window"),
        ] {
            let error = bad.check().expect_err(name).to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
