//! How each screen looks, at three sizes of the window.

mod approved;
mod study;

use super::game::{self, Notice, View};
use super::tests::{room, status, view, words, world_without_partner};
use super::waiting::{Room, Waiting};
use super::{connecting, done, meeting, problem, saving, start, waiting};
use crate::flow::{Status, Warning};
use crate::lab::Unreached;
use crate::outcome::AwayTooLong;
use crate::theme::comfort::Comfort;
use crate::view::connection::Connection;
use crate::view::legend;
use crate::view::overlay::{Figures, Trace};
use crate::view::tests::{goal_finding, world_after};
use crate::words::Words;
use approved::look;
use dyad_gridworld::World;
use dyad_netplay::Ending;
use dyad_protocol::Seat;
use dyad_protocol::lobby::Refusal;
use dyad_rollback::quality::Quality;
use std::path::Path;
use std::time::Duration;

fn game(name: &str, world: &World, me: u8, notice: Notice) {
    look(name, |ctx| game::show(ctx, &View { notice, ..view(world, me) }, &words()));
}

#[test]
fn start() {
    look("start", |ctx| start::show(ctx, &mut start::Typed::default(), &words()));
    let mut typed = start::Typed {
        link: "http://lab.example".to_owned(),
        mistake: Some(
            "the link begins with dyad://, or is an address such as 10.0.0.1:8642".into(),
        ),
        select: false,
    };
    look("start-mistake", |ctx| start::show(ctx, &mut typed, &words()));
}

#[test]
fn connecting() {
    look("connecting", |ctx| connecting::show(ctx, "10.0.0.1:8642", None, &words()));
    look("connecting-trouble", |ctx| {
        connecting::show(ctx, "10.0.0.1:8642", Some(&Unreached::NothingListens), &words())
    });
}

#[test]
fn waiting() {
    let show = |name, room: &Room, state: Waiting| {
        look(name, |ctx| waiting::show(ctx, room, &mut state.clone(), &words()));
    };
    show("waiting", &room(), Waiting::default());
    let trouble = Some(Unreached::HungUp);
    show("waiting-trouble", &Room { trouble, ..room() }, Waiting::default());
    let left = Some(Duration::from_secs(245));
    show("waiting-hidden", &Room { people: None, left, ..room() }, Waiting::default());
    show("waiting-leave", &room(), Waiting { leaving: true });
}

#[test]
fn meeting() {
    let steps = legend::steps(world_after(0).game(), Seat(0), &words());
    let show = |name, seconds| {
        look(name, |ctx| {
            meeting::show(ctx, "A study", 2, Duration::from_secs(seconds), &steps, &words());
        });
    };
    show("meeting", 1);
    show("meeting-long", 20);
}

#[test]
fn countdown() {
    game("game-countdown", &world_after(30), 0, Notice::None);
}

#[test]
fn playing() {
    game("game", &world_after(150), 1, Notice::None);
}

#[test]
fn in_german() {
    let (world, german) = (world_after(30), Words::of("de").unwrap());
    look("game-german", |ctx| game::show(ctx, &view(&world, 0), &german));
}

#[test]
fn connections() {
    let ms = |ms| Some(Duration::from_millis(ms));
    for (name, rtt, loss) in [("fair", ms(220), 0.0), ("poor", ms(40), 0.2)] {
        let quality = Quality { rtt, jitter: None, loss: Some(loss) };
        let world = world_after(150);
        let connection = Some(Connection::of(&quality));
        let view = View { connection, ..view(&world, 1) };
        look(&format!("connection-{name}"), |ctx| {
            game::show(ctx, &view, &words());
        });
    }
}

#[test]
fn for_developers() {
    let mut trace = Trace::default();
    for picture in 0..400_u64 {
        let rollbacks = picture / 9;
        let figures = Figures {
            rtt: Some(Duration::from_millis(83)),
            jitter: Some(Duration::from_millis(4)),
            loss: Some(0.015),
            ahead: 1,
            current: 612,
            confirmed: Some(606),
            rollbacks,
            resimulated: rollbacks * 2 + picture / 50 * 9,
            steps: Duration::from_micros(340),
            picture: Duration::from_micros(16_667),
        };
        trace.add(Duration::from_millis(picture * 17), figures);
    }
    let world = world_after(150);
    look("game-developers", |ctx| {
        game::show(ctx, &View { trace: Some(&trace), ..view(&world, 0) }, &words());
    });
}

