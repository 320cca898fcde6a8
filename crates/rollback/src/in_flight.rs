//! How many datagrams with inputs may be under way to a peer.
//!
//! WebRTC's congestion control holds back what is sent on an unreliable channel, too, and what it
//! holds back is sent later, in order: on a very bad network a game would hear its partner as it
//! was seconds ago. The newest datagram repeats every input that is not acknowledged, so an older
//! one that was never sent is no loss. So no more of them are handed over than can be under way
//! on a network on which the game is any good, and a step whose datagram would be one too many
//! sends nothing.
//!
//! Each has a number, and says which of the peer's has come last. Whatever was sent before one
//! that has come is not under way any more: it has come as well, or is lost or late. A number
//! that is not under way says nothing. Time is counted in steps that were tried, so nothing here
//! depends on a clock.

use std::collections::VecDeque;

/// The datagrams under way to one peer.
#[derive(Clone, Debug)]
pub struct InFlight {
    limit: usize,
    patience: u64,
    step: u64,
    /// The number of the last one.
    number: u8,
    /// Numbers and when they were sent, oldest first.
    sent: VecDeque<(u8, u64)>,
}

impl InFlight {
    /// Nothing is under way. At most half a second's steps and three may be: one waits up to a
    /// step at each end, and one comes late. One of which nothing has been heard for a second is
    /// counted as lost.
    #[must_use]
    pub fn new(steps_per_second: u16) -> Self {
        Self {
            limit: usize::from(steps_per_second / 2) + 3,
            patience: u64::from(steps_per_second).max(1),
            step: 0,
            number: 0,
            sent: VecDeque::new(),
        }
    }

    /// A step was tried. Returns the number of its datagram if it may have one.
    pub fn step(&mut self) -> Option<u8> {
        self.step += 1;
        while self.sent.front().is_some_and(|&(_, at)| self.step - at >= self.patience) {
            self.sent.pop_front();
        }
        if self.sent.len() >= self.limit {
            return None;
        }
        self.number = self.number.wrapping_add(1);
        self.sent.push_back((self.number, self.step));
        Some(self.number)
    }

    /// The peer says that this one has come last. It says 0 before any has.
    pub fn echoed(&mut self, number: u8) {
        if let Some(at) = self.sent.iter().position(|&(sent, _)| sent == number) {
            self.sent.drain(..=at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InFlight;
    use proptest::prelude::{any, prop, proptest};
    use std::collections::VecDeque;

    /// Two sides that try a step a tick, and what each has under way to the other: when it
    /// arrives, its number and its echo.
    struct Pair {
        sides: [InFlight; 2],
        last: [u8; 2],
        under_way: [VecDeque<(u64, u8, u8)>; 2],
        tick: u64,
    }

    impl Pair {
        fn new(steps_per_second: u16) -> Self {
            let side = || InFlight::new(steps_per_second);
            let (sides, under_way) = ([side(), side()], [VecDeque::new(), VecDeque::new()]);
            Self { sides, last: [0; 2], under_way, tick: 0 }
        }

        /// A step of both; returns who may send. What is sent arrives after so many ticks, if
        /// `passes` says so.
        fn tick(&mut self, delay: u64, mut passes: impl FnMut(usize) -> bool) -> [bool; 2] {
            self.tick += 1;
            [0, 1].map(|me: usize| {
                while let Some(&(_, number, echo)) =
                    self.under_way[me].front().filter(|arrival| arrival.0 <= self.tick)
                {
                    self.under_way[me].pop_front();
                    self.last[me] = number;
                    self.sides[me].echoed(echo);
                }
                let number = self.sides[me].step();
                if let Some(number) = number
                    && passes(me)
                {
                    let arrival = (self.tick + delay, number, self.last[me]);
                    self.under_way[1 - me].push_back(arrival);
                }
                number.is_some()
            })
        }
    }

    #[test]
    fn what_is_not_echoed_is_limited_and_forgotten_after_a_second() {
        let mut flight = InFlight::new(30);
        let allowed: Vec<bool> = (0..60).map(|_| flight.step().is_some()).collect();
        let expected: Vec<bool> = (0..60).map(|step| step % 30 < 18).collect();
        assert_eq!(allowed, expected);
    }

    #[test]
    fn an_echo_frees_what_was_sent_before_it() {
        let mut flight = InFlight::new(30);
        let numbers: Vec<u8> = (0..18).map_while(|_| flight.step()).collect();
        assert_eq!((numbers.len(), flight.step()), (18, None));
        flight.echoed(numbers[4]);
        for foreign in [0, numbers[4], numbers[2], 200] {
            flight.echoed(foreign);
        }
        let more = (0..10).map_while(|_| flight.step()).count();
        assert_eq!(more, 5, "those up to the echoed one are not under way any more");
    }

    proptest! {
        #[test]
        fn a_good_network_is_never_limited(rate in 4..=120_u16, share in 0..=100_u64) {
            // A round trip of up to a quarter of a second, in whole steps each way.
            let delay = u64::from(rate) * share / 800;
            let mut pair = Pair::new(rate);
            for _ in 0..1000 {
                assert_eq!(pair.tick(delay, |_| true), [true; 2]);
            }
        }

        #[test]
        fn it_never_stops(
            rate in 1..=120_u16,
            delay in 0..200_u64,
            losses in prop::collection::vec(any::<bool>(), 1..300),
            echoes in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let mut pair = Pair::new(rate);
            let mut losses = losses.iter().cycle().copied();
            let mut since = [0; 2];
            for at in 0..2000 {
                if let Some(&echo) = echoes.get(at) {
                    pair.sides[at % 2].echoed(echo);
                }
                let sends = pair.tick(delay, |_| losses.next().unwrap_or(true));
                for (since, sends) in since.iter_mut().zip(sends) {
                    *since = if sends { 0 } else { *since + 1 };
                    assert!(*since < u32::from(rate), "nothing in a second");
                }
            }
        }
    }

    #[test]
    fn losses_on_a_fair_network_hold_back_next_to_nothing() {
        // 200 ms there and back, and 15 % lost each way, at random but always the same.
        let mut pair = Pair::new(30);
        let mut random = 1_u64;
        let mut held = 0;
        for _ in 0..30_000 {
            let sends = pair.tick(3, |_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (random >> 33) % 100 >= 15
            });
            held += sends.iter().filter(|sends| !**sends).count();
        }
        assert!(held < 60, "{held} of 60000 were held back");
    }

    #[test]
    fn a_number_that_comes_again_after_a_wrap_does_no_harm() {
        let mut pair = Pair::new(30);
        for _ in 0..600 {
            assert_eq!(pair.tick(2, |_| true), [true; 2]);
        }
        // Everything that was ever said once more, in the wrong order.
        for number in (0..=255).rev() {
            pair.sides.iter_mut().for_each(|side| side.echoed(number));
        }
        for _ in 0..600 {
            assert_eq!(pair.tick(2, |_| true), [true; 2]);
        }
    }
}
