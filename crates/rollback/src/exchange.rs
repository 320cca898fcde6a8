//! The unreliable channel of a session, addressed by seat.
//!
//! ggrs talks to a [`SeatSocket`], which puts messages into an [`Exchange`] and takes vetted ones
//! out. The exchange gathers what ggrs wants to say between two steps and makes one datagram a
//! peer of it: the newest input packet (it repeats everything that is not acknowledged), with
//! later acknowledgements folded in, and the few other messages. On WebRTC the number of
//! messages matters more than their size, since each becomes a packet. How many datagrams with
//! inputs may be under way is limited ([`crate::in_flight`]); what else ggrs says, by the clock and
//! seldom, is not.
//!
//! Seats, not connections, are the addresses: the connection behind a seat can be replaced
//! under a running session. The epoch in every datagram keeps late ones of an earlier session
//! away from ggrs, which would panic on them.

use crate::config::SessionParameters;
use crate::in_flight::InFlight;
use crate::mirror::{Body, Inputs};
use crate::wire::{Limits, Link, Mark, Rejected};
use dyad_protocol::Seat;
use ggrs::{Message, NonBlockingSocket};
use std::ops::Add;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most messages besides inputs that wait for one flush; beyond it the oldest goes. Round trips
/// of the opening and quality reports come a few a second.
const MAX_WAITING: usize = 16;

/// Most messages that wait for ggrs to take them; beyond it the oldest goes. ggrs takes them at
/// every display frame.
const MAX_INBOX: usize = 1024;

/// The datagrams of one session.
#[derive(Debug)]
pub struct Exchange {
    parameters: SessionParameters,
    epoch: u16,
    frame: i32,
    lanes: Vec<Lane>,
    inbox: Vec<(Seat, Message)>,
    counts: Counts,
}

/// What waits for one peer, and what is known of it.
#[derive(Debug)]
struct Lane {
    seat: Seat,
    newest: Option<Inputs>,
    fresh: bool,
    others: Vec<Body>,
    received: i32,
    in_flight: InFlight,
    /// The number of the last datagram with inputs that has come.
    heard: u8,
}

/// How many datagrams and messages went through, and why some did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Datagrams accepted.
    pub accepted: u64,
    /// Datagrams of another epoch.
    pub other_epoch: u64,
    /// Datagrams or messages that an honest peer does not send.
    pub malformed: u64,
    /// Why the last of them was refused.
    pub last_malformed: Option<Rejected>,
    /// Messages that were dropped because too many waited.
    pub overflowed: u64,
    /// Input packets sent again during a stall.
    pub resent: u64,
    /// Steps whose inputs were not sent because too many datagrams were under way.
    pub held_back: u64,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, later: Self) -> Self {
        Self {
            sent: self.sent + later.sent,
            sent_bytes: self.sent_bytes + later.sent_bytes,
            accepted: self.accepted + later.accepted,
            other_epoch: self.other_epoch + later.other_epoch,
            malformed: self.malformed + later.malformed,
            last_malformed: later.last_malformed.or(self.last_malformed),
            overflowed: self.overflowed + later.overflowed,
            resent: self.resent + later.resent,
            held_back: self.held_back + later.held_back,
        }
    }
}

impl Exchange {
    /// The exchange of a session with these parameters.
    #[must_use]
    pub fn new(parameters: SessionParameters, epoch: u16) -> Self {
        let lane = |seat| Lane {
            seat,
            newest: None,
            fresh: false,
            others: Vec::new(),
            received: -1,
            in_flight: InFlight::new(parameters.steps_per_second),
            heard: 0,
        };
        let lanes = parameters.others().iter().map(lane).collect();
        Self { parameters, epoch, frame: 0, lanes, inbox: Vec::new(), counts: Counts::default() }
    }

    /// Which datagrams it takes.
    #[must_use]
    pub const fn epoch(&self) -> u16 {
        self.epoch
    }

    /// Tells how many frames this side has simulated: it limits what a peer can have sent.
    pub fn at_frame(&mut self, frame: i32) {
        self.frame = frame;
    }

    /// Takes a datagram that came from the peer on `seat`. What is not acceptable is counted and
    /// dropped.
    pub fn accept(&mut self, seat: Seat, datagram: &[u8]) {
        match self.take_apart(seat, datagram) {
            Ok(()) => self.counts.accepted += 1,
            Err(Rejected::OtherEpoch) => self.counts.other_epoch += 1,
            Err(rejected) => {
                self.counts.malformed += 1;
                self.counts.last_malformed = Some(rejected);
            }
        }
    }

