//! From scene to scene: what the lab has said comes next, and what it is told when that is over.
//!
//! An answer is said once, and again when the lab shows the same place again after a lost
//! connection: it is the lab that counts it once. Pages and forms are answered by who sees them
//! ([`answer`]), a game by how it ended (`game_is_over`).

use crate::begin;
use crate::flow::{CurrentMatch, JoinOptions, Screen, Status, Warning};
use crate::lab::{LabConnection, probe};
use crate::outcome::AwayTooLong;
use bevy::log::{info, warn};
use bevy::prelude::{
    App, IntoScheduleConfigs as _, NextState, Real, Res, ResMut, Resource, State, Time, Update,
    World, in_state, resource_exists,
};
use dyad_gridworld::RULES_VERSION;
use dyad_netplay::{Ending, Netplay, Stage};
use dyad_protocol::controls::Controls;
use dyad_protocol::lobby::{FromClient, FromLab, Ticket};
use dyad_protocol::study::{Answer, Checked, GameEnd, Greeting, Scene, SceneKind, Upcoming};
use dyad_protocol::{PROTOCOL_VERSION, SessionId};
use dyad_rollback::peering::LeaveReason;
use serde::Deserialize as _;
use std::time::Duration;

/// How long the lab may take to say what comes after a game, before the person may go: what was
/// played is safe by then. What else somebody has answered is not, and waits for the lab.
const NEXT_WITHIN: Duration = Duration::from_secs(20);

/// What is known of the way through the study.
#[derive(Resource, Debug, Default)]
pub struct Course {
    /// What the lab has shown last.
    pub scene: Option<Scene>,
    /// When that was, since the program started.
    pub shown_at: Duration,
    /// What was answered last, and at which step.
    said: Option<(u32, Answer)>,
    /// The lab has just said welcome: what it shows next was perhaps answered before.
    is_back: bool,
    /// Since when nothing is to do but to hear what comes next.
    idle_since: Option<Duration>,
    /// A ticket that came while an earlier match was being saved.
    ticket: Option<Box<Ticket>>,
    /// The partners' connections are to be checked, or that was said.
    check: Option<SessionId>,
    /// The game that the lab has ended.
    dismissed: Option<SessionId>,
    /// Scores of the episodes that are over, in thousandths.
    scores: Vec<i64>,
}

impl Course {
    /// The scene that waits for an answer; `None` if it was given.
    #[must_use]
    pub fn open(&self) -> Option<&Scene> {
        let scene = self.scene.as_ref()?;
        let answered = self.said.as_ref().is_some_and(|(step, _)| *step == scene.step);
        (!answered && scene.kind != SceneKind::Game).then_some(scene)
    }

    /// Whether what was answered last is on the disk, as games are.
    fn is_safe(&self) -> bool {
        self.said.as_ref().is_none_or(|(_, answer)| answer.kind() == SceneKind::Game)
    }

    /// Whether a scene that the lab shows is the one that was shown already, with no lost connection in
    /// between: something that was said about it is over, and nothing else has changed.
    fn is_shown_again(&self, scene: &Scene) -> bool {
        let place = |scene: &Scene| (scene.step, scene.scene.clone(), scene.kind);
        !self.is_back && self.scene.as_ref().map(place) == Some(place(scene))
    }

    /// The keys of the game that is waited for, if they are known by now.
    #[must_use]
    pub fn controls(&self) -> Option<Controls> {
        let scene = self.scene.as_ref().filter(|scene| scene.kind == SceneKind::Game)?;
        // Of what a later lab says, this program may understand nothing.
        Upcoming::deserialize(&scene.content).ok()?.controls
    }
}

/// Adds the way through the study to an app.
pub fn plugin(app: &mut App) {
    app.init_resource::<Course>().add_systems(
        Update,
        (
            (check, keep_scores).run_if(resource_exists::<Netplay>),
            stop_waiting.run_if(in_state(Screen::Scene)),
        ),
    );
}

