//! `dyad-signalling`: the lab machine's program. Arguments in, one line of JSON and a log out.

mod commands;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use commands::{check, dataset, links, people, status};
use dyad_collector::Remote;
use dyad_collector::audit::{self, Action};
use dyad_collector::backup::{Saved, backup};
use dyad_collector::fsck::{self, fsck};
use dyad_collector::interrupt::Interrupt;
use dyad_collector::lab::read_secret;
use dyad_collector::owner::now_ms;
use dyad_collector::tls;
use dyad_experiment::Experiment;
use dyad_protocol::{HexDigest, ParticipantId};
use dyad_signalling::lab::{MAX_CONNECTIONS, MAX_PER_ADDRESS};
use dyad_signalling::{LAB_FILES, Lab, Options, RelaySecret, journal};
use serde_json::json;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Runs Dyad experiments: lobby, signalling and collector on one port.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs an experiment until it is interrupted.
    Serve(Serve),
    /// Says what is wrong with an experiment file, if anything. Exits with 0 if nothing is, with 1
    /// if something is, and with 2 if the file cannot be read.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Prints the JSON Schema of experiment files, for editors.
    Schema,
    /// Says how a study stands: who waits, who plays, how it ended for whom. A lab may be running on it.
    Status(status::Arguments),
    /// Writes a dataset that can be published.
    Export(dataset::Export),
    /// Checks all of a lab's data or of a dataset from the logs.
    Verify(dataset::Verify),
    /// Checks that a data folder holds what its receipts say, and repairs its index from the files.
    /// Exits with 0 if everything is there, with 1 if something is lost or was changed, and with 2 if
    /// the folder is no such folder, in use, or of a newer version.
    Fsck {
        /// The data folder of a lab that is not running.
        data: PathBuf,
    },
    /// Copies a data folder into one file, to be restored by unpacking it. A lab may be running on it.
    Backup {
        /// The data folder.
        data: PathBuf,
        /// The file, a tar archive, which must not be there yet.
        #[arg(long)]
        to: PathBuf,
    },
    /// Makes a pair of keys. What identifies people is encrypted to the public one, which is printed, and
    /// read with the secret one.
    Keygen {
        /// The file of the secret key, which must not be there yet. It belongs on a computer of yours,
        /// not on the lab machine.
        #[arg(long)]
        to: PathBuf,
        /// A lab's data folder, into which the public key is put; the experiment file can name it too.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Prints who is who: what panels call people, and their answers to identifying questions.
    Identities {
        /// The data folder, or a copy of its files identities.jsonl.
        data: PathBuf,
        /// The file of the secret key.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Deletes the data of somebody who takes them back, as the consent form has said. Backups and
    /// datasets that were made before still have them.
    Withdraw {
        /// The data folder of a lab that is not running.
        data: PathBuf,
        /// The pseudonym.
        participant: ParticipantId,
        /// What is deleted, where the lab has not noted what the consent form said.
        #[arg(long)]
        policy: Option<people::Policy>,
    },
    /// Prints the join link of a lab, or personal ones, a line each.
    Links {
        /// Personal links: each is good for one person, who may come back with it.
        #[arg(long)]
        count: Option<u64>,

        /// The lab's data folder.
        #[arg(long)]
        data: PathBuf,
        /// Where the lab listens.
        #[arg(long, default_value = "0.0.0.0:8642")]
        listen: SocketAddr,
        /// As for `serve`, because it stands in the links.
        #[command(flatten)]
        tls: tls::Arguments,
    },
}

#[derive(Args)]
struct Serve {
    /// The experiment file.
    #[arg(long)]
    experiment: PathBuf,
    /// The folder for all data; made if it is missing.
    #[arg(long)]
    data: PathBuf,
    /// The address, `https://HOST:8642`, of a collector on another machine that keeps the records.
    /// Participants send them there themselves.
    #[arg(long, value_parser = address, requires = "collector_secret")]
    collector: Option<String>,
    /// The fingerprint of its certificate, which it prints as `cert` when it starts. Without it, the
    /// address begins with http://, and everybody on the way can read along.
    #[arg(long, requires = "collector")]
    collector_cert: Option<HexDigest>,
    /// The file of the secret that it was started with.
    #[arg(long)]
    collector_secret: Option<PathBuf>,
    /// Where to listen. Port 0 lets the system choose.
    #[arg(long, default_value = "0.0.0.0:8642")]
    listen: SocketAddr,
    #[command(flatten)]
    tls: tls::Arguments,
    /// Admits everybody who types in the address, without the link's token.
    #[arg(long)]
    open: bool,
    /// People that may be connected at the same time.
    #[arg(long, default_value_t = MAX_CONNECTIONS)]
    max_connections: usize,
    /// People that may be connected from one address at the same time.
    #[arg(long, default_value_t = MAX_PER_ADDRESS)]
    max_per_address: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log();
    match run(arguments.command).await {
        Ok(code) => code,
        Err(error) => {
            // There is nobody left to tell if this fails.
            drop(writeln!(std::io::stderr(), "{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(arguments) => serve(arguments).await?,
        Command::Check { file } => return check::check(&file),
        Command::Schema => {
            writeln!(std::io::stdout(), "{:#}", dyad_experiment::schema())?;
        }
        Command::Status(arguments) => status::print(&arguments)?,
        Command::Export(arguments) => return dataset::run_export(arguments),
        Command::Verify(arguments) => return dataset::run_verify(&arguments),
        Command::Backup { data, to } => {
            let earlier = journal::earlier(&data);
            let names = LAB_FILES.into_iter().chain(earlier.iter().map(String::as_str));
            let Saved { sessions, records } = backup(&data, &to, &names.collect::<Vec<_>>())?;
            let details = json!({ "to": to, "sessions": sessions, "records": records });
            audit::note(&data, now_ms(), Action::BackedUp, details)?;
            let to = to.display();
            writeln!(std::io::stderr(), "{sessions} sessions and {records} records are in {to}")?;
        }
        Command::Fsck { data } => {
            let code = fsck::report(fsck(&data, now_ms()), &mut std::io::stderr())?;
            return Ok(ExitCode::from(code));
        }
        Command::Keygen { to, data } => people::keygen(&to, data.as_deref())?,
        Command::Identities { data, key } => people::identities(&data, key.as_deref())?,
        Command::Withdraw { data, participant, policy } => {
            people::withdraw(&data, &participant, policy)?;
        }
        Command::Links { count, data, listen, tls } => links::print(&data, listen, &tls, count)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(arguments: Serve) -> anyhow::Result<()> {
    let Serve { experiment, data, collector, collector_secret, listen, open, .. } = arguments;
    let (max_connections, max_per_address) = (arguments.max_connections, arguments.max_per_address);
    let secret = collector_secret.as_deref().map(read_secret).transpose()?;
    let cert = arguments.collector_cert;
    if collector.as_ref().is_some_and(|url| url.starts_with("https://") != cert.is_some()) {
        anyhow::bail!("a collector at https:// needs --collector-cert, one at http:// has none");
    }
    let collector = collector.zip(secret).map(|(url, secret)| Remote::new(&url, cert, secret));
    let file = experiment;
    let experiment = Experiment::load(&file)?;
    let relay_secret = relay_secret(&file, &experiment)?;
    for left_out in check::left_out(&experiment) {
        tracing::warn!("{left_out}");
    }
    // First, so that a request to stop is never missed once the address is out.
    let interrupt = Interrupt::listen()?;
    let study = experiment.study.clone();
    let certificate = arguments.tls.certificate(&data, listen)?.map(Arc::new);
    let options = Options {
        experiment,
        relay_secret,
        data: data.clone(),
        collector,
        listen,
        certificate,
        open,
        max_connections,
        max_per_address,
    };
    let lab = Lab::start(options).await?;
    let details = json!({ "listening": lab.address(), "study": study, "open": open });
    audit::note(&data, now_ms(), Action::Started, details)?;
    tracing::info!(address = %lab.address(), "the lab is open");
    writeln!(std::io::stderr(), "\nSend this link to your participants:\n\n  {}\n", lab.join())?;
    let line = json!({ "listening": lab.address(), "join": lab.join().to_string() });
    writeln!(std::io::stdout(), "{line}")?;
    interrupt.wait().await;
    tracing::info!("closing");
    lab.stop().await;
    audit::note(&data, now_ms(), Action::Stopped, json!({}))?;
    Ok(())
}

/// The address of a collector as it was typed in.
fn address(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("an address looks like https://records.example:8642".to_owned()),
    }
}

/// The secret of the study's TURN servers, if it has any. Its file is looked for beside the
/// experiment file.
fn relay_secret(file: &Path, experiment: &Experiment) -> anyhow::Result<Option<RelaySecret>> {
    let Some(name) = &experiment.network.turn_secret_file else { return Ok(None) };
    let path = file.parent().unwrap_or(Path::new(".")).join(name);
    let secret = RelaySecret::read(&path);
    let secret = secret.with_context(|| format!("the TURN server's secret {}", path.display()))?;
    Ok(Some(secret))
}

/// Logs to stderr, by `RUST_LOG`. The libraries below say at `info` from which address somebody
/// connected, so for them `warn` is the most there is.
fn start_log() {
    let mut filter =
        EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    for library in ["matchbox_signaling", "hyper", "axum", "tungstenite", "tokio_tungstenite"] {
        let quiet = format!("{library}=warn");
        filter = filter.add_directive(quiet.parse().expect("a name and a level are a directive"));
    }
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        .init();
}
