//! `dyad-signalling check`: what is wrong with an experiment file, or what it describes.

use crate::relay_secret;
use dyad_experiment::rules::Data;
use dyad_experiment::words::Withdrawal;
use dyad_experiment::{Assigned, Content, Experiment, ExperimentError, Gym, Scene};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Says what is wrong with a file, each mistake with its place and a hint; or that it is right,
/// what it describes, and what is odd about it.
pub(crate) fn check(file: &Path) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stderr();
    let experiment = match Experiment::load(file) {
        Ok(experiment) => experiment,
        Err(error @ ExperimentError::Unreadable { .. }) => {
            writeln!(out, "{error}")?;
            return Ok(ExitCode::from(2));
        }
        Err(error @ ExperimentError::Mistakes { .. }) => {
            writeln!(out, "{error}")?;
            if let ExperimentError::Mistakes { mistakes, .. } = &error {
                writeln!(out, "{}", counted(mistakes.0.len(), "mistake"))?;
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    writeln!(out, "{} is right: {}", file.display(), summary(&experiment))?;
    for scene in experiment.scenes() {
        writeln!(out, "  {}: {}", scene.id, describe(scene))?;
    }
    writeln!(out, "{}", data(&experiment))?;
    for warning in experiment.warnings() {
        writeln!(out, "warning: {warning}")?;
    }
    for left_out in left_out(&experiment) {
        writeln!(out, "warning: {left_out}")?;
    }
    // The file may be checked on a computer that is not to know the secret.
    if let Err(error) = relay_secret(file, &experiment) {
        writeln!(out, "warning: {error:#}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What this version of the lab does otherwise than the file says, a sentence each.
pub(crate) fn left_out(experiment: &Experiment) -> Vec<String> {
    let mut sentences = Vec::new();
    let flow = experiment.flow(&Assigned::default());
    if flow.steps().iter().any(|step| step.group.is_some()) {
        sentences
            .push("blocks with games for several people come in the order of the file".to_owned());
    }
    sentences
}

fn summary(experiment: &Experiment) -> String {
    let scenes = counted(experiment.scenes().len(), "scene");
    match experiment.conditions.len() {
        0 => format!("the study {} with {scenes}", experiment.study),
        count => {
            format!("the study {} with {scenes}, {}", experiment.study, counted(count, "condition"))
        }
    }
}

/// What becomes of the data, and what participants read of it.
fn data(experiment: &Experiment) -> String {
    let deletes = match experiment.data.withdrawal {
        Withdrawal::Games => "a person's games, for the partners too, and all else of theirs",
        Withdrawal::Person => "a person's answers and identity; games stay, under pseudonyms",
    };
    let Data { keep_days, identities_key, identifying, notice, .. } = &experiment.data;
    let mut text = format!(
        "withdrawal deletes {deletes}; copies of records stay on participants' computers for \
         {keep_days} days"
    );
    if !identifying.is_empty() && identities_key.is_none() {
        text.push_str(
            "; identifying answers are encrypted only if the lab's folder has a key \
             (`dyad-signalling keygen`)",
        );
    }
    let is_consent = |scene: &Scene| matches!(scene.content, Content::Consent(_));
    let has_form = experiment.scenes().iter().any(is_consent);
    text.push_str(match (has_form, notice.is_empty()) {
        (true, false) => "\nthe consent form ends with this:\n",
        (true, true) => "\nthe consent form has to say so itself: [data] has an empty notice",
        (false, _) => {
            "\nthere is no consent form: wherever people consent, they have to read this:\n"
        }
    });
    for line in notice.lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text.truncate(text.trim_end().len());
    text
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn describe(scene: &Scene) -> String {
    let what = match &scene.content {
        Content::Consent(_) => "consent".to_owned(),
        Content::Page(page) if page.debriefing => "debriefing page".to_owned(),
        Content::Page(_) => "page".to_owned(),
        Content::Form(form) => format!("form, {}", counted(form.questions.len(), "question")),
        Content::Gym(gym) => game(gym.in_condition(None)),
        Content::Completion(_) => "completion".to_owned(),
    };
    let conditions: Vec<&str> = scene.conditions.iter().map(|id| id.as_str()).collect();
    let only = if conditions.is_empty() {
        String::new()
    } else {
        format!(" (only {})", conditions.join(", "))
    };
    let times =
        if scene.repeats > 1 { format!(", {} times", scene.repeats) } else { String::new() };
    format!("{what}{times}{only}")
}

fn game(gym: &Gym) -> String {
    let layouts: Vec<&str> = gym.layouts.iter().map(|layout| layout.name.as_str()).collect();
    let seconds = f64::from(gym.max_steps) / f64::from(gym.steps_per_second);
    let people = match (gym.people(), gym.programs) {
        (people, None) => format!("{people} players"),
        (people, Some(programs)) => {
            format!(
                "{} and {}",
                counted(people.into(), "person"),
                counted(programs.seats.into(), "program")
            )
        }
    };
    let episodes = counted(gym.episodes.into(), "episode");
    format!("game, {people}, layout {}, {episodes} of {seconds:.0} s", layouts.join(" or "))
}
