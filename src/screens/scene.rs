//! Whatever comes before, between and after games, on a plain page: consent, texts, forms and the
//! questions of screening. And the words of the study at its end.

use super::page;
use crate::autopilot::{self, FrameRate};
use crate::course::{self, Course};
use crate::flow::{JoinOptions, Status};
use crate::theme;
use bevy::prelude::{Commands, Local, Query, Res, ResMut, Resource, Result, With, World};
use bevy::window::{Monitor, PrimaryMonitor};
use bevy_egui::EguiContexts;
use bevy_egui::egui::{Align2, Area, Context, Id, Key, ScrollArea, TextEdit, Ui, vec2};
use dyad_experiment::form::{Answer as FormAnswer, Form, Options, Question, QuestionKind};
use dyad_experiment::scene::{Consent, Page};
use dyad_protocol::study::{Answer, Asked, Scene, SceneKind};
use std::collections::BTreeMap;

/// What has been filled in so far.
#[derive(Resource, Debug, Default)]
pub struct Draft {
    /// Of which step.
    step: u32,
    answers: BTreeMap<String, FormAnswer>,
    typed: BTreeMap<String, String>,
    chosen: Vec<Option<u32>>,
    mistake: Option<String>,
}

/// What a person has done on the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// Answered it.
    Answer(Answer),
    /// Answered the questions of screening, by index.
    Chosen(Vec<u32>),
}

/// Shows a scene. Returns what the person has done with it.
pub fn show(ctx: &Context, title: &str, scene: &Scene, draft: &mut Draft) -> Option<Done> {
    if draft.step != scene.step {
        *draft = Draft { step: scene.step, ..Draft::default() };
    }
    let mut done = None;
    page::page(ctx, "scene", |ui| {
        let most = (ctx.viewport_rect().height() - 220.0).max(120.0);
        done = match scene.kind {
            SceneKind::Screening => screening(ui, title, scene, draft, most),
            SceneKind::Consent => consent(ui, title, scene, most),
            SceneKind::Page => text(ui, title, scene, most),
            SceneKind::Form => form(ui, title, scene, draft, most),
            SceneKind::Game => None,
        };
    });
    done
}

/// Text that may be longer than the window.
fn long(ui: &mut Ui, most: f32, content: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().max_height(most).show(ui, content);
}

fn unreadable(ui: &mut Ui) {
    page::attention(ui, "This program does not know what the lab shows here.");
    page::text(ui, "Please tell the experimenter.");
}

fn consent(ui: &mut Ui, title: &str, scene: &Scene, most: f32) -> Option<Done> {
    let Ok(shown) = serde_json::from_value::<Consent>(scene.content.clone()) else {
        unreadable(ui);
        return None;
    };
    page::title(ui, title, shown.title.as_deref().unwrap_or("Your consent"));
    long(ui, most, |ui| page::text(ui, &shown.text.markdown));
    ui.add_space(theme::GAP);
    let agrees = page::button(ui, shown.agree.as_deref().unwrap_or("I agree"), &[]);
    let declines = page::button(ui, shown.decline.as_deref().unwrap_or("I do not agree"), &[]);
    (agrees || declines).then(|| Done::Answer(autopilot::consent(&shown, agrees)))
}

fn text(ui: &mut Ui, title: &str, scene: &Scene, most: f32) -> Option<Done> {
    let Ok(shown) = serde_json::from_value::<Page>(scene.content.clone()) else {
        unreadable(ui);
        return None;
    };
    page::title(ui, title, shown.title.as_deref().unwrap_or_default());
    long(ui, most, |ui| page::text(ui, &shown.text.markdown));
    ui.add_space(theme::GAP);
    let label = shown.button.as_deref().unwrap_or("Continue");
    page::button(ui, label, &[Key::Enter]).then_some(Done::Answer(Answer::Page))
}