/// The lab has admitted this client, perhaps again.
pub(crate) fn welcomed(world: &mut World) {
    world.resource_mut::<Course>().is_back = true;
}

/// Takes what the lab says about the way through the study.
pub(crate) fn hear(world: &mut World, said: FromLab) {
    match said {
        FromLab::Scene(scene) => show(world, *scene),
        FromLab::Matched { ticket, check_within_ms } => {
            matched(world, ticket, check_within_ms.is_some());
        }
        FromLab::Probe(probe) => probe::start(world, *probe),
        FromLab::WaitingAgain { session } => {
            probe::stop(world);
            let mut course = world.resource_mut::<Course>();
            let theirs = course.scene.as_mut().map(|scene| &mut scene.session);
            if let (Some(theirs), Some(_)) = (theirs, &session) {
                theirs.take_if(|theirs| Some(&*theirs) == session.as_ref());
            }
            leave_unless(world, None, session.as_ref());
        }
        FromLab::Warning { message } => {
            warn!("the lab warns: {}", message.as_deref().unwrap_or("the connection is slow"));
            let at = world.resource::<Time<Real>>().elapsed();
            world.resource_mut::<Status>().warning = Some(Warning { message, at });
        }
        FromLab::Over { session, outcome, .. } => {
            info!("the lab ends the game: {outcome:?}");
            world.resource_mut::<Course>().dismissed = Some(session.clone());
            leave_unless(world, None, Some(&session));
        }
        FromLab::Completed(completed) => {
            begin::forget_unfinished(world);
            info!("the study is over: {:?}", completed.outcome);
            world.resource_mut::<Status>().completed = Some(*completed);
            world.resource_mut::<Course>().scene = None;
            leave_unless(world, None, None);
            if !is_in_match(world) {
                world.resource_mut::<NextState<Screen>>().set(Screen::Done);
            }
        }
        _ => {}
    }
}

fn show(world: &mut World, scene: Scene) {
    if !world.resource::<Course>().is_shown_again(&scene) {
        // Whoever is only told again where they are may be measured all the while.
        probe::stop(world);
    }
    let now = world.resource::<Time<Real>>().elapsed();
    let mut course = world.resource_mut::<Course>();
    course.shown_at = now;
    course.idle_since = None;
    let is_game = scene.kind == SceneKind::Game;
    let session = scene.session.clone();
    let step = scene.step;
    let is_back = std::mem::take(&mut course.is_back);
    course.said.take_if(|(said, answer)| {
        // Shown again without a lost connection, an answer was not taken.
        *said != step || (!is_back && answer.kind() != SceneKind::Game)
    });
    course.scene = Some(scene);
    let said = course.said.clone();
    if is_game {
        leave_unless(world, session.as_ref(), None);
    } else {
        begin::forget_unfinished(world);
        leave_unless(world, None, None);
    }
    if is_in_match(world) {
        return;
    }
    // Said before the connection was lost, perhaps: the lab knows whether it has heard it.
    let again = said.filter(|(_, answer)| match answer {
        Answer::Game { session: played, .. } => session.as_ref() == Some(played),
        _ => true,
    });
    if let Some((step, answer)) = again {
        world.resource::<LabConnection>().say(FromClient::Done { step, answer });
    } else if is_game {
        world.resource::<LabConnection>().say(FromClient::Ready { step });
        return world.resource_mut::<NextState<Screen>>().set(Screen::Waiting);
    }
    world.resource_mut::<NextState<Screen>>().set(Screen::Scene);
}

/// Answers the scene that is shown.
pub fn answer(world: &mut World, answer: Answer) {
    let now = world.resource::<Time<Real>>().elapsed();
    let mut course = world.resource_mut::<Course>();
    let Some(step) = course.open().map(|scene| scene.step) else { return };
    course.said = Some((step, answer.clone()));
    course.idle_since = Some(now);
    world.resource::<LabConnection>().say(FromClient::Done { step, answer });
}

