//! A lab that shows a certificate: who has its link reaches it, who has another fingerprint does not, and
//! nobody does in the clear.

use crate::support::{experiment, hello};
use dyad_collector::tls::Certificate;
use dyad_protocol::HexDigest;
use dyad_protocol::lobby::{FromClient, FromLab};
use dyad_signalling::{Lab, Options};
use futures::{SinkExt as _, StreamExt as _};
use rustls::pki_types::ServerName;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

async fn lab(data: &Path) -> Lab {
    let options = Options {
        experiment: experiment(2),
        relay_secret: None,
        data: data.to_owned(),
        collector: None,
        listen: "127.0.0.1:0".parse().unwrap(),
        certificate: Some(Arc::new(Certificate::own(data).unwrap())),
        open: false,
        max_connections: 8,
        max_per_address: 1000,
    };
    Lab::start(options).await.unwrap()
}

/// Asks for the lab's page; its status, or why there is none.
async fn page(url: String, cert: Option<HexDigest>) -> Result<u16, ureq::Error> {
    let ask = move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        dyad_tls::agent(config, cert.as_ref()).get(&url).call().map(|it| it.status().as_u16())
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

#[tokio::test]
async fn the_link_leads_to_this_lab_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(folder.path()).await;
    let link = lab.join();
    let cert = link.cert.clone().expect("the link carries the fingerprint");
    let url = link.address("http", "/");
    assert!(url.starts_with("https://"), "{url}");
    assert_eq!(page(url.clone(), Some(cert)).await.unwrap(), 200);

    let other = "0a".repeat(32).parse().unwrap();
    let error = page(url.clone(), Some(other)).await.unwrap_err();
    let ureq::Error::Io(error) = error else { panic!("{error}") };
    let explained = dyad_tls::explain(&error).expect("it is about the certificate");
    assert!(explained.contains("not the one that the link was made for"), "{explained}");

    assert!(page(url.clone(), None).await.is_err(), "nothing is sent to a lab that is not known");
    assert!(page(url.replacen("https", "http", 1), None).await.is_err(), "nor in the clear");
    lab.stop().await;
}

#[tokio::test]
async fn the_lobby_admits_over_tls_and_the_certificate_stays() {
    let folder = tempfile::tempdir().unwrap();
    let first = lab(folder.path()).await;
    let link = first.join().clone();
    let connector = TlsConnector::from(dyad_tls::client(link.cert.as_ref().unwrap()));
    let stream = TcpStream::connect(first.address()).await.unwrap();
    let name = ServerName::try_from(link.host.clone()).unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    let (mut socket, _) = client_async(link.address("ws", "/lobby"), stream).await.unwrap();
    let hello = FromClient::Hello(hello(link.token.as_ref()));
    let hello = serde_json::to_string(&hello).unwrap();
    socket.send(Message::Text(hello.into())).await.unwrap();
    let answer = loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => break text,
            _ => continue,
        }
    };
    let answer: FromLab = serde_json::from_str(&answer).unwrap();
    assert!(matches!(answer, FromLab::Welcome { .. }), "{answer:?}");
    drop(socket);
    first.stop().await;
    let again = lab(folder.path()).await;
    assert_eq!(again.join().cert, link.cert, "links that were sent out stay good");
    again.stop().await;
}