fn form(ui: &mut Ui, title: &str, scene: &Scene, draft: &mut Draft, most: f32) -> Option<Done> {
    let Ok(shown) = serde_json::from_value::<Form>(scene.content.clone()) else {
        unreadable(ui);
        return None;
    };
    page::title(ui, title, shown.title.as_deref().unwrap_or("Questions"));
    long(ui, most, |ui| {
        if let Some(text) = &shown.text {
            page::text(ui, &text.markdown);
        }
        for question in &shown.questions {
            ui.add_space(theme::GAP / 2.0);
            page::text(ui, &question.text.markdown);
            ask(ui, question, scene.seed, draft);
        }
    });
    if let Some(mistake) = &draft.mistake {
        page::attention(ui, mistake);
    }
    ui.add_space(theme::GAP);
    if !page::button(ui, shown.button.as_deref().unwrap_or("Continue"), &[]) {
        return None;
    }
    let checked = shown.questions.iter().map(|question| {
        let answer = draft.answers.get(question.id.as_str());
        (question, question.check(answer).err())
    });
    let wrong = checked.into_iter().find_map(|(question, error)| Some((question, error?)));
    if let Some((question, error)) = wrong {
        draft.mistake = Some(format!("{}: {error}", question.text.markdown));
        return None;
    }
    let value = |(id, answer): (&String, &FormAnswer)| {
        Some((id.clone(), serde_json::to_value(answer).ok()?))
    };
    let answers = draft.answers.iter().filter_map(value).collect();
    Some(Done::Answer(Answer::Form { answers }))
}

/// A question, as plainly as it can be asked.
fn ask(ui: &mut Ui, question: &Question, seed: u64, draft: &mut Draft) {
    let id = question.id.to_string();
    match &question.kind {
        QuestionKind::Choice(options) => {
            for option in shown_options(options, question, seed) {
                let chosen = draft.answers.get(&id) == Some(&FormAnswer::Text(option.clone()));
                if ui.radio(chosen, &option).clicked() {
                    draft.answers.insert(id.clone(), FormAnswer::Text(option));
                }
            }
        }
        QuestionKind::Choices { options, .. } => {
            let mut chosen = match draft.answers.remove(&id) {
                Some(FormAnswer::Texts(chosen)) => chosen,
                _ => Vec::new(),
            };
            for option in shown_options(options, question, seed) {
                let mut ticked = chosen.contains(&option);
                if ui.checkbox(&mut ticked, &option).changed() {
                    chosen.retain(|other| *other != option);
                    chosen.extend(ticked.then_some(option));
                }
            }
            if !chosen.is_empty() {
                draft.answers.insert(id, FormAnswer::Texts(chosen));
            }
        }
        QuestionKind::Scale { points, labels } => {
            page::remark(ui, labels.join("  -  "));
            ui.horizontal_wrapped(|ui| {
                for point in 1..=*points {
                    let answer = FormAnswer::Number(f64::from(point));
                    let chosen = draft.answers.get(&id) == Some(&answer);
                    if ui.selectable_label(chosen, point.to_string()).clicked() {
                        draft.answers.insert(id.clone(), answer);
                    }
                }
            });
        }
        QuestionKind::Number { unit, .. } => {
            if let Some(unit) = unit {
                page::remark(ui, unit);
            }
            let typed = line(ui, draft, &id, 1);
            match typed.trim().parse::<f64>() {
                Ok(number) => drop(draft.answers.insert(id, FormAnswer::Number(number))),
                Err(_not_yet) => drop(draft.answers.remove(&id)),
            }
        }
        QuestionKind::Text { lines, .. } => {
            let typed = line(ui, draft, &id, usize::from(*lines));
            if typed.is_empty() {
                draft.answers.remove(&id);
            } else {
                draft.answers.insert(id, FormAnswer::Text(typed));
            }
        }
    }
}

