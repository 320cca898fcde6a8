//! Limits on how much may come: of messages over one connection, and of connections from one
//! address. Addresses are kept in memory only, for as long as they count.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// A bucket that fills steadily; each thing that comes takes one out.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// Thousandths of what is in it.
    level: u64,
    size: u64,
    per_second: u64,
    since: Duration,
}

impl Bucket {
    /// A full one. Times are since any fixed moment.
    #[must_use]
    pub const fn full(size: u32, per_second: u32, now: Duration) -> Self {
        let size = size as u64 * 1000;
        Self { level: size, size, per_second: per_second as u64, since: now }
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.since).as_millis();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        self.level = self.level.saturating_add(passed.saturating_mul(self.per_second));
        self.level = self.level.min(self.size);
        // What is less than a millisecond counts the next time.
        self.since += Duration::from_millis(passed);
    }

    /// Whether one more may come.
    pub fn take(&mut self, now: Duration) -> bool {
        self.fill(now);
        let enough = self.level >= 1000;
        if enough {
            self.level -= 1000;
        }
        enough
    }

    fn is_full(&mut self, now: Duration) -> bool {
        self.fill(now);
        self.level == self.size
    }
}

/// How many connections come from which address.
#[derive(Debug)]
pub struct Addresses {
    most: u32,
    by_address: BTreeMap<IpAddr, (u32, Bucket)>,
    /// Addresses after which those that do not count any more are dropped.
    sweep_at: usize,
}

impl Addresses {
    /// At most so many at the same time from one address; a tenth of them anew in a second.
    #[must_use]
    pub const fn new(most: u32) -> Self {
        Self { most, by_address: BTreeMap::new(), sweep_at: 1024 }
    }

    /// Whether a connection from there may be taken; if so, it counts until [`Self::close`].
    pub fn open(&mut self, address: IpAddr, now: Duration) -> bool {
        if self.by_address.len() >= self.sweep_at {
            self.by_address.retain(|_, (open, bucket)| *open > 0 || !bucket.is_full(now));
            self.sweep_at = (2 * self.by_address.len()).max(1024);
        }
        let fresh = || (0, Bucket::full(self.most, (self.most / 10).max(1), now));
        let (open, bucket) = self.by_address.entry(network(address)).or_insert_with(fresh);
        let good = *open < self.most && bucket.take(now);
        *open += u32::from(good);
        good
    }

    /// A connection is gone.
    pub fn close(&mut self, address: IpAddr) {
        if let Some((open, _)) = self.by_address.get_mut(&network(address)) {
            *open = open.saturating_sub(1);
        }
    }
}

/// What one subscriber has: an IPv4 address, or a network of 64 bits in IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{Addresses, Bucket};
    use std::net::IpAddr;
    use std::time::Duration;

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_as_much_as_comes_in() {
        let ms = Duration::from_millis;
        let mut bucket = Bucket::full(3, 10, ms(0));
        let taken = |bucket: &mut Bucket, now| (0..9).filter(|_| bucket.take(ms(now))).count();
        assert_eq!(taken(&mut bucket, 0), 3);
        assert_eq!(taken(&mut bucket, 99), 0);
        assert_eq!(taken(&mut bucket, 100), 1);
        assert_eq!(taken(&mut bucket, 60_000), 3, "it does not overflow");
    }

    #[test]
    fn one_address_does_not_shut_out_another() {
        let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
        let mut addresses = Addresses::new(20);
        let mut knock =
            |address: &str, seconds| addresses.open(ip(address), Duration::from_secs(seconds));
        assert_eq!((0..50).filter(|_| knock("192.0.2.1", 0)).count(), 20);
        assert!(knock("192.0.2.2", 0));
        assert!(!knock("::ffff:192.0.2.1", 100), "the same, written otherwise");
        addresses.close(ip("192.0.2.1"));
        let mut knock =
            |address: &str, seconds| addresses.open(ip(address), Duration::from_secs(seconds));
        assert!(knock("192.0.2.1", 100) && !knock("192.0.2.1", 100));
        assert_eq!((0..50).filter(|n| knock(&format!("2001:db8::{n}"), 0)).count(), 20);
    }

    #[test]
    fn who_comes_and_goes_all_the_time_is_slowed_down() {
        let mut addresses = Addresses::new(20);
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        let mut taken = 0;
        for knock in 0..1000 {
            if addresses.open(ip, Duration::from_millis(knock * 10)) {
                addresses.close(ip);
                taken += 1;
            }
        }
        // 20 at once, and two a second for ten seconds.
        assert!((38..=41).contains(&taken), "{taken}");
    }

    #[test]
    fn addresses_are_forgotten() {
        let mut addresses = Addresses::new(1);
        for number in 0..5000_u32 {
            let ip = IpAddr::from(number.to_be_bytes());
            assert!(addresses.open(ip, Duration::from_secs(number.into())));
            addresses.close(ip);
        }
        assert!(addresses.by_address.len() <= 1024, "{}", addresses.by_address.len());
    }
}
