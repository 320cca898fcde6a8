//! What connects the peers: a seeded link in each direction of each channel of each pair.

use crate::scenario::Scenario;
use dyad_impair::{Counts, Impairment, Link, Mode};
use dyad_protocol::Seat;
use std::time::Duration;

/// The two channels between any two peers, as in netplay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Unordered, never repeated: ggrs's datagrams.
    Unreliable,
    /// In order, repeated until it arrives: everything else.
    Reliable,
}

impl Channel {
    const ALL: [Self; 2] = [Self::Unreliable, Self::Reliable];

    const fn mode(self) -> Mode {
        match self {
            Self::Unreliable => Mode::Datagrams,
            Self::Reliable => Mode::Ordered,
        }
    }
}

/// Something under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The sender.
    pub from: Seat,
    /// The channel.
    pub channel: Channel,
    /// How many were sent before it on this link.
    pub number: u64,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Something to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub to: Seat,
    /// On which channel.
    pub channel: Channel,
    /// The content.
    pub bytes: Vec<u8>,
}

/// All links of a session.
#[derive(Debug)]
pub struct Network {
    players: usize,
    /// By receiver, then sender, then channel.
    links: Vec<Link<Packet>>,
}

impl Network {
    /// The network of a scenario.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let players = scenario.game.players();
        let mut links = Vec::new();
        for to in 0..players {
            for from in 0..players {
                for channel in Channel::ALL {
                    let network: &Impairment = &scenario.links[from][to];
                    links.push(Link::new(network, links.len() as u64, channel.mode()));
                }
            }
        }
        Self { players, links }
    }

    /// Sends something.
    pub fn send(&mut self, now: Duration, from: Seat, outgoing: Outgoing) {
        let Outgoing { to, channel, bytes } = outgoing;
        let pair = to.index() * self.players + from.index();
        let link = &mut self.links[pair * 2 + usize::from(channel == Channel::Reliable)];
        let number = link.counts().sent;
        link.send(now, Packet { from, channel, number, bytes });
    }

    /// The next thing that has arrived at a seat.
    pub fn poll(&mut self, now: Duration, to: Seat) -> Option<Packet> {
        let each = self.players * 2;
        self.links[to.index() * each..][..each].iter_mut().find_map(|link| link.poll(now))
    }

    /// What has happened to datagrams, over all links.
    #[must_use]
    pub fn datagrams(&self) -> Counts {
        self.links.iter().step_by(2).map(Link::counts).sum()
    }
}
