//! Admission, pairing, leaving, nonsense.

use crate::support::{Client, Socket, experiment, hello, knock, lab, lab_with, pair};
use dyad_collector::owner::now_ms;
use dyad_experiment::Network;
use dyad_protocol::lobby::{FromClient, FromLab, Hello, MAX_FROM_CLIENT, Refusal};
use dyad_protocol::report::{ConnectionReport, Report};
use dyad_protocol::{HexDigest, PROTOCOL_VERSION, Seat};
use dyad_signalling::RelaySecret;

#[tokio::test]
async fn two_are_paired() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let (mut one, mut other) = (Client::join(&lab).await, Client::join(&lab).await);
    assert_ne!(one.participant, other.participant);
    assert_eq!(one.wait().await, (1, 2));
    other.ready().await;
    let (a, b) = (one.ticket().await, other.ticket().await);
    assert_eq!((a.seat, b.seat), (Seat(0), Seat(1)));
    assert_eq!(a.players.names().unwrap(), [&one, &other].map(|it| it.participant.clone()));
    assert_eq!(a.players.keys(), [one.key, other.key]);
    assert_ne!(a.room_token, b.room_token);
    // Everything else is the same for both.
    let b = dyad_protocol::lobby::Ticket { seat: a.seat, room_token: a.room_token.clone(), ..b };
    assert_eq!(a, b);
    assert_eq!(a.settings["players"], 2);
    assert!(a.game.as_str().parse::<HexDigest>().is_ok());
    // Somebody who asks again gets the same ticket.
    one.ready().await;
    assert_eq!(one.ticket().await, a);
    lab.stop().await;
}

#[tokio::test]
async fn a_ticket_has_credentials_for_the_relay_each_time_that_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "north wind").unwrap();
    let mut experiment = experiment(2);
    experiment.network = Network {
        turn: vec!["turn:h".to_owned()],
        turn_secret_file: Some(file.clone()),
        relay_only: true,
        ..Network::default()
    };
    let secret = RelaySecret::read(&file).unwrap();
    let lab = lab_with(experiment, Some(secret), &folder.path().join("lab")).await;
    let (mut one, mut other) = (Client::join(&lab).await, Client::join(&lab).await);
    assert_eq!(one.wait().await, (1, 2));
    other.ready().await;
    let (first, theirs) = (one.ticket().await, other.ticket().await);
    one.ready().await;
    let again = one.ticket().await;
    let mine = one.participant;
    for (ticket, participant) in [(first, &mine), (theirs, &other.participant), (again, &mine)] {
        assert!(ticket.ice.relay_only && ticket.ice.credential.is_some());
        let username = ticket.ice.username.unwrap();
        let (expiry, whose) = username.split_once(':').unwrap();
        assert_eq!(whose, participant.as_str());
        let left = expiry.parse::<u64>().unwrap().saturating_sub(now_ms() / 1000);
        assert!((3600..4000).contains(&left), "{left} s");
    }
    lab.stop().await;
}

#[tokio::test]
async fn four_play_together_and_the_fifth_waits() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(4, folder.path()).await;
    let mut clients = Vec::new();
    for expected in 1..=3 {
        let mut client = Client::join(&lab).await;
        assert_eq!(client.wait().await, (expected, 4));
        clients.push(client);
    }
    let mut fourth = Client::join(&lab).await;
    fourth.ready().await;
    clients.push(fourth);
    let mut session = None;
    for (seat, client) in Seat::all(4).zip(&mut clients) {
        let ticket = client.ticket().await;
        assert_eq!(ticket.seat, seat);
        assert_eq!(session.get_or_insert(ticket.session.clone()), &ticket.session);
    }
    assert_eq!(Client::join(&lab).await.wait().await, (1, 4));
    lab.stop().await;
}

#[tokio::test]
async fn who_leaves_disturbs_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(3, folder.path()).await;
    let mut first = Client::join(&lab).await;
    assert_eq!(first.wait().await, (1, 3));
    let (mut leaver, mut vanisher) = (Client::join(&lab).await, Client::join(&lab).await);
    assert_eq!(leaver.wait().await, (2, 3));
    leaver.say(FromClient::Leave).await;
    leaver.settle().await;
    assert_eq!(vanisher.wait().await, (2, 3), "the leaver's place is free");
    drop(vanisher);
    while !matches!(first.hear().await, FromLab::Waiting { waiting: Some(1), needed: 3, .. }) {}
    // The leaver is still welcome; who vanished is not matched.
    assert_eq!(leaver.wait().await, (2, 3));
    let mut last = Client::join(&lab).await;
    last.ready().await;
    let ticket = first.ticket().await;
    let people = [&first, &leaver, &last].map(|client| client.participant.clone());
    assert_eq!(ticket.players.names().unwrap(), people);
    // A game goes on when one of its people closes the connection to the lab.
    let tickets = [ticket, leaver.ticket().await, last.ticket().await];
    for (client, ticket) in [&mut first, &mut leaver, &mut last].into_iter().zip(&tickets) {
        client.check(ticket).await;
        client.settle().await;
    }
    drop(leaver);
    last.settle().await;
    assert_eq!(lab.rooms(), 1);
    lab.stop().await;
}

