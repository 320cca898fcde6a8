//! `dyad-collector`: the collector alone, for labs on other machines, and for records that come in
//! after a lab has stopped.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use dyad_collector::audit::{self, Action};
use dyad_collector::fsck::{self, fsck};
use dyad_collector::interrupt::Interrupt;
use dyad_collector::lab::Board;
use dyad_collector::owner::now_ms;
use dyad_collector::serve::{Limits, Server};
use dyad_collector::settle::Notice;
use dyad_collector::tls::Certificate;
use dyad_collector::{Collector, Store, http, lab, tls};
use dyad_protocol::ParticipantId;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Takes and keeps records of Dyad experiments.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Takes the records of sessions that a lab has registered.
    Serve {
        /// The folder of the records; that of a lab that has stopped, or one of its own.
        #[arg(long)]
        data: PathBuf,
        /// Where to listen.
        #[arg(long, default_value = "0.0.0.0:8642")]
        listen: SocketAddr,
        /// A file whose only line is the secret of labs on other machines, at least 32 characters
        /// of A-Z a-z 0-9 - _. Without it no lab can register sessions.
        #[arg(long)]
        lab_secret: Option<PathBuf>,
        #[command(flatten)]
        tls: tls::Arguments,
    },
    /// Checks that a folder holds what its receipts say, and repairs its index from the files. Exits
    /// with 0 if everything is there, with 1 if something is lost or was changed, and with 2 if the
    /// folder is no such folder, in use, or of a newer version.
    Fsck {
        /// The folder.
        data: PathBuf,
    },
    /// Deletes the games of somebody who takes their data back, also the partners' records of them.
    Withdraw {
        /// The folder.
        #[arg(long)]
        data: PathBuf,
        /// The pseudonym.
        participant: ParticipantId,
    },
    /// Takes the records in a file that `dyad spool export` has written. Exits with 0 if all of them are
    /// here now, and with 1 if some are not.
    Import {
        /// The folder of the records, in which the lab has registered their sessions.
        #[arg(long)]
        data: PathBuf,
        /// The file.
        file: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter.from_env_lossy())
        .with_writer(std::io::stderr)
        .init();
    let done = match Arguments::parse().command {
        Command::Serve { data, listen, lab_secret, tls } => {
            serve(&data, listen, lab_secret.as_deref(), &tls).await.map(|()| 0)
        }
        Command::Import { data, file } => import(&data, &file),
        Command::Withdraw { data, participant } => withdraw(&data, &participant),
        Command::Fsck { data } => fsck::report(fsck(&data, now_ms()), &mut std::io::stderr())
            .context("cannot say what was found"),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // There is nobody left to tell if this fails.
            drop(writeln!(std::io::stderr(), "{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve(
    data: &Path,
    listen: SocketAddr,
    lab_secret: Option<&Path>,
    tls: &tls::Arguments,
) -> anyhow::Result<()> {
    let secret = lab_secret.map(lab::read_secret).transpose()?;
    let interrupt = Interrupt::listen()?;
    let store = Store::open(data, now_ms())
        .with_context(|| format!("{} cannot be used", data.display()))?;
    let certificate = tls.certificate(data, listen)?;
    let acceptor = certificate.as_ref().map(Certificate::acceptor).transpose()?;
    let board = Board::default();
    let told = board.clone();
    let (collector, thread) = Collector::start(store, move |notice| {
        told.tell(&notice);
        log(notice);
    })?;
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "taking records");
    audit::note(data, now_ms(), Action::Started, serde_json::json!({ "listening": address }))?;
    let cert = certificate.as_ref().map(Certificate::fingerprint);
    let line = serde_json::json!({ "listening": address, "cert": cert });
    writeln!(std::io::stdout(), "{line}")?;
    let mut router = http::routes(collector.clone());
    if let Some(secret) = secret {
        router = router.merge(lab::routes(collector.clone(), board, secret));
    }
    drop(collector);
    let server = Server { router, tls: acceptor, limits: Limits::default() };
    server.run(listener, interrupt.wait()).await;
    thread.ended().await?;
    audit::note(data, now_ms(), Action::Stopped, serde_json::json!({}))?;
    Ok(())
}

fn withdraw(data: &Path, participant: &ParticipantId) -> anyhow::Result<u8> {
    let mut store = Store::open(data, now_ms())
        .with_context(|| format!("{} cannot be used", data.display()))?;
    let details = serde_json::json!({ "participant": participant, "policy": "games" });
    audit::note(data, now_ms(), Action::Withdrew, details)?;
    let tombstone = store.withdraw(participant, true, now_ms())?;
    let games = tombstone.sessions.len();
    writeln!(std::io::stderr(), "{games} games of {participant} are deleted")?;
    Ok(0)
}

fn import(data: &Path, file: &Path) -> anyhow::Result<u8> {
    let archive = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut store = Store::open(data, now_ms())
        .with_context(|| format!("{} cannot be used", data.display()))?;
    let taken = store
        .take_carried(archive, now_ms())
        .with_context(|| format!("cannot take all of {}", file.display()))?;
    while store.settle_next(&mut log) {}
    let mut out = std::io::stderr();
    for (path, why) in &taken.refused {
        writeln!(out, "not taken: {path}: {why}")?;
    }
    let (received, refused) = (taken.received.len(), taken.refused.len());
    writeln!(out, "{received} records are here, {refused} entries were not taken")?;
    Ok(u8::from(refused > 0))
}

fn log(notice: Notice) {
    match notice {
        Notice::Received(receipt) => tracing::info!(record = %receipt.name.path(), "received"),
        Notice::Conflict(name) => tracing::warn!(record = %name.path(), "received another one"),
        Notice::Judged { session, episode, verdict } => {
            tracing::info!(session = %session.session, episode, %verdict, "judged");
        }
    }
}
