//! The game: the board with its figures, and what is said over it.

use super::{away, page};
use crate::flow::{JoinOptions, Status};
use crate::input::keyboard::Keyboard;
use crate::input::keymap::Keymap;
use crate::outcome::AwayTooLong;
use crate::theme;
use crate::view::connection::{self, Connection};
use crate::view::motion::{Moment, Motion, SMOOTHING};
use crate::view::overlay::{Figures, Trace};
use crate::view::{board, hud, legend};
use crate::words::Words;
use bevy::prelude::{
    App, IntoScheduleConfigs as _, Local, PreUpdate, Real, Res, ResMut, Resource, Result, Time,
};
use bevy_egui::EguiContexts;
use bevy_egui::egui::{Context, CornerRadius, Id, Key, LayerId, Order, Painter, Rect, pos2, vec2};
use dyad_gridworld::{Phase, World};
use dyad_netplay::{Netplay, NetplaySystems, Simulation};
use dyad_protocol::Seat;
use std::time::{Duration, Instant};

/// A pause shorter than this passes without a word: it would only flicker.
const NOTICE_AFTER: Duration = Duration::from_millis(300);
/// A partner silent for this long is waited for, even while frames can still be simulated.
const SILENT_AFTER: Duration = Duration::from_secs(1);

/// What stands over the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The game waits for the partner.
    Waiting,
    /// Play is interrupted; the time that is left to find the partner again.
    Interrupted(Duration),
    /// The game goes on.
    None,
}

/// What the screen shows.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The world.
    pub world: &'a World,
    /// Where avatars are shown.
    pub motion: &'a Motion,
    /// Who looks.
    pub me: Seat,
    /// The keys of the person who plays here, if one does.
    pub keymap: Option<&'a Keymap>,
    /// What stands over the board.
    pub notice: Notice,
    /// How good the connection is; `None` where there is none to others.
    pub connection: Option<Connection>,
    /// Figures for developers, if they are asked for.
    pub trace: Option<&'a Trace>,
}

/// Shows the screen.
pub fn show(ctx: &Context, view: &View<'_>, words: &Words) {
    let &View { world, motion, me, keymap, notice, connection, trace } = view;
    // What was measured before says nothing of a game that waits for somebody.
    let connection =
        connection.map(|it| if notice == Notice::None { it } else { Connection::LOST });
    let (painter, rect) = page::window(ctx);
    let top = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + hud::TOP));
    let bottom = Rect::from_min_max(pos2(rect.left(), rect.bottom() - hud::BOTTOM), rect.max);
    let middle = Rect::from_min_max(
        pos2(rect.left() + theme::GAP, top.bottom()),
        pos2(rect.right() - theme::GAP, bottom.top()),
    )
    .shrink2(vec2(0.0, theme::GAP / 2.0));
    hud::paint_top(&painter, top, world, words);
    let end = hud::paint_people(&painter, bottom, world, me, words);
    let end = match connection {
        Some(connection) => {
            connection::paint(&painter, end, connection, words);
            end + vec2(theme::GAP * 2.0, 0.0)
        }
        None => end,
    };
    hud::paint_controls(&painter, bottom.with_min_x(end.x), keymap, words);
    if let Some(trace) = trace {
        let over = LayerId::new(Order::Foreground, Id::new("trace"));
        let painter = Painter::new(ctx.clone(), over, rect);
        trace.paint(&painter, top.left_bottom() + vec2(theme::GAP, 0.0));
    }
    let board = board::paint(&painter, middle, world, me, motion);
    if let Some((headline, line)) = interruption(notice, words) {
        painter.rect_filled(board, 0.0, theme::VEIL);
        page::over_board(ctx, "stalled", &headline, &line);
        return;
    }
    if let Some(number) = hud::countdown(world) {
        painter.rect_filled(board, 0.0, theme::VEIL);
        page::over_everything(&painter, board, &number.to_string());
        if world.episode() == 0 && world.held() == 0 {
            how_to_play(&painter, middle, world, me, words);
        }
    }
    let absence = away::absence(world, me, words);
    if let Some(absence) = absence.as_ref().filter(|absence| !absence.over_board) {
        hud::paint_remark(&painter, board, &absence.headline, &absence.line);
        let said = format!("{}. {}", absence.headline, absence.line);
        page::tell(ctx, "remark", board, said.trim_end());
    }
    if let Some(absence) = absence.filter(|absence| absence.over_board) {
        painter.rect_filled(board, 0.0, theme::VEIL);
        page::over_board(ctx, "away", &absence.headline, &absence.line);
        return;
    }
    if let Some((headline, line)) = after_episode(world, me, words) {
        painter.rect_filled(board, 0.0, theme::VEIL);
        page::over_board(ctx, "after", &headline, &line);
    }
}