/// Leaves the study.
pub fn withdraw(world: &mut World) {
    world.resource::<LabConnection>().say(FromClient::Withdraw);
}

fn is_in_match(world: &World) -> bool {
    let screen = world.resource::<State<Screen>>().get();
    let next = world.resource::<NextState<Screen>>();
    let meets = matches!(next, NextState::Pending(Screen::Meeting));
    meets || matches!(screen, Screen::Meeting | Screen::Game | Screen::Saving)
}

/// Leaves the match that goes on, unless it is `stay`; if `which` is given, only that one.
fn leave_unless(world: &mut World, stay: Option<&SessionId>, which: Option<&SessionId>) {
    let is_played =
        is_in_match(world) && *world.resource::<State<Screen>>().get() != Screen::Saving;
    let Some(current) = world.get_resource::<CurrentMatch>().filter(|_| is_played) else { return };
    let session = &current.ticket.session;
    if stay == Some(session) || which.is_some_and(|which| which != session) {
        return;
    }
    info!("the lab has called the game off, or it is over there");
    let session = session.clone();
    world.resource_mut::<Course>().dismissed = Some(session);
    if let Some(mut netplay) = world.get_resource_mut::<Netplay>() {
        netplay.leave(LeaveReason::Quit);
    }
}

fn matched(world: &mut World, ticket: Box<Ticket>, is_to_check: bool) {
    probe::hand_over(world);
    let session = ticket.session.clone();
    let mut course = world.resource_mut::<Course>();
    course.check = is_to_check.then(|| session.clone());
    if let Some(scene) = &mut course.scene {
        scene.session = Some(session.clone());
    }
    if !is_in_match(world) {
        return meet(world, *ticket);
    }
    let current = world.get_resource::<CurrentMatch>().map(|current| &current.ticket.session);
    if current != Some(&session) {
        world.resource_mut::<Course>().ticket = Some(ticket);
        leave_unless(world, Some(&session), None);
    }
}

fn meet(world: &mut World, ticket: Ticket) {
    world.resource_mut::<Course>().scores.clear();
    let participant = world.resource::<Status>().participant.clone();
    begin::meet(world, ticket, participant);
}

/// The last match is over and saved as far as it can be: tells the lab, and goes on.
pub(crate) fn game_is_over(world: &mut World) {
    if *world.resource::<State<Screen>>().get() != Screen::Saving {
        return;
    }
    let current = world.get_resource::<CurrentMatch>().map(|it| it.ticket.session.clone());
    let Some(session) = current else { return };
    let status = world.resource::<Status>();
    let has_problem = status.problem.is_some();
    let is_complete = status.completed.is_some();
    let ending = status.ending.clone();
    let end = game_end(ending.as_ref(), status.away);
    let now = world.resource::<Time<Real>>().elapsed();
    let mut course = world.resource_mut::<Course>();
    let is_told = course.dismissed.take_if(|it| *it == session).is_some();
    let scores = std::mem::take(&mut course.scores);
    // Of a game that the lab has called off, it wants to hear no more.
    let theirs = course.scene.as_ref().and_then(|it| Some((it.step, it.session.clone()?)));
    let step = theirs.filter(|(_, of)| *of == session).map(|(step, _)| step);
    course.idle_since = Some(now);
    let ticket = course.ticket.take();
    let scene = course.scene.clone();
    if let Some(step) = step {
        let answer = Answer::Game { session, end, scores };
        course.said = Some((step, answer.clone()));
        world.resource::<LabConnection>().say(FromClient::Done { step, answer });
    }
    let quit = !is_told && ending == Some(Ending::Left(LeaveReason::Quit));
    let next = match (scene, ticket) {
        _ if has_problem => Screen::Problem,
        _ if is_complete || quit => Screen::Done,
        (_, Some(ticket)) => return meet(world, *ticket),
        (Some(scene), None) if step.is_none() => {
            // What the lab has shown in the meantime; what else it says decides from there.
            world.resource_mut::<NextState<Screen>>().set(Screen::Scene);
            return show_later(world, scene);
        }
        _ => Screen::Scene,
    };
    world.resource_mut::<NextState<Screen>>().set(next);
}

