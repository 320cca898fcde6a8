//! `dyad-signalling links`: what participants are sent.

use anyhow::Context as _;
use dyad_collector::audit::{self, Action};
use dyad_collector::owner::now_ms;
use dyad_collector::tls;
use dyad_collector::tls::Certificate;
use dyad_signalling::link;
use dyad_signalling::secrets::Secrets;
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

/// The file that says how many personal links were printed.
const PRINTED: &str = "links-printed";

/// Prints the general join link of a lab's folder, or so many personal ones that were not printed
/// before. A lab that runs takes them at once.
pub(crate) fn print(
    data: &Path,
    listen: SocketAddr,
    tls: &tls::Arguments,
    count: Option<u64>,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let certificate = tls.certificate(data, listen)?;
    let cert = certificate.as_ref().map(Certificate::fingerprint);
    let mut out = std::io::stdout().lock();
    let Some(count) = count else {
        writeln!(out, "{}", link::link(listen, link::token(data)?, cert))?;
        return Ok(());
    };
    let secrets = Secrets::of(data)?;
    let path = data.join(PRINTED);
    let printed = match std::fs::read_to_string(&path) {
        Ok(text) => {
            text.trim().parse().with_context(|| format!("{} holds no number", path.display()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0_u64,
        Err(error) => return Err(error).context(path.display().to_string()),
    };
    let after = printed.checked_add(count).context("so many links there cannot be")?;
    // Before they are printed: no number is given out twice.
    let mut file = File::create(&path)?;
    writeln!(file, "{after}")?;
    file.sync_all()?;
    let details = json!({ "from": printed + 1, "to": after });
    audit::note(data, now_ms(), Action::LinksPrinted, details)?;
    for number in printed + 1..=after {
        writeln!(out, "{}", link::link(listen, secrets.personal(number), cert.clone()))?;
    }
    Ok(())
}
