//! Who answers where no person does: a scripted player agrees, reads, and fills in forms with
//! answers that the forms allow, by its seed. And what this computer is, for people and programs.

use crate::course::{self, Course};
use crate::flow::{JoinOptions, Screen, Status};
use bevy::log::info;
use bevy::prelude::{
    App, Commands, IntoScheduleConfigs as _, NextState, Query, Real, Res, ResMut, Resource, Time,
    Update, With, World, in_state,
};
use bevy::window::{Monitor, PrimaryMonitor};
use dyad_experiment::form::{Answer as FormAnswer, Form, Question, QuestionKind};
use dyad_experiment::scene::Consent;
use dyad_experiment::seed;
use dyad_gridworld::rng::Rng;
use dyad_protocol::study::{Answer, Asked, Computer, Scene, SceneKind};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// How long frames are counted before their rate is told.
const COUNT_FOR: Duration = Duration::from_secs(1);

/// What a scripted player says of its display: that of a usual computer. It has none, and is there
/// to try a study out.
const USUAL_DISPLAY: [u32; 2] = [1920, 1080];

/// Frames that were drawn lately.
#[derive(Resource, Debug, Default)]
pub struct FrameRate {
    since: Duration,
    frames: u32,
    in_1000_s: Option<u32>,
}

impl FrameRate {
    fn count(&mut self, now: Duration) {
        self.frames += 1;
        let passed = now.saturating_sub(self.since);
        if passed >= COUNT_FOR {
            let in_1000_s = f64::from(self.frames) * 1000.0 / passed.as_secs_f64();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "no computer draws four million frames in a second"
            )]
            let in_1000_s = in_1000_s.round() as u32;
            *self = Self { since: now, frames: 0, in_1000_s: Some(in_1000_s) };
        }
    }

    /// Frames in 1000 seconds; `None` until they were counted for a second.
    #[must_use]
    pub const fn in_1000_s(&self) -> Option<u32> {
        self.in_1000_s
    }
}

/// Adds the scripted answers to an app. They are given only if a script plays.
pub fn plugin(app: &mut App) {
    app.init_resource::<FrameRate>()
        .add_systems(Update, (count_frames, answer_by_script.run_if(in_state(Screen::Scene))));
}

fn count_frames(time: Res<Time<Real>>, mut rate: ResMut<FrameRate>) {
    rate.count(time.elapsed());
}

/// The logical pixels of the display.
#[must_use]
pub fn display(monitor: Option<&Monitor>) -> Option<[u32; 2]> {
    let monitor = monitor?;
    let logical = |pixels: u32| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a display has no more pixels than it has"
        )]
        let logical = (f64::from(pixels) / monitor.scale_factor.max(0.1)).round() as u32;
        logical
    };
    Some([logical(monitor.physical_width), logical(monitor.physical_height)])
}

/// What is said of this computer, with the answers to screening's questions.
#[must_use]
pub fn computer(display: Option<[u32; 2]>, rate: &FrameRate, answers: Vec<u32>) -> Computer {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Computer {
        system: std::env::consts::OS.to_owned(),
        version: crate::VERSION.to_owned(),
        display,
        frames_in_1000_s: rate.in_1000_s(),
        clock_ms: u64::try_from(clock.as_millis()).unwrap_or(u64::MAX),
        answers,
    }
}

fn answer_by_script(
    mut commands: Commands,
    course: Res<Course>,
    options: Res<JoinOptions>,
    rate: Res<FrameRate>,
    monitors: Query<&Monitor, With<PrimaryMonitor>>,
    mut status: ResMut<Status>,
    mut next: ResMut<NextState<Screen>>,
) {
    let Some(scene) = course.open().filter(|_| options.policy.is_some()) else { return };
    let answer = match scene.kind {
        SceneKind::Screening => {
            let Ok(asked) = serde_json::from_value::<Asked>(scene.content.clone()) else { return };
            if asked.frame_rate && rate.in_1000_s().is_none() {
                return;
            }
            let display = display(monitors.single().ok()).unwrap_or(USUAL_DISPLAY);
            let answers = vec![0; asked.questions.len()];
            Ok(Answer::Screening(computer(Some(display), &rate, answers)))
        }
        _ => scripted(scene, options.seed),
    };
    match answer {
        Ok(answer) => {
            info!("scene {}: answered by the script", scene.scene);
            commands.queue(move |world: &mut World| course::answer(world, answer));
        }
        Err(problem) => {
            status.problem = Some(problem);
            next.set(Screen::Problem);
        }
    }
}