/// Shows a scene that came while a match was being saved.
fn show_later(world: &mut World, scene: Scene) {
    let mut course = world.resource_mut::<Course>();
    let (step, is_game) = (scene.step, scene.kind == SceneKind::Game);
    course.idle_since = None;
    course.scene = Some(scene);
    if is_game {
        world.resource::<LabConnection>().say(FromClient::Ready { step });
        world.resource_mut::<NextState<Screen>>().set(Screen::Waiting);
    }
}

/// A game that this program cannot play: its partners are not to wait for it.
pub(crate) fn cannot_play(world: &mut World) {
    let scene = world.resource::<Course>().scene.clone();
    let Some((step, session)) = scene.and_then(|it| Some((it.step, it.session?))) else { return };
    let (end, scores) = (GameEnd::Incompatible, Vec::new());
    let answer = Answer::Game { session, end, scores };
    world.resource::<LabConnection>().say(FromClient::Done { step, answer });
}

/// How a match has ended, as the lab is told.
fn game_end(ending: Option<&Ending>, away: Option<AwayTooLong>) -> GameEnd {
    match (away, ending) {
        (Some(AwayTooLong::Me | AwayTooLong::Both), _) => GameEnd::Away,
        (Some(AwayTooLong::Partner), _) => GameEnd::PartnerAway,
        (None, None | Some(Ending::Completed)) => GameEnd::Completed,
        (None, Some(Ending::PartnerLeft { .. })) => GameEnd::PartnerLeft,
        (None, Some(Ending::PartnerLost)) => GameEnd::PartnerLost,
        (None, Some(Ending::NotConnected)) => GameEnd::NotConnected,
        (None, Some(Ending::NotResumed(_))) => GameEnd::NotResumed,
        (None, Some(Ending::Refused(_))) => GameEnd::Incompatible,
        (None, Some(Ending::Left(LeaveReason::Quit))) => GameEnd::Dismissed,
        (None, Some(Ending::Left(_))) => GameEnd::Failure,
    }
}

/// Tells the lab once that the partners are heard on both channels: the barrier is passed, which
/// takes the reliable one and compares versions and games, and inputs of all have come over the other.
fn check(
    netplay: Res<Netplay>,
    lab: Res<LabConnection>,
    current: Option<Res<CurrentMatch>>,
    mut course: ResMut<Course>,
) {
    let Some(ticket) = current.as_ref().map(|current| &current.ticket) else { return };
    if netplay.confirmed_frame().is_none() || *netplay.stage() != Stage::Playing {
        return;
    }
    let Some(session) = course.check.take_if(|session| *session == ticket.session) else { return };
    let greeting = || Greeting {
        protocol: PROTOCOL_VERSION,
        rules: RULES_VERSION,
        program: crate::VERSION.to_owned(),
        game: ticket.game.clone(),
    };
    for of in ticket.players.partners(ticket.seat) {
        lab.say(FromClient::Checked(Box::new(Checked {
            session: session.clone(),
            of: of.clone(),
            reliable: true,
            unreliable: true,
            own: greeting(),
            partner: greeting(),
        })));
    }
}

/// Notes the score of each episode while it lasts: the next one begins with none.
fn keep_scores(netplay: Res<Netplay>, mut course: ResMut<Course>) {
    let world = netplay.confirmed();
    let episode = usize::from(world.episode());
    let score = i64::from(world.score().0);
    if netplay.confirmed_frame().is_some() && course.scores.get(episode) != Some(&score) {
        course.scores.resize(episode + 1, 0);
        course.scores[episode] = score;
    }
}

