//! `dyad-collector`: the collector alone, for records that come in after the lab has stopped.

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use clap::Parser;
use dyad_collector::interrupt::Interrupt;
use dyad_collector::owner::now_ms;
use dyad_collector::settle::Notice;
use dyad_collector::{Collector, Store, http};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Takes and keeps records of Dyad experiments.
#[derive(Parser)]
#[command(version)]
enum Arguments {
    /// Takes the records of sessions that a lab has registered in this folder.
    Serve {
        /// The folder, as given to dyad-signalling serve.
        #[arg(long)]
        data: PathBuf,
        /// Where to listen.
        #[arg(long, default_value = "0.0.0.0:8642")]
        listen: SocketAddr,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter.from_env_lossy())
        .with_writer(std::io::stderr)
        .init();
    let Arguments::Serve { data, listen } = Arguments::parse();
    let interrupt = Interrupt::listen()?;
    let store = Store::open(&data, now_ms())
        .with_context(|| format!("{} cannot be used", data.display()))?;
    let (collector, thread) = Collector::start(store, log)?;
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "taking records");
    writeln!(std::io::stdout(), "{}", serde_json::json!({ "listening": address }))?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, http::routes(collector)).with_graceful_shutdown(interrupt.wait()).await?;
    thread.ended().await?;
    Ok(())
}

fn log(notice: Notice) {
    match notice {
        Notice::Received(receipt) => tracing::info!(record = %receipt.name.path(), "received"),
        Notice::Conflict(name) => tracing::warn!(record = %name.path(), "received another one"),
        Notice::Judged { session, episode, verdict } => {
            tracing::info!(session = %session.session, episode, %verdict, "all records are there");
        }
    }
}