    const fn link(&self, from: Seat) -> Link {
        Link { epoch: self.epoch, people: self.parameters.people, from }
    }

    fn take_apart(&mut self, seat: Seat, datagram: &[u8]) -> Result<(), Rejected> {
        let delay = i32::from(self.parameters.input_delay);
        let link = self.link(seat);
        let lane = self
            .lanes
            .iter_mut()
            .find(|lane| lane.seat == seat)
            .ok_or(Rejected::Impossible("no such seat"))?;
        let content = link.decode(datagram)?;
        for message in content.messages {
            let limits = Limits {
                people: self.parameters.people.len(),
                first_frame: delay,
                received: lane.received,
                sent: self.frame.saturating_add(delay),
                horizon: self.parameters.horizon(self.frame),
            };
            let reaches = limits.vet(&message)?;
            let message = message.to_message().ok_or(Rejected::Malformed)?;
            lane.received = lane.received.max(reaches.unwrap_or(-1));
            if self.inbox.len() >= MAX_INBOX {
                self.inbox.remove(0);
                self.counts.overflowed += 1;
            }
            self.inbox.push((seat, message));
        }
        if let Some(mark) = content.mark {
            lane.heard = mark.number;
            lane.in_flight.echoed(mark.echo);
        }
        Ok(())
    }

    /// Makes one datagram for each peer that there is something to say to. Call it once after
    /// every tried step, with `tried`; otherwise there are no inputs in it. When the step stalled,
    /// the newest inputs are sent again: a peer may wait for just them, and ggrs repeats them only
    /// when it hears nothing at all.
    #[must_use]
    pub fn flush(&mut self, tried: bool) -> Vec<(Seat, Vec<u8>)> {
        let link = self.link(self.parameters.seat);
        let mut datagrams = Vec::new();
        for lane in &mut self.lanes {
            let waiting = lane.newest.as_ref().filter(|_| tried);
            let number = waiting.and_then(|_| lane.in_flight.step());
            self.counts.held_back += u64::from(waiting.is_some() && number.is_none());
            self.counts.resent += u64::from(number.is_some() && !lane.fresh);
            let inputs = waiting.filter(|_| number.is_some()).cloned().map(Body::Input);
            if inputs.is_none() && lane.others.is_empty() {
                continue;
            }
            let mark = Mark { number: number.unwrap_or_default(), echo: lane.heard };
            let datagram = link.encode(mark, inputs.iter().chain(&lane.others));
            self.counts.sent += 1;
            self.counts.sent_bytes += datagram.len() as u64;
            datagrams.push((lane.seat, datagram));
            lane.fresh &= inputs.is_none();
            lane.others.clear();
        }
        datagrams
    }

    /// What happened so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn queue(&mut self, message: &Message, seat: Seat) {
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.seat == seat) else { return };
        let Some(message) = Body::of(message) else { return };
        match (message, &mut lane.newest) {
            (Body::Input(inputs), newest) => {
                *newest = Some(inputs);
                lane.fresh = true;
            }
            (Body::InputAck { ack_frame }, Some(inputs)) => {
                inputs.ack_frame = inputs.ack_frame.max(ack_frame);
            }
            (message, _) => {
                if lane.others.len() >= MAX_WAITING {
                    lane.others.remove(0);
                    self.counts.overflowed += 1;
                }
                lane.others.push(message);
            }
        }
    }
}

/// The socket that ggrs owns: a handle to the exchange that its shell owns as well.
///
/// The lock is never contended: ggrs and the shell take turns on one thread. It is here because
/// a ggrs session keeps its socket in a box and bevy keeps sessions `Send + Sync`.
#[derive(Clone, Debug)]
pub struct SeatSocket(Arc<Mutex<Exchange>>);

impl SeatSocket {
    /// A socket over an exchange.
    #[must_use]
    pub fn new(exchange: Exchange) -> Self {
        Self(Arc::new(Mutex::new(exchange)))
    }

    /// The exchange.
    pub fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NonBlockingSocket<Seat> for SeatSocket {
    fn send_to(&mut self, message: &Message, seat: &Seat) {
        self.lock().queue(message, *seat);
    }

    fn receive_all_messages(&mut self) -> Vec<(Seat, Message)> {
        std::mem::take(&mut self.lock().inbox)
    }
}
