//! Work on many things at once, with results in order.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How many threads this computer has work for.
#[must_use]
pub fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Calls `work` for each item on so many threads, and gives the results in the items' order.
///
/// # Errors
/// The first in the items' order, of those that came up before the rest was stopped.
pub fn map<I: Sync, T: Send, E: Send>(
    jobs: NonZeroUsize,
    items: &[I],
    work: impl Fn(usize, &I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results: Mutex<Vec<(usize, Result<T, E>)>> = Mutex::new(Vec::new());
    let run = || {
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let result = work(at, item);
            if result.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            results.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    thread::scope(|scope| {
        for job in 1..jobs.get().min(items.len()) {
            // With fewer threads than asked for, the work is done as well.
            drop(thread::Builder::new().name(format!("dataset {job}")).spawn_scoped(scope, run));
        }
        run();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::map;
    use std::num::NonZeroUsize;

    #[test]
    fn results_are_in_order_and_the_first_error_is_given() {
        let items: Vec<usize> = (0..500).collect();
        for jobs in [1, 2, 7] {
            let jobs = NonZeroUsize::new(jobs).unwrap();
            let squares: Result<Vec<_>, ()> = map(jobs, &items, |_, it| Ok(it * it));
            assert_eq!(squares.unwrap()[33], 33 * 33);
            let failed = map(jobs, &items, |at, _| if at >= 70 { Err(at) } else { Ok(()) });
            assert_eq!(failed, Err(70));
        }
        assert_eq!(map::<u8, u8, ()>(NonZeroUsize::MIN, &[], |_, it| Ok(*it)), Ok(vec![]));
    }
}
