//! Whatever comes before, between and after games: which screen shows what the lab has sent, and what
//! of it goes back.

use super::{consent, form, page, reading, screening};
use crate::autopilot::{self, FrameRate};
use crate::course::{self, Course};
use crate::flow::{JoinOptions, Status};
use crate::lab::LabConnection;
use crate::lab::pictures::{self, Album, Library};
use crate::words::Words;
use bevy::prelude::{
    Commands, DetectChanges as _, DetectChangesMut as _, Local, Query, Real, Res, ResMut, Resource,
    Result, Time, With, World,
};
use bevy::window::{Monitor, PrimaryMonitor};
use bevy_egui::EguiContexts;
use bevy_egui::egui::{Align2, Area, Context, Id, vec2};
use dyad_experiment::form::Form;
use dyad_experiment::scene::{Consent, Page};
use dyad_experiment::text::Text;
use dyad_protocol::study::{Answer, Asked, Scene, SceneKind};
use serde::de::DeserializeOwned;
use std::time::{Duration, SystemTime};

/// The scene that is shown, and what has been done with it so far.
#[derive(Resource, Debug, Default)]
pub struct Draft {
    step: Option<u32>,
    shown: Shown,
}

#[derive(Debug, Default)]
enum Shown {
    #[default]
    Nothing,
    Consent(Consent, consent::Reading),
    Page(Page, reading::Opened),
    Form(Form, form::Draft),
    Screening(Vec<screening::Asked>, form::Draft),
    Unreadable,
}

impl Shown {
    fn of(scene: &Scene) -> Self {
        let read = match scene.kind {
            SceneKind::Consent => content(scene).map(|it| Self::Consent(it, Default::default())),
            SceneKind::Page => content(scene).map(|it| Self::Page(it, Default::default())),
            SceneKind::Form => content(scene).map(|it| Self::Form(it, Default::default())),
            SceneKind::Screening => content::<Asked>(scene).map(|asked| {
                let asked = asked.questions.into_iter();
                let asked = asked
                    .map(|asked| screening::Asked { text: asked.text, options: asked.options });
                Self::Screening(asked.collect(), Default::default())
            }),
            SceneKind::Game => Some(Self::Nothing),
        };
        read.unwrap_or(Self::Unreadable)
    }

    /// The pictures in it.
    fn pictures(&self) -> Vec<String> {
        let of =
            |texts: &[Option<&Text>]| texts.iter().flatten().flat_map(|it| it.pictures()).collect();
        match self {
            Self::Nothing | Self::Unreadable => Vec::new(),
            Self::Consent(consent, _) => of(&[Some(&consent.text), consent.declined.as_ref()]),
            Self::Page(page, _) => of(&[Some(&page.text)]),
            Self::Form(form, _) => pictures::of_form(form),
            Self::Screening(asked, _) => {
                asked.iter().flat_map(|asked| pictures::of_text(&asked.text)).collect()
            }
        }
    }
}

fn content<T: DeserializeOwned>(scene: &Scene) -> Option<T> {
    serde_json::from_value(scene.content.clone()).ok()
}

/// What a person has done with a scene.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// Answered it.
    Answer(Answer),
    /// Answered the questions of screening, by index.
    Chosen(Vec<u32>),
}

/// Shows a scene. Returns what the person has done with it; `now` is since the program started.
pub fn show(
    ctx: &Context,
    study: &str,
    scene: &Scene,
    pictures: &Album,
    draft: &mut Draft,
    now: Duration,
    words: &Words,
) -> Option<Done> {
    if draft.step != Some(scene.step) {
        *draft = Draft { step: Some(scene.step), shown: Shown::of(scene) };
    }
    match &mut draft.shown {
        Shown::Nothing => None,
        Shown::Consent(consent, state) => {
            let clock = SystemTime::now();
            let decision = consent::show(ctx, study, consent, pictures, state, clock, words)?;
            Some(Done::Answer(autopilot::consent(consent, decision.agreed)))
        }
        Shown::Page(page, state) => {
            let goes_on = reading::show(ctx, study, page, pictures, state, now, words);
            goes_on.then_some(Done::Answer(Answer::Page))
        }
        Shown::Form(form, state) => {
            let answers = form::show(ctx, study, form, pictures, scene.seed, state, words)?;
            let value = |(id, answer)| (ToString::to_string(&id), serde_json::json!(answer));
            Some(Done::Answer(Answer::Form { answers: answers.into_iter().map(value).collect() }))
        }
        Shown::Screening(asked, _) if asked.is_empty() => {
            moment(ctx, study, Some("scene-checking"), false, words);
            Some(Done::Chosen(Vec::new()))
        }
        Shown::Screening(asked, state) => {
            screening::show(ctx, study, asked, pictures, state, words).map(Done::Chosen)
        }
        Shown::Unreadable => {
            page::page(ctx, "scene", |ui| {
                page::title(ui, study, &words.line("scene-unreadable"));
                page::text(ui, words.line("scene-unreadable-text"));
            });
            None
        }
    }
}