#[test]
fn comfort() {
    let larger = Comfort { larger: 1, contrast: false };
    let contrast = Comfort { larger: 0, contrast: true };
    for (name, comfort) in
        [("usual", Comfort::default()), ("larger", larger), ("contrast", contrast)]
    {
        look(&format!("comfort-{name}"), |ctx| {
            comfort.set(ctx);
            waiting::show(ctx, &room(), &mut Waiting::default(), &words());
            super::comfort::show(ctx, &words());
        });
    }
    let world = world_after(150);
    look("game-contrast", |ctx| {
        contrast.set(ctx);
        game::show(ctx, &view(&world, 0), &words());
    });
}

#[test]
fn warned() {
    let slow = Warning { message: None, at: Duration::ZERO };
    let world = world_after(150);
    look("game-warning", |ctx| {
        game::show(ctx, &view(&world, 0), &words());
        super::warning::show(ctx, &slow, &words());
    });
    let own = "Ihre Verbindung reicht gerade nicht aus. Wenn das so bleibt, endet das Spiel für Sie und \
               Ihre Mitspielerin.";
    let own = Warning { message: Some(own.to_owned()), at: Duration::ZERO };
    let german = Words::of("de").unwrap();
    look("waiting-warning", |ctx| {
        waiting::show(ctx, &room(), &mut Waiting::default(), &german);
        super::warning::show(ctx, &own, &german);
    });
}

#[test]
fn playing_goal_finding() {
    let mut world = World::new(goal_finding());
    for _ in 0..100 {
        world.step(&[dyad_gridworld::PlayerInput::default(); 2]);
    }
    game("game-goal", &world, 0, Notice::None);
}

#[test]
fn between_rounds() {
    game("game-between", &world_after(260), 0, Notice::None);
    game("game-last", &world_after(1000), 0, Notice::None);
}

#[test]
fn interrupted() {
    game("game-waiting", &world_after(150), 0, Notice::Waiting);
    let left = Duration::from_secs(24);
    game("game-interrupted", &world_after(150), 0, Notice::Interrupted(left));
}

#[test]
fn away() {
    game("game-partner-away", &world_without_partner(false, 60), 0, Notice::None);
    game("game-me-away", &world_without_partner(false, 60), 1, Notice::None);
    game("game-paused", &world_without_partner(true, 60), 0, Notice::None);
    game("game-away-too-long", &world_without_partner(true, 300), 0, Notice::None);
}

#[test]
fn saving() {
    let closed = Status {
        closed: [0, 1].into(),
        received: [0].into(),
        ending: Some(Ending::Completed),
        ..status()
    };
    look("saving", |ctx| saving::show(ctx, &closed, 3, &words()));
    let trouble = Status { upload_trouble: Some("the lab is away".to_owned()), ..closed };
    look("saving-trouble", |ctx| saving::show(ctx, &trouble, 3, &words()));
}

#[test]
fn done() {
    let all = Status {
        closed: [0, 1].into(),
        received: [0, 1].into(),
        ending: Some(Ending::Completed),
        ..status()
    };
    look("done", |ctx| done::show(ctx, &all, &words()));
    let kept = Status { received: [0].into(), ..all.clone() };
    look("done-kept", |ctx| done::show(ctx, &kept, &words()));
    let away = Status { away: Some(AwayTooLong::Me), ..all };
    look("done-away", |ctx| done::show(ctx, &away, &words()));
}

#[test]
fn problem() {
    let full = "the disk is full; make room on it".to_owned();
    let status = Status { problem: Some(full), closed: [0].into(), ..status() };
    let records = Path::new("/home/somebody/.local/share/dyad/records/study/session/scene");
    look("problem", |ctx| problem::show(ctx, &status, Some(records), &words()));
    let said = "this program is older than the lab's: install the lab's version (protocol version 2 here, 3 \
                at the lab)";
    let status = Status {
        problem: Some(said.to_owned()),
        turned_away: Some(Refusal::Version),
        ..Status::default()
    };
    look("problem-refused", |ctx| problem::show(ctx, &status, None, &words()));
}
