//! Screening: who may take part, by what their client says and by what the lab has measured.

use dyad_experiment::rules::{Screening, ScreeningRule};
use dyad_experiment::words::System;
use dyad_protocol::study::{Asked, Computer, ScreeningQuestion};

/// What clients are asked for.
#[must_use]
pub fn asked(screening: &Screening) -> Asked {
    let mut asked = Asked::default();
    for (rule, _) in &screening.rules {
        match rule {
            ScreeningRule::FrameRate(_) => asked.frame_rate = true,
            ScreeningRule::Question { text, options, .. } => asked
                .questions
                .push(ScreeningQuestion { text: text.clone(), options: options.clone() }),
            _ => {}
        }
    }
    asked
}

/// How many round trips must be measured first.
#[must_use]
pub fn pings(screening: &Screening) -> u32 {
    let of = |rule: &ScreeningRule| match rule {
        ScreeningRule::Rtt { pings, .. } => *pings,
        _ => 0,
    };
    screening.rules.iter().map(|(rule, _)| of(rule)).max().unwrap_or(0)
}

/// The first rule that somebody does not meet, and what they read of it; `None` if they meet all.
/// `rtt_ms` is their median round trip to the lab, `now_ms` the lab's clock when they answered.
#[must_use]
pub fn failed(
    screening: &Screening,
    computer: &Computer,
    rtt_ms: Option<u32>,
    now_ms: u64,
) -> Option<(&'static str, Option<String>)> {
    let mut answers = computer.answers.iter();
    for (rule, message) in &screening.rules {
        let (name, good) = match rule {
            ScreeningRule::System(allowed) => {
                ("system", allowed.iter().any(|it| name(*it) == computer.system))
            }
            ScreeningRule::Version(least) => {
                ("version", version(&computer.version).is_some_and(|version| version >= *least))
            }
            ScreeningRule::Display { width, height } => {
                let large = |[across, down]: [u32; 2]| across >= *width && down >= *height;
                ("display", computer.display.is_some_and(large))
            }
            ScreeningRule::FrameRate(least) => {
                let enough = |frames: u32| f64::from(frames) / 1000.0 >= *least;
                ("frame_rate", computer.frames_in_1000_s.is_some_and(enough))
            }
            ScreeningRule::Clock(most) => {
                // The answer was under way for half a round trip.
                let there = computer.clock_ms.saturating_add(u64::from(rtt_ms.unwrap_or(0)) / 2);
                ("clock", u128::from(there.abs_diff(now_ms)) <= most.as_millis())
            }
            ScreeningRule::Rtt { most, .. } => {
                ("rtt", rtt_ms.is_some_and(|rtt| u128::from(rtt) <= most.as_millis()))
            }
            ScreeningRule::Question { accept, .. } => {
                let answer = answers.next().and_then(|answer| usize::try_from(*answer).ok());
                ("question", answer.is_some_and(|answer| accept.contains(&answer)))
            }
        };
        if !good {
            return Some((name, message.clone()));
        }
    }
    None
}

const fn name(system: System) -> &'static str {
    match system {
        System::Windows => "windows",
        System::Macos => "macos",
        System::Linux => "linux",
    }
}

/// The numbers of a version such as `0.1.0` or `0.1.0-rc.1`.
fn version(text: &str) -> Option<[u32; 3]> {
    let core = text.split(['-', '+']).next()?;
    let mut numbers = core.split('.').map(|number| number.parse().ok());
    let version = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::{asked, failed};
    use dyad_experiment::rules::{Screening, ScreeningRule};
    use dyad_experiment::words::System;
    use dyad_protocol::study::Computer;
    use std::time::Duration;

    fn computer() -> Computer {
        Computer {
            system: "linux".to_owned(),
            version: "0.2.0".to_owned(),
            display: Some([1920, 1080]),
            frames_in_1000_s: Some(59_940),
            clock_ms: 1_000_000,
            answers: vec![1],
        }
    }

    #[test]
    fn each_rule_lets_those_through_who_just_meet_it() {
        let second = Duration::from_secs(1);
        let question = |accept| ScreeningRule::Question {
            text: "?".to_owned(),
            options: vec!["no".to_owned(), "yes".to_owned()],
            accept,
        };
        let display = |width, height| ScreeningRule::Display { width, height };
        for (good, bad) in [
            (
                ScreeningRule::System(vec![System::Linux]),
                ScreeningRule::System(vec![System::Macos]),
            ),
            (ScreeningRule::Version([0, 2, 0]), ScreeningRule::Version([0, 2, 1])),
            (display(1920, 1080), display(1920, 1081)),
            (display(1, 1), display(1921, 1)),
            (ScreeningRule::FrameRate(59.94), ScreeningRule::FrameRate(60.0)),
            (ScreeningRule::Clock(second), ScreeningRule::Clock(second / 2)),
            (
                ScreeningRule::Rtt { most: second / 10, pings: 5 },
                ScreeningRule::Rtt { most: second / 11, pings: 5 },
            ),
            (question(vec![1]), question(vec![0])),
        ] {
            // A clock that is right at 1000 ms differs after half of the round trip.
            let failed = |rule: &ScreeningRule| {
                let screening = Screening { rules: vec![(rule.clone(), Some("m".to_owned()))] };
                failed(&screening, &computer(), Some(100), 1_001_050)
            };
            assert_eq!(failed(&good), None, "{good:?}");
            assert_eq!(
                failed(&bad).and_then(|(_, message)| message).as_deref(),
                Some("m"),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn what_is_not_said_is_not_met() {
        let nothing = Computer::default();
        let question =
            ScreeningRule::Question { text: "?".to_owned(), options: vec![], accept: vec![0] };
        for rule in [
            ScreeningRule::System(vec![System::Linux]),
            ScreeningRule::Version([0, 0, 0]),
            ScreeningRule::Display { width: 0, height: 0 },
            ScreeningRule::FrameRate(0.0),
            ScreeningRule::Rtt { most: Duration::MAX, pings: 1 },
            question,
        ] {
            let screening = Screening { rules: vec![(rule, None)] };
            assert!(failed(&screening, &nothing, None, 0).is_some(), "{screening:?}");
        }
    }

    #[test]
    fn clients_are_asked_for_what_the_lab_cannot_know() {
        let screening = Screening {
            rules: vec![
                (ScreeningRule::FrameRate(30.0), None),
                (
                    ScreeningRule::Question {
                        text: "Keyboard?".to_owned(),
                        options: vec!["Yes".to_owned()],
                        accept: vec![0],
                    },
                    None,
                ),
            ],
        };
        let asked = asked(&screening);
        assert!(asked.frame_rate);
        assert_eq!(asked.questions[0].text, "Keyboard?");
    }
}