#[tokio::test]
async fn strangers_and_other_versions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let token = lab.join().token.as_ref();
    let cases = [
        (Hello { protocol: PROTOCOL_VERSION + 1, ..hello(token) }, Refusal::Version),
        (Hello { rules: 999, ..hello(token) }, Refusal::Version),
        (hello(None), Refusal::Token),
        (hello(Some(&"wrong".parse().unwrap())), Refusal::Token),
        (Hello { resume: Some("unknown".parse().unwrap()), ..hello(token) }, Refusal::Token),
    ];
    for (hello, refusal) in cases {
        assert_eq!(knock(lab.address(), hello).await.err(), Some(refusal));
    }
    lab.stop().await;
}

#[tokio::test]
async fn reports_reach_the_data_folder_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first_lab = lab(2, folder.path()).await;
    let [(mut one, ticket), (mut other, _)] = pair(&first_lab).await;
    let session = ticket.session;
    let report = |rollbacks| {
        let connection = ConnectionReport { rollbacks, ..ConnectionReport::default() };
        FromClient::Report(Box::new(Report {
            session: session.clone(),
            connection,
            committed: None,
        }))
    };
    one.say(report(1)).await;
    other.say(report(2)).await;
    for client in [&mut one, &mut other] {
        client.settle().await;
    }
    first_lab.stop().await;

    let lab = lab(2, folder.path()).await;
    let back = Hello { resume: Some(one.resume.clone()), ..hello(None) };
    let mut again = knock(lab.address(), back).await.unwrap();
    again.say(report(3)).await;
    let mut stranger = Client::join(&lab).await;
    stranger.say(report(4)).await;
    for client in [&mut again, &mut stranger] {
        client.settle().await;
    }
    lab.stop().await;
    let file = folder.path().join("study").join(session.as_str()).join("connections.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let rollbacks =
        |line| serde_json::from_str::<serde_json::Value>(line).unwrap()["rollbacks"].as_u64();
    let mut lines: Vec<_> = text.lines().map(|line| rollbacks(line).unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, [1, 2, 3], "a stranger's report is nobody's");
}

#[tokio::test]
async fn who_comes_back_is_the_same_person() {
    let folder = tempfile::tempdir().unwrap();
    let first_lab = lab(2, folder.path()).await;
    let first = Client::join(&first_lab).await;
    let back = Hello { resume: Some(first.resume.clone()), ..hello(None) };
    let second = knock(first_lab.address(), back.clone()).await;
    assert_eq!(second.err(), Some(Refusal::Duplicate), "nobody is here twice");
    first_lab.stop().await;

    let lab = lab(2, folder.path()).await;
    let again = knock(lab.address(), back).await.unwrap();
    assert_eq!(again.participant, first.participant, "a restart forgets nobody");
    lab.stop().await;
}

#[tokio::test]
async fn nonsense_is_ignored_and_too_much_of_it_ends_only_that_connection() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let mut good = Client::join(&lab).await;
    let mut bad = Client::join(&lab).await;
    for text in ["", "{", "[]", "{\"type\":\"dance\"}", "\u{0}", "{\"type\":\"hello\"}"] {
        bad.socket.send(text).await;
    }
    bad.settle().await;
    assert_eq!(bad.wait().await, (1, 2), "the connection still works");
    for _ in 0..100 {
        bad.socket.send("nonsense").await;
    }
    loop {
        match bad.hear().await {
            FromLab::Refused { code, .. } => break assert_eq!(code, Refusal::Malformed),
            FromLab::Waiting { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bad.socket.receive().await, None);
    let mut large = Client::join(&lab).await;
    large.socket.send(&"x".repeat(MAX_FROM_CLIENT + 1)).await;
    assert_eq!(large.socket.receive().await, None, "too long a message ends the connection");
    good.settle().await;
    lab.stop().await;
}

#[tokio::test]
async fn the_lab_has_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(Client::join(&lab).await);
    }
    assert_eq!(Socket::dial(lab.address(), "/lobby").await.err(), Some(503));
    clients[0].settle().await;
    lab.stop().await;
}

/// A system resets a connection on which bytes come that nobody reads, and what came before may be lost.
#[tokio::test]
async fn the_last_word_arrives_although_the_client_speaks_on() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let mut socket = Socket::dial(lab.address(), "/lobby").await.unwrap();
    let say = |message| serde_json::to_string(&message).unwrap();
    socket.send(&say(FromClient::Hello(hello(None)))).await;
    socket.until_closed().await;
    for nonce in 0..20 {
        socket.send(&say(FromClient::Ping { nonce })).await;
    }
    let word = socket.receive().await.expect("the connection was not reset");
    assert!(matches!(serde_json::from_str(&word), Ok(FromLab::Refused { .. })), "{word}");
    assert_eq!(socket.receive().await, None);
    lab.stop().await;
}

/// More than wait for a client.
#[tokio::test]
async fn who_pings_many_times_before_listening_is_answered_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let mut client = Client::join(&lab).await;
    for nonce in 0..300 {
        client.say(FromClient::Ping { nonce }).await;
    }
    let mut nonce = 0;
    while nonce < 300 {
        if let FromLab::Pong { nonce: answered } = client.hear().await {
            assert_eq!(answered, nonce);
            nonce += 1;
        }
    }
    lab.stop().await;
}

#[tokio::test]
async fn everybody_hears_that_the_lab_closes() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(2, folder.path()).await;
    let [(mut one, _), (mut other, _)] = pair(&lab).await;
    lab.stop().await;
    for client in [&mut one, &mut other] {
        assert!(matches!(client.hear().await, FromLab::Refused { code: Refusal::Closed, .. }));
        assert_eq!(client.socket.receive().await, None);
    }
}
