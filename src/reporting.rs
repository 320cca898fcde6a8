//! What the lab is told while a game is played, every two seconds: how the connection to the partners
//! is, and what is on this computer's disk.

use crate::flow::{CurrentMatch, FlowSystems};
use crate::lab::LabConnection;
use bevy::prelude::{
    App, IntoScheduleConfigs as _, Real, Res, ResMut, Resource, SystemCondition as _, Time, Update,
    resource_exists,
};
use dyad_netplay::transport::Path;
use dyad_netplay::{Netplay, Stage};
use dyad_protocol::report::{self, ConnectionReport, REPORT_EVERY_MS, Report, SignedBytes};
use dyad_recording::Committed;
use std::time::Duration;

/// What is known for the next report, besides what netplay knows.
#[derive(Resource, Debug)]
pub struct Reporting {
    next: Duration,
    focused: bool,
    on_disk: Option<(u32, SignedBytes)>,
    is_over: bool,
}

impl Default for Reporting {
    fn default() -> Self {
        Self { next: Duration::ZERO, focused: true, on_disk: None, is_over: false }
    }
}

impl Reporting {
    /// Whether the window had the focus when the newest input was issued.
    pub const fn focused(&mut self, focused: bool) {
        self.focused = focused;
    }

    /// This side's signed message about what is on its disk.
    pub fn on_disk(&mut self, message: &[u8]) {
        let frame = Committed::decode(message).map(|message| message.said.frame).ok();
        self.on_disk = frame.zip(SignedBytes::new(message.to_vec())).or(self.on_disk.take());
    }
}

/// Adds the reports to an app.
pub fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        tell_the_lab.after(FlowSystems::Record).before(FlowSystems::Advance).run_if(
            resource_exists::<LabConnection>
                .and_then(resource_exists::<Netplay>)
                .and_then(resource_exists::<Reporting>)
                .and_then(resource_exists::<CurrentMatch>),
        ),
    );
}

fn tell_the_lab(
    lab: Res<LabConnection>,
    netplay: Res<Netplay>,
    current: Res<CurrentMatch>,
    time: Res<Time<Real>>,
    mut reporting: ResMut<Reporting>,
) {
    // Once more at the end: it is the last word if nothing else arrives.
    let ends = matches!(netplay.stage(), Stage::Ended(_)) && !reporting.is_over;
    let is_due = !reporting.is_over && time.elapsed() >= reporting.next;
    if netplay.confirmed_frame().is_none() || !(ends || is_due) {
        return;
    }
    reporting.is_over |= ends;
    reporting.next = time.elapsed() + Duration::from_millis(REPORT_EVERY_MS);
    lab.report(Report {
        session: current.ticket.session.clone(),
        connection: connection(&netplay, &reporting),
        committed: reporting.on_disk.as_ref().map(|(_, message)| message.clone()),
    });
}

fn connection(netplay: &Netplay, reporting: &Reporting) -> ConnectionReport {
    let statistics = netplay.statistics();
    let (quality, session) = (statistics.quality, statistics.session);
    let micros = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    ConnectionReport {
        confirmed: netplay.confirmed_frame(),
        on_disk: reporting.on_disk.as_ref().map(|(frame, _)| *frame),
        rtt_us: quality.rtt.map(micros),
        jitter_us: quality.jitter.map(micros),
        loss_permille: quality.loss_permille(),
        frames_ahead: statistics.frames_ahead,
        rollbacks: session.journal.rollbacks,
        deepest_rollback: session.journal.deepest,
        stalled_ms: millis(statistics.stalled),
        interruptions: session.interruptions,
        interrupted_ms: millis(statistics.interrupted),
        path: statistics.path.map(|path| match path {
            Path::Direct => report::Path::Direct,
            Path::Relayed => report::Path::Relayed,
        }),
        focused: reporting.focused,
    }
}
