//! `dyad-signalling status`: how a study stands, for the person who watches over it.

use anyhow::{Context as _, ensure};
use clap::Args;
use dyad_collector::owner::now_ms;
use dyad_protocol::ParticipantId;
use dyad_signalling::status::{Doing, GameStatus, PersonStatus, Status, status};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The data folder.
    data: PathBuf,
    /// A line for everybody who is not done, not only numbers.
    #[arg(long)]
    people: bool,
    /// Everything, as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints how the study stands.
pub(crate) fn print(arguments: &Arguments) -> anyhow::Result<()> {
    let shown = arguments.data.display();
    let status = status(&arguments.data)
        .with_context(|| format!("cannot tell how the study in {shown} stands"))?;
    ensure!(status.study.is_some(), "{shown} is not a folder in which a lab was started");
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&status)? + "\n",
        false => page(&status, arguments.people, now_ms()),
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// The same for people, at a moment in milliseconds since 1970.
fn page(status: &Status, people: bool, now_ms: u64) -> String {
    let since = |at: u64| duration(now_ms.saturating_sub(at));
    let study = status.study.as_ref().map_or("", |study| study.as_str());
    let came = status.people.len();
    let last = since(status.at_ms);
    let mut lines = vec![format!("{study}: {came} came; something last happened {last} ago")];
    let counts = Counts::of(status);
    lines.push(String::new());
    let now = [
        ("playing", counts.playing),
        ("waiting for a partner", counts.waiting),
        ("on a page or a form, or gone", counts.on_the_way),
    ];
    let done = counts.done.iter().map(|(outcome, people)| (outcome.as_str(), *people));
    lines.extend(now.into_iter().chain(done).map(|(what, people)| format!("{people:>6}  {what}")));
    if !status.scenes.is_empty() {
        lines.push("\nscenes that are over".to_owned());
        lines.extend(status.scenes.iter().map(|(scene, people)| format!("{people:>6}  {scene}")));
    }
    if !status.games.is_empty() {
        lines.push("\ngames".to_owned());
        lines.extend(status.games.iter().map(|game| line_of_game(game, &since(game.since_ms))));
    }
    if people {
        lines.push("\npeople who are not done".to_owned());
        let under_way = status.people.iter().filter(|it| !matches!(it.now, Doing::Done { .. }));
        lines.extend(under_way.map(|person| line_of_person(person, &since(person.since_ms))));
    }
    lines.join("\n") + "\n"
}

/// How many people do what.
#[derive(Default)]
struct Counts {
    playing: usize,
    waiting: usize,
    on_the_way: usize,
    done: BTreeMap<String, usize>,
}

impl Counts {
    fn of(status: &Status) -> Self {
        let mut counts = Self::default();
        for person in &status.people {
            *match &person.now {
                Doing::Playing { .. } => &mut counts.playing,
                Doing::Waiting { .. } => &mut counts.waiting,
                Doing::OnTheWay => &mut counts.on_the_way,
                Doing::Done { outcome } => {
                    counts.done.entry(format!("done: {outcome}")).or_default()
                }
            } += 1;
        }
        counts
    }
}

fn line_of_game(game: &GameStatus, since: &str) -> String {
    let GameStatus { session, scene, playing, players, .. } = game;
    let seats: Vec<_> = players.iter().map(ParticipantId::as_str).collect();
    let seats = seats.join(", ");
    let state = if *playing { "played" } else { "checked" };
    format!("{since:>6}  {session}  {scene}  {state}  {seats}")
}

fn line_of_person(person: &PersonStatus, since: &str) -> String {
    let connection = |connected: bool| if connected { "" } else { ", not connected" };
    let now = match &person.now {
        Doing::OnTheWay => match &person.after {
            None => "has come".to_owned(),
            Some(scene) => format!("after {scene}"),
        },
        Doing::Waiting { scene, connected } => {
            format!("waits for a partner in {scene}{}", connection(*connected))
        }
        Doing::Playing { session, connected } => {
            format!("plays {session}{}", connection(*connected))
        }
        Doing::Done { outcome } => format!("done: {outcome}"),
    };
    let condition = person.condition.as_ref().map(|it| format!("  ({it})")).unwrap_or_default();
    format!("{since:>6}  {}  {now}{condition}", person.participant)
}

/// So many milliseconds, in the unit that fits.
fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, page};
    use dyad_experiment::Outcome;
    use dyad_signalling::status::{Doing, PersonStatus, Status};

    fn person(name: &str, now: Doing) -> PersonStatus {
        let participant = name.parse().unwrap();
        let after = Some("intro".parse().unwrap());
        PersonStatus { participant, condition: None, came_ms: 0, after, now, since_ms: 5_000 }
    }

    #[test]
    fn the_page_counts_everybody_once_and_names_who_is_under_way() {
        let waiting = Doing::Waiting { scene: "cook".parse().unwrap(), connected: false };
        let status = Status {
            study: Some("soup".parse().unwrap()),
            at_ms: 60_000,
            people: vec![
                person("a", Doing::Done { outcome: Outcome::Finished }),
                person("b", Doing::OnTheWay),
                person("c", waiting),
            ],
            ..Status::default()
        };
        let text = page(&status, true, 65_000);
        assert!(text.starts_with("soup: 3 came; something last happened 5 s ago\n"), "{text}");
        for line in ["     0  playing", "     1  waiting for a partner", "     1  done: finished"] {
            assert!(text.lines().any(|it| it == line), "{line} in {text}");
        }
        assert!(text.contains(" 1 min  b  after intro\n"), "{text}");
        assert!(text.contains("  c  waits for a partner in cook, not connected\n"), "{text}");
        assert!(!text.contains("  a  "), "{text}");
        assert!(!page(&status, false, 0).contains("  b  "));
    }

    #[test]
    fn durations_have_a_unit_that_fits() {
        let all = [59_999, 60_000, 7_199_000, 7_200_000, 172_800_000].map(duration);
        assert_eq!(all, ["59 s", "1 min", "119 min", "2 h", "2 d"]);
    }
}
