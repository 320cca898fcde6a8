//! `dyad-signalling check`: what is wrong with an experiment file, or what it describes.

use crate::relay_secret;
use dyad_experiment::{Content, Experiment, ExperimentError, Gym, Scene};
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
    for warning in experiment.warnings() {
        writeln!(out, "warning: {warning}")?;
    }
    if let Some(skipped) = skipped(&experiment) {
        writeln!(out, "warning: {skipped}")?;
    }
    // The file may be checked on a computer that is not to know the secret.
    if let Err(error) = relay_secret(file, &experiment) {
        writeln!(out, "warning: {error:#}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said of an experiment without a game for people only.
pub(crate) const NO_PROGRAMS: &str =
    "this version of the lab has no programs as partners: it needs a game for people only";

/// What this version of the lab leaves out of an experiment, if anything.
pub(crate) fn skipped(experiment: &Experiment) -> Option<String> {
    if experiment.scene().programs.is_some() {
        return Some(NO_PROGRAMS.to_owned());
    }
    let is_more = experiment.scenes().len() > 1 || !experiment.conditions.is_empty();
    let scene = &experiment.scene().id;
    is_more.then(|| {
        format!("this version of the lab plays the scene {scene} alone, for everybody alike")
    })
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
