//! A lab whose records go to a collector on another machine.

use crate::records::upload;
use crate::support::{experiment, hello, knock, lab_of, options_of, pair};
use dyad_collector::lab::{self, Board};
use dyad_collector::{Collector, Remote, Store, http};
use dyad_protocol::lobby::{FromClient, FromLab, Hello};
use dyad_protocol::records::{RecordName, Verdict};
use dyad_protocol::report::{ConnectionReport, Report};
use dyad_signalling::Lab;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn collector(folder: &Path) -> SocketAddr {
    let store = Store::open(folder, 1).unwrap();
    let board = Board::default();
    let told = board.clone();
    let (collector, _thread) = Collector::start(store, move |notice| told.tell(&notice)).unwrap();
    let routes = http::routes(collector.clone());
    let routes = routes.merge(lab::routes(collector, board, SECRET.parse().unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

fn remote(address: SocketAddr, secret: &str) -> Remote {
    Remote::new(&format!("http://{address}/"), None, secret.parse().unwrap())
}

#[tokio::test]
async fn records_go_elsewhere_and_the_verdict_comes_back() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let address = collector(there.path()).await;
    let lab = lab_of(experiment(2), None, here.path(), Some(remote(address, SECRET))).await;
    let mut pair = pair(&lab).await;
    for (client, ticket) in &mut pair {
        assert_eq!(ticket.uploads.collector, Some(format!("http://{address}")));
        let name = RecordName {
            session: ticket.session.clone(),
            scene: ticket.scene.clone(),
            participant: client.participant.clone(),
            episode: 0,
        };
        assert_eq!(upload(lab.address(), name.clone(), client.resume.clone(), b"x").await.0, 404);
        let sent = upload(address, name, client.resume.clone(), b"no record").await;
        assert_eq!((sent.0, sent.1.map(|it| it.key)), (200, ticket.uploads.key));
        let session = ticket.session.clone();
        let report = Report { session, connection: ConnectionReport::default(), committed: None };
        client.say(FromClient::Report(Box::new(report))).await;
    }
    for (client, _) in &mut pair {
        let FromLab::Verdict { verdict, .. } = client.hear().await else { panic!("no verdict") };
        assert!(matches!(verdict, Verdict::Invalid { .. }), "{verdict}");
    }
    let session = there.path().join("study").join(pair[0].1.session.as_str());
    let started = Instant::now();
    while !session.join("connections.jsonl").exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "no report arrived");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!here.path().join("index.sqlite").exists());
    // Somebody who comes back is known, though this lab keeps nothing.
    let resume = pair[0].0.resume.clone();
    let participant = pair[0].0.participant.clone();
    lab.stop().await;
    let lab = lab_of(experiment(2), None, here.path(), Some(remote(address, SECRET))).await;
    let second = options_of(experiment(2), None, here.path(), Some(remote(address, SECRET)));
    let second = Lab::start(second).await.err().expect("the folder is the first one's");
    assert!(second.to_string().contains("another program uses this folder"), "{second}");
    let back = Hello { resume: Some(resume), ..hello(None) };
    assert_eq!(knock(lab.address(), back).await.unwrap().participant, participant);
    lab.stop().await;
}

#[tokio::test]
async fn a_collector_that_does_not_know_the_secret_starts_no_lab() {
    let folder = tempfile::tempdir().unwrap();
    let address = collector(folder.path()).await;
    let wrong = remote(address, "wrong").greet().await.unwrap_err().to_string();
    assert!(wrong.contains("secret is not the one"), "{wrong}");
    let nobody = Remote::new("http://127.0.0.1:1", None, SECRET.parse().unwrap());
    let nobody = nobody.greet().await.unwrap_err().to_string();
    assert!(nobody.contains("127.0.0.1:1"), "{nobody}");
    let client = move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        ["/v1/lab", "/v1/lab/news?after=0"].map(|path| {
            let answer = agent.get(format!("http://{address}{path}")).call().unwrap();
            answer.status().as_u16()
        })
    };
    assert_eq!(tokio::task::spawn_blocking(client).await.unwrap(), [401, 401]);
}