/// A page while the lab is waited for. `text` is a key of the catalogue.
fn moment(ctx: &Context, study: &str, text: Option<&str>, has_trouble: bool, words: &Words) {
    page::page(ctx, "moment", |ui| {
        page::title(ui, study, &words.line("scene-moment"));
        if let Some(text) = text {
            page::text(ui, words.line(text));
        }
        if has_trouble {
            page::attention(ui, words.line("waiting-trouble"));
            page::text(ui, words.line("connecting-patience"));
        }
    });
}

/// A way out in the corner of the window. It asks once more. Returns whether the person leaves.
pub fn way_out(ctx: &Context, asked: &mut bool, words: &Words) -> bool {
    let mut leaves = false;
    let corner = Area::new(Id::new("way out")).anchor(Align2::LEFT_BOTTOM, vec2(18.0, -14.0));
    corner.show(ctx, |ui| {
        ui.horizontal(|ui| {
            if !*asked {
                *asked = ui.link(words.line("scene-leave")).clicked();
            } else {
                page::remark(ui, words.line("scene-leave-sure"));
                leaves = ui.link(words.line("scene-leave-yes")).clicked();
                *asked = !(leaves || ui.link(words.line("scene-leave-no")).clicked());
            }
        });
    });
    leaves
}

pub(super) fn draw_way_out(
    mut commands: Commands,
    mut contexts: EguiContexts,
    words: Res<Words>,
    mut asked: Local<bool>,
) -> Result {
    if way_out(contexts.ctx_mut()?, &mut asked, &words) {
        commands.queue(|world: &mut World| course::withdraw(world));
    }
    Ok(())
}

/// Fetches the pictures of what the lab has shown last, and takes those that have come.
pub(super) fn fetch_pictures(
    course: Res<Course>,
    status: Res<Status>,
    lab: Option<Res<LabConnection>>,
    mut library: ResMut<Library>,
    mut seen: Local<Option<u32>>,
) {
    // Looking does not count as a change.
    library.bypass_change_detection().take();
    let Some(lab) = lab else { return };
    let step = course.scene.as_ref().map(|scene| scene.step);
    if let Some(scene) = course.scene.as_ref().filter(|_| *seen != step) {
        library.want(lab.link(), Shown::of(scene).pictures());
        *seen = step;
    }
    let said = status.completed.as_ref().and_then(|completed| completed.message.as_ref());
    if let Some(message) = said.filter(|_| status.is_changed()) {
        library.want(lab.link(), pictures::of_text(message));
    }
}

/// What the lab and the person have to do with the scene that is shown.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Place<'w> {
    course: Res<'w, Course>,
    status: Res<'w, Status>,
    options: Res<'w, JoinOptions>,
    rate: Res<'w, FrameRate>,
    time: Res<'w, Time<Real>>,
    words: Res<'w, Words>,
    library: Res<'w, Library>,
}

pub(super) fn draw(
    mut commands: Commands,
    mut contexts: EguiContexts,
    mut draft: ResMut<Draft>,
    place: Place<'_>,
    monitors: Query<&Monitor, With<PrimaryMonitor>>,
) -> Result {
    let Place { course, status, options, rate, time, words, library } = place;
    let ctx = contexts.ctx_mut()?;
    let Some(scene) = course.open() else {
        moment(ctx, &status.title, None, status.lab_trouble.is_some(), &words);
        return Ok(());
    };
    let pictures = library.album();
    let done = show(ctx, &status.title, scene, pictures, &mut draft, time.elapsed(), &words);
    let answer = match done {
        Some(Done::Answer(answer)) => answer,
        // The rate is known a second after the window has opened.
        Some(Done::Chosen(chosen)) if rate.in_1000_s().is_some() => {
            let display = autopilot::display(monitors.single().ok());
            Answer::Screening(autopilot::computer(display, &rate, chosen))
        }
        _ => return Ok(()),
    };
    if options.policy.is_none() {
        commands.queue(move |world: &mut World| course::answer(world, answer));
    }
    Ok(())
}