/// Lets the person go when the lab does not say what comes next, and is not there to.
fn stop_waiting(
    course: Res<Course>,
    status: Res<Status>,
    options: Res<JoinOptions>,
    time: Res<Time<Real>>,
    mut next: ResMut<NextState<Screen>>,
) {
    let idle = course.idle_since.map(|since| time.elapsed().saturating_sub(since));
    let is_too_long = idle.is_some_and(|idle| idle > NEXT_WITHIN) && status.lab_trouble.is_some();
    if is_too_long && (course.is_safe() || options.policy.is_some()) {
        warn!("the lab does not say what comes next");
        next.set(Screen::Done);
    }
}

#[cfg(test)]
mod tests {
    use super::{Course, game_end};
    use crate::outcome::AwayTooLong;
    use dyad_netplay::Ending;
    use dyad_protocol::study::{Answer, GameEnd, Scene, SceneKind};
    use dyad_rollback::peering::LeaveReason;
    use serde_json::json;

    fn scene(step: u32, kind: SceneKind) -> Scene {
        Scene {
            step,
            steps: 3,
            scene: "a".parse().unwrap(),
            kind,
            content: serde_json::Value::Null,
            seed: 0,
            session: None,
        }
    }

    #[test]
    fn the_lab_hears_who_was_away_before_how_it_ended() {
        let left = Ending::Left(LeaveReason::Failure);
        assert_eq!(game_end(Some(&left), Some(AwayTooLong::Partner)), GameEnd::PartnerAway);
        assert_eq!(game_end(Some(&Ending::Completed), Some(AwayTooLong::Me)), GameEnd::Away);
        assert_eq!(game_end(Some(&left), None), GameEnd::Failure);
        assert_eq!(game_end(Some(&Ending::Completed), None), GameEnd::Completed);
    }

    #[test]
    fn a_scene_is_open_until_it_is_answered() {
        let mut course = Course { scene: Some(scene(1, SceneKind::Page)), ..Course::default() };
        assert!(course.open().is_some());
        course.said = Some((1, Answer::Page));
        assert!(course.open().is_none());
        course.scene = Some(scene(2, SceneKind::Page));
        assert!(course.open().is_some());
        assert!(!course.is_safe(), "only the lab keeps what was answered");
        course.scene = Some(scene(3, SceneKind::Game));
        assert!(course.open().is_none(), "a game is answered by how it ends");
        let session = "s-1".parse().unwrap();
        course.said = Some((3, Answer::Game { session, end: GameEnd::Completed, scores: vec![] }));
        assert!(course.is_safe(), "a game is on the disk");
    }

    #[test]
    fn a_scene_that_is_shown_again_changes_nothing() {
        let game = scene(1, SceneKind::Game);
        let mut course = Course::default();
        assert!(!course.is_shown_again(&game), "it is the first");
        course.scene = Some(game.clone());
        assert!(course.is_shown_again(&game));
        assert!(!course.is_shown_again(&scene(2, SceneKind::Game)));
        assert!(!course.is_shown_again(&scene(1, SceneKind::Form)), "a block begins with it");
        course.is_back = true;
        assert!(!course.is_shown_again(&game), "the lab may have lost what went on");
    }

    #[test]
    fn the_keys_of_a_game_are_known_where_the_lab_has_said_them() {
        let controls = |kind, content: serde_json::Value| {
            let scene = Scene { content, ..scene(1, kind) };
            Course { scene: Some(scene), ..Course::default() }.controls()
        };
        let known = json!({ "controls": { "up": ["KeyI"] } });
        assert_eq!(controls(SceneKind::Game, known.clone()).unwrap().0["up"], ["KeyI"]);
        assert_eq!(controls(SceneKind::Page, known), None);
        for unknown in [json!({}), json!(null), json!({ "controls": 7 })] {
            assert_eq!(controls(SceneKind::Game, unknown), None);
        }
        assert_eq!(Course::default().controls(), None);
    }
}