/// What a script answers to a scene that is no game and no screening.
///
/// # Errors
/// What is asked for in a way that no script knows, for people.
pub fn scripted(scene: &Scene, own_seed: u64) -> Result<Answer, String> {
    let unknown = |error: serde_json::Error| {
        format!("this program does not know what the scene {} shows ({error})", scene.scene)
    };
    match scene.kind {
        SceneKind::Consent => {
            let shown: Consent = serde_json::from_value(scene.content.clone()).map_err(unknown)?;
            Ok(consent(&shown, true))
        }
        SceneKind::Form => {
            let form: Form = serde_json::from_value(scene.content.clone()).map_err(unknown)?;
            let mut rng = Rng::new(seed::derive(own_seed, "script", scene.scene.as_str()));
            let mut answers = BTreeMap::new();
            for question in &form.questions {
                let answer = fill_in(question, &mut rng)?;
                let value = serde_json::to_value(answer).map_err(unknown)?;
                answers.insert(question.id.to_string(), value);
            }
            answers.retain(|_, answer| !answer.is_null());
            Ok(Answer::Form { answers })
        }
        SceneKind::Page | SceneKind::Screening | SceneKind::Game => Ok(Answer::Page),
    }
}

/// The answer to a consent form.
#[must_use]
pub fn consent(shown: &Consent, agreed: bool) -> Answer {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Answer::Consent {
        agreed,
        text: shown.text.digest().to_string().parse().expect("a digest prints as 64 hex digits"),
        at_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
    }
}

/// An answer that the question allows; none if it may be left open and no script knows one.
fn fill_in(question: &Question, rng: &mut Rng) -> Result<Option<FormAnswer>, String> {
    let fits = |answer: &FormAnswer| question.check(Some(answer)).is_ok();
    let found = candidates(&question.kind, rng).into_iter().find(fits);
    if found.is_none() && question.required {
        return Err(format!("no script knows an answer to the question {}", question.id));
    }
    Ok(found)
}

fn candidates(kind: &QuestionKind, rng: &mut Rng) -> Vec<FormAnswer> {
    let below = |rng: &mut Rng, most: usize| {
        rng.below(u32::try_from(most).unwrap_or(u32::MAX).max(1)) as usize
    };
    match kind {
        QuestionKind::Choice(options) => {
            let chosen = below(rng, options.options.len());
            options.options.get(chosen).cloned().map(FormAnswer::Text).into_iter().collect()
        }
        QuestionKind::Choices { options, at_least, .. } => {
            let count = usize::try_from(*at_least).unwrap_or(1).max(1);
            let chosen = options.options.iter().take(count).cloned().collect();
            vec![FormAnswer::Texts(chosen)]
        }
        QuestionKind::Scale { points, .. } => {
            vec![FormAnswer::Number(f64::from(rng.below((*points).max(1)) + 1))]
        }
        QuestionKind::Number { min, max, .. } => {
            let least = min.unwrap_or(0.0).ceil();
            let drawn = least + f64::from(rng.below(30));
            [drawn, least, max.unwrap_or(least).floor(), min.unwrap_or(0.0)]
                .map(FormAnswer::Number)
                .into()
        }
        QuestionKind::Text { min_length, .. } => {
            let long = "x".repeat(usize::try_from(*min_length).unwrap_or(0).max(1));
            let digits = (1..=20).map(|count| "1234567890".repeat(2)[..count].to_owned());
            let words = ["script", "A", "a", "scripted player", "script@example.org", "2026-01-31"];
            let words = words.map(str::to_owned);
            words.into_iter().chain([long]).chain(digits).map(FormAnswer::Text).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameRate, scripted};
    use dyad_experiment::Experiment;
    use dyad_experiment::{Content, form::Answer as FormAnswer};
    use dyad_protocol::study::{Answer, Scene, SceneKind};
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn scripts_fill_in_the_forms_of_all_examples() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/experiments");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let mut forms = 0;
        for file in files.filter(|file| file.extension().is_some_and(|it| it == "toml")) {
            let experiment = Experiment::load(&file).unwrap();
            for scene in experiment.scenes() {
                let Content::Form(form) = &scene.content else { continue };
                forms += 1;
                let shown = Scene {
                    step: 1,
                    steps: 2,
                    scene: scene.id.clone(),
                    kind: SceneKind::Form,
                    content: serde_json::to_value(form).unwrap(),
                    seed: 0,
                    session: None,
                };
                for seed in 0..20 {
                    let Ok(Answer::Form { answers }) = scripted(&shown, seed) else {
                        panic!("{}: {}", file.display(), scene.id);
                    };
                    for question in &form.questions {
                        let answer = answers.get(question.id.as_str()).cloned();
                        let answer: Option<FormAnswer> =
                            answer.map(|answer| serde_json::from_value(answer).unwrap());
                        assert_eq!(question.check(answer.as_ref()), Ok(()), "{}", question.id);
                    }
                }
            }
        }
        assert!(forms >= 2, "{forms} forms");
    }

    #[test]
    fn frames_are_counted_for_a_second() {
        let mut rate = FrameRate::default();
        for frame in 1..60 {
            rate.count(Duration::from_secs(frame) / 60);
            assert_eq!(rate.in_1000_s(), None);
        }
        rate.count(Duration::from_secs(1));
        assert_eq!(rate.in_1000_s(), Some(60_000));
    }
}
