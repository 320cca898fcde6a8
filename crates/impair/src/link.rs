//! One direction of a network.

use crate::impairment::{Impairment, Probability};
use crate::rng::Rng;
use std::collections::BTreeMap;
use std::iter::Sum;
use std::time::Duration;

/// The most items under way on one link; what is sent beyond is dropped, as a full router does.
pub const MOST_IN_FLIGHT: usize = 1 << 16;

/// How long a held-back item waits at least: more than a step at 30 steps a second, so that the
/// next item overtakes it.
const HELD_BACK: Duration = Duration::from_millis(40);

/// What chance adds to [`HELD_BACK`] at most.
const HELD_BACK_EXTRA: Duration = Duration::from_millis(80);

/// After how many losses an item on an ordered link gets through whatever the odds.
const MOST_LOSSES: u32 = 32;

/// The longest wait between two transmissions of one item on an ordered link.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How a link treats what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As UDP: items are lost, doubled and overtaken.
    Datagrams,
    /// As TCP, or a reliable data channel: everything arrives once and in order, but a loss
    /// costs the time until it is sent again, and what comes behind waits for it.
    Ordered,
}

/// What has happened on a link so far.
///
/// Always `sent + duplicated == delivered + dropped + in flight` ([`Link::in_flight`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Items that were sent.
    pub sent: u64,
    /// Items that came out, copies included.
    pub delivered: u64,
    /// Items that never come out, for whatever reason, copies included.
    pub dropped: u64,
    /// Of those, how many because the link was down.
    pub blacked_out: u64,
    /// Of those, how many because too much was under way.
    pub overflowed: u64,
    /// Copies that were made.
    pub duplicated: u64,
    /// Items that were held back so that others overtake them.
    pub held_back: u64,
    /// Items that came out after one that was sent later.
    pub reordered: u64,
    /// Transmissions that an ordered link repeated, because of a loss or an outage.
    pub retransmitted: u64,
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(links: I) -> Self {
        links.fold(Self::default(), |sum, one| Self {
            sent: sum.sent + one.sent,
            delivered: sum.delivered + one.delivered,
            dropped: sum.dropped + one.dropped,
            blacked_out: sum.blacked_out + one.blacked_out,
            overflowed: sum.overflowed + one.overflowed,
            duplicated: sum.duplicated + one.duplicated,
            held_back: sum.held_back + one.held_back,
            reordered: sum.reordered + one.reordered,
            retransmitted: sum.retransmitted + one.retransmitted,
        })
    }
}

/// A seeded link in one direction.
///
/// Drive it with [`Self::send`], [`Self::next_deadline`] and [`Self::poll`]. Its clock is the
/// caller's: any `Duration` since a moment of the caller's choice, which outages count from too.
#[derive(Clone, Debug)]
pub struct Link<T> {
    network: Impairment,
    mode: Mode,
    rng: Rng,
    /// By due time, then by the order of sending.
    in_flight: BTreeMap<(Duration, u64, Instance), T>,
    /// When the newest item of an ordered link is due: nothing may arrive before it.
    last_due: Duration,
    /// One more than the number of the newest item that came out.
    newest_out: u64,
    counts: Counts,
}

/// Which of an item's copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Instance {
    Original,
    Duplicate,
}

impl<T: Clone> Link<T> {
    /// A link through this network. Links of one network have different numbers, and so
    /// different fortunes: give each direction of each channel of each pair its own.
    #[must_use]
    pub fn new(network: &Impairment, number: u64, mode: Mode) -> Self {
        Self {
            network: network.clone(),
            mode,
            rng: Rng::new(network.seed).branch(number),
            in_flight: BTreeMap::new(),
            last_due: Duration::ZERO,
            newest_out: 0,
            counts: Counts::default(),
        }
    }

    /// Hands over an item at the time `now`.
    pub fn send(&mut self, now: Duration, item: T) {
        let number = self.counts.sent;
        self.counts.sent += 1;
        // A generator per item: what happened to earlier ones does not shift its fortune.
        let mut rng = self.rng.branch(number);
        match self.mode {
            Mode::Datagrams => self.send_datagram(now, number, &mut rng, item),
            Mode::Ordered => self.send_ordered(now, number, &mut rng, item),
        }
    }