fn shown_options(options: &Options, question: &Question, seed: u64) -> Vec<String> {
    let order = options.order(&question.id, seed);
    let shown = order.into_iter().filter_map(|at| options.options.get(at).cloned());
    shown.chain(options.other.clone()).collect()
}

fn line(ui: &mut Ui, draft: &mut Draft, id: &str, lines: usize) -> String {
    let typed = draft.typed.entry(id.to_owned()).or_default();
    let field = TextEdit::multiline(typed).desired_rows(lines).desired_width(f32::INFINITY);
    ui.add(field.id_salt(id));
    typed.clone()
}

fn screening(
    ui: &mut Ui,
    title: &str,
    scene: &Scene,
    draft: &mut Draft,
    most: f32,
) -> Option<Done> {
    let Ok(asked) = serde_json::from_value::<Asked>(scene.content.clone()) else {
        unreadable(ui);
        return None;
    };
    if asked.questions.is_empty() {
        page::title(ui, title, "One moment");
        page::text(ui, "This computer and its connection are being checked.");
        return Some(Done::Chosen(Vec::new()));
    }
    draft.chosen.resize(asked.questions.len(), None);
    page::title(ui, title, "Before you begin");
    long(ui, most, |ui| {
        for (question, chosen) in asked.questions.iter().zip(&mut draft.chosen) {
            page::text(ui, &question.text);
            for (option, at) in question.options.iter().zip(0..) {
                if ui.radio(*chosen == Some(at), option).clicked() {
                    *chosen = Some(at);
                }
            }
            ui.add_space(theme::GAP / 2.0);
        }
    });
    let chosen: Option<Vec<u32>> = draft.chosen.iter().copied().collect();
    let goes_on = page::button(ui, "Continue", &[Key::Enter]);
    chosen.filter(|_| goes_on).map(Done::Chosen)
}

/// A way out in the corner of the window. It asks once more. Returns whether the person leaves.
pub fn way_out(ctx: &Context, asked: &mut bool) -> bool {
    let mut leaves = false;
    Area::new(Id::new("way out")).anchor(Align2::RIGHT_BOTTOM, vec2(-18.0, -14.0)).show(
        ctx,
        |ui| {
            ui.horizontal(|ui| {
                if !*asked {
                    *asked = ui.link("Leave the study").clicked();
                } else {
                    page::remark(ui, "Leave for good?");
                    leaves = ui.link("Leave").clicked();
                    *asked = !(leaves || ui.link("Stay").clicked());
                }
            });
        },
    );
    leaves
}

pub(super) fn draw_way_out(
    mut commands: Commands,
    mut contexts: EguiContexts,
    mut asked: Local<bool>,
) -> Result {
    if way_out(contexts.ctx_mut()?, &mut asked) {
        commands.queue(|world: &mut World| course::withdraw(world));
    }
    Ok(())
}

/// What the study says at its end, on a page that is open already.
pub fn last_words(ui: &mut Ui, status: &Status) {
    let Some(completed) = &status.completed else { return };
    if let Some(message) = &completed.message {
        page::text(ui, message);
    }
    if let Some(code) = &completed.code {
        page::text(ui, format!("Your completion code: {code}"));
    }
    if let Some(url) = &completed.url {
        ui.hyperlink(url);
    }
}

pub(super) fn draw(
    mut commands: Commands,
    mut contexts: EguiContexts,
    mut draft: ResMut<Draft>,
    course: Res<Course>,
    status: Res<Status>,
    options: Res<JoinOptions>,
    rate: Res<FrameRate>,
    monitors: Query<&Monitor, With<PrimaryMonitor>>,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let Some(scene) = course.open() else {
        page::page(ctx, "scene", |ui| {
            page::title(ui, &status.title, "One moment");
            if let Some(trouble) = &status.lab_trouble {
                page::attention(ui, "The lab is out of reach at the moment.");
                page::remark(ui, page::sentence(trouble));
            }
        });
        return Ok(());
    };
    let done = show(ctx, &status.title, scene, &mut draft);
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
