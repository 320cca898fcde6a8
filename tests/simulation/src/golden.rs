//! The session as it is without any network: the truth that every run is compared with.
//!
//! Nothing of ggrs, rollback or the links is used here: a world is stepped, and inputs take
//! effect so many frames after they are given.

use crate::books::Books;
use crate::scenario::Scenario;
use crate::script::{Inputs, Script};
use dyad_gridworld::{ConfirmedFrame, MAX_PLAYERS, Phase, PlayerInput, World};
use dyad_policies::Cook;
use dyad_protocol::Seat;
use std::collections::VecDeque;
use std::sync::Arc;

/// The frames of a session without a network, until `frames` of them are there.
#[must_use]
pub fn frames(scenario: &Scenario, script: &mut Script, frames: usize) -> Vec<ConfirmedFrame> {
    let mut session = Session::new(scenario);
    (0..frames).map(|_| session.step(script)).collect()
}

/// The files of all seats of a session without a network.
#[must_use]
pub fn books(scenario: &Scenario, frames: &[ConfirmedFrame]) -> Vec<Books> {
    let seats = Seat::all(scenario.game.players());
    let mut books: Vec<Books> = seats.map(|seat| Books::new(scenario, seat)).collect();
    for frame in frames {
        for (seat, books) in books.iter_mut().enumerate() {
            books.issued(frame.frame, frame.inputs[seat]);
            books.confirmed(frame);
        }
        exchange(&mut books);
    }
    books
}

/// Tells everybody's statements to everybody else.
fn exchange(books: &mut [Books]) {
    for from in 0..books.len() {
        while let Some(statement) = books[from].take_statement() {
            let others = books.iter_mut().enumerate().filter(|(to, _)| *to != from);
            others.for_each(|(_, books)| books.statement(&statement.encode()));
        }
    }
}

/// What cooks do in a session without a network, by the frame that their input is given for.
#[must_use]
pub fn rehearse(scenario: &Scenario) -> Vec<Inputs> {
    let mut session = Session::new(scenario);
    let mut script = Script::Live(Cook::new(scenario.seed));
    let mut written = Vec::new();
    while session.world.phase() != Phase::Coasting {
        session.step(&mut script);
        written.push(*session.under_way.back().expect("inputs are delayed by a frame at least"));
    }
    written
}

struct Session {
    world: World,
    /// Inputs that were given and have not taken effect, oldest first.
    under_way: VecDeque<Inputs>,
}

impl Session {
    fn new(scenario: &Scenario) -> Self {
        let blank = [PlayerInput::default(); MAX_PLAYERS];
        Self {
            world: World::new(Arc::clone(&scenario.game)),
            under_way: vec![blank; usize::from(scenario.input_delay)].into(),
        }
    }

    fn step(&mut self, script: &mut Script) -> ConfirmedFrame {
        let players = self.world.game().players();
        let frame = self.world.frame();
        let mut given = [PlayerInput::default(); MAX_PLAYERS];
        for seat in Seat::all(players) {
            given[seat.index()] = script.input(&self.world, seat, frame);
        }
        self.under_way.push_back(given);
        let inputs = self.under_way.pop_front().expect("inputs were just pushed");
        self.world.step(&inputs);
        ConfirmedFrame { frame, inputs, digest: self.world.digest() }
    }
}