/// The legend, on a card at the lower end of an area.
fn how_to_play(painter: &Painter, area: Rect, world: &World, me: Seat, words: &Words) {
    let steps = legend::steps(world.game(), me, words);
    if !steps.is_empty() {
        let extent = vec2(legend::width(&steps), legend::HEIGHT);
        let middle = area.center_bottom() - vec2(0.0, (extent.y + theme::GAP) / 2.0);
        let card = Rect::from_center_size(middle, extent.min(area.size()));
        painter.rect_filled(card, CornerRadius::same(14), theme::CARD);
        legend::paint(painter, card, &steps);
    }
}

/// What is said while the game stands still.
fn interruption(notice: Notice, words: &Words) -> Option<(String, String)> {
    match notice {
        Notice::None => None,
        Notice::Waiting => Some((words.line("game-stalled"), words.line("game-stalled-text"))),
        Notice::Interrupted(left) => {
            let seconds = [("seconds", left.as_secs().into())];
            let text = words.line_with("game-interrupted-text", seconds);
            Some((words.line("game-interrupted"), text))
        }
    }
}

/// What is said when an episode is over.
fn after_episode(world: &World, me: Seat, words: &Words) -> Option<(String, String)> {
    if let Some(who) = AwayTooLong::of(world, me) {
        return Some((words.line("game-over"), words.line(who.key())));
    }
    let points = || [("points", hud::points(world).into())];
    match world.phase() {
        Phase::Between { .. } => {
            let round = [("round", (world.episode() + 1).into())];
            let text = words.line_with("game-between-points", points());
            Some((words.line_with("game-between", round), text))
        }
        Phase::Coasting => {
            Some((words.line("game-last"), words.line_with("game-last-points", points())))
        }
        Phase::Countdown { .. } | Phase::Playing | Phase::Paused { .. } => None,
    }
}

/// Since when the game has been standing still, if it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standstill(Option<Duration>);

impl Standstill {
    fn notice(&mut self, now: Duration, stalled: bool, silence: Duration) -> Notice {
        let since = if stalled { *self.0.get_or_insert(now) } else { now };
        if !stalled {
            self.0 = None;
        }
        let long = now.saturating_sub(since) >= NOTICE_AFTER || silence >= SILENT_AFTER;
        if long { Notice::Waiting } else { Notice::None }
    }
}

/// How avatars move, and the rollbacks that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Moving {
    motion: Motion,
    rollbacks: u64,
}

impl Moving {
    fn follow(
        &mut self,
        world: &World,
        me: Seat,
        rollbacks: u64,
        length: Duration,
        smoothing: Duration,
    ) {
        let speed = world.game().settings().steps_per_second;
        let moment = Moment {
            episode: world.episode(),
            length,
            step: Duration::from_secs(1) / u32::from(speed.max(1)),
            corrected: rollbacks != self.rollbacks,
            me,
        };
        self.rollbacks = rollbacks;
        self.motion.smoothing = smoothing;
        self.motion.follow(&board::places(world), moment);
    }
}

/// The overlay for developers, and when the steps of the picture at hand began and ended.
#[derive(Resource, Default)]
pub(super) struct Developing {
    shown: bool,
    trace: Trace,
    began: Option<Instant>,
    steps: Duration,
}

/// Measures how long steps take, rollbacks included.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Developing>().add_systems(
        PreUpdate,
        (
            (|mut it: ResMut<Developing>| it.began = Some(Instant::now()))
                .in_set(NetplaySystems::Receive),
            (|mut it: ResMut<Developing>| it.steps = it.began.map_or(it.steps, |at| at.elapsed()))
                .in_set(NetplaySystems::Commit),
        ),
    );
}