    fn send_datagram(&mut self, now: Duration, number: u64, rng: &mut Rng, item: T) {
        let lost = self.network.loss.happens(rng);
        let doubled = self.network.duplication.happens(rng);
        let held_back = self.network.reorder.happens(rng);
        let mut arrival = now.saturating_add(self.travel_time(rng));
        if lost {
            self.counts.dropped += 1;
            return;
        }
        if held_back {
            self.counts.held_back += 1;
            arrival = arrival.saturating_add(HELD_BACK + random_time(rng, HELD_BACK_EXTRA));
        }
        if doubled {
            self.counts.duplicated += 1;
            let arrival = now.saturating_add(self.travel_time(rng));
            self.launch(now, arrival, (number, Instance::Duplicate), item.clone());
        }
        self.launch(now, arrival, (number, Instance::Original), item);
    }

    /// Puts a datagram under way, unless the link is down at either end of its journey.
    fn launch(&mut self, now: Duration, arrival: Duration, id: (u64, Instance), item: T) {
        let down = |moment| self.network.up_again(moment).is_some();
        if down(now) || down(arrival) {
            self.counts.dropped += 1;
            self.counts.blacked_out += 1;
        } else {
            self.enqueue(arrival, id, item);
        }
    }

    fn send_ordered(&mut self, now: Duration, number: u64, rng: &mut Rng, item: T) {
        let sent = self.last_transmission(now, rng);
        let arrival = sent.saturating_add(self.travel_time(rng));
        let arrival = self.network.up_again(arrival).unwrap_or(arrival).max(self.last_due);
        self.last_due = arrival;
        self.enqueue(arrival, (number, Instance::Original), item);
    }

    /// When the transmission that gets through is made: the first one at `now`, the next when an
    /// acknowledgement should have been there, then after twice that wait, and so on.
    fn last_transmission(&mut self, now: Duration, rng: &mut Rng) -> Duration {
        let mut at = now;
        let round_trip = self.network.delay.saturating_add(self.network.jitter).saturating_mul(2);
        let mut wait = round_trip.clamp(Duration::from_millis(10), LONGEST_WAIT);
        for _ in 0..MOST_LOSSES {
            let lost = self.network.loss.happens(rng);
            let next = match self.network.up_again(at) {
                Some(up) => up,
                None if lost => at.saturating_add(wait),
                None => break,
            };
            self.counts.retransmitted += 1;
            at = next;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
        at
    }

    fn enqueue(&mut self, due: Duration, (number, instance): (u64, Instance), item: T) {
        if self.in_flight.len() >= MOST_IN_FLIGHT {
            self.counts.dropped += 1;
            self.counts.overflowed += 1;
        } else {
            self.in_flight.insert((due, number, instance), item);
        }
    }

    /// The delay, give or take the jitter.
    fn travel_time(&self, rng: &mut Rng) -> Duration {
        let Impairment { delay, jitter, .. } = self.network;
        delay.saturating_add(random_time(rng, jitter.saturating_mul(2))).saturating_sub(jitter)
    }
}

impl<T> Link<T> {
    /// The next item that has arrived by `now`. Call until `None`; calls at any time are safe.
    pub fn poll(&mut self, now: Duration) -> Option<T> {
        if self.next_deadline()? > now {
            return None;
        }
        let ((_, number, _), item) = self.in_flight.pop_first()?;
        self.counts.delivered += 1;
        self.counts.reordered += u64::from(number + 1 < self.newest_out);
        self.newest_out = self.newest_out.max(number + 1);
        Some(item)
    }

    /// When the next item arrives; `None` while nothing is under way.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.in_flight.first_key_value().map(|((due, ..), _)| *due)
    }

    /// How many items are under way, copies included.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// What has happened so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Changes the share of items that are lost from now on, for tests that break a link in the
    /// middle; [`Probability::ALWAYS`] cuts it.
    pub const fn set_loss(&mut self, loss: Probability) {
        self.network.loss = loss;
    }

    /// Leads the link through another network from now on, under a number of that network's. What
    /// is under way arrives as it would have.
    pub fn set_network(&mut self, network: &Impairment, number: u64) {
        self.network = network.clone();
        self.rng = Rng::new(network.seed).branch(number);
    }
}

/// A time from zero to `most`, evenly distributed over nanoseconds.
fn random_time(rng: &mut Rng, most: Duration) -> Duration {
    Duration::from_nanos(rng.up_to(u64::try_from(most.as_nanos()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