impl Developing {
    fn follow(&mut self, ctx: &Context, world: &World, netplay: &Netplay, time: &Time<Real>) {
        self.shown ^= ctx.input(|input| input.key_pressed(Key::F3));
        let statistics = netplay.statistics();
        let (quality, totals) = (statistics.quality, statistics.session.journal);
        let figures = Figures {
            rtt: quality.rtt,
            jitter: quality.jitter,
            loss: quality.loss,
            ahead: statistics.frames_ahead,
            current: world.frame(),
            confirmed: netplay.confirmed_frame(),
            rollbacks: totals.rollbacks,
            resimulated: totals.resimulated,
            steps: self.steps,
            picture: time.delta(),
        };
        self.trace.add(time.elapsed(), figures);
    }
}

pub(super) fn draw(
    mut contexts: EguiContexts,
    world: Res<Simulation>,
    netplay: Res<Netplay>,
    options: Res<JoinOptions>,
    keyboard: Res<Keyboard>,
    status: Res<Status>,
    time: Res<Time<Real>>,
    words: Res<Words>,
    mut developing: ResMut<Developing>,
    mut standstill: Local<Standstill>,
    mut moving: Local<Moving>,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let me = netplay.settings().parameters.seat;
    let statistics = netplay.statistics();
    let rollbacks = statistics.session.journal.rollbacks;
    let smoothing = options.smoothing.or(status.motion_easing).unwrap_or(SMOOTHING);
    moving.follow(&world, me, rollbacks, time.delta(), smoothing);
    developing.follow(ctx, &world, &netplay, &time);
    let notice = match netplay.patience_left() {
        Some(left) => Notice::Interrupted(left),
        None => standstill.notice(time.elapsed(), netplay.is_stalled(), netplay.silence()),
    };
    let view = View {
        world: &world,
        motion: &moving.motion,
        me,
        keymap: options.policy.is_none().then_some(&keyboard.keymap),
        notice,
        connection: (netplay.settings().parameters.people.len() > 1)
            .then(|| Connection::of(&statistics.quality)),
        trace: developing.shown.then_some(&developing.trace),
    };
    show(ctx, &view, &words);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Moving, Notice, Standstill};
    use crate::view::motion::SMOOTHING;
    use crate::view::tests::kitchen;
    use bevy_egui::egui::vec2;
    use dyad_gridworld::{Action, PlayerInput, World};
    use dyad_protocol::Seat;
    use std::time::Duration;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn short_pauses_pass_without_a_word() {
        let mut standstill = Standstill::default();
        let quiet = ms(20);
        assert_eq!(standstill.notice(ms(1000), true, quiet), Notice::None);
        assert_eq!(standstill.notice(ms(1200), true, quiet), Notice::None);
        assert_eq!(standstill.notice(ms(1210), false, quiet), Notice::None);
        assert_eq!(standstill.notice(ms(1400), true, quiet), Notice::None, "another pause");
        assert_eq!(standstill.notice(ms(1750), true, quiet), Notice::Waiting);
        assert_eq!(standstill.notice(ms(1760), false, quiet), Notice::None);
    }

    #[test]
    fn a_silent_partner_is_waited_for() {
        let mut standstill = Standstill::default();
        assert_eq!(standstill.notice(ms(0), false, ms(999)), Notice::None);
        assert_eq!(standstill.notice(ms(1), false, ms(1000)), Notice::Waiting);
    }

    #[test]
    fn a_partner_that_a_rollback_moved_is_eased_there() {
        let mut world = World::new(kitchen("CCCCC\nC1 2C\nCU=O@"));
        for _ in 0..90 {
            world.step(&[PlayerInput::default(); 2]);
        }
        let mut moving = Moving::default();
        moving.follow(&world, Seat(0), 5, ms(10), SMOOTHING);
        world.step(&[PlayerInput::default(), PlayerInput::new(Action::Left)]);
        let mut corrected = moving.clone();
        corrected.follow(&world, Seat(0), 6, ms(40), SMOOTHING);
        let place = corrected.motion.place(Seat(1)).unwrap();
        assert!((place - vec2(2.6, 1.0)).length() < 1e-4, "{place}");
        moving.follow(&world, Seat(0), 5, ms(40), SMOOTHING);
        assert_eq!(moving.motion.place(Seat(1)), Some(vec2(2.0, 1.0)), "a step is over by now");
    }
}
